package probe

import (
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
	scheme, negotiated := negotiatedBy(c)
	switch {
	case t.check.Type == snapshot.CheckTCP:
		return nil
	case t.check.Type == snapshot.CheckGRPC:
		err = askGRPC(c, scheme, t.endpoint.Address)
	case t.endpoint.Backend.Protocol == snapshot.H2C, negotiated == "h2":
		err = askHTTP2(c, scheme, request(t))
	default:
		err = askHTTP1(c, request(t))
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

// negotiatedBy says what c speaks: its scheme, and its protocol where that was
// negotiated.
func negotiatedBy(c net.Conn) (scheme, protocol string) {
	if secured, ok := c.(*tls.Conn); ok {
		return "https", secured.ConnectionState().NegotiatedProtocol
	}
	return "http", ""
}

// request is what is asked by HTTP.
func request(t *target) *message.Request {
	path, query, has := strings.Cut(t.check.Path, "?")
	return &message.Request{
		Method: http.MethodGet, Host: t.endpoint.Address, Path: path, Query: query, HasQuery: has,
		Fields: message.Fields{{Name: "User-Agent", Value: agent}},
	}
}

// agent is who asks, for the Endpoint's logs.
const agent = "fairlead-health-check"

// longestHead bounds the head of an answer.
const longestHead = 64 << 10

// askHTTP1 wants an answer of 200 to 399. Its body is nobody's business.
func askHTTP1(c net.Conn, r *message.Request) error {
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
func askHTTP2(c net.Conn, scheme string, r *message.Request) error {
	return openHTTP2(c, scheme, r, nil, func(_ *http2.ClientStream, head *message.Response) error { return wellDone(head.Status) })
}

// openHTTP2 sends a request and hands its answer out.
func openHTTP2(c net.Conn, scheme string, r *message.Request, body []byte, answered func(*http2.ClientStream, *message.Response) error) error {
	client, err := http2.NewClient(c, &http2.ClientConfig{})
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
	s, err := client.Open(r, scheme, body == nil)
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
