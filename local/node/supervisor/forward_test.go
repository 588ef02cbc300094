package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// timeout is how long a test waits for something that should happen at once.
const timeout = 10 * time.Second

func listen(t *testing.T) *net.TCPListener {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.(*net.TCPListener)
}

// dial connects to a port that is forwarded to the target.
func dial(t *testing.T, target string) *net.TCPConn {
	t.Helper()
	listener, err := forward(onHost, "127.0.0.1:0", onHost, target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	connection, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	_ = connection.SetDeadline(time.Now().Add(timeout))
	return connection.(*net.TCPConn)
}

func TestForwarderCopiesBothWaysAndEndsEachByItself(t *testing.T) {
	server := listen(t)
	client := dial(t, server.Addr().String())
	accepted, err := server.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	_ = accepted.SetDeadline(time.Now().Add(timeout))
	question := bytes.Repeat([]byte("question"), 100_000)
	go func() {
		_, _ = client.Write(question)
		_ = client.CloseWrite()
	}()
	heard, err := io.ReadAll(accepted)
	if err != nil || !bytes.Equal(heard, question) {
		t.Fatalf("the server read %d bytes of %d: %v", len(heard), len(question), err)
	}
	// The client has ended its side; the answer still comes.
	answer := []byte("answer")
	if _, err := accepted.Write(answer); err != nil {
		t.Fatal(err)
	}
	accepted.Close()
	if got, err := io.ReadAll(client); err != nil || !bytes.Equal(got, answer) {
		t.Errorf("the client read %q: %v", got, err)
	}
}

func TestForwarderCarriesSeveralConnectionsAtOnce(t *testing.T) {
	server := listen(t)
	listener, err := forward(onHost, "127.0.0.1:0", onHost, server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for range 3 {
		client, err := net.Dial("tcp4", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		accepted, err := server.AcceptTCP()
		if err != nil {
			t.Fatal(err)
		}
		defer accepted.Close()
	}
}

func TestForwarderResetsWhereTheTargetIsAway(t *testing.T) {
	away := listen(t)
	target := away.Addr().String()
	away.Close()
	listener, err := forward(onHost, "127.0.0.1:0", onHost, target)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	// The reset may come before the client has seen that it is connected.
	client, err := net.Dial("tcp4", listener.Addr().String())
	if err == nil {
		defer client.Close()
		_ = client.SetDeadline(time.Now().Add(timeout))
		_, err = client.Read(make([]byte, 1))
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client sees %v", err)
	}
}

func TestForwarderSaysWhichPortIsTaken(t *testing.T) {
	taken := listen(t).Addr().String()
	_, err := forward(onHost, taken, onHost, "127.0.0.1:1")
	if err == nil || !strings.HasPrefix(err.Error(), "cannot listen on "+taken+": ") || !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("the answer is %v", err)
	}
}
