package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

var background = context.Background()

// freeBind lets a socket listen on an address that is not configured yet (ip(7), IP_FREEBIND).
func freeBind(_, _ string, connection syscall.RawConn) error {
	var failed error
	err := connection.Control(func(descriptor uintptr) {
		failed = unix.SetsockoptInt(int(descriptor), unix.IPPROTO_IP, unix.IP_FREEBIND, 1)
	})
	if err != nil {
		return err
	}
	return failed
}

// process is one of the programs that make up the node.
type process struct {
	name        string
	arguments   []string
	environment []string
}

// garbage makes Go's collector on the node, and in what containerd starts for each container, run less often: with
// small heaps it would take most of the time while everything starts.
const garbage = "GOGC=400"

// keep starts a program and starts it again whenever it ends, as an init system does, with its output in logs/NAME.log.
// It waits longer each time, so that a program that cannot run does not use up the machine.
func keep(c *Configuration, p process) error {
	executable, err := exec.LookPath(p.name)
	if err != nil {
		return err
	}
	log, err := logOf(c, p)
	if err != nil {
		return err
	}
	go func() {
		for pause := 200 * time.Millisecond; ; pause = min(2*pause, 10*time.Second) {
			started := time.Now()
			err := p.command(executable, log).Run()
			fmt.Fprintf(log, "supervisor: %s ended: %v\n", p.name, err)
			if time.Since(started) > time.Minute {
				pause = 200 * time.Millisecond
			}
			time.Sleep(pause)
		}
	}()
	return nil
}

func logOf(c *Configuration, p process) (*os.File, error) {
	return os.OpenFile(c.path("logs", p.name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
}

func (p process) command(executable string, log *os.File) *exec.Cmd {
	command := exec.Command(executable, p.arguments...)
	command.Stdout, command.Stderr = log, log
	command.Env = append(append(os.Environ(), garbage), p.environment...)
	return command
}

// output runs a program to its end and returns its first error line as the error; a warning is not an error.
func output(name string, arguments ...string) error {
	text, err := exec.Command(name, arguments...).CombinedOutput()
	if err == nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	complaint := lines[len(lines)-1]
	for _, line := range lines {
		if !strings.Contains(line, "level=warning") {
			complaint = line
			break
		}
	}
	return fmt.Errorf("%s: %w: %s", name, err, complaint)
}

// await tries until a condition holds, or cannot hold for want of space; its error names the condition and the last reason.
func await(what string, deadline time.Duration, try func() error) error {
	end := time.Now().Add(deadline)
	for {
		err := try()
		if err == nil {
			return nil
		}
		if errors.Is(err, unix.ENOSPC) {
			return fmt.Errorf("%s cannot come: %w", what, err)
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s did not come within %s: %w", what, deadline, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// fullBelow is the number of free bytes below which a disk counts as full.
const fullBelow = 1 << 20

// unlessFull tries the same, and where that fails on a full disk of the folder says so: what is waited for cannot come.
func unlessFull(folder string, try func() error) func() error {
	return func() error {
		err := try()
		if err == nil {
			return nil
		}
		var disk unix.Statfs_t
		if unix.Statfs(folder, &disk) == nil && disk.Bavail*uint64(disk.Bsize) < fullBelow {
			return fmt.Errorf("%w on the disk of %s: %w", unix.ENOSPC, folder, err)
		}
		return err
	}
}
