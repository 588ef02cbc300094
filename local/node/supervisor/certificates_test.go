package main

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func issuer(t *testing.T) *certificates {
	t.Helper()
	keys, err := newCertificates(filepath.Join(t.TempDir(), "pki"))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestIssuedCertificateServesItsHostsAndNoOther(t *testing.T) {
	keys := issuer(t)
	subject := pkix.Name{CommonName: "server", Organization: []string{"group"}}
	if err := keys.issue("server", subject, "node", "10.244.0.1"); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(keys.file("server.crt"), keys.file("server.key"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(keys.authority)
	for host, serves := range map[string]bool{"node": true, "10.244.0.1": true, "other": false, "10.244.0.2": false} {
		_, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots})
		if serves != (err == nil) {
			t.Errorf("%s: %v", host, err)
		}
	}
	if got := pair.Leaf.Subject; got.CommonName != "server" || !reflect.DeepEqual(got.Organization, []string{"group"}) {
		t.Errorf("it is for %s", got)
	}
	if pair.Leaf.IsCA {
		t.Error("it may issue others")
	}
}

func TestCertificatesAreValidFromNowForTenYears(t *testing.T) {
	keys := issuer(t)
	if err := keys.issue("client", pkix.Name{CommonName: "client"}); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(keys.file("client.crt"), keys.file("client.key"))
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []*x509.Certificate{keys.authority, pair.Leaf} {
		if one.NotBefore.After(time.Now()) {
			t.Errorf("%s is not valid before %s", one.Subject, one.NotBefore)
		}
		if left := time.Until(one.NotAfter); left < lifetime-time.Hour || left > lifetime {
			t.Errorf("%s is valid for another %s", one.Subject, left)
		}
	}
}

func TestKeysAreForTheirOwnerOnly(t *testing.T) {
	keys := issuer(t)
	folder := t.TempDir()
	for _, err := range []error{
		keys.issue("server", pkix.Name{CommonName: "server"}, "node"),
		keys.serviceAccountKey(keys.file("service-accounts.key")),
		keys.kubeconfig(filepath.Join(folder, "kubeconfig"), "https://10.244.0.1:6443", pkix.Name{CommonName: "client"}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(keys.folder, "*"))
	if err != nil || len(files) != 7 {
		t.Fatalf("found %d files, not 7: %v", len(files), err)
	}
	for _, file := range append(files, filepath.Join(folder, "kubeconfig")) {
		if status, err := os.Stat(file); err != nil || status.Mode() != 0o600 {
			t.Errorf("%s has the mode %s: %v", file, status.Mode(), err)
		}
	}
	if status, err := os.Stat(keys.folder); err != nil || status.Mode().Perm() != 0o700 {
		t.Errorf("the folder has the mode %s: %v", status.Mode(), err)
	}
}

func TestAuthorityAndServiceAccountKeyLast(t *testing.T) {
	first := issuer(t)
	key := first.file("service-accounts.key")
	if err := first.serviceAccountKey(key); err != nil {
		t.Fatal(err)
	}
	before := readFile(t, key)
	second, err := newCertificates(first.folder)
	if err != nil {
		t.Fatal(err)
	}
	if !second.authority.Equal(first.authority) {
		t.Error("the authority is another after a restart")
	}
	if err := second.serviceAccountKey(key); err != nil {
		t.Fatal(err)
	}
	if readFile(t, key) != before {
		t.Error("the service accounts' key is another after a restart")
	}
}

func TestAdministratorsConfigurationLastsForOneServer(t *testing.T) {
	keys := issuer(t)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	write := func(server string) string {
		t.Helper()
		if err := keys.lastingKubeconfig(path, server, pkix.Name{CommonName: "admin"}); err != nil {
			t.Fatal(err)
		}
		return readFile(t, path)
	}
	first := write("https://127.0.0.1:6443")
	if write("https://127.0.0.1:6443") != first {
		t.Error("it is another for the same server")
	}
	other := write("https://127.0.0.1:6444")
	if !strings.Contains(other, "server: https://127.0.0.1:6444\n") {
		t.Errorf("it names another server:\n%s", other)
	}
	// A server whose port begins with the same digits is another server.
	if write("https://127.0.0.1:644") == other {
		t.Error("it was kept for another server")
	}
}
