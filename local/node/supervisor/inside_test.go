package main

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// answers is an API server that returns these texts by the last part of the path, and 404 for any other.
type answers map[string]string

func (known answers) RoundTrip(request *http.Request) (*http.Response, error) {
	path := strings.Split(request.URL.Path, "/")
	text, there := known[path[len(path)-2]]
	status := http.StatusOK
	if !there {
		status = http.StatusNotFound
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Body: io.NopCloser(strings.NewReader(text))}, nil
}

func TestNodeIsReadyWhenThisRunsKubeletHasSaidSo(t *testing.T) {
	since := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	condition := func(status, at string) string {
		return `{"status": {"conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": "` + status +
			`", "message": "no network", "lastHeartbeatTime": "` + at + `"}]}}`
	}
	lease := func(at string) string { return `{"spec": {"renewTime": "` + at + `"}}` }
	const before, after = "2026-01-01T11:59:59Z", "2026-01-01T12:00:00Z"
	for what, given := range map[string]struct {
		server  answers
		problem string
	}{
		"a new node, whose lease comes later":     {answers{"nodes": condition("True", after)}, ""},
		"a known node, whose status comes later":  {answers{"nodes": condition("True", before), "leases": lease(after)}, ""},
		"what an earlier run has left":            {answers{"nodes": condition("True", before), "leases": lease(before)}, "the kubelet has not reported yet"},
		"an earlier run's status without a lease": {answers{"nodes": condition("True", before)}, "Not Found"},
		"a node that is not ready":                {answers{"nodes": condition("False", after), "leases": lease(after)}, "no network"},
		"a node without conditions":               {answers{"nodes": `{}`}, "the node has no condition yet"},
		"no node":                                 {answers{}, "Not Found"},
	} {
		said := ""
		if err := nodeReady(&http.Client{Transport: given.server}, since); err != nil {
			said = err.Error()
		}
		if said != given.problem {
			t.Errorf("%s: %q, not %q", what, said, given.problem)
		}
	}
}

func TestEtcdThatNoAPIServerUsedIsMadeAgain(t *testing.T) {
	c := &Configuration{State: t.TempDir()}
	begin := func(wantsKept bool) {
		t.Helper()
		if err := beginEtcd(c); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(c.path("etcd", "member")); (err == nil) != wantsKept {
			t.Errorf("the data is kept: %v", err == nil)
		}
		if err := os.MkdirAll(c.path("etcd", "member"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	begin(false)
	begin(false) // It has ended before an API server answered.
	if err := os.Remove(unserved(c)); err != nil {
		t.Fatal(err)
	}
	begin(true)
	begin(true)
}

func TestPodsOfAnEarlierRunAreWaitedForUnlessTheyNeverRestart(t *testing.T) {
	since := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	const before, after = "2026-01-01T11:59:59Z", "2026-01-01T12:00:00Z"
	pod := func(restartPolicy, startedAt, ready string) string {
		return `{"items": [{"metadata": {"namespace": "shop", "name": "web"}, "spec": {"restartPolicy": "` + restartPolicy +
			`"}, "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "` + ready +
			`"}], "containerStatuses": [{"state": {"running": {"startedAt": "` + startedAt + `"}}}]}}]}`
	}
	for what, given := range map[string]struct {
		pods   string
		awaits bool
	}{
		"it runs":                              {pod("Always", after, "True"), false},
		"it ran":                               {pod("Always", before, "True"), true},
		"it is not ready":                      {pod("Always", after, "False"), true},
		"it ran, and is never restarted":       {pod("Never", before, "True"), false},
		"it is not ready, and never restarted": {pod("Never", before, "False"), false},
	} {
		if err := podsRunning(&http.Client{Transport: answers{"v1": given.pods}}, since); (err != nil) != given.awaits {
			t.Errorf("%s: %v", what, err)
		}
	}
}
