package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// controlGroupHierarchies lists the mounted hierarchies: one per controller in version 1, one in version 2.
func controlGroupHierarchies() ([]string, error) {
	mounts, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer mounts.Close()
	return hierarchiesIn(mounts)
}

// hierarchiesIn finds the mount points of control groups in a process's list of mounts.
func hierarchiesIn(mounts io.Reader) ([]string, error) {
	var found []string
	lines := bufio.NewScanner(mounts)
	for lines.Scan() {
		// … MOUNT_POINT … - TYPE SOURCE OPTIONS (proc_pid_mountinfo(5))
		before, after, _ := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(before)
		kind, _, _ := strings.Cut(after, " ")
		if len(fields) > 4 && (kind == "cgroup" || kind == "cgroup2") {
			found = append(found, fields[4])
		}
	}
	return found, lines.Err()
}

// makeControlGroups makes one group in each of the hierarchies; the kubelet makes all of its own below it. Those of an
// earlier run are removed first: the kubelet would wait for their containers.
func makeControlGroups(hierarchies []string, group string) error {
	for _, hierarchy := range hierarchies {
		folder := filepath.Join(hierarchy, group)
		if err := removeControlGroup(folder); err != nil {
			return err
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("cannot make the control group %s: %w", folder, err)
		}
		// In version 1 a new cpuset is empty, and no process may enter it then.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			inherited, err := os.ReadFile(filepath.Join(hierarchy, file))
			if err != nil {
				continue
			}
			if err := os.WriteFile(filepath.Join(folder, file), inherited, 0o644); err != nil {
				return err
			}
		}
		passControllersOn(folder)
	}
	return nil
}

// passControllersOn enables every controller for the groups below: version 2 enables only the ones that are named.
func passControllersOn(folder string) {
	controllers, err := os.ReadFile(filepath.Join(folder, "cgroup.controllers"))
	if err != nil {
		return
	}
	for _, controller := range strings.Fields(string(controllers)) {
		_ = os.WriteFile(filepath.Join(folder, "cgroup.subtree_control"), []byte("+"+controller), 0o644)
	}
}

// removeControlGroup removes a group and those below it, innermost first. No process is left in them.
func removeControlGroup(folder string) error {
	entries, err := os.ReadDir(folder)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		if err := removeControlGroup(filepath.Join(folder, entry.Name())); err != nil {
			return err
		}
	}
	if err := os.Remove(folder); err != nil {
		return fmt.Errorf("cannot remove the control group of an earlier run: %w", err)
	}
	return nil
}
