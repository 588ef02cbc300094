package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// containerdFolder writes a folder with a layer's file, a link to it, and a database.
func containerdFolder(t *testing.T) string {
	t.Helper()
	root := filepath.Join(folderNamedLikeAPattern(t), "containerd")
	if err := os.MkdirAll(filepath.Join(root, "snapshotter", "fs"), 0o700); err != nil {
		t.Fatal(err)
	}
	for file, content := range map[string]string{"fs/program": "program", "metadata.db": "one"} {
		if err := os.WriteFile(filepath.Join(root, "snapshotter", file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("program", filepath.Join(root, "snapshotter", "fs", "link")); err != nil {
		t.Fatal(err)
	}
	return root
}

// folderNamedLikeAPattern makes one: a user's folder may have any name.
func folderNamedLikeAPattern(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "[of]*mine?")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	return folder
}

func inode(t *testing.T, path string) uint64 {
	t.Helper()
	var found unix.Stat_t
	if err := unix.Stat(path, &found); err != nil {
		t.Fatal(err)
	}
	return found.Ino
}

func TestNewNodeSharesTheImagesFilesAndHasDatabasesOfItsOwn(t *testing.T) {
	from := containerdFolder(t)
	to := filepath.Join(folderNamedLikeAPattern(t), "node")
	// What a killed node has left.
	if err := os.MkdirAll(filepath.Join(to+".unfinished", "snapshotter", "metadata.db"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := share(from, to); err != nil {
		t.Fatal(err)
	}
	program, database := filepath.Join("snapshotter", "fs", "program"), filepath.Join("snapshotter", "metadata.db")
	if inode(t, filepath.Join(from, program)) != inode(t, filepath.Join(to, program)) {
		t.Error("the program is copied")
	}
	if target, err := os.Readlink(filepath.Join(to, "snapshotter", "fs", "link")); err != nil || target != "program" {
		t.Errorf("the link leads to %q: %v", target, err)
	}
	// As containerd does: it writes into the file.
	if err := os.WriteFile(filepath.Join(to, database), []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	if found := readFile(t, filepath.Join(from, database)); found != "one" {
		t.Errorf("the other node's database holds %q", found)
	}
}

func TestWhatIsNotThereIsNotShared(t *testing.T) {
	if err := share(filepath.Join(t.TempDir(), "none"), filepath.Join(t.TempDir(), "node")); err == nil {
		t.Error("there is no error")
	}
}

// programs puts scripts of these names before the others on PATH.
func programs(t *testing.T, scripts map[string]string) {
	t.Helper()
	folder := t.TempDir()
	for name, script := range scripts {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
}

func TestContainerdThatEndsWhileItUnpacksIsNotWaitedFor(t *testing.T) {
	for _, code := range []string{"3", "0"} {
		programs(t, map[string]string{"containerd": "exit " + code, "ctr": "exit 1"})
		c := &Configuration{State: t.TempDir(), Images: []string{"images.tar"}}
		if err := os.MkdirAll(c.path("logs"), 0o700); err != nil {
			t.Fatal(err)
		}
		err := unpack(c, process{name: "containerd"}, c.path("kept"))
		if err == nil || !strings.Contains(err.Error(), "exit status "+code+" (see "+c.path("logs", "containerd.log")+")") {
			t.Errorf("the error is %v", err)
		}
	}
}

func TestWhatKilledNodesHaveLeftIsRemovedAlsoWhereTheImagesAreKept(t *testing.T) {
	programs(t, map[string]string{"containerd": "exit 0", "ctr": "exit 0"})
	archive := filepath.Join(t.TempDir(), "images.tar")
	c := &Configuration{State: t.TempDir(), Images: []string{archive}}
	kept, _ := unpackedImages(c)
	if err := os.Rename(containerdFolder(t), kept); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(kept, "imported"), []byte(archive), 0o600); err != nil {
		t.Fatal(err)
	}
	running, killed := kept+".unfinished-1", kept+".unfinished-2"
	for _, folder := range []string{running, killed, c.path("logs")} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	past := time.Now().Add(-2 * abandoned)
	if err := os.Chtimes(killed, past, past); err != nil {
		t.Fatal(err)
	}
	if err := startContainerd(c, process{name: "containerd"}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(running); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(killed); !os.IsNotExist(err) {
		t.Errorf("%s is there: %v", killed, err)
	}
}

func TestNothingIsLeftOfImagesWhoseDatabasesCannotBeCopied(t *testing.T) {
	cp, err := exec.LookPath("cp")
	if err != nil {
		t.Fatal(err)
	}
	programs(t, map[string]string{"cp": `case "$*" in *--remove-destination*) exit 1; esac; exec ` + cp + ` "$@"`})
	node := filepath.Join(t.TempDir(), "node")
	if err := share(containerdFolder(t), node); err == nil {
		t.Error("there is no error")
	}
	if entries, err := os.ReadDir(filepath.Dir(node)); err != nil || len(entries) != 0 {
		t.Errorf("there is %v: %v", entries, err)
	}
}

func TestNothingIsLeftOfImagesThatCannotBeKept(t *testing.T) {
	kept := filepath.Join(t.TempDir(), "images.tar.unpacked")
	if folder, err := keepLinks(filepath.Join(t.TempDir(), "none"), kept); err == nil {
		t.Errorf("they are in %s", folder)
	}
	if entries, err := os.ReadDir(filepath.Dir(kept)); err != nil || len(entries) != 0 {
		t.Errorf("there is %v: %v", entries, err)
	}
}

func TestUnpackedImagesAreKeptWholeAndOnce(t *testing.T) {
	root := containerdFolder(t)
	kept := filepath.Join(folderNamedLikeAPattern(t), "images.tar.unpacked")
	old := kept + ".unfinished-1"
	if err := os.Mkdir(old, 0o700); err != nil {
		t.Fatal(err)
	}
	past := time.Now().Add(-2 * abandoned)
	if err := os.Chtimes(old, past, past); err != nil {
		t.Fatal(err)
	}
	if err := removeAbandoned(kept); err != nil {
		t.Fatal(err)
	}
	one, err := keepLinks(root, kept)
	if err != nil {
		t.Fatal(err)
	}
	another, err := keepLinks(root, kept)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(kept); !os.IsNotExist(err) {
		t.Errorf("an unfinished folder has the name: %v", err)
	}
	for _, unfinished := range []string{one, another} {
		if err := finish(unfinished, kept); err != nil {
			t.Error(err)
		}
	}
	if found := readFile(t, filepath.Join(kept, "snapshotter", "metadata.db")); found != "one" {
		t.Errorf("the database holds %q", found)
	}
	if entries, err := os.ReadDir(filepath.Dir(kept)); err != nil || len(entries) != 1 {
		t.Errorf("next to it there is %v: %v", entries, err)
	}
}
