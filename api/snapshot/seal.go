package snapshot

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"sync"
)

// Seal returns s with its Version: in hex, the first 16 bytes of the SHA-256 of a
// length-prefixed encoding of everything else, in which the Digest of a Route
// stands for it. Every field of every type in this package is in it; a test
// changes each one and expects another Version.
func (s Snapshot) Seal() *Snapshot {
	h := newHasher()
	h.int(int64(len(s.Routes)))
	for _, r := range s.Routes {
		if r.Digest == (Digest{}) {
			h.digest(r.Sum())
			continue
		}
		h.digest(r.Digest)
	}
	count(h, s.Backends, h.backend)
	count(h, s.Certificates, func(c *Certificate) {
		h.strings(c.ID, c.Name, c.CertSecret, c.KeySecret)
		h.list(c.Signers)
	})
	h.list(s.SessionKeys)
	count(h, s.Challenges, func(c *Challenge) { h.strings(string(c.Type), c.Host, c.Token, c.KeyAuthorization) })
	d := h.take()
	s.Version = hex.EncodeToString(d[:])
	return &s
}

// Sum is the hash of all of r but its Digest.
func (r *Route) Sum() Digest {
	h := hashers.Get().(*hasher)
	defer hashers.Put(h)
	h.sum.Reset()
	h.buf = h.buf[:0]
	h.route(r)
	return h.take()
}

var hashers = sync.Pool{New: func() any { return newHasher() }}

// hasher feeds values to a hash through a buffer: 50,000 Endpoints cost a few
// milliseconds, where encoding/json would cost a hundred.
type hasher struct {
	sum hash.Hash
	buf []byte
}

func newHasher() *hasher {
	return &hasher{sum: sha256.New(), buf: make([]byte, 0, 16<<10)}
}

func (h *hasher) take() Digest {
	h.sum.Write(h.buf)
	h.buf = h.sum.Sum(h.buf[:0])
	return Digest(h.buf[:len(Digest{})])
}

func (h *hasher) digest(d Digest) {
	h.room(len(d))
	h.buf = append(h.buf, d[:]...)
}

func (h *hasher) room(n int) {
	if len(h.buf)+n > cap(h.buf) {
		h.sum.Write(h.buf)
		h.buf = h.buf[:0]
	}
}

func (h *hasher) int(n int64) {
	h.room(binary.MaxVarintLen64)
	h.buf = binary.AppendVarint(h.buf, n)
}

func (h *hasher) bool(b bool) {
	var n int64
	if b {
		n = 1
	}
	h.int(n)
}

func (h *hasher) strings(values ...string) {
	for _, s := range values {
		h.room(binary.MaxVarintLen64 + len(s))
		h.buf = binary.AppendUvarint(h.buf, uint64(len(s)))
		h.buf = append(h.buf, s...)
	}
}

// count feeds the number of items and then each item.
func count[T any](h *hasher, items []T, item func(*T)) {
	h.int(int64(len(items)))
	for i := range items {
		item(&items[i])
	}
}

// maybe feeds whether there is a value, and then the value.
func maybe[T any](h *hasher, v *T, value func(*T)) {
	h.bool(v != nil)
	if v != nil {
		value(v)
	}
}

func (h *hasher) list(values []string) {
	h.int(int64(len(values)))
	h.strings(values...)
}

func (h *hasher) route(r *Route) {
	h.strings(r.Key, string(r.TLS), r.MinVersion, r.HSTS, r.LoadBalancing)
	h.int(r.Generation)
	h.bool(r.InClear)
	h.bool(r.InfoHeaders)
	h.bool(r.FromLabels)
	maybe(h, r.Accepts, func(a *Accepts) {
		h.strings(a.MaxVersion)
		h.list(a.CipherSuites)
		h.list(a.Curves)
	})
	maybe(h, r.ClientAuth, func(a *ClientAuth) {
		h.bool(a.Required)
		h.list(a.Authorities)
		h.list(a.Revocations)
	})
	maybe(h, r.Access, func(a *Access) {
		h.list(a.Allow)
		h.list(a.Deny)
	})
	h.list(r.Hosts)
	h.list(r.Certificates)
	h.list(r.Earlier)
	count(h, r.Rules, h.rule)
	maybe(h, r.Hash, func(k *HashKey) {
		h.bool(k.ClientIP)
		h.strings(k.Header, k.Cookie, k.Query)
	})
}

func (h *hasher) rule(r *Rule) {
	h.strings(r.Name)
	h.int(int64(r.Request))
	h.int(int64(r.BackendRequest))
	count(h, r.Matches, func(m *Match) {
		h.strings(string(m.Path.Type), m.Path.Value, m.Method)
		count(h, m.Headers, h.value)
		count(h, m.Query, h.value)
	})
	count(h, r.Filters, h.filter)
	count(h, r.Mirrors, h.mirror)
	count(h, r.Backends, func(b *BackendRef) {
		h.strings(b.Backend)
		h.int(int64(b.Weight))
		count(h, b.Filters, h.filter)
		count(h, b.Mirrors, h.mirror)
	})
	maybe(h, r.Retry, func(r *Retry) {
		h.int(int64(r.Attempts))
		h.int(int64(r.Backoff))
		count(h, r.Codes, func(code *int) { h.int(int64(*code)) })
	})
	maybe(h, r.Session, func(s *Session) {
		h.strings(s.Name)
		h.bool(s.Header)
		h.bool(s.Permanent)
		h.int(int64(s.Absolute))
		h.int(int64(s.Idle))
	})
}

func (h *hasher) mirror(m *Mirror) {
	h.strings(m.Backend)
	h.int(int64(m.Percent))
}

func (h *hasher) value(m *ValueMatch) { h.strings(string(m.Type), m.Name, m.Value) }

func (h *hasher) filter(f *Filter) {
	maybe(h, f.RequestHeaders, h.modifier)
	maybe(h, f.ResponseHeaders, h.modifier)
	maybe(h, f.Redirect, func(r *Redirect) {
		h.strings(r.Scheme, r.Hostname)
		h.int(int64(r.Port))
		h.int(int64(r.StatusCode))
		maybe(h, r.Path, h.path)
	})
	maybe(h, f.Rewrite, func(r *Rewrite) {
		h.strings(r.Hostname)
		maybe(h, r.Path, h.path)
	})
	maybe(h, f.CORS, func(c *CORS) {
		h.list(c.Origins)
		h.list(c.Methods)
		h.list(c.Headers)
		h.list(c.Expose)
		h.bool(c.Credentials)
		h.int(int64(c.MaxAge))
	})
}

func (h *hasher) path(p *PathModifier) {
	h.bool(p.Prefix)
	h.strings(p.Value)
}

func (h *hasher) modifier(m *HeaderModifier) {
	header := func(f *Header) { h.strings(f.Name, f.Value) }
	count(h, m.Set, header)
	count(h, m.Add, header)
	h.list(m.Remove)
}

func (h *hasher) backend(b *Backend) {
	h.strings(b.ID, b.Name, string(b.Protocol), b.Network)
	maybe(h, b.Check, func(c *HealthCheck) {
		h.strings(string(c.Type), c.Path)
		h.int(int64(c.MaxFails))
		h.int(int64(c.FailTimeout))
		h.int(int64(c.Interval))
		h.int(int64(c.Timeout))
	})
	maybe(h, b.TLS, func(t *BackendTLS) {
		h.strings(t.Hostname, t.Certificate)
		h.list(t.AltNames)
		h.list(t.Authorities)
		h.bool(t.Unverified)
	})
	count(h, b.Endpoints, func(e *Endpoint) {
		h.strings(e.ID, e.Address, e.Network, e.Slot)
		h.int(e.Created)
	})
}
