package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A socket stays in the network namespace in which it was made, whichever process uses it later. So one process
// forwards connections between the machine and the node, and makes each socket on the right side.
type side func(func() error) error

func onHost(do func() error) error { return do() }

// inNamespace runs a function on a thread that is in the network namespace of the process.
func inNamespace(pid int) (side, error) {
	namespace, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", pid))
	if err != nil {
		return nil, err
	}
	return func(do func() error) error {
		done := make(chan error)
		go func() {
			// The thread is not returned to the pool: it ends with this goroutine, still in the namespace.
			runtime.LockOSThread()
			if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
				done <- err
				return
			}
			done <- do()
		}()
		return <-done
	}, nil
}

// forwardAll opens every configured port and forwards its connections in the background.
func forwardAll(c *Configuration, pid int) error {
	inNode, err := inNamespace(pid)
	if err != nil {
		return err
	}
	for _, f := range c.Forward {
		if _, err := forward(onHost, f.Listen, inNode, f.To); err != nil {
			return err
		}
	}
	for _, f := range c.Reverse {
		if _, err := forward(inNode, f.Listen, onHost, f.To); err != nil {
			return err
		}
	}
	return nil
}

// forward accepts connections on one side, until its listener is closed, and forwards them to the other.
func forward(from side, listen string, to side, target string) (net.Listener, error) {
	var listener net.Listener
	err := from(func() (err error) {
		// The node's address may not be configured yet, and does not have to be.
		configuration := net.ListenConfig{Control: freeBind}
		listener, err = configuration.Listen(background, "tcp4", listen)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", listen, err)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go carry(connection.(*net.TCPConn), to, target)
		}
	}()
	return listener, nil
}

func carry(client *net.TCPConn, to side, target string) {
	defer client.Close()
	var server *net.TCPConn
	err := to(func() error {
		connection, err := (&net.Dialer{Timeout: 5 * time.Second}).Dial("tcp4", target)
		if err == nil {
			server = connection.(*net.TCPConn)
		}
		return err
	})
	if err != nil {
		// A reset and not an orderly end: the client has to see a failure, not an empty answer.
		_ = client.SetLinger(0)
		return
	}
	defer server.Close()
	var both sync.WaitGroup
	both.Go(func() { pipe(server, client) })
	both.Go(func() { pipe(client, server) })
	both.Wait()
}

func pipe(to, from *net.TCPConn) {
	_, _ = io.Copy(to, from)
	_ = to.CloseWrite()
}
