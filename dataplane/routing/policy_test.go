package routing

import (
	"slices"
	"testing"

	"fairlead.dev/fairlead/api/snapshot"
)

func TestAHostAcceptsWhatAllItsRoutesAccept(t *testing.T) {
	cbc, gcm := "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
	for name, c := range map[string]struct {
		min    []string // of each Route
		routes []*snapshot.Accepts
		want   snapshot.Accepts
	}{
		"by default":                   {routes: []*snapshot.Accepts{nil, nil}, want: snapshot.Accepts{CipherSuites: intermediate}},
		"one that narrows nothing":     {routes: []*snapshot.Accepts{{CipherSuites: []string{cbc, gcm}}, nil}, want: snapshot.Accepts{CipherSuites: []string{gcm}}},
		"the other way round":          {routes: []*snapshot.Accepts{nil, {CipherSuites: []string{cbc, gcm}}}, want: snapshot.Accepts{CipherSuites: []string{gcm}}},
		"nothing in common":            {routes: []*snapshot.Accepts{{CipherSuites: []string{cbc}}, {CipherSuites: []string{gcm}}}, want: snapshot.Accepts{CipherSuites: []string{cbc}}},
		"curves":                       {routes: []*snapshot.Accepts{{Curves: []string{"P-256", "X25519"}}, nil, {Curves: []string{"P-384", "X25519"}}}, want: snapshot.Accepts{CipherSuites: intermediate, Curves: []string{"X25519"}}},
		"curves of the second":         {routes: []*snapshot.Accepts{nil, {Curves: []string{"P-256"}}}, want: snapshot.Accepts{CipherSuites: intermediate, Curves: []string{"P-256"}}},
		"the oldest of newest":         {routes: []*snapshot.Accepts{{MaxVersion: "1.3"}, {MaxVersion: "1.2"}, nil}, want: snapshot.Accepts{CipherSuites: intermediate, MaxVersion: "1.2"}},
		"versions that do not overlap": {min: []string{"1.3", "1.2"}, routes: []*snapshot.Accepts{nil, {MaxVersion: "1.2"}}, want: snapshot.Accepts{CipherSuites: intermediate, MaxVersion: "1.3"}},
	} {
		var p Policy
		for i, a := range c.routes {
			r := &snapshot.Route{Accepts: a, Certificates: []string{"c"}}
			if c.min != nil {
				r.MinVersion = c.min[i]
			}
			p.add(r)
		}
		p.seal()
		if got := p.Accepts; got.MaxVersion != c.want.MaxVersion || !slices.Equal(got.CipherSuites, c.want.CipherSuites) || !slices.Equal(got.Curves, c.want.Curves) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestPoliciesThatDifferHaveOtherKeys(t *testing.T) {
	seen := map[string]int{}
	ask := func(required bool, authority, list string) *snapshot.ClientAuth {
		return &snapshot.ClientAuth{Required: required, Authorities: []string{authority}, Revocations: []string{list}}
	}
	for i, r := range []*snapshot.Route{
		{}, {MinVersion: "1.3"}, {Accepts: &snapshot.Accepts{MaxVersion: "1.2"}}, {Accepts: &snapshot.Accepts{Curves: []string{"P-256"}}},
		{Accepts: &snapshot.Accepts{CipherSuites: []string{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"}}},
		{ClientAuth: ask(true, "a", "x")}, {ClientAuth: ask(false, "a", "x")}, {ClientAuth: ask(true, "b", "x")}, {ClientAuth: ask(true, "a", "y")},
	} {
		var p Policy
		p.add(r)
		p.seal()
		if last, ok := seen[p.Key]; ok {
			t.Errorf("%d and %d have one Key: %s", last, i, p.Key)
		}
		seen[p.Key] = i
	}
	var p Policy
	p.add(&snapshot.Route{Accepts: &snapshot.Accepts{CipherSuites: intermediate}})
	p.seal()
	if i, ok := seen[p.Key]; !ok || i != 0 {
		t.Errorf("what is so by default has a Key of its own where it is said: %s", p.Key)
	}
}
