package main

import (
	"slices"
	"strings"
	"testing"
)

func contains(t *testing.T, text string, lines ...string) {
	t.Helper()
	known := strings.Split(text, "\n")
	for _, line := range lines {
		if !slices.Contains(known, line) {
			t.Errorf("no line is %q in:\n%s", line, text)
		}
	}
}

func TestKubeletAnswersNobodyUnknownAndStaysInItsGroup(t *testing.T) {
	text := kubeletSettings(&Configuration{State: "/state", ControlGroup: "sandbox"})
	contains(t, text, "  anonymous: {enabled: false}", "authorization: {mode: Webhook}",
		"  x509: {clientCAFile: /state/pki/ca.crt}", "cgroupRoot: /sandbox")
	if strings.Contains(text, "readOnlyPort") {
		t.Error("the port that answers every client is configured; without the setting it is closed")
	}
}

func TestKubeProxyLeavesTheMachinesSettingsAlone(t *testing.T) {
	contains(t, kubeProxySettings(&Configuration{}), "conntrack: {maxPerCore: 0, min: 0}", "  localhostNodePorts: false")
}

func TestNamesOfTheConfigurationLeadToTheNode(t *testing.T) {
	text := dnsSettings(&Configuration{Names: []string{"tenant.localhost", "other.localhost"}})
	contains(t, text, "        "+nodeAddress+" tenant.localhost other.localhost", "        rcode NXDOMAIN")
}

func TestEveryComponentIsStartedOnce(t *testing.T) {
	var names []string
	for _, p := range processes(&Configuration{State: "/state"}) {
		names = append(names, p.name)
	}
	wanted := []string{"etcd", "kube-apiserver", "containerd", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "coredns"}
	if !slices.Equal(names, wanted) {
		t.Errorf("started are %v", names)
	}
}
