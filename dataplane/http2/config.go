package http2

import (
	"cmp"
	"time"
)

// Config is how a Conn serves. Several may share one; it is not changed.
type Config struct {
	// Handler serves one stream, in a goroutine of its own. The stream is over
	// when it returns; an answer that has not ended by then is reset with
	// INTERNAL_ERROR.
	Handler func(*Stream)
	// MaxStreams is how many streams of a connection may be under way; 0 means 250.
	// A stream that the client resets counts until its Handler has returned, and
	// one that was answered until its request has ended or was reset.
	MaxStreams int
	// MaxHeaderBytes bounds a field block as RFC 9113 section 6.5.2 counts it; 0
	// means 64 KiB. MaxFields bounds the number of fields; 0 means 100. What is
	// over is answered with 431.
	MaxHeaderBytes int
	MaxFields      int
	// IdleTimeout is how long a connection stays without streams; 0 means 90 s.
	IdleTimeout time.Duration
	// HeaderTimeout bounds the wait for the preface, and for the rest of a field
	// block that was begun; 0 means 10 s.
	HeaderTimeout time.Duration
	// WriteTimeout bounds a write of the connection, and the wait of a stream for
	// window without progress; 0 means 30 s.
	WriteTimeout time.Duration
	// BodyTimeout bounds a Read of a request's body, which fails with ErrTimeout;
	// 0 means 30 s.
	BodyTimeout time.Duration
	// Refused is told what was refused: "streams", "header_bytes", "header_count",
	// "rapid_reset", "stream_errors", "continuation_flood", "settings_flood",
	// "ping_flood", "empty_frames", "stray_frames", "window", "header_timeout". It
	// must not block, nor call the connection. It may be nil.
	Refused func(reason string)
}

// withDefaults returns c with its zeros replaced.
func (c *Config) withDefaults() *Config {
	d := *c
	d.MaxStreams = cmp.Or(d.MaxStreams, 250)
	d.MaxHeaderBytes = cmp.Or(d.MaxHeaderBytes, 64<<10)
	d.MaxFields = cmp.Or(d.MaxFields, 100)
	d.IdleTimeout = cmp.Or(d.IdleTimeout, 90*time.Second)
	d.HeaderTimeout = cmp.Or(d.HeaderTimeout, 10*time.Second)
	d.WriteTimeout = cmp.Or(d.WriteTimeout, 30*time.Second)
	d.BodyTimeout = cmp.Or(d.BodyTimeout, 30*time.Second)
	return &d
}
