package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The node's own addresses. They exist in its network namespace only, so every node has the same ones.
const (
	nodeName       = "node"
	nodeAddress    = "10.244.0.1"
	podRange       = "10.244.0.0/16"
	serviceRange   = "10.96.0.0/16"
	serviceAddress = "10.96.0.1" // the API server's, the first of its range
	apiServerPort  = "6443"
	clusterDomain  = "cluster.local"
)

// Configuration is what the sandbox command configures for one node.
type Configuration struct {
	// Control groups are made below this one, in every hierarchy.
	ControlGroup string `json:"controlGroup"`
	// Everything that outlives the node's processes: etcd, images, keys, logs.
	State string `json:"state"`
	// Folders that hold the executables, searched in order.
	Path []string `json:"path"`
	// The folder that holds the libraries of iptables, and the one that holds its extensions.
	IptablesLibraries  string `json:"iptablesLibraries"`
	IptablesExtensions string `json:"iptablesExtensions"`
	// Archives of container images to import.
	Images []string `json:"images"`
	// The image that holds a pod's namespaces.
	PauseImage string `json:"pauseImage"`
	// Connections to a port of the machine that are forwarded to an address in the node.
	Forward []Forward `json:"forward"`
	// Connections to an address in the node that are forwarded to a port of the machine.
	Reverse []Forward `json:"reverse"`
	// Names that the cluster's DNS answers with the node's address.
	Names []string `json:"names"`
}

// Forward says where connections are accepted and where they are forwarded to, as HOST:PORT.
type Forward struct {
	Listen string `json:"listen"`
	To     string `json:"to"`
}

func readConfiguration(path string) (*Configuration, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var configuration Configuration
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&configuration); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := configuration.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &configuration, nil
}

// check refuses values that would make the node remove or write files that are not its own.
func (c *Configuration) check() error {
	if c.ControlGroup == "" || c.ControlGroup == "." || c.ControlGroup == ".." || strings.Contains(c.ControlGroup, "/") {
		return fmt.Errorf("controlGroup must be one name, and is %q", c.ControlGroup)
	}
	if !filepath.IsAbs(c.State) {
		return fmt.Errorf("state must be an absolute path, and is %q", c.State)
	}
	return nil
}

// path names a file of the node's state.
func (c *Configuration) path(elements ...string) string {
	return filepath.Join(append([]string{c.State}, elements...)...)
}
