package http2

import (
	"io"
	"net"
	"testing"
	"time"

	"fairlead.dev/fairlead/dataplane/message"
)

// fuzzed makes frames of fuzz: each begins with its kind, its flags, its stream
// and the length of its payload, a byte each, so that most are well formed.
func fuzzed(p []byte) (out []byte) {
	for len(p) >= 4 {
		n := min(int(p[3]), len(p)-4)
		out = appendFrame(out, n, p[0]%11, p[1], uint32(p[2]%16))
		out = append(out, p[4:4+n]...)
		p = p[4+n:]
	}
	return out
}

// FuzzServe: whatever a client sends, Serve returns when the client is gone, and
// what Handlers get is well formed.
func FuzzServe(f *testing.F) {
	head := encode(lines(getHead))
	f.Add(false, append([]byte{frameHeaders, flagEndHeaders | flagEndStream, 1, byte(len(head))}, head...))
	f.Add(false, append(append([]byte{frameHeaders, flagEndHeaders, 1, byte(len(head))}, head...), frameData, flagEndStream, 1, 1, 'x', frameWindow, 0, 1, 4, 0, 0, 0, 0))
	f.Add(true, request(1))
	f.Fuzz(func(t *testing.T, raw bool, p []byte) {
		if !raw {
			p = fuzzed(p)
		}
		a, b := net.Pipe()
		_ = a.SetDeadline(time.Now().Add(10 * time.Second))
		conn := NewConn(b, append([]byte(preface), appendFrame(nil, 0, frameSettings, 0, 0)...), &Config{Handler: func(s *Stream) {
			checkRequest(t, s.Request())
			echo(s)
		}})
		done := make(chan error)
		go func() { done <- conn.Serve() }()
		go func() { _, _ = io.Copy(io.Discard, a) }()
		if _, err := a.Write(p); err != nil {
			if e, ok := err.(net.Error); ok && e.Timeout() {
				t.Error("the connection hangs")
			}
		}
		_ = a.Close()
		<-done
	})
}

// FuzzClient: whatever an Endpoint answers, what waits for it returns.
func FuzzClient(f *testing.F) {
	head := encode(lines(":status: 200"))
	f.Add(append(append([]byte{frameHeaders, flagEndHeaders, 1, byte(len(head))}, head...), frameData, flagEndStream, 1, 1, 'x'))
	f.Fuzz(func(t *testing.T, p []byte) {
		a, b := net.Pipe()
		_ = b.SetDeadline(time.Now().Add(10 * time.Second))
		c, err := NewClient(a, &ClientConfig{})
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, b) }()
		s := open(t, c, get("/"), true)
		go func() {
			_, _ = b.Write(fuzzed(p))
			_ = b.Close()
		}()
		var res message.Response
		for err == nil && res.Status < 200 {
			err = s.ReadHead(&res)
		}
		if err == nil {
			_, _ = io.Copy(io.Discard, s)
		}
		s.Close()
		<-c.Done()
	})
}
