package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func read(t *testing.T, text string) (*Configuration, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "configuration.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return readConfiguration(path)
}

func TestConfigurationIsReadWhole(t *testing.T) {
	found, err := read(t, `{
		"controlGroup": "sandbox", "state": "/state", "path": ["/a", "/b"],
		"iptablesLibraries": "/lib", "iptablesExtensions": "/lib/xtables",
		"images": ["/images.tar"], "pauseImage": "pause:1",
		"forward": [{"listen": "127.0.0.1:1", "to": "10.244.0.1:6443"}],
		"reverse": [{"listen": "10.244.0.1:2", "to": "127.0.0.1:2"}], "names": ["tenant.localhost"]
	}`)
	if err != nil {
		t.Fatal(err)
	}
	wanted := &Configuration{
		ControlGroup: "sandbox", State: "/state", Path: []string{"/a", "/b"},
		IptablesLibraries: "/lib", IptablesExtensions: "/lib/xtables",
		Images: []string{"/images.tar"}, PauseImage: "pause:1",
		Forward: []Forward{{Listen: "127.0.0.1:1", To: "10.244.0.1:6443"}},
		Reverse: []Forward{{Listen: "10.244.0.1:2", To: "127.0.0.1:2"}}, Names: []string{"tenant.localhost"},
	}
	if !reflect.DeepEqual(found, wanted) {
		t.Errorf("read %+v, wanted %+v", found, wanted)
	}
	if path := found.path("logs", "etcd.log"); path != "/state/logs/etcd.log" {
		t.Errorf("a file of the state is %s", path)
	}
	if outside, err := found.apiServerOutside(); outside != "127.0.0.1:1" || err != nil {
		t.Errorf("the API server is reached at %q: %v", outside, err)
	}
}

func TestConfigurationIsRefused(t *testing.T) {
	for text, complaint := range map[string]string{
		``:                                   "EOF",
		`{"controlGroup": "a", "stat": "/"}`: `unknown field "stat"`,
		`{"controlGroup": "", "state": "/state"}`:     `controlGroup must be one name, and is ""`,
		`{"controlGroup": "..", "state": "/state"}`:   `controlGroup must be one name, and is ".."`,
		`{"controlGroup": "a/b", "state": "/state"}`:  `controlGroup must be one name, and is "a/b"`,
		`{"controlGroup": "a", "state": "somewhere"}`: `state must be an absolute path, and is "somewhere"`,
	} {
		if _, err := read(t, text); err == nil || !strings.HasSuffix(err.Error(), complaint) {
			t.Errorf("%s: %v, wanted %s", text, err, complaint)
		}
	}
	if _, err := readConfiguration("/nowhere"); !os.IsNotExist(err) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestApiServerMustBeForwarded(t *testing.T) {
	c := &Configuration{Forward: []Forward{{Listen: "127.0.0.1:1", To: nodeAddress + ":30080"}}}
	if _, err := c.apiServerOutside(); err == nil {
		t.Error("no port leads to the API server, and nothing says so")
	}
}
