package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// A test that needs a process of its own starts this very program again, with the name of a role here.
const roleVariable = "SUPERVISOR_TEST_ROLE"

var roles = map[string]func() error{
	"reap":  reapAsProcessOne,
	"cover": coverInOwnMounts,
}

func TestMain(m *testing.M) {
	name := os.Getenv(roleVariable)
	if name == "" {
		os.Exit(m.Run())
	}
	role := roles[name]
	if len(os.Args) > 1 && os.Args[1] == "inside" { // what reap starts
		role = leaveAnOrphan
	}
	if err := role(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// startRole runs a role to its end and gives what it printed. `attributes` are its namespaces.
func startRole(name string, attributes *syscall.SysProcAttr, arguments ...string) (string, error) {
	command := exec.Command("/proc/self/exe", arguments...)
	command.Env = append(os.Environ(), roleVariable+"="+name)
	command.SysProcAttr = attributes
	text, err := command.CombinedOutput()
	return strings.TrimSpace(string(text)), err
}
