package swarm

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
)

// Event is something that happened to a thing of the swarm.
type Event struct {
	Time time.Time `json:"time"`
	// Kind is service, node, network, secret or config; Action is create,
	// update or remove.
	Kind   string `json:"kind"`
	Action string `json:"action"`
	// Name is the thing's.
	Name string `json:"name"`
	// Details are what the swarm says of the change, such as "replicas.new".
	Details map[string]string `json:"details,omitempty"`
}

// How many events are kept for people to read.
const keptEvents = 200

func (o *Observer) remember(m events.Message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.recent = append(o.recent, newEvent(m))
	if len(o.recent) > keptEvents {
		o.recent = slices.Delete(o.recent, 0, len(o.recent)-keptEvents)
	}
}

// Recent returns the newest events, oldest first.
func (o *Observer) Recent() []Event {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.recent)
}

func newEvent(m events.Message) Event {
	e := Event{Time: time.Unix(0, m.TimeNano).UTC(), Kind: string(m.Type), Action: string(m.Action), Name: m.Actor.Attributes["name"]}
	for k, v := range m.Actor.Attributes {
		if k != "name" {
			if e.Details == nil {
				e.Details = map[string]string{}
			}
			e.Details[k] = v
		}
	}
	return e
}

// Events returns what the engine remembers of the swarm since then, oldest
// first: its buffer holds 256 messages.
func (c *Client) Events(ctx context.Context, since time.Time) ([]Event, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	messages, errs := c.docker.Events(ctx, events.ListOptions{
		Since:   since.Format(time.RFC3339Nano),
		Until:   time.Now().Format(time.RFC3339Nano),
		Filters: filters.NewArgs(filters.Arg("scope", "swarm")),
	})
	var out []Event
	for {
		select {
		case m := <-messages:
			out = append(out, newEvent(m))
		case err := <-errs:
			if errors.Is(err, io.EOF) {
				return out, nil
			}
			return out, err
		}
	}
}
