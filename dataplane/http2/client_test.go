package http2

import (
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fairlead.dev/fairlead/dataplane/message"
)

// ask returns a Client and its peer, which has read a GET on stream 1 and sent
// its SETTINGS.
func ask(t testing.TB, first message.Request) (*Client, *ClientStream, *peer) {
	t.Helper()
	a, b := pair(t)
	c, err := NewClient(a, &ClientConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(); <-c.Done() })
	p := newPeer(t, b)
	if _, err := io.ReadFull(b, make([]byte, len(preface))); err != nil {
		t.Fatal(err)
	}
	s := open(t, c, &first, true)
	p.await(frameHeaders, 1)
	p.send(appendFrame(nil, 0, frameSettings, 0, 0))
	return c, s, p
}

// answered makes the HEADERS of an answer.
func answered(id uint32, flags byte, f string) []byte {
	return headers(id, flags|flagEndHeaders, lines(f))
}

func TestAnswersThatAreMalformedFail(t *testing.T) {
	for name, frames := range map[string][][]byte{
		"no status":           {answered(1, flagEndStream, "a: b")},
		"two statuses":        {answered(1, flagEndStream, ":status: 200\n:status: 200")},
		"a status of 4":       {answered(1, flagEndStream, ":status: 2000")},
		"a status below 100":  {answered(1, flagEndStream, ":status: 099")},
		"101":                 {answered(1, 0, ":status: 101")},
		"a path":              {answered(1, flagEndStream, ":status: 200\n:path: /")},
		"an upper-case name":  {answered(1, flagEndStream, ":status: 200\nA: b")},
		"connection":          {answered(1, flagEndStream, ":status: 200\nconnection: close")},
		"an interim that end": {answered(1, flagEndStream, ":status: 100")},
		"data before":         {data(1, flagEndStream, "x")},
		"a length, no body":   {answered(1, flagEndStream, ":status: 200\ncontent-length: 4")},
		"a body that is less": {answered(1, 0, ":status: 200\ncontent-length: 4"), data(1, flagEndStream, "abc")},
		"a body that is more": {answered(1, 0, ":status: 200\ncontent-length: 2"), data(1, flagEndStream, "abc")},
		"a body of 204":       {answered(1, 0, ":status: 204"), data(1, flagEndStream, "abc")},
		"a body of 304":       {answered(1, 0, ":status: 304\ncontent-length: 3"), data(1, flagEndStream, "abc")},
		"trailers, one bad":   {answered(1, 0, ":status: 200"), answered(1, flagEndStream, ":status: 200")},
	} {
		t.Run(name, func(t *testing.T) {
			_, s, p := ask(t, *get("/"))
			defer s.Close()
			p.send(frames...)
			err := s.ReadHead(&message.Response{})
			if err == nil {
				_, err = io.ReadAll(s)
			}
			var e *Error
			if !errors.As(err, &e) || e.Code != ProtocolError || e.Remote || e.Conn || errors.Is(err, ErrNotProcessed) {
				t.Errorf("%v", err)
			}
			p.wantReset(1, ProtocolError)
		})
	}
}

func TestInterimHeadsComeOneByOne(t *testing.T) {
	_, s, p := ask(t, *get("/"))
	defer s.Close()
	p.send(answered(1, 0, ":status: 103\nlink: a"), answered(1, 0, ":status: 103\nlink: b"), answered(1, 0, ":status: 200\nx: y"), data(1, 0, "hel"), data(1, 0, "lo"), answered(1, flagEndStream, "sum: 1"))
	var res message.Response
	for _, want := range []message.Response{
		{Status: 103, Fields: message.Fields{{Name: "link", Value: "a"}}},
		{Status: 103, Fields: message.Fields{{Name: "link", Value: "b"}}},
		{Status: 200, Fields: message.Fields{{Name: "x", Value: "y"}}, Length: message.Unknown},
	} {
		if err := s.ReadHead(&res); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, res); d != "" {
			t.Error(d)
		}
	}
	if err := s.ReadHead(&res); err != ErrEnded {
		t.Errorf("a head after the final one: %v", err)
	}
	if b, err := io.ReadAll(s); string(b) != "hello" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if d := cmp.Diff(message.Fields{{Name: "sum", Value: "1"}}, s.Trailers()); d != "" {
		t.Error(d)
	}
}

func TestRequestsThatWereNotProcessedAreTold(t *testing.T) {
	for name, test := range map[string]struct {
		frames []byte
		is     bool
	}{
		"refused":              {appendReset(nil, 1, RefusedStream), true},
		"cancelled":            {appendReset(nil, 1, Cancel), false},
		"GOAWAY before it":     {appendGoAway(nil, 0, NoError), true},
		"GOAWAY, then the end": {appendGoAway(nil, 1, NoError), false},
		"the end":              {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			c, s, p := ask(t, *get("/"))
			p.send(test.frames)
			if !test.is && name != "cancelled" {
				p.c.Close()
			}
			err := s.ReadHead(&message.Response{})
			if err == nil || errors.Is(err, ErrNotProcessed) != test.is {
				t.Errorf("%v", err)
			}
			s.Close()
			if name != "refused" && name != "cancelled" {
				<-c.Done()
			}
		})
	}
}

func TestOpenOnAnEndedConnectionWasNotProcessed(t *testing.T) {
	c, s, p := ask(t, *get("/"))
	if !c.Take() {
		t.Fatal("no stream")
	}
	p.c.Close()
	<-c.Done()
	if _, err := c.Open(get("/"), "http", true); !errors.Is(err, ErrNotProcessed) {
		t.Error(err)
	}
	s.Close()
	if c.Take() || !c.Idle() {
		t.Error("an ended connection takes streams")
	}
}

func TestThePeersLimitOfStreamsIsKept(t *testing.T) {
	c, s, p := ask(t, *get("/"))
	p.send(settings(settingStreams, 2), append(appendFrame(nil, 8, framePing, 0, 0), "12345678"...))
	p.await(framePing, 0)
	second := open(t, c, get("/"), true)
	if c.Take() {
		t.Error("a third stream")
	}
	second.Close()
	p.wantReset(3, Cancel)
	if !c.Take() {
		t.Error("no second stream")
	}
	s.Close()
}

func TestAnAnswerBeforeTheRequestEndsIsRead(t *testing.T) {
	_, s, p := ask(t, *get("/"))
	s.Close()
	s2 := open(t, s.client, &message.Request{Method: "POST", Host: "a", Path: "/", Length: 1 << 20}, false)
	defer s2.Close()
	p.send(answered(3, 0, ":status: 413"), data(3, flagEndStream, "no"), appendReset(nil, 3, NoError))
	var res message.Response
	if err := s2.ReadHead(&res); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(s2); string(b) != "no" || err != nil || res.Status != 413 {
		t.Errorf("%d %q, %v", res.Status, b, err)
	}
	if _, err := s2.WriteLast(make([]byte, 1<<20)); err == nil {
		t.Error("the rest was written")
	}
}

func TestCloseWhenIdleWaitsForTheLastStream(t *testing.T) {
	c, s, p := ask(t, *get("/"))
	c.CloseWhenIdle()
	if c.Take() {
		t.Error("a new stream")
	}
	p.send(answered(1, flagEndStream, ":status: 204"))
	if err := s.ReadHead(&message.Response{}); err != nil {
		t.Error(err)
	}
	s.Close()
	<-c.Done()
	p.wantGoAway(NoError)
}

func TestAPeerThatIsNoHTTP2Ends(t *testing.T) {
	c, s, p := ask(t, *get("/"))
	p.send([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
	if err := s.ReadHead(&message.Response{}); err == nil {
		t.Error("there was a head")
	}
	<-c.Done()
	s.Close()
}

func TestTheLastBytesComeWithTheEnd(t *testing.T) {
	_, s, p := ask(t, *get("/"))
	defer s.Close()
	p.send(answered(1, 0, ":status: 200"), data(1, 0, "hel"), data(1, flagEndStream, "lo"), append(appendFrame(nil, 8, framePing, 0, 0), "12345678"...))
	p.await(framePing, 0)
	if err := s.ReadHead(&message.Response{}); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4)
	if n, err := s.Read(buf); n != 4 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := s.Read(buf); n != 1 || err != io.EOF {
		t.Errorf("%d, %v", n, err)
	}
}
