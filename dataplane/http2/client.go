package http2

import (
	"cmp"
	"io"
	"net"
	"time"

	"fairlead.dev/fairlead/dataplane/message"
)

// clientWindow is what an Endpoint may send on all streams before it is read: so
// much that a stream that is not read holds up no other. What a stream holds is
// bounded by its own window.
const clientWindow = 1 << 30

// unsettledStreams is how many streams may be opened before the peer's SETTINGS
// say how many (RFC 9113 section 6.5.2 recommends no fewer).
const unsettledStreams = 100

// ClientConfig is how a Client behaves. Several may share one.
type ClientConfig struct {
	// MaxHeaderBytes and MaxFields are as in Config; an answer's head over them
	// fails.
	MaxHeaderBytes, MaxFields int
	// MaxStreams bounds the streams under way below what the peer allows; 0 means
	// that alone counts.
	MaxStreams int
	// SettingsTimeout bounds the wait for the peer's SETTINGS and for the rest of a
	// field block; 0 means 10 s.
	SettingsTimeout time.Duration
	// WriteTimeout is as in Config.
	WriteTimeout time.Duration
}

// Client is a connection to an Endpoint.
type Client struct {
	link
	settingsTime time.Duration
	// next is the next stream's identifier.
	next uint32
	// inUse counts the slots taken, limit bounds them; most is our own limit.
	inUse, limit, most int
	// stated: SETTINGS came; leaving: no new streams; away: the peer said GOAWAY.
	stated, leaving, away bool
	started               int64
	// slabs are of heads that were read.
	slabs  []message.Fields
	ticker *time.Timer
	period time.Duration
	done   chan struct{}
}

// NewClient returns a connection on c, which it owns, and starts it: the preface
// and SETTINGS are sent. Close it.
func NewClient(c net.Conn, cfg *ClientConfig) (*Client, error) {
	n := &Client{next: 1, limit: unsettledStreams, most: cmp.Or(cfg.MaxStreams, maxID), started: now(), done: make(chan struct{})}
	n.init(c, n, nil, cmp.Or(cfg.MaxHeaderBytes, 64<<10), cmp.Or(cfg.MaxFields, 100))
	n.lenient = true
	n.settingsTime = cmp.Or(cfg.SettingsTimeout, 10*time.Second)
	n.headerTime, n.writeTimeout = n.settingsTime, cmp.Or(cfg.WriteTimeout, 30*time.Second)
	n.received = newCredit(clientWindow)
	n.period = period(n.headerTime, n.writeTimeout)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.greet(cmp.Or(cfg.MaxHeaderBytes, 64<<10))
	n.ticker = time.AfterFunc(n.period, n.tick)
	go n.run()
	return n, nil
}

func (c *Client) greet(maxBytes int) {
	b := append(c.room(), preface...)
	b = appendFrame(b, 3*6, frameSettings, 0, 0)
	b = appendSetting(b, settingPush, 0)
	b = appendSetting(b, settingWindow, streamWindow)
	b = appendSetting(b, settingHeaderList, uint32(maxBytes))
	c.out = appendWindow(b, 0, clientWindow-plainWindow)
	c.poke()
}

// run is the reader, and ends everything when that has ended.
func (c *Client) run() {
	defer close(c.done)
	err := c.readFrames()
	c.mu.Lock()
	c.ticker.Stop()
	switch fault, ours := err.(*Error); {
	case ours && !fault.Remote && c.err == nil:
		c.leave(0, fault.Code)
		c.fail(err)
	case err == nil:
		c.fail(ErrClosed)
	case err == io.EOF:
		c.fail(errGone)
	default:
		c.fail(err)
	}
	_ = c.c.SetWriteDeadline(time.Now().Add(linger))
	c.flush()
	_ = c.c.Close()
	c.restWriter()
	c.mu.Unlock()
	c.workers.Wait()
	c.in.release()
}

// Take reserves a stream, for Open. It returns false when the connection takes
// none now: the Endpoint allows no more at a time, or wants no more, or the
// connection has ended.
func (c *Client) Take() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.usable() || c.inUse >= min(c.limit, c.most) {
		return false
	}
	c.inUse++
	return true
}

// Return gives a place back that Take reserved and Open did not get.
func (c *Client) Return() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.give()
}

func (c *Client) usable() bool {
	return !c.leaving && !c.ending && c.err == nil && c.next <= maxID
}

// give gives a slot back. The mutex is held.
func (c *Client) give() {
	c.inUse--
	c.leaveIdle()
}

// leaveIdle ends a connection that is not wanted any more. The mutex is held.
func (c *Client) leaveIdle() {
	if c.leaving && c.inUse == 0 && c.err == nil {
		c.leave(0, NoError)
	}
}

// Idle says whether no stream is under way or reserved.
func (c *Client) Idle() bool { return c.InUse() == 0 }

// InUse returns how many streams are under way or reserved.
func (c *Client) InUse() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inUse
}

// CloseWhenIdle takes no more streams, and closes when the last one is closed.
func (c *Client) CloseWhenIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaving = true
	c.leaveIdle()
}

// Close ends the connection and its streams at once.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail(ErrClosed)
	return c.c.Close()
}

// Done is closed when the connection has ended.
func (c *Client) Done() <-chan struct{} { return c.done }

func (c *Client) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.ending {
		return
	}
	err := c.look()
	if err == nil && !c.stated && since(c.started, c.settingsTime) {
		err = errSettingsTime
	}
	if err != nil {
		c.fail(err)
		_ = c.c.Close()
		return
	}
	if c.inUse == 0 {
		c.restWriter()
	}
	c.ticker.Reset(c.period)
}

// The role of a client.

func (c *Client) idle(id uint32) bool { return id%2 == 0 || id >= c.next }

func (c *Client) settled(streams int64) {
	switch {
	case streams >= 0:
		c.limit = int(streams)
	case !c.stated:
		c.limit = maxID
	}
	c.stated = true
}

func (c *Client) pong() {}

func (c *Client) over(*stream) {}

// goaway: what is later than last was not processed (RFC 9113 section 6.8).
func (c *Client) goaway(last uint32, code ErrorCode) {
	c.leaving, c.away = true, true
	for id, s := range c.streams {
		if id > last {
			s.fail(&Error{Code: code, Reason: "GOAWAY", Conn: true, Remote: true, unprocessed: true})
		}
	}
	c.leaveIdle()
}
