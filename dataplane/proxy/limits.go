package proxy

import (
	"cmp"
	"time"
)

// Limits bound what a client can cost.
type Limits struct {
	// HeaderBytes bounds a request's head; 0 means 64 KiB. More is answered with
	// 431 (RFC 6585 section 5).
	HeaderBytes int
	// HeaderFields bounds its field lines; 0 means 100. More is answered with 431.
	HeaderFields int
	// BodyBytes bounds a request's body; 0 means no bound. More is answered with
	// 413.
	BodyBytes int64
	// Streams bounds the concurrent requests of an HTTP/2 connection; 0 means 250.
	Streams int
	// HeaderTimeout bounds the reading of a request's head; 0 means 10 s. Then
	// the answer is 408.
	HeaderTimeout time.Duration
	// IdleTimeout ends connections without a request, on both sides; 0 means 90 s.
	IdleTimeout time.Duration
	// WriteTimeout ends a connection whose client takes nothing of an answer; 0
	// means 30 s.
	WriteTimeout time.Duration
	// BodyRate is how many bytes a second a request's body has to bring on
	// average, once it has taken longer than BodyGrace; 0 means 100 and 30 s. A
	// slower one is answered with 408. A negative rate is no bound.
	BodyRate  int
	BodyGrace time.Duration
}

func (l Limits) withDefaults() Limits {
	l.HeaderBytes = cmp.Or(l.HeaderBytes, 64<<10)
	l.HeaderFields = cmp.Or(l.HeaderFields, 100)
	l.Streams = cmp.Or(l.Streams, 250)
	l.HeaderTimeout = cmp.Or(l.HeaderTimeout, 10*time.Second)
	l.IdleTimeout = cmp.Or(l.IdleTimeout, 90*time.Second)
	l.WriteTimeout = cmp.Or(l.WriteTimeout, 30*time.Second)
	l.BodyRate = cmp.Or(l.BodyRate, 100)
	l.BodyGrace = cmp.Or(l.BodyGrace, 30*time.Second)
	return l
}
