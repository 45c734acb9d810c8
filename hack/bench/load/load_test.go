package load

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// origin answers as the origin does.
func origin(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Origin", "bench")
	if r.URL.Path == "/check" {
		w.Header().Set("X-Seen-Host", r.Host)
		w.Header().Set("X-Seen-For", "127.0.0.1")
		w.Header().Set("X-Seen-Proto", map[bool]string{true: "https", false: "http"}[r.TLS != nil])
		w.Header().Set("X-Seen-Requests", "2")
		fmt.Fprint(w, "checked")
		return
	}
	fmt.Fprint(w, SmallBody)
}

// target starts a server and returns what to ask of it.
func target(t *testing.T, secure bool, h http.HandlerFunc) Target {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	small := Target{Addr: s.Listener.Addr().String(), Host: "example.com", Path: Small, Size: int64(len(SmallBody)), Sum: sha256.Sum256([]byte(SmallBody))}
	if secure {
		small.Leaf = s.Certificate().Raw
	}
	return small
}

func TestVerifyFindsWhatIsNotAsAsked(t *testing.T) {
	for _, secure := range []bool{false, true} {
		good := target(t, secure, origin)
		if err := errors.Join(good.Verify(t.Context()), good.VerifyForwarding(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	for name, h := range map[string]http.HandlerFunc{
		"status": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) },
		"header": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, SmallBody) },
		"length": func(w http.ResponseWriter, r *http.Request) { origin(w, r); fmt.Fprint(w, "!") },
		"body": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Origin", "bench")
			fmt.Fprint(w, strings.ToUpper(SmallBody))
		},
	} {
		bad := target(t, false, h)
		if err := bad.Verify(t.Context()); !errors.Is(err, errAnswer) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := target(t, true, origin)
	other.Leaf = []byte("another")
	if err := other.Verify(t.Context()); !errors.Is(err, errAnswer) {
		t.Errorf("certificate: %v", err)
	}
}

func TestVerifyForwardingFindsAServerThatForwardsWrongly(t *testing.T) {
	for name, value := range map[string]string{"X-Seen-Proto": "ftp", "X-Seen-For": "", "X-Seen-Host": "other", "X-Seen-Requests": "1"} {
		bad := target(t, false, func(w http.ResponseWriter, r *http.Request) {
			origin(changed{w, name, value}, r)
		})
		if err := bad.VerifyForwarding(t.Context()); !errors.Is(err, errAnswer) {
			t.Errorf("%s: %q: %v", name, value, err)
		}
	}
}

// changed answers with one other header.
type changed struct {
	http.ResponseWriter
	name, value string
}

func (c changed) Write(p []byte) (int, error) {
	c.Header().Set(c.name, c.value)
	return c.ResponseWriter.Write(p)
}

func TestTheGeneratorsCountWhatWasAnswered(t *testing.T) {
	var seen atomic.Int64
	counting := func(w http.ResponseWriter, r *http.Request) { seen.Add(1); origin(w, r) }
	ctx := t.Context()
	for name, generate := range map[string]func() (Count, error){
		"handshakes": func() (Count, error) { return Handshakes(ctx, target(t, true, counting), 2, 50*time.Millisecond) },
		"downloads":  func() (Count, error) { return Downloads(ctx, target(t, true, counting), 2, 50*time.Millisecond) },
		"open loop": func() (Count, error) {
			if runtime.GOOS != "linux" {
				t.Skip("needs epoll")
			}
			c, l, err := OpenLoop(ctx, target(t, false, counting), 4, 400, 100*time.Millisecond)
			if len(l.Answers) != 40 || len(l.Late) == 0 || len(l.Late) > 40 {
				t.Errorf("%d answers and %d times of sending", len(l.Answers), len(l.Late))
			}
			return c, err
		},
	} {
		seen.Store(0)
		got, err := generate()
		if err != nil || got.Requests != seen.Load() || got.Requests == 0 || got.Took <= 0 {
			t.Errorf("%s: %+v, %v; the server saw %d", name, got, err, seen.Load())
		}
		if name == "downloads" && got.Bytes != got.Requests*int64(len(SmallBody)) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestTheGeneratorsFailOnAWrongAnswer(t *testing.T) {
	wrong := func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway) }
	ctx := t.Context()
	_, err := Handshakes(ctx, target(t, true, wrong), 2, time.Minute)
	_, err2 := Downloads(ctx, target(t, false, wrong), 2, time.Minute)
	_, _, err3 := OpenLoop(ctx, target(t, false, wrong), 2, 100, 100*time.Millisecond)
	for _, err := range []error{err, err2, err3} {
		if err == nil || runtime.GOOS == "linux" && !errors.Is(err, errAnswer) {
			t.Error(err)
		}
	}
}

// A request that has to wait for the one before it counts from when it was due.
func TestALatencyCountsFromWhenTheRequestWasDue(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs epoll")
	}
	var first atomic.Bool
	slow := target(t, false, func(w http.ResponseWriter, r *http.Request) {
		if first.CompareAndSwap(false, true) {
			time.Sleep(500 * time.Millisecond) // The stall is what is measured.
		}
		origin(w, r)
	})
	_, l, err := OpenLoop(context.Background(), slow, 1, 100, 200*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	// The last of 20 requests was due at 190 ms and could not be sent before 500.
	for i, d := range l.Answers {
		if want := 500*time.Millisecond - time.Duration(i)*10*time.Millisecond; d < want {
			t.Errorf("request %d: %v, want at least %v", i, d, want)
		}
	}
}

func TestIdleConnectionsThatWereCutAreCounted(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(origin))
	defer s.Close()
	small := Target{Addr: s.Listener.Addr().String(), Host: "example.com", Path: Small, Size: int64(len(SmallBody))}
	idle, err := OpenIdle(t.Context(), small, 10)
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	if n := idle.Cut(); n != 0 {
		t.Errorf("%d of 10 are cut before anything happened", n)
	}
	s.CloseClientConnections()
	if n := idle.Cut(); n != 10 {
		t.Errorf("%d of 10 are cut", n)
	}
}

func TestAnswersAreReadInAnyPieces(t *testing.T) {
	const answer = "HTTP/1.1 200 OK\r\nX-ORIGIN: bench\r\nContent-Length: 12\r\n\r\n" + SmallBody
	for size := 1; size <= len(answer); size++ {
		a := answers{body: SmallBody}
		for range 2 {
			for at := 0; at < len(answer); at += size {
				whole, err := a.add([]byte(answer[at:min(at+size, len(answer))]))
				if err != nil || whole != (at+size >= len(answer)) {
					t.Fatalf("pieces of %d at %d: %v, %v", size, at, whole, err)
				}
			}
		}
	}
	for _, bad := range []string{
		strings.Replace(answer, "200 OK", "302 OK", 1), strings.Replace(answer, "bench", "other", 1),
		strings.Replace(answer, "12", "x", 1), strings.Replace(answer, "hello", "HELLO", 1), answer + "more",
	} {
		a := answers{body: SmallBody}
		if whole, err := a.add([]byte(bad)); err == nil {
			t.Errorf("%q is taken, whole %v", bad, whole)
		}
	}
}

func TestQuantileIsTheNearestRank(t *testing.T) {
	var all []time.Duration
	for i := range 1000 {
		all = append(all, time.Duration(1000-i))
	}
	for q, want := range map[float64]time.Duration{0.5: 500, 0.99: 990, 0.999: 999, 1: 1000, 0: 1} {
		if got := Quantile(all, q); got != want {
			t.Errorf("of 1 to 1000, %v is %d", q, got)
		}
	}
	if got := Quantile([]time.Duration{7}, 0.99); got != 7 || Quantile(nil, 0.5) != 0 {
		t.Errorf("of 7: %v", got)
	}
}

func TestTheSummariesOfTheToolsAreRead(t *testing.T) {
	got, err := parseWrk([]byte("Running\n\nresult: {\"requests\":1000,\"bytes\":10000,\"microseconds\":2000000,\"connect\":0,\"read\":0,\"write\":0,\"status\":0,\"timeout\":0}\n"), 10)
	if want := (Count{1000, 10000, 2 * time.Second}); err != nil || got != want {
		t.Errorf("wrk: %+v, %v", got, err)
	}
	for _, bad := range []string{"", "\nresult: {", `x` + "\nresult: {\"requests\":9,\"status\":1}", "\nresult: {\"requests\":0}", "\nresult: {\"requests\":9,\"bytes\":8}"} {
		if got, err := parseWrk([]byte(bad), 1); err == nil {
			t.Errorf("wrk: %q is read as %+v", bad, got)
		}
	}
	const h2 = "TLS Protocol: TLSv1.3\nApplication protocol: h2\nfinished in 1.50s, 8000.00 req/s, 1MB/s\n" +
		"requests: 8000 total, 8256 started, 8000 done, 8000 succeeded, 0 failed, 0 errored, 0 timeout\nstatus codes: 8000 2xx, 0 3xx, 0 4xx, 0 5xx\ntraffic: 1MB (1048576) total, 1KB (99) headers (space savings 5%), 15KB (16000) data\n"
	got, err = parseH2load(h2, 2)
	if want := (Count{8000, 16000, 1500 * time.Millisecond}); err != nil || got != want {
		t.Errorf("h2load: %+v, %v", got, err)
	}
	for _, change := range [][2]string{{"h2\n", "http/1.1\n"}, {"0 failed", "1 failed"}, {"0 errored", "3 errored"}, {"0 5xx", "2 5xx"}, {"8000 succeeded", "0 succeeded"}, {"finished", "gone"}, {"(16000)", "(15999)"}, {"TLSv1.3", "TLSv1.2"}} {
		if got, err := parseH2load(strings.Replace(h2, change[0], change[1], 1), 2); err == nil {
			t.Errorf("h2load with %q is read as %+v", change[1], got)
		}
	}
}
