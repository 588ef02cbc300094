// One binary that is etcd, kubectl and every Kubernetes component, chosen by the name it is called by:
// they share almost all of their code, so one binary links, loads and pages in once.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	manager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

func main() {
	switch name := filepath.Base(os.Args[0]); name {
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(manager.NewControllerManagerCommand()))
	case "kube-scheduler":
		os.Exit(cli.Run(scheduler.NewSchedulerCommand()))
	case "kube-proxy":
		os.Exit(cli.Run(proxy.NewProxyCommand()))
	case "kubelet":
		os.Exit(cli.Run(kubelet.NewKubeletCommand(context.Background())))
	case "kubectl":
		if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
			kubectlutil.CheckErr(err)
		}
	case "etcd":
		fmt.Fprintln(os.Stderr, "etcd:", etcd(os.Args[1:]))
		os.Exit(1)
	default:
		fmt.Fprintf(os.Stderr, "%s: no such component\n", name)
		os.Exit(2)
	}
}

// etcd serves one member's data folder at one client URL until it fails. It does not wait for the disk: what
// a killed process wrote is still in the page cache, and a node whose machine lost power is made again.
func etcd(arguments []string) error {
	if len(arguments) != 2 {
		return errors.New("usage: etcd DATA_FOLDER CLIENT_URL")
	}
	client, err := url.Parse(arguments[1])
	if err != nil {
		return err
	}
	configuration := embed.NewConfig()
	configuration.Dir = arguments[0]
	configuration.ListenClientUrls, configuration.AdvertiseClientUrls = []url.URL{*client}, []url.URL{*client}
	configuration.UnsafeNoFsync = true
	server, err := embed.StartEtcd(configuration)
	if err != nil {
		return err
	}
	return <-server.Err()
}
