// supervisor runs one Kubernetes node on the machine it is started on, in namespaces of its own.
//
// It starts itself three times:
//
//	run     on the host: makes the namespaces, holds the forwarded ports, ends everything when it ends
//	init    process 1 of the node's process namespace: reaps orphans, and does nothing else
//	inside  in the namespaces: mounts, network, and the processes that are Kubernetes
//
// Outside those namespaces only its state folder and its control groups are visible. The node reaches no network, and
// it ends with the first of the three.
//
// usage: supervisor run CONFIGURATION. Progress, one line each, goes to file descriptor 3, and then
// either "ready" or "error: …"; logs go to the state folder.
package main

import (
	"fmt"
	"os"
	"runtime"
)

func init() {
	// A child's parent-death signal depends on the thread that started it, so that thread must keep running.
	runtime.LockOSThread()
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: supervisor run CONFIGURATION")
		os.Exit(2)
	}
	roles := map[string]func(*Configuration) error{"run": run, "init": reap, "inside": inside}
	role, known := roles[os.Args[1]]
	if !known {
		fmt.Fprintf(os.Stderr, "supervisor: no such command: %s\n", os.Args[1])
		os.Exit(2)
	}
	configuration, err := readConfiguration(os.Args[2])
	if err == nil {
		err = role(configuration)
	}
	if err != nil {
		progress("error: %v", err)
		fmt.Fprintln(os.Stderr, "supervisor:", err)
		os.Exit(1)
	}
}

var progressFile = os.NewFile(3, "progress")

// progress reports to the command that started the node; that command may have ended, which is not an error.
func progress(format string, arguments ...any) {
	fmt.Fprintf(progressFile, format+"\n", arguments...)
}
