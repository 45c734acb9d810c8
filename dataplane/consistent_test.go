package dataplane

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"fairlead.dev/fairlead/api/snapshot"
)

// hashed is a Route whose keys go to one of n origins that say their names, each
// in a Slot.
func hashed(t testing.TB, n int, key snapshot.HashKey) snapshot.Snapshot {
	s := snapshot.Snapshot{Routes: []*snapshot.Route{routeTo("a.local", "o")}, Backends: []snapshot.Backend{{ID: "o", Name: "o"}}}
	s.Routes[0].LoadBalancing, s.Routes[0].Hash = "ConsistentHash", &key
	for i := range n {
		name := fmt.Sprint(i + 1)
		s.Backends[0].Endpoints = append(s.Backends[0].Endpoints, snapshot.Endpoint{
			ID: "task" + name, Address: origin(t, name, nil).Listener.Addr().String(), Slot: name,
		})
	}
	return s
}

// versions are clients of each version of HTTP.
func (r *rig) versions() map[string]*http.Client {
	return map[string]*http.Client{"HTTP/1.1": r.client(), "HTTP/2": r.client(withH2C)}
}

// bodyOf returns the body of the answer to a request that change has its way with.
func bodyOf(t testing.TB, c *http.Client, change func(*http.Request)) string {
	t.Helper()
	req, err := http.NewRequest("GET", "http://a.local/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(req)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res.Status, err)
	}
	return string(body)
}

// certificateBy returns the name in the certificate that a name is served with.
func certificateBy(t testing.TB, dialer *net.Dialer, address, name string) string {
	t.Helper()
	c, err := tls.DialWithDialer(dialer, "tcp", address, &tls.Config{ServerName: name, InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].Subject.CommonName
}

func TestAKeyGoesToOneEndpointByEveryDataPlane(t *testing.T) {
	for name, tc := range map[string]struct {
		key snapshot.HashKey
		put func(r *http.Request, key string)
	}{
		"cookie": {snapshot.HashKey{Cookie: "session"}, func(r *http.Request, key string) { r.Header.Set("Cookie", "a=b; session="+key) }},
		"header": {snapshot.HashKey{Header: "X-User"}, func(r *http.Request, key string) { r.Header.Set("X-User", key) }},
		"query":  {snapshot.HashKey{Query: "user"}, func(r *http.Request, key string) { r.URL.RawQuery = "a=b&user=" + key }},
	} {
		t.Run(name, func(t *testing.T) {
			first, second := startRig(t), startRig(t)
			s := hashed(t, 4, tc.key)
			first.publish(s)
			second.publish(s)
			seen := map[string]bool{}
			for i := range 12 {
				key := fmt.Sprint("key", i)
				want := bodyOf(t, first.client(), func(r *http.Request) { tc.put(r, key) })
				seen[want] = true
				for _, rig := range []*rig{first, second} {
					for version, c := range rig.versions() {
						if got := bodyOf(t, c, func(r *http.Request) { tc.put(r, key) }); got != want {
							t.Errorf("%s over %s went to %s and to %s", key, version, want, got)
						}
					}
				}
			}
			if len(seen) < 2 {
				t.Error("all keys went to one Endpoint")
			}
			counts := map[string]int{}
			for range 20 {
				counts[bodyOf(t, first.client(), nil)]++
			}
			for _, n := range counts {
				if len(counts) != 4 || n != 5 {
					t.Fatal("requests without the key do not take turns:", counts)
				}
			}
		})
	}
}

func TestAClientsAddressIsAKeyInHTTPAndInPassthrough(t *testing.T) {
	r := startRig(t)
	s := hashed(t, 5, snapshot.HashKey{ClientIP: true})
	var addresses []string
	for i := range 5 {
		addresses = append(addresses, tlsOrigin(t, fmt.Sprint(i+1)).Addr().String())
	}
	p := passthroughTo("p.local", addresses...)
	p.Routes[0].LoadBalancing, p.Routes[0].Hash = "ConsistentHash", s.Routes[0].Hash
	for i := range p.Backends[0].Endpoints {
		p.Backends[0].Endpoints[i].Slot = fmt.Sprint(i + 1)
	}
	s.Routes, s.Backends = append(s.Routes, p.Routes...), append(s.Backends, p.Backends...)
	r.publish(s)
	seen := map[string]bool{}
	for i := range 12 {
		local := &net.TCPAddr{IP: net.IPv4(127, 0, 3, byte(i+1))}
		dialer := &net.Dialer{LocalAddr: local}
		c := r.client(func(tr *http.Transport) {
			tr.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, r.http)
			}
		})
		want := bodyOf(t, c, nil)
		seen[want] = true
		for range 3 {
			if got := bodyOf(t, c, nil); got != want {
				t.Errorf("%s went to %s and to %s", local.IP, want, got)
			}
			if got := certificateBy(t, dialer, r.https, "p.local"); got != want {
				t.Errorf("%s went to %s by HTTP and to %s by passthrough", local.IP, want, got)
			}
		}
	}
	if len(seen) < 2 {
		t.Error("all addresses went to one Endpoint")
	}
}

func TestKeysOfAFailedEndpointGoToTheNextOnlyWhileItFails(t *testing.T) {
	r := startRig(t)
	s := hashed(t, 3, snapshot.HashKey{Header: "X-User"})
	r.publish(s)
	c := r.client()
	user := func(r *http.Request) { r.Header.Set("X-User", "anna") }
	first := bodyOf(t, c, user)
	home := s.Backends[0].Endpoints
	broken := append([]snapshot.Endpoint(nil), home...)
	for i := range broken {
		if broken[i].Slot == first {
			broken[i].Address = closedAddress(t)
		}
	}
	s.Backends = []snapshot.Backend{{ID: "o", Name: "o", Endpoints: broken}}
	r.publish(s)
	second := bodyOf(t, c, user)
	if second == first {
		t.Fatal("nobody stood in")
	}
	for range 5 {
		if got := bodyOf(t, c, user); got != second {
			t.Errorf("%s stood in for %s, and then %s", second, first, got)
		}
	}
	s.Backends = []snapshot.Backend{{ID: "o", Name: "o", Endpoints: home}}
	r.publish(s)
	if got := bodyOf(t, c, user); got != first {
		t.Errorf("the key did not come back to %s but went to %s", first, got)
	}
}
