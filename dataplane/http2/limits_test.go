package http2

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/dataplane/message"
)

// answer204 answers at once; forever answers when the client is gone.
func answer204(s *Stream) { _ = s.WriteHead(204, nil, true) }

func forever(s *Stream) {
	gone := make(chan struct{})
	s.OnGone(func() { close(gone) })
	<-gone
}

func TestFloodsEndTheConnection(t *testing.T) {
	for name, test := range map[string]struct {
		reason string
		flood  func(i uint32) []byte
	}{
		"of streams that are reset": {"rapid_reset", func(i uint32) []byte {
			return append(post(2*i+1, ""), appendReset(nil, 2*i+1, Cancel)...)
		}},
		"of streams that we are made to reset": {"stream_errors", func(i uint32) []byte {
			return append(post(2*i+1, ""), appendWindow(nil, 2*i+1, 0)...)
		}},
		"of malformed requests": {"stream_errors", func(i uint32) []byte {
			return headers(2*i+1, flagEndHeaders, message.Fields{{Name: "a", Value: "b"}})
		}},
		"of PING":     {"ping_flood", func(uint32) []byte { return append(appendFrame(nil, 8, framePing, 0, 0), "12345678"...) }},
		"of SETTINGS": {"settings_flood", func(uint32) []byte { return appendFrame(nil, 0, frameSettings, 0, 0) }},
		"of empty DATA": {"empty_frames", func(i uint32) []byte {
			if i == 0 {
				return post(1, "")
			}
			return data(1, 0, "")
		}},
		"of PRIORITY":       {"stray_frames", func(i uint32) []byte { return append(appendFrame(nil, 5, framePriority, 0, 3), 0, 0, 0, 0, 0) }},
		"of unknown frames": {"stray_frames", func(i uint32) []byte { return appendFrame(nil, 0, 0xee, 0, 0) }},
		"of CONTINUATION without bytes": {"continuation_flood", func(i uint32) []byte {
			if i == 0 {
				return headers(1, 0, lines(getHead))
			}
			return appendFrame(nil, 0, frameContinuation, 0, 1)
		}},
		"of CONTINUATION with many": {"continuation_flood", func(i uint32) []byte {
			if i == 0 {
				return headers(1, 0, lines(getHead))
			}
			return append(appendFrame(nil, maxFrame, frameContinuation, 0, 1), make([]byte, maxFrame)...)
		}},
		"of streams beyond the limit": {"streams", func(i uint32) []byte { return request(2*i + 1) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, &Config{Handler: forever})
			go func() {
				for i := range uint32(6000) {
					if _, err := s.c.Write(test.flood(i)); err != nil {
						return
					}
				}
			}()
			s.wantGoAway(EnhanceYourCalm)
			s.c.Close()
			if err := s.ended(); err == nil {
				t.Error("Serve returned no error")
			}
			s.wantRefused(test.reason)
		})
	}
}

func TestResetsOfAnsweredClientsAreNoFlood(t *testing.T) {
	s := serve(t, &Config{Handler: func(s *Stream) {
		if s.Request().Method == "GET" {
			answer204(s)
		} else {
			forever(s)
		}
	}})
	for i := range uint32(300) {
		s.send(request(4*i+1), post(4*i+3, ""), appendReset(nil, 4*i+3, Cancel))
		s.wantStatus(4*i+1, "204")
	}
}

func TestStreamsThatWereResetCountWhileTheirHandlersRun(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, &Config{MaxStreams: 2, Handler: func(s *Stream) { <-release }})
	s.send(request(1), request(3), appendReset(nil, 1, Cancel), appendReset(nil, 3, Cancel), request(5))
	s.wantReset(5, RefusedStream)
	s.wantRefused("streams")
	close(release)
	for id := uint32(7); ; id += 2 {
		s.send(request(id))
		if f := s.await(frameReset, id); ErrorCode(binary.BigEndian.Uint32(f.payload)) == InternalError {
			break
		}
	}
}

func TestWhoReadsNothingGetsNoMoreAnswersMade(t *testing.T) {
	s := serve(t, &Config{WriteTimeout: 50 * time.Millisecond, Handler: func(s *Stream) {
		_ = s.WriteHead(200, message.Fields{{Name: "x", Value: strings.Repeat("y", 30000)}}, true)
	}})
	go func() {
		for i := uint32(0); ; i++ {
			if _, err := s.c.Write(request(2*i + 1)); err != nil {
				return
			}
		}
	}()
	if err := s.ended(); err == nil {
		t.Error("Serve returned no error")
	}
}

func TestFieldsOverTheLimitsAreAnswered431(t *testing.T) {
	s := serve(t, &Config{MaxHeaderBytes: 2000, MaxFields: 5, Handler: answer204})
	s.send(headers(1, flagEndHeaders|flagEndStream, append(lines(getHead), message.Field{Name: "a", Value: strings.Repeat("x", 3000)})))
	s.wantStatus(1, "431")
	s.wantRefused("header_bytes")
	s.send(headers(5, flagEndHeaders, append(lines(getHead), lines("a: b\nb: c\nc: d\nd: e\ne: f\nf: g")...)))
	s.wantStatus(5, "431")
	s.wantReset(5, NoError)
	s.wantRefused("header_count")
	s.send(request(7))
	s.wantStatus(7, "204")
}

func TestStreamsThatStallAreReset(t *testing.T) {
	failed := make(chan error, 1)
	s := serve(t, &Config{WriteTimeout: 100 * time.Millisecond, Handler: func(s *Stream) {
		_ = s.WriteHead(200, nil, false)
		_, err := s.Write(make([]byte, 200))
		failed <- err
	}})
	s.send(settings(settingWindow, 1), request(1))
	s.await(frameData, 1)
	s.send(appendWindow(nil, 1, 1)) // next to no progress
	s.wantReset(1, Cancel)
	if err := <-failed; err != ErrTimeout {
		t.Error(err)
	}
	s.wantRefused("window")
}

func TestConnectionsWithoutWindowEnd(t *testing.T) {
	s := serve(t, &Config{WriteTimeout: 100 * time.Millisecond, Handler: func(s *Stream) {
		_ = s.WriteHead(200, nil, false)
		_, _ = s.WriteLast(make([]byte, 100000))
	}})
	s.send(settings(settingWindow, maxWindow), request(1))
	if err := s.ended(); err != errWriteTime {
		t.Error(err)
	}
	s.wantRefused("window")
}

func TestBodiesThatDoNotComeFailTheirReads(t *testing.T) {
	s := serve(t, &Config{BodyTimeout: 50 * time.Millisecond, Handler: func(s *Stream) {
		if _, err := s.Read(make([]byte, 1)); err == ErrTimeout {
			_ = s.WriteHead(408, nil, true)
		}
	}})
	s.send(post(1, ""))
	s.wantStatus(1, "408")
	s.wantReset(1, NoError)
}

func TestIdleConnectionsEnd(t *testing.T) {
	s := serve(t, &Config{IdleTimeout: 50 * time.Millisecond, Handler: answer204})
	s.send(request(1))
	s.wantStatus(1, "204")
	s.wantGoAway(NoError)
	s.c.Close()
	if err := s.ended(); err != nil {
		t.Error(err)
	}
}

func TestHeadersThatTakeTooLongEndTheConnection(t *testing.T) {
	for name, sent := range map[string][]byte{
		"no preface":       nil,
		"half a preface":   []byte(preface[:10]),
		"half a frame":     append([]byte(preface+"\x00\x00\x00\x04\x00\x00\x00\x00\x00"), request(1)[:20]...),
		"half a block":     append([]byte(preface+"\x00\x00\x00\x04\x00\x00\x00\x00\x00"), headers(1, 0, lines(getHead))...),
		"a frame's length": append([]byte(preface+"\x00\x00\x00\x04\x00\x00\x00\x00\x00"), 0, 0),
	} {
		t.Run(name, func(t *testing.T) {
			s := serveSilent(t, &Config{HeaderTimeout: 50 * time.Millisecond, Handler: answer204})
			s.send(sent)
			s.wantGoAway(EnhanceYourCalm)
			s.wantRefused("header_timeout")
		})
	}
}

func TestReceivedBodiesAreBoundedByTheirWindow(t *testing.T) {
	read := make(chan struct{})
	s := serve(t, &Config{Handler: func(s *Stream) {
		if s.id > 1 {
			forever(s)
			return
		}
		<-read
		n, buf := 0, make([]byte, 1000)
		for n < streamWindow {
			m, err := s.Read(buf)
			if n += m; err != nil {
				return
			}
		}
	}})
	full := bytes.Repeat(data(1, 0, strings.Repeat("x", maxFrame)), streamWindow/maxFrame)
	s.send(post(1, ""), full, append(appendFrame(nil, 8, framePing, 0, 0), "all read"...))
	for {
		f, err := s.next()
		if err != nil || f.kind == frameWindow && f.id == 1 {
			t.Fatalf("window came back before it was read: %v", err)
		}
		if f.kind == framePing {
			break
		}
	}
	close(read)
	s.await(frameWindow, 1)
	s.send(post(3, ""), bytes.ReplaceAll(full, appendFrame(nil, maxFrame, frameData, 0, 1), appendFrame(nil, maxFrame, frameData, 0, 3)), data(3, 0, "x"))
	s.wantReset(3, FlowControlError)
}

func TestGoroutinesOfABurstGo(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, &Config{WriteTimeout: 4 * time.Millisecond, Handler: func(s *Stream) { <-release; answer204(s) }})
	for id := uint32(1); id < 200; id += 2 {
		s.send(request(id))
	}
	close(release)
	for range 100 {
		for f, err := s.next(); f.kind != frameHeaders; f, err = s.next() {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for {
		s.conn.mu.Lock()
		free, writer := len(s.conn.free), s.conn.started
		s.conn.mu.Unlock()
		if free == 0 && !writer {
			break
		}
		runtime.Gosched()
	}
	s.send(request(201))
	s.wantStatus(201, "204")
}
