package proxy

import (
	"sync"
	"time"
)

// failure is why a try gave no answer, or an exchange ended early.
type failure int

const (
	// none: there is an answer.
	none failure = iota
	// connect: there was no connection.
	connect
	// unusable: what the Backend is to be spoken to with is not there, whatever
	// Endpoint is tried.
	unusable
	// stale: a pooled connection was closed by the Endpoint before it answered.
	stale
	// refused: the Endpoint said that it did not touch the request.
	refused
	// reset: a connection broke before the answer.
	reset
	// malformed: the answer was none that HTTP knows.
	malformed
	// tryTimeout: timeouts.backendRequest is spent.
	tryTimeout
	// requestTimeout: timeouts.request is spent.
	requestTimeout
	// gone: the client went away, or its body broke.
	gone
)

// interrupter is something that waits, and can be told to fail at once.
type interrupter interface{ interrupt() }

// interruption ends an exchange from another goroutine: it notes why and
// interrupts what the exchange waits for now.
type interruption struct {
	mu sync.Mutex // guards following
	// over: the exchange has ended, and what it waited for is another's.
	over bool
	why  failure
	// serial counts the exchanges, so that a late time-out hits no other.
	serial int
	// try counts the tries, so that a time-out hits only its own.
	try     int
	current interrupter
	// paused is closed by an interrupt, if the exchange pauses.
	paused chan struct{}
}

// begin makes it ready for an exchange.
func (i *interruption) begin() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.over, i.why, i.current, i.paused = false, none, nil, nil
	i.serial++
}

// after interrupts the exchange that is under way now after a time.
func (i *interruption) after(d time.Duration, why failure) *time.Timer {
	i.mu.Lock()
	defer i.mu.Unlock()
	serial := i.serial
	return time.AfterFunc(d, func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		if i.serial == serial {
			i.interruptLocked(why)
		}
	})
}

// end makes all later interrupts come to nothing.
func (i *interruption) end() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.over, i.current = true, nil
}

// cause returns why the exchange was interrupted, or none.
func (i *interruption) cause() failure {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.why
}

// interrupt interrupts whatever the exchange does. The first cause counts.
func (i *interruption) interrupt(why failure) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.interruptLocked(why)
}

func (i *interruption) interruptLocked(why failure) {
	if i.over || i.why != none && i.why != tryTimeout {
		return
	}
	i.why = why
	if i.current != nil {
		i.current.interrupt()
	}
	if i.paused != nil {
		close(i.paused)
		i.paused = nil
	}
}

// afterTry interrupts a try after a time, if it is still the current one.
func (i *interruption) afterTry(d time.Duration, n int) *time.Timer {
	return time.AfterFunc(d, func() { i.interruptTry(n) })
}

func (i *interruption) interruptTry(n int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.try == n && i.why == none {
		i.interruptLocked(tryTimeout)
	}
}

// nextTry begins a try and returns its number. The time-out of the last one is
// forgotten.
func (i *interruption) nextTry() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.try++
	if i.why == tryTimeout {
		i.why = none
	}
	return i.try
}

// waitFor says what an interrupt has to interrupt from now on; nil is nothing.
// It reports false where the exchange was interrupted already.
func (i *interruption) waitFor(what interrupter) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.current = what
	return i.why == none
}

// pause waits. It reports false if it was interrupted.
func (i *interruption) pause(d time.Duration) bool {
	i.mu.Lock()
	if i.why != none && i.why != tryTimeout {
		i.mu.Unlock()
		return false
	}
	interrupted := make(chan struct{})
	i.paused = interrupted
	i.mu.Unlock()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-interrupted:
		return false
	case <-t.C:
		return true
	}
}
