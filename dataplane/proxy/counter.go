package proxy

import "sync"

// counter counts what is under way. Unlike a sync.WaitGroup it may be added to
// while somebody waits.
type counter struct {
	mu      sync.Mutex // guards following
	n       int
	waiting []chan struct{}
}

func (c *counter) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n += n; c.n > 0 {
		return
	}
	for _, w := range c.waiting {
		close(w)
	}
	c.waiting = nil
}

// none returns a channel that is closed when the count is, or comes to, zero.
func (c *counter) none() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := make(chan struct{})
	if c.n == 0 {
		close(w)
	} else {
		c.waiting = append(c.waiting, w)
	}
	return w
}
