// Package limit bounds what clients may have at one time.
//
// A limit never waits and never queues: what is one too many is refused at once,
// and who asked says so to the client in the words of its protocol.
package limit

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"sync/atomic"
)

// Refusal says why there is to be no more, in the words of metrics; "" is none.
type Refusal string

// The Refusals of Connections.
const (
	// TooMany: there are Config.Total connections.
	TooMany Refusal = "connections"
	// TooManyOfAddress: the client's address has Config.PerAddress connections.
	TooManyOfAddress Refusal = "connections_of_address"
)

// Config says how many connections there may be.
type Config struct {
	// Total bounds all connections together; 0 does not. What is sane is some
	// thousands less than the process may open files, as each connection may need
	// one more to an Endpoint.
	Total int
	// PerAddress bounds the connections of one client: an IPv4 address, or the
	// /64 network of an IPv6 address, which one host can have all of (RFC 8981);
	// 0 does not. Many people may stand behind one address.
	PerAddress int
}

// Connections counts connections. Its methods may be called by several
// goroutines.
type Connections struct {
	cfg    Config
	total  atomic.Int64
	shards [shards]shard
}

// shards is how many maps there are, so that few wait for the same lock; a power
// of two.
const (
	shards     = 1 << shardsBits
	shardsBits = 6
)

// shard has a part of the clients. It takes memory for as many as it had at most.
type shard struct {
	mu     sync.Mutex // guards following
	counts map[client]int
	_      [48]byte // a cache line for each
}

// client is what counts as one.
type client struct {
	network uint64
	ipv6    bool
}

// NewConnections returns Connections of which there are none.
func NewConnections(cfg Config) *Connections {
	c := &Connections{cfg: cfg}
	for i := range c.shards {
		c.shards[i].counts = map[client]int{}
	}
	return c
}

// Enter counts a connection in. Where it is refused it is not counted, and there
// must be no Leave. The zero Addr is a client as any other.
func (c *Connections) Enter(addr netip.Addr) Refusal {
	if n := c.total.Add(1); c.cfg.Total > 0 && n > int64(c.cfg.Total) {
		c.total.Add(-1)
		return TooMany
	}
	if c.cfg.PerAddress > 0 && !c.enter(clientOf(addr)) {
		c.total.Add(-1)
		return TooManyOfAddress
	}
	return ""
}

// Leave counts a connection out that was let in with the same address.
func (c *Connections) Leave(addr netip.Addr) {
	if c.total.Add(-1) < 0 {
		panic("limit: more connections have left than came")
	}
	if c.cfg.PerAddress > 0 {
		c.leave(clientOf(addr))
	}
}

// Len is the number of connections that are counted in.
func (c *Connections) Len() int { return int(c.total.Load()) }

func (c *Connections) enter(k client) bool {
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.counts[k]
	if n >= c.cfg.PerAddress {
		return false
	}
	s.counts[k] = n + 1
	return true
}

func (c *Connections) leave(k client) {
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch n := s.counts[k]; n {
	case 0:
		panic("limit: a client has left that never came")
	case 1:
		delete(s.counts, k)
	default:
		s.counts[k] = n - 1
	}
}

// shard spreads clients by the upper bits of a product (Fibonacci hashing), so
// that neighbours do not stand together.
func (c *Connections) shard(k client) *shard {
	return &c.shards[k.network*0x9E3779B97F4A7C15>>(64-shardsBits)]
}

func clientOf(addr netip.Addr) client {
	addr = addr.Unmap()
	if addr.Is6() {
		b := addr.As16()
		return client{binary.BigEndian.Uint64(b[:8]), true}
	}
	if !addr.IsValid() {
		return client{}
	}
	b := addr.As4()
	return client{uint64(binary.BigEndian.Uint32(b[:])) + 1, false} // 0 is the zero Addr
}
