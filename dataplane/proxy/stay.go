package proxy

import (
	"slices"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/balance"
	"fairlead.dev/fairlead/dataplane/live"
	"fairlead.dev/fairlead/dataplane/message"
	"fairlead.dev/fairlead/dataplane/routing"
	"fairlead.dev/fairlead/dataplane/session"
)

// stay is what an exchange knows of the client's session. It is made once for an
// exchange that needs it, and used again.
type stay struct {
	spec *snapshot.Session
	ring *session.Ring
	// was is the Session that the client brought; zero for none that is good.
	was  session.Session
	room session.Room
}

// resume looks for the session that the client brought. It returns the place of its
// Backend in the Rule, whatever weight that has now, or -1.
func (x *exchange) resume() (place int, b *live.Backend) {
	ring := x.engine.cfg.Sessions()
	if ring == nil { // nobody waits for a key
		return -1, nil
	}
	if x.stay == nil {
		x.stay = &stay{}
	}
	x.staying = true
	x.stay.spec, x.stay.ring, x.stay.was = x.result.Rule.Spec.Session, ring, session.Session{}
	place = -1
	x.eachSession(func(text string) bool {
		place, b = x.admit(text)
		return place < 0
	})
	return place, b
}

// leave lets go of what belongs to a Snapshot.
func (x *exchange) leave() {
	if x.staying {
		x.staying, x.stay.spec, x.stay.ring = false, nil, nil
	}
}

// eachSession calls yield with everything that may be a sealed Session. There may
// be several cookies of a name, of longer and shorter paths.
func (x *exchange) eachSession(yield func(text string) bool) {
	if s := x.stay.spec; s.Header {
		yield(x.in.Fields.Get(s.Name))
	} else {
		x.in.Fields.EachCookie(s.Name, yield)
	}
}

// admit takes a Session of a Backend that the Rule has.
func (x *exchange) admit(text string) (int, *live.Backend) {
	s := x.stay
	was, ok := s.ring.Open(&s.room, x.result.Rule.Key, text)
	if !ok || was.Over(s.spec, x.began) {
		return -1, nil
	}
	place, b := x.world.Named(x.result.Rule, was.Backend)
	if b != nil {
		s.was = was
	}
	return place, b
}

// home returns the Endpoint that the client belongs to, if it is to be tried: the
// one of its session, and where a pooled connection only was stale the same again.
func (x *exchange) home(b *live.Backend, last *try) *live.Endpoint {
	if !x.staying && x.choice.Key == 0 {
		return nil
	}
	if last.failure == stale || last.failure == refused {
		if slices.Index(x.tried, last.endpoint) == len(x.tried)-1 {
			return last.endpoint
		}
	}
	if !x.staying || x.stay.was.Slot == 0 {
		return nil
	}
	return b.Find(x.stay.was.Slot, x.tried)
}

// remember gives the client a session at the Endpoint that answered, where it has
// none there or the time of its last request is to be written down.
func (x *exchange) remember(t *try) {
	if !x.staying {
		return
	}
	s, now := x.stay, x.began.UnixMilli()
	next := session.Session{Backend: balance.KeyOf(t.endpoint.Backend.Name()), Slot: t.endpoint.Identity.Hash, Began: now, Renewed: now}
	if s.was.Backend == next.Backend && s.was.Slot == next.Slot {
		if !s.was.Due(s.spec, x.began) {
			return
		}
		next.Began = s.was.Began
	}
	sealed := s.ring.Seal(&s.room, x.result.Rule.Key, &next)
	if s.spec.Header {
		x.answer.Fields.Set(s.spec.Name, string(sealed))
		return
	}
	x.answer.Fields.Add("Set-Cookie", session.Cookie(x.result.Rule.Spec, &next, sealed, x.secure(), x.began))
}

// secure says whether the client speaks TLS, to us or to a proxy that we trust.
func (x *exchange) secure() bool {
	return x.kind == routing.TLS || x.peer.trusted && message.EqualFold(x.in.Fields.Get("X-Forwarded-Proto"), "https")
}
