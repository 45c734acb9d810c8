package reconcile

// Trigger wakes a Reconciler. Any number of Wakes before it looks are one.
type Trigger struct{ c chan struct{} }

// NewTrigger returns a Trigger that is not set.
func NewTrigger() *Trigger { return &Trigger{c: make(chan struct{}, 1)} }

// Set wakes the Reconciler. It never blocks.
func (t *Trigger) Set() {
	select {
	case t.c <- struct{}{}:
	default:
	}
}

// C receives once for any number of Sets.
func (t *Trigger) C() <-chan struct{} { return t.c }
