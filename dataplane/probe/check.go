package probe

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/http1"
	"fairlead.dev/fairlead/dataplane/http2"
	"fairlead.dev/fairlead/dataplane/live"
	"fairlead.dev/fairlead/dataplane/message"
)

// ask makes one check. Whatever waits ends with ctx.
func (p *Prober) ask(ctx context.Context, t *target) error {
	c, err := p.cfg.Dial(ctx, t.endpoint)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	l := lineOf(c, t.endpoint)
	switch {
	case t.check.Type == snapshot.CheckTCP:
		return nil
	case t.check.Type == snapshot.CheckGRPC:
		err = askGRPC(l)
	case l.protocol == "h2":
		err = askHTTP2(l, t.check.Path)
	default:
		err = askHTTP1(l, t.check.Path)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("no answer within %v", t.check.Timeout)
	}
	return err
}

// Protocols are what a check offers in a TLS handshake (RFC 7301).
func Protocols(of snapshot.CheckType) []string {
	if of == snapshot.CheckGRPC {
		return []string{"h2"}
	}
	return []string{"h2", "http/1.1"}
}

// line is a connection to an Endpoint, and what is spoken on it.
type line struct {
	net.Conn
	// host is whom requests are for: the name that was verified, or the address.
	host, scheme string
	// protocol is "h2", or else HTTP/1.1.
	protocol string
}

func lineOf(c net.Conn, e *live.Endpoint) line {
	l := line{Conn: c, host: e.Address, scheme: "http"}
	if e.Backend.Protocol == snapshot.H2C {
		l.protocol = "h2"
	}
	if secured, ok := c.(*tls.Conn); ok {
		state := secured.ConnectionState()
		l.host, l.scheme, l.protocol = cmp.Or(state.ServerName, l.host), "https", state.NegotiatedProtocol
	}
	return l
}

// request is what is asked by HTTP.
func (l line) request(target string) *message.Request {
	path, query, has := strings.Cut(target, "?")
	return &message.Request{
		Method: http.MethodGet, Host: l.host, Path: path, Query: query, HasQuery: has,
		Fields: message.Fields{{Name: "User-Agent", Value: agent}},
	}
}

// agent is who asks, for the Endpoint's logs.
const agent = "fairlead-health-check"

// longestHead bounds the head of an answer.
const longestHead = 64 << 10

// askHTTP1 wants an answer of 200 to 399. Its body is nobody's business.
func askHTTP1(c line, path string) error {
	r := c.request(path)
	r.Fields.Add("Connection", "close")
	if _, err := c.Write(http1.AppendRequest(nil, r)); err != nil {
		return err
	}
	var got []byte
	for room := make([]byte, 4096); len(got) < longestHead; {
		n, err := c.Read(room)
		got = append(got, room[:n]...)
		status, headErr := finalStatus(got)
		if status != 0 || headErr != nil {
			return errors.Join(headErr, wellDone(status))
		}
		if err != nil {
			return err
		}
	}
	return errors.New("the answer's head is too long")
}

// finalStatus is that of the first head that is not an interim one; 0 while it has
// not come.
func finalStatus(got []byte) (int, error) {
	for {
		end, err := http1.HeadEnd(got, 0)
		if end < 0 || err != nil {
			return 0, err
		}
		var head http1.Response
		if err := head.Parse(got[:end], http.MethodGet); err != nil || head.Status >= 200 {
			return head.Status, err
		}
		got = got[end:]
	}
}

func wellDone(status int) error {
	if status >= 200 && status <= 399 {
		return nil
	}
	return fmt.Errorf("answered %d", status)
}

// askHTTP2 is askHTTP1 where HTTP/2 is spoken.
func askHTTP2(c line, path string) error {
	return openHTTP2(c, c.request(path), nil, func(_ *http2.ClientStream, head *message.Response) error { return wellDone(head.Status) })
}

// openHTTP2 sends a request and hands its answer out.
func openHTTP2(c line, r *message.Request, body []byte, answered func(*http2.ClientStream, *message.Response) error) error {
	client, err := http2.NewClient(c.Conn, &http2.ClientConfig{})
	if err != nil {
		return err
	}
	defer func() {
		_ = client.Close()
		<-client.Done()
	}()
	if !client.Take() {
		return errors.New("the endpoint takes no request")
	}
	s, err := client.Open(r, c.scheme, body == nil)
	if err != nil {
		return err
	}
	defer s.Close()
	if body != nil {
		if _, err := s.WriteLast(body); err != nil {
			return err
		}
	}
	var head message.Response
	for head.Status < 200 {
		if err := s.ReadHead(&head); err != nil {
			return err
		}
	}
	return answered(s, &head)
}
