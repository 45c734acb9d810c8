package swarm

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/hack/rig"
	"fairlead.dev/fairlead/reconcile/plan"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

var errNotYet = errors.New("not yet")

// lookout is an Observer on a real swarm whose calls and wakes are counted. Its
// clock stands still, so that nothing is listed because of its age.
type lookout struct {
	*Observer
	t     *testing.T
	wakes atomic.Int32

	mu    sync.Mutex // guards following
	calls map[string]int
}

// keepLookout observes the swarm behind host until the test ends.
func keepLookout(t *testing.T, host string) *lookout {
	t.Helper()
	l := &lookout{t: t, calls: map[string]int{}}
	c, err := Connect(Options{Host: host, OnCall: l.count})
	if err != nil {
		t.Fatal(err)
	}
	l.Observer = NewObserver(c, []string{"attached"}, func() { l.wakes.Add(1) }, nil)
	now := time.Now()
	l.now = func() time.Time { return now }
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = l.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done; _ = c.Close() })
	l.awaitWakes(1)
	return l
}

func (l *lookout) count(call string, _ time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		call += " failed"
	}
	l.calls[call]++
}

// take returns the calls since the last take, without those that listen.
func (l *lookout) take() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls := maps.Clone(l.calls)
	delete(calls, "events")
	clear(l.calls)
	return calls
}

// unexplained are those of calls that no event since mark asked for, but the
// list of tasks.
func (l *lookout) unexplained(calls map[string]int, mark int) map[string]int {
	rest := maps.Clone(calls)
	delete(rest, "list tasks")
	for _, e := range l.Recent()[mark:] {
		delete(rest, "list "+e.Kind+"s")
	}
	return rest
}

// look is a pass: everything is observed.
func (l *lookout) look() (plan.World, error) {
	w, err := l.Observe(context.Background())
	_, err1 := l.ListConfigs(context.Background(), store.LabelKind)
	_, err2 := l.ListConfigs(context.Background(), store.LabelPlane)
	return w, errors.Join(err, err1, err2)
}

func (l *lookout) mustLook() plan.World {
	l.t.Helper()
	w, err := l.look()
	if err != nil {
		l.t.Fatal(err)
	}
	return w
}

func (l *lookout) awaitWakes(n int32) {
	l.t.Helper()
	rig.Eventually(l.t, 30*time.Second, "the observer wakes the loop", func() error {
		if l.wakes.Load() < n {
			return errNotYet
		}
		return nil
	})
}

// awaitEvent waits until an event of the thing was seen.
func (l *lookout) awaitEvent(kind, name string) {
	l.t.Helper()
	rig.Eventually(l.t, 30*time.Second, "an event of "+kind+" "+name, func() error {
		for _, e := range l.Recent() {
			if e.Kind == kind && e.Name == name {
				return nil
			}
		}
		return errNotYet
	})
}

// faultyAPI is an engine's API where what is asked for at a path fails.
type faultyAPI struct {
	*httptest.Server
	path atomic.Pointer[string]
}

func newFaultyAPI(t *testing.T, n *rig.Node) *faultyAPI {
	t.Helper()
	f := &faultyAPI{}
	f.fail("none")
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "engine"})
	proxy.FlushInterval = -1
	socket := strings.TrimPrefix(n.Host(), "unix://")
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}}
	proxy.Transport = transport
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, *f.path.Load()) {
			http.Error(w, `{"message":"the swarm does not have a leader"}`, http.StatusServiceUnavailable)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { f.CloseClientConnections(); f.Close(); transport.CloseIdleConnections() })
	return f
}

func (f *faultyAPI) fail(path string) { f.path.Store(&path) }

func (f *faultyAPI) host() string { return "tcp://" + f.Listener.Addr().String() }

// dial connects to the API.
func dial(t *testing.T, host string) *Client {
	t.Helper()
	c, err := Connect(Options{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}
