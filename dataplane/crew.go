package dataplane

import "sync"

// mostIdle is how many goroutines of a crew wait for work at most.
const mostIdle = 64

// crew has goroutines that work again, so that their stacks, which have to be
// large, need not grow anew each time. Those that wait shrink with time.
type crew struct {
	// start starts a goroutine.
	start func(func())

	mu   sync.Mutex // guards following
	idle []chan func()
	over bool
}

// do calls f in a goroutine.
func (c *crew) do(f func()) {
	c.mu.Lock()
	last := len(c.idle) - 1
	if last < 0 {
		c.mu.Unlock()
		c.start(func() { c.work(f) })
		return
	}
	next := c.idle[last] // whose stack is the least likely to have shrunk
	c.idle = c.idle[:last]
	c.mu.Unlock()
	next <- f
}

func (c *crew) work(f func()) {
	next := make(chan func(), 1)
	for f != nil {
		f()
		if !c.rest(next) {
			return
		}
		f = <-next
	}
}

// rest says whether there may be more to do.
func (c *crew) rest(next chan func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over || len(c.idle) == mostIdle {
		return false
	}
	c.idle = append(c.idle, next)
	return true
}

// dismiss ends the goroutines that wait, and those that work when they are done.
func (c *crew) dismiss() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	for _, next := range c.idle {
		close(next)
	}
	c.idle = nil
}
