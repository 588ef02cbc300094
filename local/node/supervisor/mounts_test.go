package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// coverInOwnMounts covers the kernel's settings and one file, and checks that later writes go to the copies.
func coverInOwnMounts() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", 0, ""); err != nil {
		return err
	}
	before := map[string]string{}
	for _, path := range kernelSettings {
		value, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		before[path] = strings.TrimSpace(string(value))
	}
	if err := coverKernelSettings(); err != nil {
		return err
	}
	var covers unix.Stat_t
	if err := unix.Stat("/run/covers", &covers); err != nil {
		return err
	}
	for _, path := range kernelSettings {
		var file unix.Stat_t
		if err := unix.Stat(path, &file); errors.Is(err, unix.ENOENT) {
			continue
		} else if err != nil {
			return err
		}
		if file.Dev != covers.Dev {
			return fmt.Errorf("%s is still the machine's own", path)
		}
		if value, err := os.ReadFile(path); err != nil || string(value) != before[path]+"\n" {
			return fmt.Errorf("%s is %q, and was %q: %w", path, value, before[path], err)
		}
		// As the kubelet does: it writes 1 and reads the value again.
		if err := os.WriteFile(path, []byte("1"), 0o640); err != nil {
			return err
		}
	}
	target, link := os.Getenv("TARGET"), os.Getenv("LINK")
	if err := cover(link, "covered"); err != nil {
		return err
	}
	if value, err := os.ReadFile(target); err != nil || string(value) != "covered" {
		return fmt.Errorf("the link's target is %q: %w", value, err)
	}
	if err := cover(target+".none", "covered"); err != nil {
		return fmt.Errorf("a file that is not there: %w", err)
	}
	return nil
}

func TestSettingsAndFilesAreCoveredForTheNodeOnly(t *testing.T) {
	folder := t.TempDir()
	target, link := filepath.Join(folder, "hosts"), filepath.Join(folder, "link")
	if err := os.WriteFile(target, []byte("the machine's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("hosts", link); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TARGET", target)
	t.Setenv("LINK", link)
	attributes := &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		// A user who is not root may mount in a user namespace, where the machine permits those.
		attributes.Cloneflags |= unix.CLONE_NEWUSER
		attributes.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		attributes.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	before := map[string]string{}
	for _, path := range kernelSettings {
		value, _ := os.ReadFile(path)
		before[path] = string(value)
	}
	text, err := startRole("cover", attributes)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSPC) {
		t.Skipf("this user may make no namespaces on this machine: %v", err)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for _, path := range kernelSettings {
		if value, _ := os.ReadFile(path); string(value) != before[path] {
			t.Errorf("the machine's %s is %q, and was %q", path, value, before[path])
		}
	}
	if readFile(t, target) != "the machine's" {
		t.Error("the machine's file is covered too")
	}
}
