package session

import (
	"bytes"
	"context"
	"crypto/cipher"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/balance"
)

func ringOf(t testing.TB, secrets ...string) *Ring {
	t.Helper()
	r := &Ring{}
	for _, s := range secrets {
		key, err := newKey([]byte(strings.Repeat(s, leastSecret)))
		if err != nil {
			t.Fatal(err)
		}
		r.keys = append(r.keys, key)
	}
	return r
}

func TestOnlyWhoHasTheKeyReadsASessionAndOnlyOfItsRoute(t *testing.T) {
	var room Room
	rapid.Check(t, func(rt *rapid.T) {
		s := Session{
			balance.Key(rapid.Uint64().Draw(rt, "backend")), balance.Key(rapid.Uint64().Draw(rt, "slot")),
			rapid.Int64().Draw(rt, "began"), rapid.Int64().Draw(rt, "renewed"),
		}
		route := rapid.String().Draw(rt, "route")
		text := string(ringOf(t, "a", "b").Seal(&room, route, &s))
		for _, r := range []*Ring{ringOf(t, "a"), ringOf(t, "c", "a")} {
			if got, ok := r.Open(&room, route, text); !ok || got != s {
				rt.Fatalf("%+v became %+v", s, got)
			}
		}
		if _, ok := ringOf(t, "b", "c").Open(&room, route, text); ok {
			rt.Fatal("opened with another key")
		}
		if _, ok := ringOf(t, "a").Open(&room, route+"x", text); ok {
			rt.Fatal("opened for another Route")
		}
		at, with := rapid.IntRange(0, len(text)-1).Draw(rt, "at"), rapid.Byte().Draw(rt, "with")
		forged := []byte(text)
		forged[at] = with
		if _, ok := ringOf(t, "a").Open(&room, route, string(forged)); ok && with != text[at] {
			rt.Fatalf("opened with %q at %d", with, at)
		}
	})
}

// A decoder that passes over line breaks would leave the end to what was decoded
// before.
func TestALineBreakIsNoPartOfASession(t *testing.T) {
	var room Room
	r := ringOf(t, "a")
	text := string(r.Seal(&room, "route", &Session{Began: 1}))
	if _, ok := r.Open(&room, "route", text); !ok {
		t.Fatal("not opened")
	}
	for at := range text {
		for _, with := range []string{"\n", "\r"} {
			if _, ok := r.Open(&room, "route", text[:at]+with+text[at+1:]); ok {
				t.Errorf("opened with %q at %d", with, at)
			}
		}
	}
}

func TestNothingCanBeLearntOfASession(t *testing.T) {
	var room Room
	r, s := ringOf(t, "a"), Session{Backend: 1, Slot: 2, Began: 3, Renewed: 4}
	first := string(r.Seal(&room, "r", &s))
	if second := string(r.Seal(&room, "r", &s)); first == second {
		t.Error("two of one slot are the same")
	}
	s.Slot = 1 << 60
	if other := r.Seal(&room, "another/route", &s); len(other) != len(first) {
		t.Error("the length tells")
	}
	for _, text := range []string{"", "x", strings.Repeat("!", textSize), strings.Repeat("A", textSize), first + "A"} {
		if _, ok := r.Open(&room, "r", text); ok {
			t.Errorf("%q is a session", text)
		}
	}
}

func TestASessionIsOpenedWithoutMemory(t *testing.T) {
	r, s, room := ringOf(t, "a"), Session{Backend: 1}, new(Room)
	text := string(r.Seal(room, "r", &s))
	if n := testing.AllocsPerRun(100, func() { r.Open(room, "r", text) }); n != 0 {
		t.Errorf("%v allocations to open", n)
	}
}

func TestASessionEnds(t *testing.T) {
	now := time.UnixMilli(1e12)
	s := Session{Began: now.UnixMilli(), Renewed: now.UnixMilli()}
	for _, tc := range []struct {
		spec      snapshot.Session
		after     time.Duration
		over, due bool
	}{
		{snapshot.Session{}, 1000 * time.Hour, false, false},
		{snapshot.Session{Absolute: time.Hour}, time.Hour - time.Millisecond, false, false},
		{snapshot.Session{Absolute: time.Hour}, time.Hour, true, false},
		{snapshot.Session{Idle: time.Hour}, 7 * time.Minute, false, false},
		{snapshot.Session{Idle: time.Hour}, 8 * time.Minute, false, true},
		{snapshot.Session{Idle: time.Hour}, time.Hour, false, true},
		{snapshot.Session{Idle: time.Hour}, 68 * time.Minute, true, true},
		{snapshot.Session{Absolute: time.Hour, Idle: time.Minute}, -time.Hour, false, false}, // another's clock
	} {
		at := now.Add(tc.after)
		if s.Over(&tc.spec, at) != tc.over || s.Due(&tc.spec, at) != tc.due {
			t.Errorf("%+v after %v: over %v, due %v", tc.spec, tc.after, s.Over(&tc.spec, at), s.Due(&tc.spec, at))
		}
	}
}

func TestCookies(t *testing.T) {
	now := time.UnixMilli(1e12)
	prefix := func(p string) snapshot.Match {
		return snapshot.Match{Path: snapshot.PathMatch{Type: snapshot.PathPrefix, Value: p}}
	}
	exact := snapshot.Match{Path: snapshot.PathMatch{Type: snapshot.Exact, Value: "/a"}}
	for want, rule := range map[string]snapshot.Rule{
		"s=x; Path=/; HttpOnly; SameSite=Lax":                        {Session: &snapshot.Session{}, Matches: []snapshot.Match{prefix("/")}},
		"s=x; Path=/a; HttpOnly; SameSite=Lax":                       {Session: &snapshot.Session{Absolute: time.Hour}, Matches: []snapshot.Match{prefix("/a"), prefix("/a")}},
		"s=x; Path=/; Max-Age=1800; HttpOnly; SameSite=Lax":          {Session: &snapshot.Session{Absolute: time.Hour, Permanent: true}, Matches: []snapshot.Match{exact}},
		"s=x; Path=/; Max-Age=5400; Secure; HttpOnly; SameSite=Lax":  {Session: &snapshot.Session{Absolute: 2 * time.Hour, Permanent: true}, Matches: []snapshot.Match{prefix("/a"), prefix("/b")}},
		"s=x; Path=/; Max-Age=12600; Secure; HttpOnly; SameSite=Lax": {Session: &snapshot.Session{Absolute: 4 * time.Hour, Permanent: true}, Matches: []snapshot.Match{prefix("/a;b")}},
		"s=x; Path=/; Max-Age=23400; Secure; HttpOnly; SameSite=Lax": {Session: &snapshot.Session{Absolute: 7 * time.Hour, Permanent: true}, Matches: []snapshot.Match{prefix("/")}},
		"s=x; Path=/b/c; Secure; HttpOnly; SameSite=Lax":             {Session: &snapshot.Session{}, Matches: []snapshot.Match{prefix("/b/c")}},
	} {
		rule.Session.Name = "s"
		s := Session{Began: now.Add(-30 * time.Minute).UnixMilli()}
		if d := cmp.Diff(want, Cookie(&rule, &s, []byte("x"), strings.Contains(want, "Secure"), now)); d != "" {
			t.Error(d)
		}
	}
}

// vault is secrets that come late.
type vault struct {
	mu    sync.Mutex
	bytes map[string][]byte
}

func (v *vault) set(id string, b []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.bytes[id] = b
}

func (v *vault) fetch(_ context.Context, id string) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if b := v.bytes[id]; b != nil {
		return b, nil
	}
	return nil, errors.New("not yet")
}

func TestKeysComeLateAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{bytes: map[string][]byte{}}
		var log bytes.Buffer
		changes := 0
		s := NewStore(v.fetch, func() { changes++ }, slog.New(slog.NewTextHandler(&log, nil)))
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan struct{})
		go func() { defer close(ran); _ = s.Run(ctx) }()
		keys := func() []cipher.AEAD {
			time.Sleep(2 * lastPause)
			synctest.Wait()
			if r := s.Ring(); r != nil {
				return r.keys
			}
			return nil
		}
		s.Sync([]string{"new", "old"})
		if n := len(keys()); n != 0 {
			t.Fatalf("%d keys of nothing", n)
		}
		v.set("old", []byte("0123456789abcdef"))
		first := keys()
		if len(first) != 1 {
			t.Fatalf("%d keys", len(first))
		}
		v.set("new", []byte("fedcba9876543210"))
		if both := keys(); len(both) != 2 || both[1] != first[0] {
			t.Fatalf("%d keys, or not in their order", len(both))
		}
		v.set("short", []byte("x"))
		s.Sync([]string{"short", "old"})
		if left := keys(); len(left) != 1 || left[0] != first[0] || !strings.Contains(log.String(), "no session key") {
			t.Fatalf("%d keys, and said was: %s", len(left), log.String())
		}
		if s.Sync(nil); keys() != nil {
			t.Error("keys that nobody names are still used")
		}
		cancel()
		<-ran
		if changes != 3 {
			t.Errorf("%d keys have come, good ones or not", changes)
		}
	})
}
