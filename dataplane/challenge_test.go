package dataplane

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/asn1"
	"fmt"
	"net"
	"net/http"
	"slices"
	"testing"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/challenge"
)

func challengesOf(hosts ...string) []snapshot.Challenge {
	var all []snapshot.Challenge
	for _, h := range hosts {
		all = append(all,
			snapshot.Challenge{Type: snapshot.HTTP01, Host: h, Token: "token", KeyAuthorization: "token.print-" + h},
			snapshot.Challenge{Type: snapshot.TLSALPN01, Host: h, Token: "other", KeyAuthorization: "other.print-" + h})
	}
	return all
}

// Whatever Routes say of a host, an authority that looks for a challenge finds it;
// who asks for anything else is not answered by it.
func TestAnAuthorityFindsItsChallenge(t *testing.T) {
	r := startRig(t)
	r.mount("c", "secure.local")
	s := oneRoute(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "application "+r.URL.Path) })
	s.Routes = append(s.Routes, terminated(routeTo("secure.local", "o"), "c"))
	s.Certificates = append(s.Certificates, certificateOf("c"))
	s.Challenges = challengesOf("a.local", "secure.local", "new.local")
	r.publish(s)
	c := r.client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, host := range []string{"a.local", "secure.local", "new.local", "NEW.local:80"} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			resp, body := fetch(t, c, method, "http://"+host+challenge.Prefix+"token")
			want := "token.print-" + routeHost(host)
			if method == http.MethodHead {
				want = ""
			}
			if resp.StatusCode != 200 || body != want {
				t.Errorf("%s %s: %d %q, want %q", method, host, resp.StatusCode, body, want)
			}
		}
	}
	for url, want := range map[string]string{
		"http://a.local" + challenge.Prefix + "application's": "application " + challenge.Prefix + "application's",
		"http://a.local" + challenge.Prefix + "token/more":    "application " + challenge.Prefix + "token/more",
		"http://a.local" + challenge.Prefix + "other":         "application " + challenge.Prefix + "other",
		"http://a.local/token":                                "application /token",
	} {
		if _, body := fetch(t, c, http.MethodGet, url); body != want {
			t.Errorf("%s: %q, want %q", url, body, want)
		}
	}
	if _, body := fetch(t, c, http.MethodPost, "http://a.local"+challenge.Prefix+"token"); body != "application "+challenge.Prefix+"token" {
		t.Errorf("a POST: %q", body)
	}
	if resp, _ := fetch(t, c, http.MethodGet, "http://secure.local"+challenge.Prefix+"unknown"); resp.StatusCode != http.StatusPermanentRedirect {
		t.Errorf("an unknown token: %d", resp.StatusCode)
	}
	s.Challenges = nil
	r.publish(s)
	if _, body := fetch(t, c, http.MethodGet, "http://a.local"+challenge.Prefix+"token"); body != "application "+challenge.Prefix+"token" {
		t.Errorf("once it is withdrawn: %q", body)
	}
}

func routeHost(host string) string {
	if host == "NEW.local:80" {
		return "new.local"
	}
	return host
}

func fetch(t *testing.T, c *http.Client, method, url string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp, readAll(t, resp)
}

func TestAnAuthorityFindsItsChallengeInAHandshake(t *testing.T) {
	r := startRig(t)
	origin := tlsOrigin(t, "own")
	s := passthroughTo("p.local", origin.Addr().String())
	r.mount("c", "secure.local")
	s.Routes = append(s.Routes, terminated(routeTo("secure.local", ""), "c"))
	s.Certificates = append(s.Certificates, certificateOf("c"))
	s.Challenges = challengesOf("p.local", "secure.local", "new.local")
	r.publish(s)
	r.loaded()
	for _, host := range []string{"p.local", "secure.local", "new.local"} {
		state, err := handshakeFor(t, r.https, host, "acme-tls/1")
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		leaf := state.PeerCertificates[0]
		sum := sha256.Sum256([]byte("other.print-" + host))
		want, err := asn1.Marshal(sum[:])
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, e := range leaf.Extensions { // RFC 8737 section 6.1
			found = found || e.Critical && e.Id.Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 31}) && slices.Equal(e.Value, want)
		}
		if !found || state.NegotiatedProtocol != "acme-tls/1" || !slices.Equal(leaf.DNSNames, []string{host}) {
			t.Errorf("%s: protocol %q, names %q, proved %v", host, state.NegotiatedProtocol, leaf.DNSNames, found)
		}
	}
	if state, err := handshakeFor(t, r.https, "p.local", "http/1.1", "acme-tls/1"); err != nil || len(state.PeerCertificates[0].DNSNames) > 0 && state.PeerCertificates[0].DNSNames[0] == "p.local" && state.NegotiatedProtocol == "acme-tls/1" {
		t.Errorf("who offers more is no authority: %+v, %v", state.NegotiatedProtocol, err)
	}
	if _, err := handshakeFor(t, r.https, "unknown.local", "acme-tls/1"); err == nil {
		t.Error("a host without a challenge was proved")
	}
	s.Challenges = nil
	r.publish(s)
	if state, err := handshakeFor(t, r.https, "new.local", "acme-tls/1"); err == nil {
		t.Errorf("once it is withdrawn: %q", state.NegotiatedProtocol)
	}
}

func handshakeFor(t *testing.T, address, host string, protocols ...string) (tls.ConnectionState, error) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	secured := tls.Client(c, &tls.Config{ServerName: host, InsecureSkipVerify: true, NextProtos: protocols}) //nolint:gosec // what is shown is looked at
	err = secured.HandshakeContext(t.Context())
	return secured.ConnectionState(), err
}
