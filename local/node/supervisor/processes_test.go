package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// reapAsProcessOne makes orphans children of this process, as process 1 of a namespace gets them.
func reapAsProcessOne() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return err
	}
	return reap(nil)
}

// leaveAnOrphan stands in for the node's supervisor: it leaves an orphan that ends, and waits until it is reaped.
func leaveAnOrphan() error {
	text, err := exec.Command("sh", "-c", "sh -c 'exit 3' >/dev/null 2>&1 & echo $!").Output()
	if err != nil {
		return err
	}
	orphan, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	if err := await("the end of the orphan", timeout, func() error {
		if err := unix.Kill(orphan, 0); !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("process %d is still there: %v", orphan, err)
		}
		return nil
	}); err != nil {
		return err
	}
	os.Exit(7)
	return nil
}

func TestProcessOneCollectsOrphansAndEndsAsItsChild(t *testing.T) {
	text, err := startRole("reap", nil, "init", "configuration")
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.ExitCode() != 7 {
		t.Errorf("it ended with %v: %s", err, text)
	}
}

func TestProgramThatEndsIsStartedAgain(t *testing.T) {
	c := &Configuration{State: t.TempDir()}
	if err := os.MkdirAll(c.path("logs"), 0o700); err != nil {
		t.Fatal(err)
	}
	// It ends twice, and keeps running the third time, until the test ends.
	count := filepath.Join(c.State, "count")
	script := `echo x >> "$COUNT"; [ $(wc -l < "$COUNT") -lt 3 ] && exit 5; echo stays; exec cat "$FIFO"`
	fifo := filepath.Join(c.State, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	open, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	p := process{name: "sh", arguments: []string{"-c", script}, environment: []string{"COUNT=" + count, "FIFO=" + fifo}}
	if err := keep(c, p); err != nil {
		t.Fatal(err)
	}
	log := c.path("logs", "sh.log")
	wanted := strings.Repeat("supervisor: sh ended: exit status 5\n", 2) + "stays\n"
	if err := await("the third start", timeout, func() error {
		if found := readFile(t, log); found != wanted {
			return fmt.Errorf("the log holds %q", found)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	if status, err := os.Stat(log); err != nil || status.Mode() != 0o600 {
		t.Errorf("the log has the mode %s: %v", status.Mode(), err)
	}
}

func TestProgramThatIsNotThereIsAnError(t *testing.T) {
	if err := keep(&Configuration{State: t.TempDir()}, process{name: "no-such-program"}); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("the answer is %v", err)
	}
}

func TestOutputTellsTheFirstLineOfComplaint(t *testing.T) {
	err := output("sh", "-c", "echo 'level=warning msg=old' >&2; echo first >&2; echo second >&2; exit 4")
	if err == nil || err.Error() != "sh: exit status 4: first" {
		t.Errorf("the answer is %v", err)
	}
}

func TestAwaitTellsWhatDidNotComeAndWhy(t *testing.T) {
	reason := errors.New("not yet")
	err := await("the API server", time.Millisecond, func() error { return reason })
	if !errors.Is(err, reason) || err.Error() != "the API server did not come within 1ms: not yet" {
		t.Errorf("the answer is %v", err)
	}
}

func TestWhatCannotComeOnAFullDiskIsNotWaitedFor(t *testing.T) {
	reason := errors.New("not yet")
	fails := func() error { return reason }
	// The kernel's own file system has no room for files.
	err := await("the node", time.Hour, unlessFull("/proc", fails))
	if !errors.Is(err, unix.ENOSPC) || !errors.Is(err, reason) {
		t.Errorf("the answer is %v", err)
	}
	if err := await("the node", time.Hour, unlessFull("/proc", func() error { return nil })); err != nil {
		t.Errorf("what came is an error: %v", err)
	}
	if err := await("the node", time.Millisecond, unlessFull(t.TempDir(), fails)); errors.Is(err, unix.ENOSPC) {
		t.Errorf("a disk with room is full: %v", err)
	}
}

func TestOneStateHasOneNode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock(path); err == nil || err.Error() != "another node runs on this state ("+path+" is locked)" {
		t.Errorf("a second node: %v", err)
	}
	unlock()
	unlock, err = lock(path)
	if err != nil {
		t.Fatalf("after the first has gone: %v", err)
	}
	unlock()
}
