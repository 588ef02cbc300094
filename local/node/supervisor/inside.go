package main

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	readyDeadline = 3 * time.Minute
	podsDeadline  = time.Minute
)

// inside starts the node in its namespaces, reports that it is ready, and keeps running.
func inside(c *Configuration) error {
	started := time.Now().Truncate(time.Second) // Kubernetes' times have no fractions
	// Users of pods read what the kubelet and containerd write for pods. All of it is below the state's folder, which only
	// its owner may enter; every file that the supervisor writes itself is private.
	unix.Umask(0o022)
	if err := os.Setenv("PATH", strings.Join(append(c.Path, os.Getenv("PATH")), ":")); err != nil {
		return err
	}
	if err := os.MkdirAll(c.path("logs", "var-log"), 0o700); err != nil {
		return err
	}
	if err := mountAll(c); err != nil {
		return err
	}
	if err := networkUp(); err != nil {
		return err
	}
	keys, err := issueAll(c)
	if err != nil {
		return err
	}
	if err := writeSettings(c); err != nil {
		return err
	}
	if err := beginEtcd(c); err != nil {
		return err
	}
	imported := make(chan error, 1)
	for _, p := range processes(c) {
		if p.name == "containerd" {
			go func() { imported <- startContainerd(c, p) }()
			continue
		}
		if err := keep(c, p); err != nil {
			return err
		}
	}
	progress("API server starting")
	api, err := apiClient(keys)
	if err != nil {
		return err
	}
	if err := await("the API server", readyDeadline, unlessFull(c.State, func() error { return apiReady(api) })); err != nil {
		return fmt.Errorf("%w (see %s)", err, c.path("logs", "kube-apiserver.log"))
	}
	if err := os.Remove(unserved(c)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	progress("API server ready")
	if err := <-imported; err != nil {
		return err
	}
	progress("images imported")
	if err := await("the node", readyDeadline, unlessFull(c.State, func() error { return nodeReady(api, started) })); err != nil {
		return fmt.Errorf("%w (see %s)", err, c.path("logs", "kubelet.log"))
	}
	progress("node ready")
	// Pods of an earlier run start again by themselves; one that cannot is not an error of the node.
	if err := await("every pod", podsDeadline, func() error { return podsRunning(api, started) }); err != nil {
		progress("%v", err)
	}
	progress("ready")
	select {}
}

// unserved is the path of a mark: this etcd has not served an API server that answered.
func unserved(c *Configuration) string { return c.path("etcd-unserved") }

// beginEtcd removes what an etcd has left that was ended before any API server answered: if it is ended while it makes
// its first entries, it never has a leader. No client has stored anything in it.
func beginEtcd(c *Configuration) error {
	if _, err := os.Stat(unserved(c)); err == nil {
		if err := os.RemoveAll(c.path("etcd")); err != nil {
			return err
		}
	}
	if _, err := os.Stat(c.path("etcd")); err == nil {
		return nil
	}
	return os.WriteFile(unserved(c), nil, 0o600)
}

// issueAll makes every key and client configuration: one for each component, with its own rights.
func issueAll(c *Configuration) (*certificates, error) {
	keys, err := newCertificates(c.path("pki"))
	if err != nil {
		return nil, err
	}
	if err := keys.serviceAccountKey(c.path("pki", "service-accounts.key")); err != nil {
		return nil, err
	}
	serving := []string{"127.0.0.1", nodeAddress, serviceAddress, nodeName, "localhost", "kubernetes", "kubernetes.default",
		"kubernetes.default.svc", "kubernetes.default.svc." + clusterDomain}
	if err := keys.issue("kube-apiserver", pkix.Name{CommonName: "kube-apiserver"}, serving...); err != nil {
		return nil, err
	}
	masters := []string{"system:masters"}
	if err := keys.issue("kubelet-client", pkix.Name{CommonName: "kube-apiserver-kubelet-client", Organization: masters}); err != nil {
		return nil, err
	}
	if err := keys.issue("kubelet", pkix.Name{CommonName: nodeName}, nodeName, nodeAddress); err != nil {
		return nil, err
	}
	inside := "https://" + nodeAddress + ":" + apiServerPort
	for file, subject := range map[string]pkix.Name{
		"kube-controller-manager.kubeconfig": {CommonName: "system:kube-controller-manager"},
		"kube-scheduler.kubeconfig":          {CommonName: "system:kube-scheduler"},
		"kube-proxy.kubeconfig":              {CommonName: "system:kube-proxy"},
		"kubelet.kubeconfig":                 {CommonName: "system:node:" + nodeName, Organization: []string{"system:nodes"}},
		"coredns.kubeconfig":                 {CommonName: "system:coredns", Organization: masters},
	} {
		if err := keys.kubeconfig(c.path(file), inside, subject); err != nil {
			return nil, err
		}
	}
	outside, err := c.apiServerOutside()
	if err != nil {
		return nil, err
	}
	return keys, keys.lastingKubeconfig(c.path("kubeconfig"), "https://"+outside, pkix.Name{CommonName: "admin", Organization: masters})
}

// apiServerOutside is the machine's port that is forwarded to the API server.
func (c *Configuration) apiServerOutside() (string, error) {
	for _, f := range c.Forward {
		if f.To == nodeAddress+":"+apiServerPort {
			return f.Listen, nil
		}
	}
	return "", errors.New("the configuration forwards no port to the API server")
}

func apiClient(keys *certificates) (*http.Client, error) {
	roots := x509.NewCertPool()
	roots.AddCert(keys.authority)
	own, err := tls.LoadX509KeyPair(keys.folder+"/kubelet-client.crt", keys.folder+"/kubelet-client.key")
	if err != nil {
		return nil, err
	}
	return &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{own}}},
	}, nil
}

// apiReady asks whether the API server has finished starting.
func apiReady(client *http.Client) error {
	answer, err := client.Get("https://127.0.0.1:" + apiServerPort + "/readyz")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	return nil
}

// nodeReady reads the node's condition as the kubelet of this run has reported it: a node that starts on an old state
// finds what the last run's kubelet had reported. On a new node the kubelet reports its status first and renews its
// lease seconds later; on a known node it does so in the other order.
func nodeReady(client *http.Client, since time.Time) error {
	var node struct {
		Status struct {
			Conditions []struct {
				Type, Status, Message string
				LastHeartbeatTime     time.Time
			}
		}
	}
	if err := get(client, "/api/v1/nodes/"+nodeName, &node); err != nil {
		return err
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type != "Ready" {
			continue
		}
		if condition.Status != "True" {
			return errors.New(condition.Message)
		}
		if condition.LastHeartbeatTime.Before(since) {
			return leaseRenewed(client, since)
		}
		return nil
	}
	return errors.New("the node has no condition yet")
}

// leaseRenewed returns nil when the kubelet of this run has renewed the node's lease.
func leaseRenewed(client *http.Client, since time.Time) error {
	var lease struct {
		Spec struct{ RenewTime time.Time }
	}
	if err := get(client, "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/"+nodeName, &lease); err != nil {
		return err
	}
	if lease.Spec.RenewTime.Before(since) {
		return errors.New("the kubelet has not reported yet")
	}
	return nil
}

// podsRunning names a pod that does not run, or that runs only according to the kubelet of an earlier run. One that is
// never restarted does not come back.
func podsRunning(client *http.Client, since time.Time) error {
	var pods struct {
		Items []struct {
			Metadata struct{ Namespace, Name string }
			Spec     struct{ RestartPolicy string }
			Status   struct {
				Phase             string
				Conditions        []struct{ Type, Status string }
				ContainerStatuses []struct {
					State struct{ Running struct{ StartedAt time.Time } }
				}
			}
		}
	}
	if err := get(client, "/api/v1/pods", &pods); err != nil {
		return err
	}
	for _, pod := range pods.Items {
		if pod.Spec.RestartPolicy == "Never" {
			continue
		}
		ready := pod.Status.Phase == "Succeeded" || pod.Status.Phase == "Failed"
		for _, condition := range pod.Status.Conditions {
			ready = ready || condition.Type == "Ready" && condition.Status == "True"
		}
		for _, container := range pod.Status.ContainerStatuses {
			stale := pod.Status.Phase == "Running" && container.State.Running.StartedAt.Before(since)
			ready = ready && !stale
		}
		if !ready {
			return fmt.Errorf("%s/%s is not ready", pod.Metadata.Namespace, pod.Metadata.Name)
		}
	}
	return nil
}

// get reads an object of the API server.
func get(client *http.Client, path string, into any) error {
	answer, err := client.Get("https://127.0.0.1:" + apiServerPort + path)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	return json.NewDecoder(answer.Body).Decode(into)
}
