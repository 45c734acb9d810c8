package dataplane

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fairlead.dev/fairlead/api/snapshot"
)

// exchangeRaw sends bytes and returns the head of the first answer.
func exchangeRaw(t *testing.T, address, bytes string) *http.Response {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, bytes); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestUnusualRequests(t *testing.T) {
	r := startRig(t)
	s := oneRoute(t, mirror)
	s.Routes = append(s.Routes, terminated(routeTo("*", "o")))
	r.publish(s)
	for raw, want := range map[string]int{
		"CONNECT a.local:80 HTTP/1.1\r\nHost: a.local:80\r\n\r\n":                           405,
		"OPTIONS * HTTP/1.1\r\nHost: a.local\r\n\r\n":                                       404,
		"GET http://a.local HTTP/1.1\r\nHost: ignored.local\r\n\r\n":                        200,
		"GET / HTTP/1.0\r\n\r\n":                                                            400, // a redirect to no host
		"GET / HTTP/1.0\r\nHost: A.LOCAL.:8080\r\n\r\n":                                     200,
		"GET / HTTP/1.1\r\n\r\n":                                                            400,
		"GET / HTTP/1.1\r\nHost: a.local\r\nX: " + strings.Repeat("x", 80<<10) + "\r\n\r\n": 431,
	} {
		if res := exchangeRaw(t, r.http, raw); res.StatusCode != want {
			t.Errorf("%.60q: %s, want %d", raw, res.Status, want)
		}
	}
}

func TestAFreshConnectionThatBreaksIsRetriedOnceForASafeRequestElseByARetry(t *testing.T) {
	r := startRig(t)
	var broken atomic.Int32
	breaks := func(http.ResponseWriter, *http.Request) { broken.Add(1); panic(http.ErrAbortHandler) }
	good := origin(t, "good", nil)
	s := oneRoute(t, nil)
	s.Backends[0] = backendOf("o", origin(t, "", breaks), origin(t, "", breaks), origin(t, "", breaks))
	r.publish(s)
	c := r.client()
	if status, _ := get(t, c, "http://a.local/"); status != 502 || broken.Load() != 2 {
		t.Errorf("a request that breaks whoever reads it got %d after %d tries", status, broken.Load())
	}
	for method, want := range map[string]map[int]int{"GET": {200: 2}, "HEAD": {200: 2}, "POST": {200: 1, 502: 1}, "PUT": {200: 1, 502: 1}} {
		s.Backends[0] = backendOf("o", origin(t, "", breaks), good) // a new Endpoint, with no failures yet
		r.publish(s)
		statuses := map[int]int{}
		for range 2 {
			res, err := c.Do(request(t, method, "http://a.local/", ""))
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			statuses[res.StatusCode]++
		}
		if diff := cmp.Diff(want, statuses); diff != "" {
			t.Errorf("%s: -want +got\n%s", method, diff)
		}
	}
	s.Routes[0].Rules[0].Retry = &snapshot.Retry{Attempts: 1}
	r.publish(s)
	for range 4 {
		res, err := c.Post("http://a.local/", "text/plain", strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 200 {
			t.Error(res.Status)
		}
	}
}

func TestTheEndpointLearnsThatTheClientWentAway(t *testing.T) {
	r := startRig(t)
	began, ended := make(chan struct{}), make(chan struct{})
	r.publish(oneRoute(t, func(w http.ResponseWriter, req *http.Request) {
		close(began)
		<-req.Context().Done()
		close(ended)
	}))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-began
		cancel()
	}()
	req, _ := http.NewRequestWithContext(ctx, "GET", "http://a.local/", nil)
	if _, err := r.client().Do(req); err == nil {
		t.Error("there was an answer")
	}
	select {
	case <-ended:
	case <-time.After(patience):
		t.Error("the Endpoint still works on it")
	}
	until(t, "it is logged", func() bool { return strings.Contains(r.log.String(), `"status":499`) })
	if got := r.plane.Report().Ejected; got != nil {
		t.Error("the Endpoint is blamed for it:", got)
	}
}

func TestLeastRequestPassesOverBusyEndpoints(t *testing.T) {
	r := startRig(t)
	release := make(chan struct{})
	began := make(chan struct{}, 1)
	busy := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, req *http.Request) {
			if req.URL.Path == "/slow" {
				began <- struct{}{}
				<-release
			}
			fmt.Fprint(w, name)
		}
	}
	s := oneRoute(t, nil, func(rt *snapshot.Route) { rt.LoadBalancing = "LeastRequest" })
	s.Backends[0] = backendOf("o", origin(t, "", busy("0")), origin(t, "", busy("1")))
	r.publish(s)
	slow := make(chan string)
	go func() {
		res, err := r.client().Get("http://a.local/slow")
		if err != nil {
			slow <- err.Error()
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		slow <- string(b)
	}()
	<-began
	c := r.client()
	_, first := get(t, c, "http://a.local/")
	for range 10 {
		if _, body := get(t, c, "http://a.local/"); body != first {
			t.Error("a request went to the busy one")
		}
	}
	close(release)
	if got := <-slow; got == first || len(got) != 1 {
		t.Error(got)
	}
}

func TestAnUpgradeThatWasNotAskedForIsRefused(t *testing.T) {
	r := startRig(t)
	r.publish(oneRoute(t, func(w http.ResponseWriter, req *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer c.Close()
		fmt.Fprint(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n")
	}))
	for _, head := range []string{"", "Connection: Upgrade\r\nUpgrade: websocket\r\n"} {
		if res := exchangeRaw(t, r.http, "GET / HTTP/1.1\r\nHost: a.local\r\n"+head+"\r\n"); res.StatusCode != 502 {
			t.Error(res.Status)
		}
	}
}

func TestRunListensOnAddresses(t *testing.T) {
	taken := listenLocal(t)
	defer taken.Close()
	p, err := New(Config{HTTP: "127.0.0.1:0", HTTPS: taken.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(t.Context()); err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Error(err)
	}
	free := closedAddress(t)
	if p, err = New(Config{HTTP: free}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error)
	go func() { ran <- p.Run(ctx) }()
	until(t, "it answers", func() bool {
		res, err := http.Get("http://" + free + "/")
		if err == nil {
			res.Body.Close()
		}
		return err == nil && res.StatusCode == 404
	})
	http.DefaultClient.CloseIdleConnections()
	cancel()
	if err := <-ran; err != nil {
		t.Error(err)
	}
}
