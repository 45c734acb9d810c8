package http2

import (
	"bytes"
	"crypto/tls"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"fairlead.dev/fairlead/dataplane/message"
)

// answer413 answers without a look at the body.
func answer413(s *Stream) {
	_ = s.WriteHead(413, nil, false)
	_, _ = s.WriteLast([]byte("too much"))
}

var ping = append(appendFrame(nil, 8, framePing, 0, 0), "12345678"...)

// quiet sees that all that was sent so far leads to nothing for streams, and
// returns how much of the connection's window came back.
func (s *served) quiet() (window int) {
	s.t.Helper()
	s.send(ping)
	for {
		f, err := s.next()
		switch {
		case err != nil:
			s.t.Fatal(err)
		case f.kind == framePing:
			return window
		case f.kind == frameWindow && f.id == 0:
			window += int(f.payload[1])<<16 | int(f.payload[2])<<8 | int(f.payload[3])
		case f.kind != frameSettings:
			s.t.Errorf("a frame: %+v", f)
		}
	}
}

// lingering answers a request early, and returns when its Handler has returned.
func (s *served) lingering(ids ...uint32) {
	s.t.Helper()
	for _, id := range ids {
		s.send(post(id, ""))
		s.wantStatus(id, "413")
		if f := s.await(frameData, id); !f.has(flagEndStream) {
			s.t.Error("the answer has no end")
		}
	}
	for s.conn.Streams() > 0 {
		runtime.Gosched()
	}
}

func (s *served) wantLingering(want int) {
	s.t.Helper()
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	if got := len(s.conn.lingerers.all); got != want || s.conn.busy != 0 || len(s.conn.streams) != 0 {
		s.t.Errorf("%d streams linger, want %d; busy %d, streams %d", got, want, s.conn.busy, len(s.conn.streams))
	}
}

// age makes what lingers older.
func (s *served) age(by time.Duration) {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	for i := range s.conn.lingerers.all {
		s.conn.lingerers.all[i].since -= int64(by)
	}
}

// fill makes DATA of n bytes.
func fill(id uint32, n int) (b []byte) {
	for ; n > 0; n -= min(n, maxFrame) {
		b = append(b, data(id, 0, string(make([]byte, min(n, maxFrame))))...)
	}
	return b
}

func TestTheResetComesLongAfterAnEarlyAnswer(t *testing.T) {
	for name, handler := range map[string]func(*Stream){
		"WriteHead": func(s *Stream) { _ = s.WriteHead(413, nil, true) },
		"WriteLast": answer413,
		"End": func(s *Stream) {
			_ = s.WriteHead(413, nil, false)
			_ = s.End(message.Fields{{Name: "a", Value: "b"}})
		},
		"End without trailers": func(s *Stream) {
			_ = s.WriteHead(413, nil, false)
			_ = s.End(nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, &Config{Handler: handler})
			before := time.Now()
			s.send(post(1, ""))
			for f := s.wantStatus(1, "413"); !f.has(flagEndStream); {
				f, _ = s.next()
			}
			s.send(data(1, 0, "more"))
			s.wantReset(1, NoError)
			if d := time.Since(before); d < lingerTime {
				t.Errorf("it came after %v", d)
			}
			s.wantLingering(0)
			s.send(data(1, flagEndStream, "on its way"))
			s.quiet()
		})
	}
}

func TestWhatComesAfterAnEarlyAnswerIsDropped(t *testing.T) {
	s := serve(t, &Config{Handler: answer413})
	s.lingering(1)
	if s.quiet() != 0 {
		t.Error("window came back for nothing")
	}
	var back int
	for range 3 { // in steps: the window comes back in halves
		s.send(fill(1, streamWindow/4))
		back += s.quiet()
	}
	s.send(fill(1, streamWindow/4-1))
	s.lingering(3, 5)
	s.send(fill(3, streamWindow-1), fill(5, streamWindow-1))
	if back += s.quiet(); back < connWindow/2 {
		t.Errorf("%d bytes of window came back", back)
	}
	s.conn.mu.Lock()
	if r := s.conn.received; r.left+r.used != r.size {
		t.Errorf("window: %+v", r)
	}
	s.conn.mu.Unlock()
	s.wantLingering(3)
}

func TestTheResetComesWhenTheWindowIsUsedUp(t *testing.T) {
	s := serve(t, &Config{Handler: answer413})
	s.lingering(1, 3)
	s.age(lingerLeast)
	s.send(fill(1, streamWindow-1))
	s.quiet()
	s.send(data(1, 0, "x"))
	s.wantReset(1, NoError)
	s.wantLingering(1)
	s.send(fill(3, streamWindow-1), data(3, 0, "xx"))
	s.wantReset(3, FlowControlError)
	s.wantLingering(0)
}

func TestTheAnswerIsReadBeforeTheResetThoughTheWindowIsUsedUp(t *testing.T) {
	read := make(chan struct{})
	s := serve(t, &Config{Handler: func(s *Stream) { <-read; answer413(s) }})
	before := time.Now()
	s.send(post(1, ""), fill(1, streamWindow))
	s.send(ping)
	s.await(framePing, 0)
	close(read)
	s.wantStatus(1, "413")
	s.wantReset(1, NoError)
	if d := time.Since(before); d < lingerLeast {
		t.Errorf("it came after %v", d)
	}
}

func TestClientsEndLingeringStreams(t *testing.T) {
	for name, test := range map[string]struct {
		frame []byte
		// then is how one more DATA ends the connection or the stream.
		then, thenStream ErrorCode
	}{
		"with the last DATA": {frame: data(1, flagEndStream, "end"), then: StreamClosed},
		"with trailers":      {frame: headers(1, flagEndHeaders|flagEndStream, lines("a: b")), then: StreamClosed},
		"with a reset":       {frame: appendReset(nil, 1, Cancel), thenStream: StreamClosed},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, &Config{Handler: answer413})
			s.lingering(1)
			s.send(appendWindow(nil, 1, 5), data(1, 0, "some"), test.frame)
			s.quiet()
			s.wantLingering(0)
			s.send(data(1, 0, "x"))
			if test.then == NoError {
				s.wantReset(1, test.thenStream)
			} else {
				s.wantGoAway(test.then)
			}
		})
	}
}

// A request that ends before its length was cut short because of the answer.
func TestRequestsThatAreCutShortAreResetAtOnce(t *testing.T) {
	s := serve(t, &Config{Handler: answer413})
	for _, test := range []struct {
		id    uint32
		end   []byte
		reset bool
	}{
		{1, data(1, flagEndStream, ""), true},
		{3, data(3, flagEndStream, "rest"), false},
		{5, headers(5, flagEndHeaders|flagEndStream, lines("a: b")), true},
	} {
		id := test.id
		s.send(post(id, "content-length: 5"))
		for f := s.await(frameData, id); !f.has(flagEndStream); {
			f = s.await(frameData, id)
		}
		for s.conn.Streams() > 0 { // the client may be faster than the Handler's end
			runtime.Gosched()
		}
		s.send(data(id, 0, "1"), test.end)
		if test.reset {
			s.wantReset(id, NoError)
		}
		s.quiet()
		s.wantLingering(0)
	}
}

func TestFaultsOfLingeringStreams(t *testing.T) {
	for name, test := range map[string]struct {
		frame []byte
		want  ErrorCode
	}{
		"a window update of 0":   {appendWindow(nil, 1, 0), ProtocolError},
		"fields in the middle":   {headers(1, flagEndHeaders, lines("a: b")), ProtocolError},
		"a dependency on itself": {append(appendFrame(nil, 5, framePriority, 0, 1), 0, 0, 0, 1, 0), ProtocolError},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, &Config{Handler: answer413})
			s.lingering(1)
			s.send(test.frame)
			s.wantReset(1, test.want)
			s.wantLingering(0)
			s.quiet()
		})
	}
}

func TestEmptyDataOnALingeringStreamIsAFlood(t *testing.T) {
	s := serve(t, &Config{Handler: answer413})
	s.lingering(1)
	s.send(bytes.Repeat(data(1, 0, ""), maxEmpty+1))
	s.wantGoAway(EnhanceYourCalm)
	s.wantRefused("empty_frames")
}

func TestLingeringStreamsCount(t *testing.T) {
	s := serve(t, &Config{MaxStreams: 3, MaxFields: 2, Handler: answer413})
	s.lingering(1, 3)
	s.send(headers(5, flagEndHeaders, append(lines(getHead), lines("a: b\nb: c\nc: d")...)))
	s.wantStatus(5, "431")
	s.quiet()
	s.wantLingering(3)
	s.send(post(7, ""))
	s.wantReset(7, RefusedStream)
	s.wantRefused("streams")
	s.send(data(1, flagEndStream, ""))
	s.lingering(9)
	s.send(post(11, ""))
	s.wantReset(11, RefusedStream)
	for _, id := range []uint32{3, 5, 9} { // in order
		s.wantReset(id, NoError)
	}
	s.lingering(13)
}

func TestManyLingeringStreams(t *testing.T) {
	s := serve(t, &Config{Handler: answer413})
	for id := uint32(1); id < 500; id += 2 {
		s.lingering(id)
	}
	for id := uint32(1); id < 500; id += 2 {
		s.send(appendWindow(nil, id, 1), data(id, 0, "x"))
	}
	for id := uint32(1); id < 500; id += 2 { // each comes once
		for f, err := s.next(); f.kind != frameReset; f, err = s.next() {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	s.quiet()
	s.wantLingering(0)
	s.lingering(501)
}

func TestResetsOfAnsweredStreamsAreNoFlood(t *testing.T) {
	s := serve(t, &Config{Handler: answer413})
	for id := uint32(1); id < 2000; id += 2 {
		s.lingering(id)
		s.send(appendReset(nil, id, Cancel))
	}
	s.quiet()
	s.wantLingering(0)
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	if s.conn.limits.resets != 0 || s.conn.limits.stray != 0 {
		t.Errorf("counted: %+v", s.conn.limits)
	}
}

// A Stream serves the next request while what is left of its last one lingers.
func TestTheNextRequestIsNotTouchedByWhatLingers(t *testing.T) {
	got := make(chan *Stream, 1)
	read := make(chan error, 1)
	s := serve(t, &Config{Handler: func(s *Stream) {
		gone := false
		s.OnGone(func() { gone = true })
		if s.Request().Length == 2 {
			got <- s
			p := make([]byte, 10)
			n, err := s.Read(p)
			if n != 2 {
				err = ErrEnded
			}
			read <- err
		}
		answer413(s)
		if s.OnGone(nil); gone {
			t.Error("the client of another request is gone")
		}
	}})
	s.lingering(1)
	s.conn.mu.Lock()
	first := s.conn.free[0]
	s.conn.mu.Unlock()
	s.send(post(3, "content-length: 2"))
	if second := <-got; second != first {
		t.Fatal("it is another one")
	}
	s.send(data(1, 0, "no"), data(1, 0, "no"), appendReset(nil, 1, Cancel), data(3, flagEndStream, "ok"))
	if err := <-read; err != nil && err.Error() != "EOF" {
		t.Error(err)
	}
	s.wantStatus(3, "413")
}

func TestNobodyIsGoneAfterTheAnswer(t *testing.T) {
	answered, reset := make(chan struct{}), make(chan struct{})
	s := serve(t, &Config{Handler: func(s *Stream) {
		s.OnGone(func() { t.Error("gone") })
		answer413(s)
		s.OnGone(func() { t.Error("gone") })
		close(answered)
		<-reset
	}})
	s.send(post(1, ""))
	<-answered
	s.send(appendReset(nil, 1, Cancel), ping)
	s.await(framePing, 0)
	_ = s.conn.Close()
	close(reset)
	if err := s.ended(); err != nil {
		t.Error(err)
	}
}

func TestResetAfterTheAnswerWakesARead(t *testing.T) {
	s := serve(t, &Config{Handler: func(s *Stream) {
		var wg sync.WaitGroup
		defer wg.Wait()
		begun := make(chan struct{})
		wg.Go(func() {
			_, _ = s.Read(make([]byte, 10))
			close(begun)
			for {
				if _, err := s.Read(make([]byte, 10)); err != nil {
					return
				}
			}
		})
		<-begun
		answer413(s)
		s.Reset(NoError)
		if _, err := s.Read(make([]byte, 10)); err == nil {
			t.Error("there is more to read")
		}
	}})
	s.send(post(1, ""), data(1, 0, "x"))
	s.wantStatus(1, "413")
	s.await(frameData, 1)
	for s.conn.Streams() > 0 {
		runtime.Gosched()
	}
	s.quiet()
	s.wantLingering(1)
	s.wantReset(1, NoError)
}

// stopBody may come from another goroutine, when the answer is just ending.
func TestResetWhileTheAnswerEndsIsNoneBeforeTheAnswer(t *testing.T) {
	s := serve(t, &Config{Handler: func(s *Stream) {
		_ = s.WriteHead(413, nil, false)
		_, _ = s.write(nil, true) // what WriteLast begins with
		s.Reset(NoError)
	}})
	s.lingering(1)
	s.quiet()
	s.wantLingering(1)
}

func TestDrainDoesNotWaitForWhatLingers(t *testing.T) {
	s := serve(t, &Config{Handler: answer413})
	s.lingering(1)
	s.age(lingerLeast)
	s.lingering(3)
	s.conn.Drain()
	s.wantReset(1, NoError) // 3 had no time yet to read its answer
	s.await(frameGoAway, 0)
	pong := s.await(framePing, 0)
	s.wantLingering(1)
	s.send(append(appendFrame(nil, 8, framePing, flagAck, 0), pong.payload...))
	s.wantGoAway(NoError)
	s.c.Close()
	if err := s.ended(); err != nil {
		t.Error(err)
	}
	s.wantLingering(0)
}

func TestLingeringIsShortWhileDraining(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, &Config{Handler: func(s *Stream) {
		if s.Request().Method == "GET" {
			<-release
		}
		answer413(s)
	}})
	s.send(request(1), post(3, ""))
	s.wantStatus(3, "413")
	s.conn.Drain()
	s.wantReset(3, NoError)
	close(release)
	s.wantStatus(1, "413")
}

func TestCloseDoesNotWaitForWhatLingers(t *testing.T) {
	s := serve(t, &Config{Handler: answer413})
	s.lingering(1, 3)
	_ = s.conn.Close()
	if err := s.ended(); err != nil {
		t.Error(err)
	}
	s.wantLingering(0)
	s.conn.lookAtLingerers() // one that was on its way
}

func TestCurlPrintsAnEarlyAnswer(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("no curl")
	}
	file := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(file, make([]byte, 5<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, handler := range map[string]func(*Stream){
		"at once": answer413,
		"after some of the body": func(s *Stream) {
			for n := 0; n < 1<<20; {
				m, err := s.Read(make([]byte, 32<<10))
				if n += m; err != nil {
					return
				}
			}
			answer413(s)
		},
		"in the head": func(s *Stream) { _ = s.WriteHead(413, nil, true) },
	} {
		t.Run(name, func(t *testing.T) {
			url := listenTLS(t, handler)
			for range 7 {
				out, err := exec.Command(curl, "-sk", "--http2", "-m", "20", "-o", os.DevNull, "-w", "%{http_code} %{http_version}", "--data-binary", "@"+file, url).Output()
				if err != nil || string(out) != "413 2" {
					t.Errorf("%q, %v", out, err)
				}
			}
		})
	}
}

// listenTLS serves connections with TLS until the test ends.
func listenTLS(t *testing.T, handler func(*Stream)) (url string) {
	certificates := httptest.NewUnstartedServer(nil)
	certificates.StartTLS()
	defer certificates.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: certificates.TLS.Certificates, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	serveAll(t, l, &Config{Handler: handler})
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return "https://localhost:" + port + "/"
}
