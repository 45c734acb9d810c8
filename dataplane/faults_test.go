package dataplane

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/http1/faults"
)

// speak sends raw bytes and returns the answer, to a GET, with its body.
func speak(t testing.TB, address, request string) (*http.Response, string, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	// The answer may come, and the connection end, before all is sent.
	_, _ = io.WriteString(c, request)
	r := bufio.NewReader(c)
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatalf("%.60q: %v", request, err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%.60q: %v", request, err)
	}
	return res, string(body), r
}

func TestAFaultyRequestIsRefusedAndNothingAfterItIsRead(t *testing.T) {
	r := startRig(t)
	var asked atomic.Int32
	r.publish(oneRoute(t, func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
		if req.URL.Path == "/smuggled" {
			asked.Add(1)
		}
	}, func(rt *snapshot.Route) { rt.Hosts = []string{"*"} }))
	const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a.local\r\n\r\n"
	for _, f := range faults.Requests {
		t.Run(f.Name, func(t *testing.T) {
			res, _, rest := speak(t, r.http, f.Bytes+smuggled)
			if res.StatusCode != f.Status {
				t.Errorf("%s, want %d (%s)", res.Status, f.Status, f.Section)
			}
			if !res.Close {
				t.Error("the answer does not say that the connection ends")
			}
			if _, err := rest.ReadByte(); err == nil {
				t.Error("something came after the answer")
			}
		})
	}
	if asked.Load() != 0 {
		t.Errorf("%d requests were smuggled", asked.Load())
	}
}

// answering is an Endpoint that answers every request with the same bytes and
// ends the connection.
func answering(t testing.TB, answer string) string {
	t.Helper()
	l := listenLocal(t)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					_, _ = io.WriteString(c, answer)
				}
			}()
		}
	}()
	return l.Addr().String()
}

func toAddress(address string) snapshot.Snapshot {
	return snapshot.Snapshot{
		Routes:   []*snapshot.Route{routeTo("a.local", "o")},
		Backends: []snapshot.Backend{{ID: "o", Name: "o", Endpoints: []snapshot.Endpoint{{ID: "o0", Address: address}}}},
	}
}

func TestAFaultyAnswerIs502OrIsCutOff(t *testing.T) {
	r := startRig(t)
	for _, f := range faults.Responses {
		t.Run(f.Name, func(t *testing.T) {
			r.publish(toAddress(answering(t, f.Bytes)))
			for _, change := range []func(*http.Transport){func(*http.Transport) {}, withH2C} {
				res, err := r.client(change).Post("http://a.local/", "text/plain", strings.NewReader("x"))
				if err != nil {
					if f.Whole {
						t.Error(err)
					}
					continue
				}
				_, err = io.ReadAll(res.Body)
				res.Body.Close()
				if f.Whole && (res.StatusCode != 502 || err != nil) {
					t.Errorf("%s, %v, want 502 (%s)", res.Status, err, f.Section)
				}
				if !f.Whole && err == nil {
					t.Errorf("it came as if it were whole (%s)", f.Section)
				}
			}
		})
	}
}

func TestAnAnswerBehindTheAnswerIsNobodys(t *testing.T) {
	r := startRig(t)
	l := listenLocal(t)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				in := bufio.NewReader(c)
				for {
					if _, err := http.ReadRequest(in); err != nil {
						return
					}
					_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrueHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfalse")
				}
			}()
		}
	}()
	r.publish(toAddress(l.Addr().String()))
	c := r.client()
	for range 20 {
		if status, body := get(t, c, "http://a.local/"); status != 200 || body != "true" {
			t.Fatalf("%d %q", status, body)
		}
	}
}
