package limit

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func TestOneClientMayHaveSoMany(t *testing.T) {
	c := NewConnections(Config{PerAddress: 2})
	for _, step := range []struct {
		addr string
		want Refusal
	}{
		{"192.0.2.1", ""},
		{"::ffff:192.0.2.1", ""}, // the same
		{"192.0.2.1", TooManyOfAddress},
		{"192.0.2.2", ""},
		{"2001:db8:0:1::1", ""},
		{"2001:db8:0:1:ffff::", ""}, // the same network
		{"2001:db8:0:1::2", TooManyOfAddress},
		{"2001:db8:0:2::1", ""},
		{"fe80::1%eth0", ""},
		{"fe80::1%eth1", ""}, // zones do not count
		{"fe80::1", TooManyOfAddress},
		{"0.0.0.0", ""},
		{"::", ""},
	} {
		if got := c.Enter(addr(step.addr)); got != step.want {
			t.Errorf("%s: %q, want %q", step.addr, got, step.want)
		}
	}
	c.Leave(addr("2001:db8:0:1::3"))
	if got := c.Enter(addr("2001:db8:0:1::4")); got != "" {
		t.Error("one has left:", got)
	}
}

func TestAllTogetherMayHaveSoMany(t *testing.T) {
	c := NewConnections(Config{Total: 2})
	for i, want := range []Refusal{"", "", TooMany, TooMany} {
		if got := c.Enter(netip.Addr{}); got != want {
			t.Errorf("connection %d: %q", i, got)
		}
	}
	c.Leave(netip.Addr{})
	if got := c.Enter(addr("192.0.2.1")); got != "" || c.Len() != 2 {
		t.Error(got, c.Len())
	}
}

func TestZeroIsNoBound(t *testing.T) {
	c := NewConnections(Config{})
	for range 10_000 {
		if got := c.Enter(addr("192.0.2.1")); got != "" {
			t.Fatal(got)
		}
	}
}

// naive is what Connections do, in the dumbest way.
type naive struct {
	cfg Config
	in  []string
}

func (n *naive) enter(client string) Refusal {
	same := 0
	for _, other := range n.in {
		if other == client {
			same++
		}
	}
	switch {
	case n.cfg.Total > 0 && len(n.in) >= n.cfg.Total:
		return TooMany
	case n.cfg.PerAddress > 0 && same >= n.cfg.PerAddress:
		return TooManyOfAddress
	}
	n.in = append(n.in, client)
	return ""
}

func TestConnectionsAreAsANaiveCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := Config{Total: rapid.IntRange(0, 8).Draw(t, "total"), PerAddress: rapid.IntRange(0, 3).Draw(t, "per address")}
		c, n := NewConnections(cfg), &naive{cfg: cfg}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			if len(n.in) > 0 && rapid.Bool().Draw(t, "leave") {
				i := rapid.IntRange(0, len(n.in)-1).Draw(t, "who")
				c.Leave(addr(n.in[i]))
				n.in = append(n.in[:i], n.in[i+1:]...)
				continue
			}
			who := rapid.SampledFrom([]string{"192.0.2.1", "192.0.2.2", "2001:db8::", "2001:db8:1::"}).Draw(t, "addr")
			if got, want := c.Enter(addr(who)), n.enter(who); got != want {
				t.Fatalf("%s: %q, want %q", who, got, want)
			}
		}
		if c.Len() != len(n.in) {
			t.Fatalf("%d of %d", c.Len(), len(n.in))
		}
	})
}

func TestNeverMoreAtOnce(t *testing.T) {
	const total, each = 20, 3
	c := NewConnections(Config{Total: total, PerAddress: each})
	var all, one atomic.Int64
	var workers sync.WaitGroup
	for w := range 16 {
		a := addr(fmt.Sprintf("192.0.2.%d", w%8))
		workers.Go(func() {
			for range 2000 {
				if c.Enter(a) != "" {
					continue
				}
				if n := all.Add(1); n > total {
					t.Errorf("%d at once", n)
				}
				if w%8 == 0 {
					if n := one.Add(1); n > each {
						t.Errorf("%d of one address at once", n)
					}
					one.Add(-1)
				}
				all.Add(-1)
				c.Leave(a)
			}
		})
	}
	workers.Wait()
	if c.Len() != 0 {
		t.Errorf("%d are left", c.Len())
	}
	for i := range c.shards {
		if n := len(c.shards[i].counts); n != 0 {
			t.Errorf("%d clients without connections are remembered", n)
		}
	}
}

func TestCountingTakesNoMemory(t *testing.T) {
	c := NewConnections(Config{Total: 10, PerAddress: 10})
	a := addr("2001:db8::1")
	if n := testing.AllocsPerRun(100, func() { _ = c.Enter(a); c.Leave(a) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkEnterLeave(b *testing.B) {
	c := NewConnections(Config{Total: 1 << 20, PerAddress: 100})
	for i := range 10_000 {
		_ = c.Enter(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			a := netip.AddrFrom4([4]byte{11, 0, byte(i >> 8), byte(i)})
			_ = c.Enter(a)
			c.Leave(a)
		}
	})
}
