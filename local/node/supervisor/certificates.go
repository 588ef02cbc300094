package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// certificates issues every certificate of the node from one authority. The authority lives as long as the node's
// state, because clients keep its certificate; all others are made again at each start.
type certificates struct {
	folder    string
	authority *x509.Certificate
	key       crypto.Signer
}

const lifetime = 10 * 365 * 24 * time.Hour

func newCertificates(folder string) (*certificates, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	c := &certificates{folder: folder}
	if pair, err := tls.LoadX509KeyPair(c.file("ca.crt"), c.file("ca.key")); err == nil {
		c.authority, c.key = pair.Leaf, pair.PrivateKey.(crypto.Signer)
		return c, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := template(pkix.Name{CommonName: nodeName + " authority"})
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	if c.authority, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	c.key = key
	// The certificate is written last: if it exists, the key does too.
	if err := c.writeKey("ca.key", key); err != nil {
		return nil, err
	}
	return c, c.write("ca.crt", "CERTIFICATE", der)
}

// file names one of the files of certificates and keys.
func (c *certificates) file(name string) string { return filepath.Join(c.folder, name) }

func template(subject pkix.Name) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) // crypto/rand does not fail
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      subject,
		NotBefore:    time.Now().Add(-time.Minute),
		NotAfter:     time.Now().Add(lifetime),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

// issue writes NAME.crt and NAME.key for a common name, its groups and the hosts it may serve.
func (c *certificates) issue(name string, subject pkix.Name, hosts ...string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	leaf := template(subject)
	for _, host := range hosts {
		if address := net.ParseIP(host); address != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, address)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, c.authority, key.Public(), c.key)
	if err != nil {
		return err
	}
	if err := c.write(name+".crt", "CERTIFICATE", der); err != nil {
		return err
	}
	return c.writeKey(name+".key", key)
}

// lastingKubeconfig writes a client's configuration as kubeconfig does, unless there is one for that server: the
// administrator's is stored elsewhere, where another certificate would look like a change.
func (c *certificates) lastingKubeconfig(path, server string, subject pkix.Name) error {
	authority, err := os.ReadFile(c.file("ca.crt"))
	if err != nil {
		return err
	}
	known, err := os.ReadFile(path)
	if err == nil && strings.Contains(string(known), server+"\n") &&
		strings.Contains(string(known), base64.StdEncoding.EncodeToString(authority)) {
		return nil
	}
	return c.kubeconfig(path, server, subject)
}

// kubeconfig writes a client's whole configuration, with a certificate of its own, for the API server's address.
func (c *certificates) kubeconfig(path, server string, subject pkix.Name) error {
	name := "kubeconfig-" + subject.CommonName
	if err := c.issue(name, subject); err != nil {
		return err
	}
	parts := make([]any, 0, 4)
	parts = append(parts, server)
	for _, file := range []string{"ca.crt", name + ".crt", name + ".key"} {
		content, err := os.ReadFile(c.file(file))
		if err != nil {
			return err
		}
		parts = append(parts, base64.StdEncoding.EncodeToString(content))
	}
	return replace(path, fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters:
  - name: sandbox
    cluster:
      server: %s
      certificate-authority-data: %s
users:
  - name: sandbox
    user:
      client-certificate-data: %s
      client-key-data: %s
contexts:
  - name: sandbox
    context:
      cluster: sandbox
      user: sandbox
current-context: sandbox
`, parts...))
}

// serviceAccountKey keeps one key for the life of the state: pods have tokens that it signed.
func (c *certificates) serviceAccountKey(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return replace(path, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
}

func (c *certificates) writeKey(name string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return c.write(name, "EC PRIVATE KEY", der)
}

func (c *certificates) write(name, kind string, der []byte) error {
	return replace(c.file(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// replace writes a file, readable by its owner only, whole or not at all.
func replace(path string, content []byte) error {
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
