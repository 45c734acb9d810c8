package http2

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2/hpack"

	"fairlead.dev/fairlead/dataplane/message"
)

// peer is the other side of a connection, frame by frame.
type peer struct {
	t  testing.TB
	c  net.Conn
	in input
	// dec decodes the blocks of frames that were awaited.
	dec    *hpack.Decoder
	fields message.Fields
}

func newPeer(t testing.TB, c net.Conn) *peer {
	p := &peer{t: t, c: c}
	p.in.init(c, nil)
	p.dec = hpack.NewDecoder(tableSize, func(f hpack.HeaderField) { p.fields.Add(f.Name, f.Value) })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	t.Cleanup(func() { _ = c.Close() })
	return p
}

// pair returns both ends of a TCP connection.
func pair(t testing.TB) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return a, b
}

// served is a Conn with a peer that has sent its preface.
type served struct {
	*peer
	conn *Conn
	done chan error

	mu      sync.Mutex
	refused map[string]int
}

func serve(t testing.TB, cfg *Config) *served {
	t.Helper()
	s := serveSilent(t, cfg)
	s.send([]byte(preface), appendFrame(nil, 0, frameSettings, 0, 0))
	return s
}

// serveSilent is serve with a peer that has sent nothing.
func serveSilent(t testing.TB, cfg *Config) *served {
	t.Helper()
	a, b := pair(t)
	s := &served{peer: newPeer(t, a), done: make(chan error, 1), refused: map[string]int{}}
	with := *cfg
	with.Refused = func(reason string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.refused[reason]++
	}
	s.conn = NewConn(b, nil, &with)
	go func() { s.done <- s.conn.Serve() }()
	t.Cleanup(func() {
		if s.done != nil {
			_ = s.conn.Close()
			<-s.done
		}
	})
	return s
}

// ended waits until Serve returns.
func (s *served) ended() error {
	err := <-s.done
	s.done = nil
	return err
}

func (s *served) wantRefused(reason string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused[reason] == 0 {
		s.t.Errorf("refused: %v, not %s", s.refused, reason)
	}
}

// send sends frames in one write. A connection that has ended is no fault here:
// what it said before counts.
func (p *peer) send(frames ...[]byte) {
	var all []byte
	for _, f := range frames {
		all = append(all, f...)
	}
	_, _ = p.c.Write(all)
}

// headers makes HEADERS.
func headers(id uint32, flags byte, f message.Fields) []byte {
	b := encode(f)
	return append(appendFrame(nil, len(b), frameHeaders, flags, id), b...)
}

// request makes the HEADERS of a GET.
func request(id uint32) []byte {
	return headers(id, flagEndHeaders|flagEndStream, lines(getHead))
}

// post makes the HEADERS of a request with a body.
func post(id uint32, more string) []byte {
	return headers(id, flagEndHeaders, lines(":method: POST\n:scheme: https\n:authority: a.example\n:path: /\n"+more))
}

func data(id uint32, flags byte, p string) []byte {
	return append(appendFrame(nil, len(p), frameData, flags, id), p...)
}

func settings(id uint16, value uint32) []byte {
	return appendSetting(appendFrame(nil, 6, frameSettings, 0, 0), id, value)
}

// next returns the next frame, io.EOF at the end.
func (p *peer) next() (frame, error) {
	for !p.in.whole() {
		if err := p.in.read(); err != nil {
			return frame{}, err
		}
	}
	f := p.in.cut()
	if f.kind == frameHeaders {
		p.fields = nil
		if _, err := p.dec.Write(f.payload); err != nil {
			return f, err
		}
		if f.has(flagEndHeaders) {
			return f, p.dec.Close()
		}
	}
	return f, nil
}

// await skips frames until one of a kind comes for a stream.
func (p *peer) await(kind byte, id uint32) frame {
	p.t.Helper()
	for {
		f, err := p.next()
		if err != nil {
			p.t.Fatalf("no frame of kind %d for stream %d: %v", kind, id, err)
		}
		if f.kind == kind && f.id == id && (kind != frameSettings || !f.has(flagAck)) {
			return f
		}
		if f.kind == frameGoAway && binary.BigEndian.Uint32(f.payload[4:]) != 0 {
			p.t.Fatalf("GOAWAY %v instead of a frame of kind %d", ErrorCode(binary.BigEndian.Uint32(f.payload[4:])), kind)
		}
	}
}

// wantReset awaits RST_STREAM.
func (p *peer) wantReset(id uint32, want ErrorCode) {
	p.t.Helper()
	if got := ErrorCode(binary.BigEndian.Uint32(p.await(frameReset, id).payload)); got != want {
		p.t.Errorf("stream %d was reset with %v, want %v", id, got, want)
	}
}

// wantGoAway awaits GOAWAY, and then the end.
func (p *peer) wantGoAway(want ErrorCode) {
	p.t.Helper()
	for {
		f, err := p.next()
		if err != nil {
			p.t.Fatalf("no GOAWAY: %v", err)
		}
		if f.kind == frameGoAway {
			if got := ErrorCode(binary.BigEndian.Uint32(f.payload[4:])); got != want {
				p.t.Errorf("GOAWAY %v, want %v", got, want)
			}
			break
		}
	}
	for {
		if _, err := p.next(); err != nil {
			var timeout net.Error
			if err != io.EOF && errors.As(err, &timeout) && timeout.Timeout() {
				p.t.Error("the connection did not end")
			}
			return
		}
	}
}

// wantStatus awaits an answer's head.
func (p *peer) wantStatus(id uint32, want string) frame {
	p.t.Helper()
	f := p.await(frameHeaders, id)
	if got := p.fields.Get(":status"); got != want {
		p.t.Errorf("stream %d: status %s, want %s", id, got, want)
	}
	return f
}
