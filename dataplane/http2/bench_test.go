package http2

import (
	"encoding/binary"
	"net"
	"sync"
	"testing"

	"fairlead.dev/fairlead/dataplane/message"
)

// BenchmarkServe is what a request costs both sides of a raw client that does
// next to nothing: 8 connections with 32 streams each, small answers.
func BenchmarkServe(b *testing.B) {
	fields := message.Fields{
		{Name: "Content-Type", Value: "text/plain"}, {Name: "Content-Length", Value: "5"},
		{Name: "Date", Value: "Mon, 02 Jan 2006 15:04:05 GMT"}, {Name: "Server", Value: "x"},
	}
	l := listen(b, &Config{Handler: func(s *Stream) {
		_ = s.WriteHead(200, fields, false)
		_, _ = s.WriteLast([]byte("hello"))
	}})
	b.ReportAllocs()
	const conns = 8
	var wg sync.WaitGroup
	for range conns {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		wg.Go(func() { load(b, c, b.N/conns+1, 32) })
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
