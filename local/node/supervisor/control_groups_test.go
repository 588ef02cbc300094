package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestHierarchiesAreTheMountsOfControlGroups(t *testing.T) {
	mounts := `27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
42 31 0:39 / /cgroup2 rw,relatime - tmpfs cgroup2 rw
short line
`
	found, err := hierarchiesIn(strings.NewReader(mounts))
	wanted := []string{"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/unified"}
	if err != nil || !reflect.DeepEqual(found, wanted) {
		t.Errorf("found %v, wanted %v: %v", found, wanted, err)
	}
}

// A folder stands in for a hierarchy; the test puts the kernel's own files there.
func TestGroupIsMadeAnewInEveryHierarchy(t *testing.T) {
	cpuset, unified := t.TempDir(), t.TempDir()
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		if err := os.WriteFile(filepath.Join(cpuset, file), []byte("0-1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	left := filepath.Join(unified, "sandbox", "kubepods", "pod1")
	neighbour := filepath.Join(unified, "sandbox-other")
	for _, folder := range []string{left, neighbour} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := makeControlGroups([]string{cpuset, unified}, "sandbox"); err != nil {
		t.Fatal(err)
	}
	if inherited := readFile(t, filepath.Join(cpuset, "sandbox", "cpuset.cpus")); inherited != "0-1\n" {
		t.Errorf("its processors are %q", inherited)
	}
	if entries, err := os.ReadDir(filepath.Join(unified, "sandbox")); err != nil || len(entries) != 0 {
		t.Errorf("it still holds %v of an earlier run: %v", entries, err)
	}
	if _, err := os.Stat(neighbour); err != nil {
		t.Errorf("the neighbour's group has gone: %v", err)
	}
}

func TestVersionTwoPassesItsControllersOn(t *testing.T) {
	hierarchy := t.TempDir()
	folder := filepath.Join(hierarchy, "sandbox")
	// The kernel would list the controllers in a new group; here they are written between the two steps.
	if err := makeControlGroups([]string{hierarchy}, "sandbox"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "cgroup.controllers"), []byte("cpu memory"), 0o600); err != nil {
		t.Fatal(err)
	}
	passControllersOn(folder)
	if last := readFile(t, filepath.Join(folder, "cgroup.subtree_control")); last != "+memory" {
		t.Errorf("the last write was %q", last)
	}
}

func TestGroupThatIsInUseIsNotRemovedSilently(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "sandbox")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "cgroup.procs"), []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := removeControlGroup(folder)
	if err == nil || !strings.HasPrefix(err.Error(), "cannot remove the control group of an earlier run: ") {
		t.Errorf("the answer is %v", err)
	}
	if err := removeControlGroup(filepath.Join(folder, "none")); err != nil {
		t.Errorf("a group that is not there: %v", err)
	}
}
