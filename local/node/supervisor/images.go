package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// unpackingSocket is where containerd listens while it only unpacks: no other program of the node may use it then.
const unpackingSocket = "/run/containerd/unpacking.sock"

// abandoned is how old an unfinished folder of unpacked images is that no other node is making.
const abandoned = time.Hour

// startContainerd starts containerd with the images. What it makes of an archive, hundreds of megabytes, is kept next to
// the archive: a new node gets links to these files, and unpacks none.
func startContainerd(c *Configuration, containerd process) error {
	root := c.path("containerd")
	unpacked, isKept := unpackedImages(c)
	if _, err := os.Stat(root); os.IsNotExist(err) && isKept {
		if err := removeAbandoned(unpacked); err != nil {
			fmt.Fprintf(os.Stderr, "cannot remove what killed nodes have left: %v\n", err)
		}
		// Otherwise they are not there, or on another file system.
		if share(unpacked, root) != nil {
			if err := unpack(c, containerd, unpacked); err != nil {
				return err
			}
		}
	}
	if err := keep(c, containerd); err != nil {
		return err
	}
	return importImages(c, containerdSocket)
}

// unpackedImages is where containerd's folder is kept that has the images of the archive and nothing else.
func unpackedImages(c *Configuration) (string, bool) {
	if len(c.Images) != 1 {
		return "", false
	}
	return c.Images[0] + ".unpacked", true
}

// unpack imports the images into the folder of a new node, and keeps links to it: the folder changes only while containerd
// runs, so containerd is ended in between.
func unpack(c *Configuration, containerd process, unpacked string) error {
	log, err := logOf(c, containerd)
	if err != nil {
		return err
	}
	defer log.Close()
	containerd.arguments = append(slices.Clone(containerd.arguments), "--address", unpackingSocket)
	command := containerd.command(containerd.name, log)
	if err := command.Start(); err != nil {
		return err
	}
	ended, imported := make(chan error, 1), make(chan error, 1)
	go func() { ended <- command.Wait() }()
	go func() { imported <- importImages(c, unpackingSocket) }()
	select {
	case <-ended:
		return fmt.Errorf("containerd ended while it unpacked the images: %v (see %s)", command.ProcessState, log.Name())
	case failed := <-imported:
		if err := errors.Join(failed, command.Process.Signal(unix.SIGTERM), <-ended); err != nil {
			return err
		}
	}
	unfinished, err := keepLinks(c.path("containerd"), unpacked)
	if err != nil {
		fmt.Fprintf(os.Stderr, "the next new node unpacks the images again: %v\n", err)
		return nil
	}
	go func() {
		if err := finish(unfinished, unpacked); err != nil {
			fmt.Fprintf(os.Stderr, "cannot keep the unpacked images: %v\n", err)
		}
	}()
	return nil
}

// removeAbandoned removes the unfinished folders of nodes that were killed.
func removeAbandoned(unpacked string) error {
	parent, name := filepath.Split(unpacked)
	left, err := fs.Glob(os.DirFS(parent), name+".unfinished-*")
	if err != nil {
		return err
	}
	for _, each := range left {
		folder := filepath.Join(parent, each)
		if found, err := os.Stat(folder); err == nil && time.Since(found.ModTime()) > abandoned {
			if err := os.RemoveAll(folder); err != nil {
				return err
			}
		}
	}
	return nil
}

// keepLinks makes an unfinished folder of links to a folder of containerd's.
func keepLinks(root, unpacked string) (string, error) {
	folder, err := os.MkdirTemp(filepath.Dir(unpacked), filepath.Base(unpacked)+".unfinished-")
	if err != nil {
		return "", err
	}
	if err := share(root, filepath.Join(folder, "containerd")); err != nil {
		return "", errors.Join(err, os.RemoveAll(folder))
	}
	return folder, nil
}

// finish gives the folder its name once its files are on the disk: after a loss of power it is whole or not there.
func finish(unfinished, unpacked string) error {
	folder, err := os.Open(unfinished)
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := unix.Syncfs(int(folder.Fd())); err != nil {
		return err
	}
	// Another node may have kept the same in the meantime.
	if err := os.Rename(filepath.Join(unfinished, "containerd"), unpacked); err != nil && !os.IsExist(err) {
		return err
	}
	return os.RemoveAll(unfinished)
}

// share copies containerd's folder. The images' files are links, as no program writes them again; the databases are copies.
// What a killed node has left of it does not have the name: its databases may be links.
func share(from, to string) error {
	unfinished := to + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	if err := link(from, unfinished); err != nil {
		return errors.Join(err, os.RemoveAll(unfinished))
	}
	return os.Rename(unfinished, to)
}

func link(from, to string) error {
	if err := output("cp", "--archive", "--link", "--no-target-directory", from, to); err != nil {
		return err
	}
	// The folder's own name may read like a pattern.
	databases, err := fs.Glob(os.DirFS(from), "*/*.db")
	if err != nil {
		return err
	}
	for _, database := range databases {
		own := filepath.Join(to, database)
		if err := output("cp", "--archive", "--remove-destination", filepath.Join(from, database), own); err != nil {
			return err
		}
	}
	return nil
}

// importImages waits for containerd, and has it import what this node does not have yet.
func importImages(c *Configuration, socket string) error {
	if err := await("containerd", readyDeadline, unlessFull(c.State, func() error { return output("ctr", "--address", socket, "version") })); err != nil {
		return fmt.Errorf("%w (see %s)", err, c.path("logs", "containerd.log"))
	}
	done := c.path("containerd", "imported")
	wanted := strings.Join(c.Images, "\n")
	if known, err := os.ReadFile(done); err == nil && string(known) == wanted {
		return nil
	}
	for _, archive := range c.Images {
		if err := output("ctr", "--address", socket, "--namespace", "k8s.io", "images", "import", archive); err != nil {
			return fmt.Errorf("cannot import the images in %s: %w", archive, err)
		}
	}
	return replace(done, []byte(wanted))
}
