package http2

import (
	"encoding/binary"
	"net"
	"runtime"
	"sync"
	"testing"

	"fairlead.dev/fairlead/dataplane/message"
)

var benchFields = message.Fields{
	{Name: "Content-Type", Value: "text/plain"}, {Name: "Content-Length", Value: "5"},
	{Name: "Date", Value: "Mon, 02 Jan 2006 15:04:05 GMT"}, {Name: "Server", Value: "x"},
}

// BenchmarkServe is what a request costs both sides, the client a raw one that
// does next to nothing: 8 connections with 32 streams each, small answers.
func BenchmarkServe(b *testing.B) {
	l := listen(b, &Config{Handler: func(s *Stream) {
		_ = s.WriteHead(200, benchFields, false)
		_, _ = s.WriteLast([]byte("hello"))
	}})
	b.ReportAllocs()
	run(b, l.Addr(), 8, 32)
}

// BenchmarkServeOne is one request at a time.
func BenchmarkServeOne(b *testing.B) {
	l := listen(b, &Config{Handler: func(s *Stream) {
		_ = s.WriteHead(200, benchFields, false)
		_, _ = s.WriteLast([]byte("hello"))
	}})
	b.ReportAllocs()
	run(b, l.Addr(), 1, 1)
}

// run loads a server over some connections with some streams each.
func run(b *testing.B, a net.Addr, conns, streams int) {
	b.Helper()
	var wg sync.WaitGroup
	for range conns {
		c, err := net.Dial("tcp", a.String())
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		wg.Go(func() { load(b, c, b.N/conns+1, streams) })
	}
	wg.Wait()
}

// load sends n requests, of which some are under way at a time.
func load(b *testing.B, c net.Conn, n, streams int) {
	var plain []byte
	for _, f := range [][2]string{{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "example.com"}, {"user-agent", "benchmark"}} {
		plain = literal(plain, 0x40, 6, int(staticNames[f[0]]), f[0], f[1])
	}
	out := append([]byte(preface), appendFrame(nil, 0, frameSettings, 0, 0)...)
	out = appendWindow(out, 0, maxWindow-plainWindow)
	id := uint32(1)
	request := func() {
		block := []byte{0x80 | 66, 0x80 | 65, 0x80 | 64, 0x80 | 63, 0x80 | 62}
		if id == 1 {
			block = plain
		}
		out = append(appendFrame(out, len(block), frameHeaders, flagEndHeaders|flagEndStream, id), block...)
		id += 2
	}
	sent, done := 0, 0
	for ; sent < min(n, streams); sent++ {
		request()
	}
	var in input
	in.init(c, nil)
	for done < n {
		if _, err := c.Write(out); err != nil {
			b.Error(err)
			return
		}
		out = out[:0]
		if err := in.read(); err != nil {
			b.Error(err)
			return
		}
		for in.whole() {
			f := in.cut()
			switch {
			case f.kind == frameGoAway || f.kind == frameReset:
				b.Errorf("frame %d: %d", f.kind, binary.BigEndian.Uint32(f.payload))
				return
			case f.kind == frameSettings && !f.has(flagAck):
				out = appendFrame(out, 0, frameSettings, flagAck, 0)
			case (f.kind == frameData || f.kind == frameHeaders) && f.has(flagEndStream):
				if done++; sent < n {
					request()
					sent++
				}
			}
		}
	}
}

// BenchmarkForward is the way of a proxy: a Conn whose Handler asks a Client.
func BenchmarkForward(b *testing.B) {
	behind := listen(b, &Config{Handler: func(s *Stream) {
		_ = s.WriteHead(200, benchFields, false)
		_, _ = s.WriteLast([]byte("hello"))
	}})
	c := dialAddr(b, behind.Addr())
	l := listen(b, &Config{Handler: func(s *Stream) { forward(b, c, s) }})
	b.ReportAllocs()
	run(b, l.Addr(), 2, 32)
}

func forward(b *testing.B, c *Client, s *Stream) {
	for !c.Take() {
		runtime.Gosched()
	}
	up, err := c.Open(s.Request(), "http", true)
	if err != nil {
		b.Error(err)
		return
	}
	defer up.Close()
	res := responses.Get().(*message.Response)
	defer responses.Put(res)
	if err := up.ReadHead(res); err != nil {
		b.Error(err)
		return
	}
	_ = s.WriteHead(res.Status, res.Fields, false)
	var buf [512]byte
	for {
		n, err := up.Read(buf[:])
		if err != nil {
			_, _ = s.WriteLast(buf[:n])
			return
		}
		_, _ = s.Write(buf[:n])
	}
}

var responses = sync.Pool{New: func() any { return new(message.Response) }}

// BenchmarkDownload is a body of 1 MiB from a Conn to a Client, 4 at a time.
func BenchmarkDownload(b *testing.B) {
	const size = 1 << 20
	l := listen(b, &Config{Handler: func(s *Stream) {
		_ = s.WriteHead(200, nil, false)
		_, _ = s.WriteLast(make([]byte, size))
	}})
	c := dialAddr(b, l.Addr())
	b.SetBytes(size)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			buf := make([]byte, 32<<10)
			for range b.N/4 + min(1, max(0, b.N%4-i)) {
				if !c.Take() {
					b.Error("no stream")
					return
				}
				s, err := c.Open(get("/"), "http", true)
				if err != nil {
					b.Error(err)
					return
				}
				if err := s.ReadHead(&message.Response{}); err != nil {
					b.Error(err)
				}
				for err == nil {
					_, err = s.Read(buf)
				}
				s.Close()
			}
		})
	}
	wg.Wait()
}
