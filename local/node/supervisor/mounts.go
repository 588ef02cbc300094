package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// mountAll gives the node its own view of the machine's files. What Kubernetes writes outside its state folder goes
// into folders that only the node sees, and disappears with the mount namespace.
func mountAll(c *Configuration) error {
	steps := []struct {
		what string
		do   func() error
	}{
		{"make the mounts private", func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") }},
		{"mount /proc", func() error { return unix.Mount("proc", "/proc", "proc", 0, "") }},
		{"mount /run", func() error { return unix.Mount("tmpfs", "/run", "tmpfs", 0, "mode=0755") }},
		{"set /etc/hosts", func() error { return cover("/etc/hosts", hosts()) }},
		{"set /etc/resolv.conf", func() error { return cover("/etc/resolv.conf", "nameserver "+nodeAddress+"\n") }},
		{"set the hostname", func() error { return unix.Sethostname([]byte(nodeName)) }},
		// CNI keeps its results, and the kubelet the pods' logs, in fixed places.
		{"cover /var/lib", func() error { return coverFolder("/var/lib", "/run/var-lib") }},
		{"cover /var/log", func() error { return coverFolder("/var/log", c.path("logs", "var-log")) }},
		{"cover the kernel's settings", coverKernelSettings},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			return fmt.Errorf("cannot %s: %w", step.what, err)
		}
	}
	return nil
}

func hosts() string {
	return "127.0.0.1 localhost\n" + nodeAddress + " " + nodeName + "\n"
}

// cover shows other content in place of a file. A symbolic link is followed: its target is covered.
func cover(path, content string) error {
	target, err := filepath.EvalSymlinks(path)
	if os.IsNotExist(err) {
		return nil // there is no file to cover
	}
	if err != nil {
		return err
	}
	copied := filepath.Join("/run/covers", path)
	if err := os.MkdirAll(filepath.Dir(copied), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(copied, []byte(content), 0o644); err != nil {
		return err
	}
	return unix.Mount(copied, target, "", unix.MS_BIND, "")
}

func coverFolder(path, by string) error {
	if err := os.MkdirAll(by, 0o755); err != nil {
		return err
	}
	return unix.Mount(by, path, "", unix.MS_BIND, "")
}

// kernelSettings are those that the kubelet changes and that belong to the whole machine, not to the namespace
// (k8s.io/kubernetes pkg/kubelet/cm, setupKernelTunables). kube-proxy would also change nf_conntrack_max; its
// configuration prevents that.
var kernelSettings = []string{
	"/proc/sys/vm/overcommit_memory", "/proc/sys/vm/panic_on_oom", "/proc/sys/kernel/panic",
	"/proc/sys/kernel/panic_on_oops", "/proc/sys/kernel/keys/root_maxkeys", "/proc/sys/kernel/keys/root_maxbytes",
}

// coverKernelSettings replaces those settings by copies.
func coverKernelSettings() error {
	for _, path := range kernelSettings {
		value, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		if err := cover(path, strings.TrimSpace(string(value))+"\n"); err != nil {
			return err
		}
	}
	return nil
}
