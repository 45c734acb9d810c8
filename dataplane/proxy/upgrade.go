package proxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// halfCloser can end its sending and go on receiving.
type halfCloser interface{ CloseWrite() error }

// upgrade hands 101 to the client, and then carries bytes both ways until both
// sides have ended. timeouts do not count from here on.
func (x *exchange) upgrade(t *try) {
	res := t.response
	server, ok := res.Body.(io.ReadWriteCloser)
	if want := upgradeOf(x.in.Header); !ok || want == "" || !strings.EqualFold(want, upgradeOf(res.Header)) {
		res.Body.Close()
		x.answer(http.StatusBadGateway, "the endpoint changed to a protocol that was not asked for")
		return
	}
	defer server.Close()
	if t.timer != nil {
		t.timer.Stop()
	}
	client, buffered, err := x.rc.Hijack()
	if err != nil {
		x.answer(http.StatusBadGateway, "this connection cannot change its protocol")
		return
	}
	defer client.Close()
	x.record.Status = res.StatusCode
	stop := context.AfterFunc(x.engine.force, func() {
		client.Close()
		server.Close()
	})
	defer stop()
	if err := x.switching(client, res); err != nil {
		x.record.Error = "the client went away"
		return
	}
	sending := make(chan struct{})
	go func() {
		defer close(sending)
		x.sendUpgraded(t, server, buffered.Reader, client)
	}()
	n, err := io.Copy(client, server)
	x.out.Add(n)
	x.endClient(client, err)
	<-sending
}

// switching writes the 101 by hand: net/http has handed the connection over.
func (x *exchange) switching(client net.Conn, res *http.Response) error {
	h := res.Header
	upgrade := upgradeOf(h)
	removeHopByHop(h)
	h["Connection"], h["Upgrade"] = []string{"Upgrade"}, []string{upgrade}
	x.modifyResponse(h)
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", res.StatusCode, http.StatusText(res.StatusCode))
	_ = h.Write(&b) // a strings.Builder takes all
	b.WriteString("\r\n")
	_, err := io.WriteString(client, b.String())
	return err
}

// sendUpgraded carries what the client sends. The transport's stream cannot be
// half closed, but the connection below it can.
func (x *exchange) sendUpgraded(t *try, server io.ReadWriteCloser, from io.Reader, client net.Conn) {
	n, err := io.Copy(server, from)
	x.body.n.Add(n)
	conn := t.conn.Load()
	if half, ok := (*conn).(halfCloser); ok && err == nil {
		err = half.CloseWrite()
	}
	if err != nil {
		server.Close()
		client.Close()
	}
}

// afterEnd is how long a client may go on sending to an Endpoint that has ended.
const afterEnd = time.Minute

// endClient shows the client that the Endpoint has ended.
func (x *exchange) endClient(client net.Conn, err error) {
	half, ok := client.(halfCloser)
	if err != nil || !ok || half.CloseWrite() != nil {
		client.Close()
		return
	}
	_ = client.SetReadDeadline(time.Now().Add(afterEnd))
}
