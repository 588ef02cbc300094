package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// run starts the node in new namespaces, forwards ports and waits. When it ends, for any reason, the kernel ends
// process 1 of the node and with it every process and mount of the node.
func run(c *Configuration) error {
	unlock, err := lock(c.path("lock"))
	if err != nil {
		return err
	}
	defer unlock()
	hierarchies, err := controlGroupHierarchies()
	if err != nil {
		return err
	}
	if err := makeControlGroups(hierarchies, c.ControlGroup); err != nil {
		return err
	}
	node := exec.Command("/proc/self/exe", "init", os.Args[2])
	node.Stdout, node.Stderr = os.Stdout, os.Stderr
	node.ExtraFiles = []*os.File{progressFile}
	node.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS,
		Pdeathsig:  syscall.SIGKILL,
	}
	if err := node.Start(); err != nil {
		return fmt.Errorf("cannot make the node's namespaces: %w", err)
	}
	if err := forwardAll(c, node.Process.Pid); err != nil {
		_ = node.Process.Kill()
		_ = node.Wait()
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	ended := make(chan error, 1)
	go func() { ended <- node.Wait() }()
	select {
	case <-stop:
		_ = node.Process.Kill()
		<-ended
		return nil
	case err := <-ended:
		return fmt.Errorf("the node ended by itself (%v); its logs are in %s", err, c.path("logs"))
	}
}

// lock takes the node's lock for as long as this process lives; two nodes must not use the same state.
func lock(path string) (func(), error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, fmt.Errorf("another node runs on this state (%s is locked)", path)
	}
	return func() { _ = file.Close() }, nil
}

// reap is process 1: it starts the node's own supervisor, reaps every orphan, and ends with that child.
func reap(c *Configuration) error {
	child, err := os.StartProcess("/proc/self/exe", []string{"supervisor", "inside", os.Args[2]}, &os.ProcAttr{
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr, progressFile},
		Env:   os.Environ(),
	})
	if err != nil {
		return err
	}
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		if pid == child.Pid {
			os.Exit(status.ExitStatus())
		}
	}
}
