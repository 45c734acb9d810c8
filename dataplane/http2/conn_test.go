package http2

import (
	"encoding/binary"
	"io"
	"testing"

	"fairlead.dev/fairlead/dataplane/message"
)

func TestFaultsOfStreams(t *testing.T) {
	for name, test := range map[string]struct {
		frames [][]byte
		want   ErrorCode
	}{
		"a body that is too long":     {[][]byte{post(1, "content-length: 2"), data(1, flagEndStream, "abc")}, ProtocolError},
		"a body that is too short":    {[][]byte{post(1, "content-length: 4"), data(1, flagEndStream, "abc")}, ProtocolError},
		"short, with trailers":        {[][]byte{post(1, "content-length: 4"), data(1, 0, "abc"), headers(1, flagEndHeaders|flagEndStream, lines("a: b"))}, ProtocolError},
		"a length without a body":     {[][]byte{headers(1, flagEndHeaders|flagEndStream, lines(getHead+"content-length: 4"))}, ProtocolError},
		"trailers with pseudo fields": {[][]byte{post(1, ""), headers(1, flagEndHeaders|flagEndStream, lines(":path: /"))}, ProtocolError},
		"trailers that go on":         {[][]byte{post(1, ""), headers(1, flagEndHeaders, lines("a: b"))}, ProtocolError},
		"trailers with a length":      {[][]byte{post(1, ""), headers(1, flagEndHeaders|flagEndStream, lines("content-length: 0\na: b"))}, ProtocolError},
		"data after the end":          {[][]byte{request(1), data(1, 0, "x")}, StreamClosed},
		"a window update of 0":        {[][]byte{post(1, ""), appendWindow(nil, 1, 0)}, ProtocolError},
		"a window that overflows":     {[][]byte{post(1, ""), appendWindow(nil, 1, maxWindow)}, FlowControlError},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, &Config{Handler: forever})
			s.send(test.frames...)
			s.wantReset(1, test.want)
			s.send(request(3), appendReset(nil, 3, Cancel), append(appendFrame(nil, 8, framePing, 0, 0), "12345678"...))
			s.await(framePing, 0)
		})
	}
}

func TestFaultsOfConnections(t *testing.T) {
	for name, test := range map[string]struct {
		frame []byte
		want  ErrorCode
	}{
		"a frame that is too long":       {appendFrame(nil, maxFrame+1, frameData, 0, 1), FrameSizeError},
		"PUSH_PROMISE":                   {appendFrame(nil, 4, framePush, 0, 1)[:9], ProtocolError},
		"a stream of the server":         {request(2), ProtocolError},
		"data on an idle stream":         {data(9, 0, "x"), ProtocolError},
		"CONTINUATION of nothing":        {appendFrame(nil, 0, frameContinuation, flagEndHeaders, 1), ProtocolError},
		"the window overflows":           {appendWindow(nil, 0, maxWindow), FlowControlError},
		"an initial window too large":    {settings(settingWindow, 1<<31), FlowControlError},
		"a frame size that cannot be":    {settings(settingFrame, 100), ProtocolError},
		"a block that cannot be decoded": {append(appendFrame(nil, 1, frameHeaders, flagEndHeaders, 1), 0xff), CompressionError},
		"more padding than payload":      {append(appendFrame(nil, 1, frameData, flagPadded, 1), 9), ProtocolError},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, &Config{Handler: forever})
			if test.want == ProtocolError && test.frame[3] == framePush {
				test.frame = append(test.frame, 0, 0, 0, 2)
			}
			s.send(test.frame)
			s.wantGoAway(test.want)
		})
	}
}

func TestWindowsCanBecomeNegative(t *testing.T) {
	s := serve(t, &Config{Handler: func(s *Stream) {
		_ = s.WriteHead(200, nil, false)
		_, _ = s.WriteLast(make([]byte, 30))
	}})
	s.send(settings(settingWindow, 10), request(1))
	if f := s.await(frameData, 1); len(f.payload) != 10 {
		t.Errorf("%d bytes", len(f.payload))
	}
	s.send(settings(settingWindow, 5)) // -5
	s.send(appendWindow(nil, 1, 5), appendWindow(nil, 1, 7))
	if f := s.await(frameData, 1); len(f.payload) != 7 {
		t.Errorf("%d bytes", len(f.payload))
	}
	s.send(settings(settingWindow, 100))
	if f := s.await(frameData, 1); len(f.payload) != 13 || !f.has(flagEndStream) {
		t.Errorf("%d bytes", len(f.payload))
	}
}

func TestTheRestOfARequestIsNotWantedAfterItsAnswer(t *testing.T) {
	s := serve(t, &Config{Handler: answer204})
	s.send(post(1, ""))
	s.wantStatus(1, "204")
	s.wantReset(1, NoError)
	s.send(data(1, flagEndStream, "on its way"), request(3))
	s.wantStatus(3, "204")
}

func TestAnswersThatDoNotEndAreReset(t *testing.T) {
	s := serve(t, &Config{Handler: func(s *Stream) {
		if s.Request().Method == "GET" {
			_ = s.WriteHead(200, nil, false)
		}
	}})
	s.send(request(1))
	s.wantReset(1, InternalError)
	s.send(post(3, ""))
	s.wantReset(3, InternalError)
}

func TestFieldsThatCannotBeWrittenLeaveTheStreamAsItWas(t *testing.T) {
	s := serve(t, &Config{Handler: func(s *Stream) {
		if err := s.WriteHead(200, message.Fields{{Name: "a", Value: "b"}, {Name: "c", Value: "d\n"}}, true); err == ErrField {
			_ = s.WriteHead(502, message.Fields{{Name: "A", Value: "b"}}, true)
		}
	}})
	for id := uint32(1); id < 10; id += 2 {
		s.send(request(id))
		s.wantStatus(id, "502")
		if s.fields.Get("a") != "b" {
			t.Errorf("fields: %v", s.fields)
		}
	}
}

func TestDrainLetsStreamsEnd(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, &Config{Handler: func(s *Stream) { <-release; answer204(s) }})
	s.send(request(1))
	for s.conn.Streams() == 0 {
		s.send(append(appendFrame(nil, 8, framePing, 0, 0), "12345678"...))
		s.await(framePing, 0)
	}
	s.conn.Drain()
	if last := binary.BigEndian.Uint32(s.await(frameGoAway, 0).payload); last != maxID {
		t.Errorf("the first GOAWAY has last stream %d", last)
	}
	s.send(request(3)) // it was on its way
	ping := s.await(framePing, 0)
	s.send(append(appendFrame(nil, 8, framePing, flagAck, 0), ping.payload...))
	if last := binary.BigEndian.Uint32(s.await(frameGoAway, 0).payload); last != 3 {
		t.Errorf("the second GOAWAY has last stream %d", last)
	}
	s.send(post(5, ""), data(5, flagEndStream, "ignored"))
	close(release)
	for range 2 {
		if f, err := s.next(); err != nil || f.kind != frameHeaders || f.id > 3 {
			t.Errorf("%+v, %v", f, err)
		}
	}
	s.wantGoAway(NoError)
	s.c.Close()
	if err := s.ended(); err != nil {
		t.Error(err)
	}
}

func TestDrainOfASilentConnectionEnds(t *testing.T) {
	s := serve(t, &Config{Handler: answer204, WriteTimeout: 1 << 26}) // a short tick
	s.send(request(1))
	s.wantStatus(1, "204")
	s.conn.Drain()
	s.await(frameGoAway, 0)
	s.wantGoAway(NoError)
	s.c.Close()
	if err := s.ended(); err != nil {
		t.Error(err)
	}
}

func TestFirstBytesAreUsed(t *testing.T) {
	all := append([]byte(preface), appendFrame(nil, 0, frameSettings, 0, 0)...)
	all = append(all, request(1)...)
	for _, n := range []int{0, 3, len(preface), len(preface) + 5, len(all) - 1, len(all)} {
		a, b := pair(t)
		p := newPeer(t, a)
		conn := NewConn(b, all[:n], &Config{Handler: answer204})
		done := make(chan error)
		go func() { done <- conn.Serve() }()
		p.send(all[n:])
		p.wantStatus(1, "204")
		a.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestWhatIsNoPrefaceEndsTheConnection(t *testing.T) {
	s := serveSilent(t, &Config{Handler: answer204})
	s.send([]byte("GET / HTTP/1.1\r\n\r\n"))
	s.wantGoAway(ProtocolError)
	s.c.Close()
	if err := s.ended(); err != errPreface {
		t.Error(err)
	}
}

func TestCloseEndsWhatHandlersWaitFor(t *testing.T) {
	failed := make(chan error, 1)
	started := make(chan struct{})
	s := serve(t, &Config{Handler: func(s *Stream) {
		close(started)
		_, err := s.Read(make([]byte, 1))
		failed <- err
	}})
	s.send(post(1, ""))
	<-started
	_ = s.conn.Close()
	if err := <-failed; err != ErrClosed {
		t.Error(err)
	}
	if err := s.ended(); err != nil {
		t.Error(err)
	}
}

func TestAClientThatIsGoneFailsReads(t *testing.T) {
	failed := make(chan error, 1)
	s := serve(t, &Config{Handler: func(s *Stream) {
		_, err := io.ReadAll(s)
		failed <- err
	}})
	s.send(post(1, ""), data(1, 0, "some"))
	s.await(frameSettings, 0)
	s.c.Close()
	if err := <-failed; err == nil {
		t.Error("a body that was cut off seems whole")
	}
}

func TestAReadEndsWithTheAnswer(t *testing.T) {
	failed := make(chan error, 1)
	s := serve(t, &Config{Handler: func(s *Stream) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, err := io.ReadAll(s)
			failed <- err
		}()
		answer204(s)
		<-done
	}})
	s.send(post(1, ""))
	s.wantReset(1, NoError)
	if err := <-failed; err != ErrEnded {
		t.Error(err)
	}
}

func TestCloseAndDrainMayComeBeforeServe(t *testing.T) {
	for name, early := range map[string]func(*Conn){"Close": func(c *Conn) { _ = c.Close() }, "Drain": (*Conn).Drain} {
		t.Run(name, func(t *testing.T) {
			a, b := pair(t)
			p := newPeer(t, a)
			conn := NewConn(b, nil, &Config{Handler: answer204})
			early(conn)
			done := make(chan error)
			go func() { done <- conn.Serve() }()
			p.send([]byte(preface), appendFrame(nil, 0, frameSettings, 0, 0))
			if name == "Drain" {
				if f, err := p.next(); err != nil || f.kind != frameSettings {
					t.Errorf("the first frame: %+v, %v", f, err)
				}
				p.send(append(appendFrame(nil, 8, framePing, flagAck, 0), "draining"...))
				p.wantGoAway(NoError)
				a.Close()
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFramesOnStreamsOfLongAgoAreIgnored(t *testing.T) {
	s := serve(t, &Config{Handler: answer204})
	for id := uint32(1); id < 1200; id += 2 {
		s.send(request(id))
		s.wantStatus(id, "204")
	}
	s.send(data(1, 0, "late"), appendWindow(nil, 3, 5), appendReset(nil, 5, Cancel), request(1201))
	s.wantStatus(1201, "204")
}
