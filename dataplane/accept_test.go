package dataplane

import (
	"crypto/tls"
	"io"
	"net/http"
	"testing"

	"fairlead.dev/fairlead/api/snapshot"
)

func TestOnlyWhatARouteAcceptsIsNegotiated(t *testing.T) {
	r := startRig(t)
	r.mount("c", "a.local")
	chain, key := newCertificate(t, rsaKey(t), "rsa", "a.local")
	r.secrets.set("rsa.cert", chain)
	r.secrets.set("rsa.key", key)
	accepts := map[string]*snapshot.Accepts{
		"default.local": nil, "old.local": {MaxVersion: "1.2"}, "cbc.local": {CipherSuites: []string{"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"}},
		"p384.local": {Curves: []string{"P-384"}},
	}
	s := snapshot.Snapshot{Certificates: []snapshot.Certificate{certificateOf("c"), certificateOf("rsa")}}
	for host, a := range accepts {
		route := terminated(routeTo(host, ""), "c", "rsa")
		route.Accepts = a
		s.Routes = append(s.Routes, route)
	}
	r.publish(s)
	r.loaded()
	suite := func(ids ...uint16) func(*tls.Config) {
		return func(c *tls.Config) { c.MaxVersion, c.CipherSuites = tls.VersionTLS12, ids }
	}
	curve := func(ids ...tls.CurveID) func(*tls.Config) { return func(c *tls.Config) { c.CurvePreferences = ids } }
	cbc := suite(tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA)
	for _, c := range []struct {
		host   string
		client func(*tls.Config)
		good   bool
	}{
		{"default.local", func(*tls.Config) {}, true},
		{"default.local", suite(tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256), true},
		{"default.local", suite(tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384), true},
		{"default.local", cbc, false},
		{"default.local", suite(tls.TLS_RSA_WITH_AES_128_GCM_SHA256), false},
		{"old.local", suite(tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256), true},
		{"old.local", func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 }, false},
		{"cbc.local", cbc, true},
		{"cbc.local", suite(tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256), false},
		{"cbc.local", func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 }, true},
		{"p384.local", curve(tls.X25519, tls.CurveP256), false},
		{"p384.local", curve(tls.X25519, tls.CurveP384), true},
		{"default.local", curve(tls.X25519MLKEM768), true},
	} {
		if st, err := r.handshake(c.host, c.client); (err == nil) != c.good {
			t.Errorf("%s: %x %x %v", c.host, st.Version, st.CipherSuite, err)
		}
	}
}

func TestStrictTransportSecurity(t *testing.T) {
	r := startRig(t)
	r.mount("c", "a.local", "b.local")
	o := origin(t, "", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=1")
		if r.URL.Path == "/early" {
			w.WriteHeader(http.StatusEarlyHints)
		}
	})
	strict := terminated(routeTo("a.local", "o"), "c")
	strict.HSTS, strict.InClear = "max-age=31536000; includeSubDomains", true
	moved := snapshot.Rule{Name: "moved", Matches: prefix("/moved"), Filters: []snapshot.Filter{{Redirect: &snapshot.Redirect{StatusCode: 302, Hostname: "b.local"}}}}
	broken := snapshot.Rule{Name: "broken", Matches: prefix("/broken")}
	strict.Rules = append(strict.Rules, moved, broken)
	lax := terminated(routeTo("b.local", "o"), "c")
	lax.Rules[0].Matches = prefix("/here")
	r.publish(snapshot.Snapshot{
		Routes: []*snapshot.Route{strict, lax}, Backends: []snapshot.Backend{backendOf("o", o)}, Certificates: []snapshot.Certificate{certificateOf("c")},
	})
	r.loaded()
	for name, client := range map[string]*http.Client{"HTTP/1.1": r.client(), "HTTP/2.0": r.client(withHTTP2)} {
		for url, want := range map[string]string{
			"https://a.local/": strict.HSTS, "https://a.local/early": strict.HSTS, "https://a.local/moved": strict.HSTS, "https://a.local/broken": strict.HSTS,
			"http://a.local/": "max-age=1", "http://a.local/moved": "", "https://b.local/here": "max-age=1", "https://b.local/lost": "",
		} {
			res, err := client.Get(url)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			res.Body.Close()
			if got := res.Header.Values("Strict-Transport-Security"); len(got) > 1 || res.Header.Get("Strict-Transport-Security") != want {
				t.Errorf("%s %s: %q, want %q", name, url, got, want)
			}
		}
	}
}
