// Package session keeps a client on one Endpoint (GEP-1619).
//
// A Session is what the client carries for us, in a cookie or a header field: the
// Backend and the slot, each as a hash, and two times. It is sealed with a key
// that all data planes of a cluster have, so it is the same at each of them and
// after a restart, and nothing of it has to be kept here. Who has no key can
// neither make one nor read one, nor take one from one Route to another: the
// Route's key is bound into it.
//
// A slot outlasts its task (snapshot.Endpoint.Slot), so a session survives that its
// task is replaced. Where nobody is in the slot, or whoever is there is passed over,
// the client gets another Endpoint, and another Session.
//
//	Session  the content, and when it is over
//	Ring     keys that are known: Seal, Open
//	Store    gets the keys, by the IDs of their secrets
//	cookie   how it goes to the client
package session

import (
	"encoding/binary"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/balance"
)

// Session says where a client belongs.
type Session struct {
	// Backend is the hash of the Backend's name, Slot that of the Endpoint's slot.
	Backend, Slot balance.Key
	// Began is when the Session was made, Renewed when it was sealed last, both in
	// milliseconds of Unix time.
	Began, Renewed int64
}

// renewals is how often a Session is sealed again in its idle time-out: not with
// each request, but so often that the time of the last is known well enough.
const renewals = 8

// Over says whether the Session has ended by a time-out of spec. An idle one ends
// when it was idle for its time-out for sure, so up to an eighth later.
func (s *Session) Over(spec *snapshot.Session, now time.Time) bool {
	if spec.Absolute > 0 && since(s.Began, now) >= spec.Absolute {
		return true
	}
	return spec.Idle > 0 && since(s.Renewed, now) >= spec.Idle+spec.Idle/renewals
}

// Due says whether the Session is to be sealed again, with the time of now.
func (s *Session) Due(spec *snapshot.Session, now time.Time) bool {
	return spec.Idle > 0 && since(s.Renewed, now) >= spec.Idle/renewals
}

func since(ms int64, now time.Time) time.Duration {
	return time.Duration(now.UnixMilli()-ms) * time.Millisecond
}

// size is the length of a Session in bytes.
const size = 4 * 8

func (s *Session) put(b []byte) {
	binary.BigEndian.PutUint64(b, uint64(s.Backend))
	binary.BigEndian.PutUint64(b[8:], uint64(s.Slot))
	binary.BigEndian.PutUint64(b[16:], uint64(s.Began))
	binary.BigEndian.PutUint64(b[24:], uint64(s.Renewed))
}

func (s *Session) get(b []byte) {
	s.Backend = balance.Key(binary.BigEndian.Uint64(b))
	s.Slot = balance.Key(binary.BigEndian.Uint64(b[8:]))
	s.Began = int64(binary.BigEndian.Uint64(b[16:]))
	s.Renewed = int64(binary.BigEndian.Uint64(b[24:]))
}
