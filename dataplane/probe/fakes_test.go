package probe

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/health"
	"fairlead.dev/fairlead/dataplane/live"
)

const patience = 20 * time.Second

func until(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !cond(); {
		if time.Now().After(end) {
			t.Fatal("waited in vain:", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// server is an Endpoint that can be told what to answer, and counts.
type server struct {
	*httptest.Server
	status  atomic.Int32 // of HTTP
	serving atomic.Int32 // of gRPC
	hang    atomic.Bool
	asked   atomic.Int32
	request atomic.Pointer[http.Request]
}

func newServer(t testing.TB, h2c bool) *server {
	s := &server{}
	s.status.Store(200)
	s.serving.Store(1)
	s.Server = httptest.NewUnstartedServer(s)
	if h2c {
		s.Config.Protocols = new(http.Protocols)
		s.Config.Protocols.SetUnencryptedHTTP2(true)
	}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked.Add(1)
	s.request.Store(r)
	if s.hang.Load() {
		<-r.Context().Done()
		return
	}
	if r.URL.Path != "/grpc.health.v1.Health/Check" {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(int(s.status.Load()))
		return
	}
	w.Header().Set("Content-Type", "application/grpc")
	if s.serving.Load() < 0 {
		w.Header().Set("Grpc-Status", "12")
		return
	}
	message := []byte{1 << 3, byte(s.serving.Load())}
	_, _ = w.Write(append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...))
	w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
}

func (s *server) address() string { return s.Listener.Addr().String() }

// stand is a Prober that runs, and what it works for.
type stand struct {
	testing.TB
	monitor        *health.Monitor
	prober         *Prober
	world          *live.World
	passed, failed atomic.Int32
	stop           func()
}

func newStand(t testing.TB) *stand {
	s := &stand{TB: t, monitor: health.NewMonitor(health.Config{})}
	s.prober = New(Config{
		Dial: func(ctx context.Context, e *live.Endpoint) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", e.Address)
		},
		Monitor: s.monitor, Log: slog.New(slog.DiscardHandler),
		Checked: func(passed bool) {
			if passed {
				s.passed.Add(1)
			} else {
				s.failed.Add(1)
			}
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.prober.Run(ctx) }()
	stopped := false
	s.stop = func() {
		if cancel(); !stopped {
			stopped = true
			<-ran
		}
	}
	t.Cleanup(func() { s.stop() })
	return s
}

// publish makes a World of one Backend with these addresses.
func (s *stand) publish(check snapshot.HealthCheck, protocol snapshot.Protocol, addresses ...string) {
	s.Helper()
	b := snapshot.Backend{ID: fmt.Sprint("b", check), Name: "b", Protocol: protocol, Check: &check}
	for _, a := range addresses {
		b.Endpoints = append(b.Endpoints, snapshot.Endpoint{ID: a, Address: a})
	}
	next, change, err := live.Build(s.world, &snapshot.Snapshot{Backends: []snapshot.Backend{b}})
	if err != nil {
		s.Fatal(err)
	}
	s.world = next
	change.Apply(s.monitor)
	s.prober.Sync(next)
}

// every is a check with little time between two.
func every(kind snapshot.CheckType) snapshot.HealthCheck {
	return snapshot.HealthCheck{Type: kind, Path: "/healthz?a=b", MaxFails: 2, FailTimeout: time.Hour, Interval: 10 * time.Millisecond, Timeout: patience}
}

// dialNobody fails, one at a time, after it has told.
func dialNobody(tell func()) func(context.Context, *live.Endpoint) (net.Conn, error) {
	var mu sync.Mutex
	return func(context.Context, *live.Endpoint) (net.Conn, error) {
		mu.Lock()
		defer mu.Unlock()
		tell()
		return nil, net.ErrClosed
	}
}
