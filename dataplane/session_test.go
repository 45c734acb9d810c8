package dataplane

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
)

// sessions is a Route that keeps sessions at n origins, each in a Slot.
func sessions(t testing.TB, n int, spec snapshot.Session) snapshot.Snapshot {
	s := hashed(t, n, snapshot.HashKey{})
	s.Routes[0].LoadBalancing, s.Routes[0].Hash, s.Routes[0].Rules[0].Session = "", nil, &spec
	s.SessionKeys = []string{"key"}
	return s
}

// cookie is a Session of the defaults.
var cookie = snapshot.Session{Name: "fairlead-session"}

// startSessions starts a Plane that has the cluster's key of sessions.
func startSessions(t *testing.T, s snapshot.Snapshot) *rig {
	t.Helper()
	r := startRig(t)
	r.secrets.set("key", []byte("a key that all data planes have"))
	r.publish(s)
	until(t, "the key is there", func() bool { return r.plane.sessions.Ring() != nil })
	return r
}

// browser keeps cookies.
func browser(t testing.TB, c *http.Client) *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := *c
	b.Jar = jar
	return &b
}

// replaced is s with another task in a Slot, or none, that says the name.
func replaced(t testing.TB, s snapshot.Snapshot, slot, by string, keepOld bool) snapshot.Snapshot {
	b := s.Backends[0]
	var endpoints []snapshot.Endpoint
	for _, e := range b.Endpoints {
		if e.Slot != slot || keepOld {
			endpoints = append(endpoints, e)
		}
	}
	if by != "" {
		endpoints = append(endpoints, snapshot.Endpoint{ID: by, Address: origin(t, by, nil).Listener.Addr().String(), Slot: slot, Created: 1})
	}
	b.Endpoints = endpoints
	s.Backends = append([]snapshot.Backend{b}, s.Backends[1:]...)
	return s
}

func TestABrowserStaysWithItsSlot(t *testing.T) {
	s := sessions(t, 4, cookie)
	for _, version := range []string{"HTTP/1.1", "HTTP/2"} {
		t.Run(version, func(t *testing.T) {
			r := startSessions(t, s)
			var browsers []*http.Client
			slots := map[string]int{}
			for range 4 {
				b := browser(t, r.versions()[version])
				slots[bodyOf(t, b, nil)]++
				browsers = append(browsers, b)
			}
			if len(slots) != 4 {
				t.Error("new browsers do not take turns:", slots)
			}
			second := startSessions(t, s) // another data plane, or the same after a restart
			for _, b := range browsers {
				home := bodyOf(t, b, nil)
				for range 10 {
					if got := bodyOf(t, b, nil); got != home {
						t.Errorf("%s, which was at %s, is at %s", version, home, got)
					}
				}
				b.Transport = second.versions()[version].Transport
				if got := bodyOf(t, b, nil); got != home {
					t.Errorf("the other data plane has it at %s, not %s", got, home)
				}
			}
			successor := "successor of " + bodyOf(t, browsers[0], nil)
			slot := strings.TrimPrefix(successor, "successor of ")
			for _, keepOld := range []bool{true, false} { // start-first, and its end
				second.publish(replaced(t, s, slot, successor, keepOld))
				if got := bodyOf(t, browsers[0], nil); got != successor {
					t.Errorf("after the task was replaced it is at %s", got)
				}
			}
		})
	}
}

func TestAClientWithoutCookiesKeepsAHeaderField(t *testing.T) {
	s := sessions(t, 3, snapshot.Session{Name: "X-Session", Header: true})
	r := startSessions(t, s)
	for version, c := range r.versions() {
		var value, home string
		for i := range 10 {
			req, _ := http.NewRequest("GET", "http://a.local/", nil)
			if value != "" {
				req.Header.Set("X-Session", value)
			}
			res, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body := readAll(t, res)
			if i == 0 {
				value, home = res.Header.Get("X-Session"), body
			}
			if value == "" || body != home || i > 0 && res.Header.Get("X-Session") != "" {
				t.Fatalf("%s, request %d: at %s, not %s, with %q", version, i, body, home, res.Header.Get("X-Session"))
			}
			if res.Header.Get("Set-Cookie") != "" {
				t.Error("there is a cookie, too")
			}
		}
	}
}

// given is the cookie that the answer to a client without one gives, and the body.
func given(t testing.TB, c *http.Client, url string) (*http.Cookie, string) {
	t.Helper()
	res, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	body := readAll(t, res)
	for _, k := range res.Cookies() {
		if k.Name == cookie.Name {
			return k, body
		}
	}
	return nil, body
}

func TestASessionWhoseEndpointIsGoneOrOutMovesAndIsNew(t *testing.T) {
	s := sessions(t, 3, cookie)
	r := startSessions(t, s)
	old, home := given(t, r.client(), "http://a.local/")
	withOld := func(req *http.Request) { req.AddCookie(old) }
	gone := replaced(t, s, home, "", false)
	out := replaced(t, s, home, "", false)
	out.Backends[0].Endpoints = append(out.Backends[0].Endpoints, snapshot.Endpoint{ID: "out", Address: closedAddress(t), Slot: home})
	for name, without := range map[string]snapshot.Snapshot{"gone": gone, "out": out} {
		r.publish(without)
		b := browser(t, r.client())
		next := bodyOf(t, b, withOld)
		if next == home {
			t.Fatal("it is still there")
		}
		for range 6 {
			if got := bodyOf(t, b, nil); got != next {
				t.Errorf("%s: it went to %s and then to %s", name, next, got)
			}
		}
		r.publish(s)
		if got := bodyOf(t, r.client(), withOld); got != home {
			t.Errorf("%s: the old session is at %s, not back at %s", name, got, home)
		}
	}
}

func TestASessionStaysWithItsBackendWhateverTheWeights(t *testing.T) {
	s := sessions(t, 2, cookie)
	s.Backends = append(s.Backends, backendOf("p", origin(t, "p", nil)))
	refs := func(o, p int) []snapshot.BackendRef {
		return []snapshot.BackendRef{{Backend: "o", Weight: o}, {Backend: "p", Weight: p}}
	}
	publish := func(r *rig, o, p int) {
		next := s
		next.Routes = []*snapshot.Route{copyOf(s.Routes[0])}
		next.Routes[0].Rules = []snapshot.Rule{s.Routes[0].Rules[0]}
		next.Routes[0].Rules[0].Backends = refs(o, p)
		r.publish(next)
	}
	r := startSessions(t, s)
	publish(r, 0, 1)
	b := browser(t, r.client())
	if got := bodyOf(t, b, nil); got != "p" {
		t.Fatal(got)
	}
	publish(r, 1, 0)
	for range 4 {
		if got := bodyOf(t, b, nil); got != "p" {
			t.Error("the session left its Backend for", got)
		}
		if got := bodyOf(t, r.client(), nil); got == "p" {
			t.Error("a weight of 0 got a new session")
		}
	}
}

func TestASessionIsOfItsRouteOnlyAndCannotBeMade(t *testing.T) {
	s := sessions(t, 3, cookie)
	other := copyOf(s.Routes[0])
	other.Key, other.Hosts = "other", []string{"b.local"}
	s.Routes = append(s.Routes, other)
	r := startSessions(t, s)
	c := r.client()
	foreign, _ := given(t, c, "http://b.local/")
	own, home := given(t, c, "http://a.local/")
	for name, value := range map[string]string{"another Route's": foreign.Value, "a forged one": strings.Repeat("A", len(own.Value)), "a word": "1"} {
		seen := map[string]bool{}
		for range 3 {
			req, _ := http.NewRequest("GET", "http://a.local/", nil)
			req.AddCookie(&http.Cookie{Name: cookie.Name, Value: value})
			res, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			seen[readAll(t, res)] = true
			if len(res.Cookies()) != 1 {
				t.Errorf("%s got no session", name)
			}
		}
		if len(seen) != 3 {
			t.Errorf("%s session counts: %v", name, seen)
		}
	}
	// Where there are several cookies the one that is good counts.
	both := fmt.Sprintf("%s=%s; %s=%s", cookie.Name, foreign.Value, cookie.Name, own.Value)
	for range 3 {
		if got := bodyOf(t, c, func(req *http.Request) { req.Header.Set("Cookie", both) }); got != home {
			t.Errorf("with two cookies it is at %s, not %s", got, home)
		}
	}
}

func TestWithoutAKeyRequestsAreServedWithoutSessions(t *testing.T) {
	s := sessions(t, 2, cookie)
	r := startRig(t)
	r.publish(s)
	for range 4 {
		if k, body := given(t, r.client(), "http://a.local/"); k != nil || body == "" {
			t.Errorf("%v, %q", k, body)
		}
	}
	if r.plane.Report().Sessions {
		t.Error("it says that it keeps sessions")
	}
	r.secrets.set("key", []byte("a key that all data planes have"))
	until(t, "there are sessions", func() bool {
		k, _ := given(t, r.client(), "http://a.local/")
		return k != nil && r.plane.Report().Sessions
	})
}

func TestSessionsEndInTheirTime(t *testing.T) {
	for name, spec := range map[string]snapshot.Session{
		"absolute": {Name: cookie.Name, Absolute: 20 * time.Millisecond},
		"idle":     {Name: cookie.Name, Idle: 20 * time.Millisecond},
	} {
		r := startSessions(t, sessions(t, 2, spec))
		old, home := given(t, r.client(), "http://a.local/")
		until(t, "the session of a "+name+" time-out has ended", func() bool {
			return bodyOf(t, r.client(), func(req *http.Request) { req.AddCookie(old) }) != home
		})
	}
}

func TestASessionThatIsUsedIsRenewed(t *testing.T) {
	spec := snapshot.Session{Name: cookie.Name, Idle: time.Second, Absolute: time.Hour, Permanent: true}
	r := startSessions(t, sessions(t, 3, spec))
	b := browser(t, r.client())
	home := bodyOf(t, b, nil)
	renewed := 0
	until(t, "the session has lived for longer than it may idle", func() bool {
		res, err := b.Get("http://a.local/")
		if err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, res); got != home {
			t.Fatal("the session ended and went to", got)
		}
		for _, k := range res.Cookies() {
			if renewed++; k.MaxAge < 3590 || k.MaxAge > 3600 {
				t.Error("the cookie is kept for", k.MaxAge)
			}
		}
		return renewed > 8
	})
}

func TestACookieIsSecureOverTLS(t *testing.T) {
	s := sessions(t, 1, snapshot.Session{Name: cookie.Name, Absolute: time.Hour, Permanent: true})
	s.Certificates = []snapshot.Certificate{certificateOf("c")}
	s.Routes[0] = terminated(s.Routes[0], "c")
	s.Routes[0].InClear = true
	s.Routes[0].Rules[0].Matches = prefix("/shop")
	r := startRig(t)
	r.mount("c", "a.local")
	r.secrets.set("key", []byte("a key that all data planes have"))
	r.publish(s)
	r.loaded()
	until(t, "the key is there", func() bool { return r.plane.sessions.Ring() != nil })
	for scheme, c := range map[string]*http.Client{"http": r.client(), "https": r.client(withHTTP2)} {
		k, _ := given(t, c, scheme+"://a.local/shop/x")
		if k == nil {
			t.Fatal("no cookie over", scheme)
		}
		if k.Secure != (scheme == "https") || !k.HttpOnly || k.SameSite != http.SameSiteLaxMode || k.Path != "/shop" || k.MaxAge != 3600 {
			t.Errorf("over %s: %s", scheme, k)
		}
	}
}

func TestAnUpgradeGivesASessionToo(t *testing.T) {
	s := sessions(t, 0, cookie)
	s.Backends[0] = backendOf("o", origin(t, "", websocketOrigin))
	r := startSessions(t, s)
	res := exchangeRaw(t, r.http, "GET / HTTP/1.1\r\nHost: a.local\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	if res.StatusCode != http.StatusSwitchingProtocols || len(res.Cookies()) != 1 {
		t.Error(res.Status, res.Header)
	}
}

func readAll(t testing.TB, res *http.Response) string {
	t.Helper()
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAStaleConnectionMovesNoSession(t *testing.T) {
	s := sessions(t, 0, cookie)
	closers := []*closer{newCloser(t), newCloser(t)}
	for i, c := range closers {
		s.Backends[0].Endpoints = append(s.Backends[0].Endpoints, snapshot.Endpoint{ID: fmt.Sprint(i), Address: c.Addr().String(), Slot: fmt.Sprint(i)})
	}
	r := startSessions(t, s)
	b := browser(t, r.client())
	for range 10 {
		bodyOf(t, b, nil)
	}
	first, second := closers[0], closers[1]
	if first.closed.Load()+second.closed.Load() == 0 {
		t.Fatal("no connection was stale")
	}
	if first.answered.Load() > 0 && second.answered.Load() > 0 {
		t.Errorf("one answered %d requests, the other %d", first.answered.Load(), second.answered.Load())
	}
}
