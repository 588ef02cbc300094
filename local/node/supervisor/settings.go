package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	containerdSocket = "/run/containerd/containerd.sock"
	settingsFolder   = "/run/settings"
)

// processes lists the programs of the node in the order in which they are started. No program waits for another: each
// retries until what it needs is there.
func processes(c *Configuration) []process {
	key := func(name string) string { return c.path("pki", name) }
	return []process{
		{name: "etcd", arguments: []string{c.path("etcd"), "http://127.0.0.1:2379"}},
		{name: "kube-apiserver", arguments: []string{
			"--etcd-servers=http://127.0.0.1:2379",
			"--bind-address=0.0.0.0", "--advertise-address=" + nodeAddress, "--secure-port=" + apiServerPort,
			"--service-cluster-ip-range=" + serviceRange,
			"--anonymous-auth=false", "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
			"--allow-privileged=true",
			// A new kind's cache refuses requests until it is filled, and istiod asks for fifteen new kinds: a client asks again
			// after a second. One node's etcd answers all watches itself.
			"--watch-cache=false",
			"--client-ca-file=" + key("ca.crt"),
			"--tls-cert-file=" + key("kube-apiserver.crt"), "--tls-private-key-file=" + key("kube-apiserver.key"),
			"--kubelet-client-certificate=" + key("kubelet-client.crt"), "--kubelet-client-key=" + key("kubelet-client.key"),
			"--kubelet-certificate-authority=" + key("ca.crt"), "--kubelet-preferred-address-types=InternalIP",
			"--service-account-issuer=https://kubernetes.default.svc." + clusterDomain,
			"--service-account-key-file=" + key("service-accounts.key"), "--service-account-signing-key-file=" + key("service-accounts.key"),
		}},
		{name: "containerd", arguments: []string{"--config", filepath.Join(settingsFolder, "containerd.toml")}},
		{name: "kube-controller-manager", arguments: []string{
			"--kubeconfig=" + c.path("kube-controller-manager.kubeconfig"), "--use-service-account-credentials",
			"--service-account-private-key-file=" + key("service-accounts.key"), "--root-ca-file=" + key("ca.crt"),
			"--leader-elect=false",
			// With the default, 20 requests a second, starting all controllers takes five seconds.
			"--kube-api-qps=500", "--kube-api-burst=1000",
		}},
		{name: "kube-scheduler", arguments: []string{"--kubeconfig=" + c.path("kube-scheduler.kubeconfig"), "--leader-elect=false"}},
		{name: "kubelet", arguments: []string{
			"--config=" + filepath.Join(settingsFolder, "kubelet.yaml"), "--kubeconfig=" + c.path("kubelet.kubeconfig"),
			"--root-dir=" + c.path("kubelet"), "--cert-dir=" + c.path("pki"),
			"--hostname-override=" + nodeName, "--node-ip=" + nodeAddress,
		}},
		{name: "kube-proxy", arguments: []string{"--config=" + filepath.Join(settingsFolder, "kube-proxy.yaml")}, environment: []string{
			"LD_LIBRARY_PATH=" + c.IptablesLibraries, "XTABLES_LIBDIR=" + c.IptablesExtensions,
		}},
		{name: "coredns", arguments: []string{"-conf", filepath.Join(settingsFolder, "Corefile")}},
	}
}

// writeSettings writes the configuration files of the programs that read one.
func writeSettings(c *Configuration) error {
	runc, err := exec.LookPath("runc")
	if err != nil {
		return err
	}
	bridgePlugin, err := exec.LookPath("bridge")
	if err != nil {
		return err
	}
	for file, content := range map[string]string{
		settingsFolder + "/containerd.toml": containerdSettings(c, runc, filepath.Dir(bridgePlugin)),
		settingsFolder + "/kubelet.yaml":    kubeletSettings(c),
		settingsFolder + "/kube-proxy.yaml": kubeProxySettings(c),
		settingsFolder + "/Corefile":        dnsSettings(c),
		"/run/cni/net.d/10-pods.conflist":   podNetwork,
	} {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func containerdSettings(c *Configuration, runc, plugins string) string {
	return fmt.Sprintf(`version = 3
root = %q
state = "/run/containerd"
[grpc]
  address = %q
[plugins.'io.containerd.cri.v1.images']
  stats_collect_period = 3600 # seconds; the default is 10
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = %q
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true # a process without CAP_SYS_RESOURCE may not lower its score
  disable_apparmor = true
  stats_collect_period = "1h" # nothing asks for them; the default, 1s, takes a third of an idle node's time
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = [%q]
    conf_dir = "/run/cni/net.d"
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      BinaryName = %q
      SystemdCgroup = false
`, c.path("containerd"), containerdSocket, c.PauseImage, plugins, runc)
}

func kubeletSettings(c *Configuration) string {
	return fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: %[1]s/pki/ca.crt}
authorization: {mode: Webhook}
tlsCertFile: %[1]s/pki/kubelet.crt
tlsPrivateKeyFile: %[1]s/pki/kubelet.key
cgroupDriver: cgroupfs
cgroupRoot: /%[2]s
enforceNodeAllocatable: []
failCgroupV1: false
failSwapOn: false
oomScoreAdj: 0
containerRuntimeEndpoint: unix://%[3]s
clusterDNS: [%[4]s]
clusterDomain: %[5]s
resolvConf: ""
volumePluginDir: /run/volume-plugins
podLogsDir: /var/log/pods
maxPods: 250
evictionHard: {nodefs.available: 16Mi, imagefs.available: 16Mi, memory.available: 1Mi}
imageGCHighThresholdPercent: 100
`, c.State, c.ControlGroup, containerdSocket, nodeAddress, clusterDomain)
}

func kubeProxySettings(c *Configuration) string {
	return fmt.Sprintf(`apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: %s}
mode: iptables
iptables:
  # With node ports on 127.0.0.1, pods could send packets there, where etcd answers every client.
  localhostNodePorts: false
  # A Service has its pods so much later. The default, 1s, is for clusters with thousands of them.
  minSyncPeriod: 200ms
clusterCIDR: %s
conntrack: {maxPerCore: 0, min: 0}
oomScoreAdj: 0
hostnameOverride: %s
`, c.path("kube-proxy.kubeconfig"), podRange, nodeName)
}

// dnsSettings answer for the cluster's names and the configured names; every other name does not exist. Nothing is cached:
// the answers are in memory, and a Service that is made again has another address.
func dnsSettings(c *Configuration) string {
	return fmt.Sprintf(`.:53 {
    bind %[1]s
    errors
    ready 127.0.0.1:8181
    kubernetes %[2]s {
        kubeconfig %[3]s
    }
    hosts /dev/null {
        %[1]s %[4]s
        fallthrough
    }
    template ANY ANY {
        rcode NXDOMAIN
    }
}
`, nodeAddress, clusterDomain, c.path("coredns.kubeconfig"), strings.Join(c.Names, " "))
}
