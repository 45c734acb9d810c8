package filter

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/message"
)

// fields makes fields of lines.
func fields(lines ...string) message.Fields {
	var f message.Fields
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ": ")
		f.Add(name, value)
	}
	return f
}

func lines(f message.Fields) []string {
	var out []string
	for _, l := range f {
		out = append(out, l.Name+": "+l.Value)
	}
	return out
}

func TestCORS(t *testing.T) {
	star, some := []string{"*"}, []string{"https://foo.example", "https://*.bar.example:8443"}
	asks := fields("Origin: https://foo.example", "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: X-A, X-B")
	for _, tc := range []struct {
		name      string
		cors      snapshot.CORS
		request   message.Fields
		answer    message.Fields
		preflight bool
		want      []string
	}{
		{"a simple request of any origin", snapshot.CORS{Origins: star}, fields("Origin: https://foo.example"), fields("A: 1"), false,
			[]string{"A: 1", "Access-Control-Allow-Origin: *"}},
		{"one of several origins, in place of what the backend says", snapshot.CORS{Origins: some, Expose: []string{"X-A", "X-B"}}, fields("Origin: https://foo.example"),
			fields("access-control-allow-origin: *", "Access-Control-Max-Age: 600", "Vary: Accept"), false,
			[]string{"Vary: Accept", "Vary: Origin", "Access-Control-Allow-Origin: https://foo.example", "Access-Control-Expose-Headers: X-A, X-B"}},
		{"another origin", snapshot.CORS{Origins: some, Credentials: true}, fields("Origin: https://evil.example"), fields("Access-Control-Allow-Origin: *"), false, []string{"Vary: Origin"}},
		{"no origin", snapshot.CORS{Origins: some}, nil, fields("Vary: accept, origin"), false, []string{"Vary: accept, origin"}},
		{"no origin, and any would do", snapshot.CORS{Origins: star}, nil, nil, false, nil},
		{"a preflight", snapshot.CORS{Origins: some, Methods: []string{"GET", "PUT"}, Headers: []string{"X-A"}, MaxAge: 60}, asks, nil, true,
			[]string{"Vary: Origin", "Access-Control-Allow-Origin: https://foo.example", "Access-Control-Allow-Methods: GET, PUT", "Access-Control-Allow-Headers: X-A", "Access-Control-Max-Age: 60"}},
		{"a preflight for everything", snapshot.CORS{Origins: star, Methods: star, Headers: star, Expose: star, MaxAge: 5}, asks, nil, true,
			[]string{"Access-Control-Allow-Origin: *", "Access-Control-Allow-Methods: *", "Access-Control-Allow-Headers: *", "Access-Control-Expose-Headers: *", "Access-Control-Max-Age: 5"}},
		{"a preflight for everything with credentials", snapshot.CORS{Origins: star, Methods: star, Headers: star, Credentials: true, MaxAge: 5}, asks, nil, true,
			[]string{"Vary: Origin", "Access-Control-Allow-Origin: https://foo.example", "Access-Control-Allow-Credentials: true", "Access-Control-Allow-Methods: PUT", "Access-Control-Allow-Headers: X-A, X-B", "Access-Control-Max-Age: 5"}},
		{"everything with credentials", snapshot.CORS{Origins: star, Methods: star, Headers: star, Expose: star, Credentials: true}, fields("Origin: https://foo.example", "Cookie: a=b"), fields("X-A: 1", "X-A: 2", "Vary: *"), false,
			[]string{"X-A: 1", "X-A: 2", "Vary: *", "Access-Control-Allow-Origin: https://foo.example", "Access-Control-Allow-Credentials: true", "Access-Control-Expose-Headers: X-A, Vary"}},
		{"credentials that are not allowed", snapshot.CORS{Origins: star}, fields("Origin: https://foo.example", "Authorization: Basic x"), nil, false, nil},
	} {
		f := tc.answer
		CORS(&f, &tc.cors, &message.Request{Fields: tc.request}, tc.preflight)
		if d := cmp.Diff(tc.want, lines(f)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, d)
		}
	}
}

func TestOrigins(t *testing.T) {
	list := []string{"https://foo.example", "https://*.bar.example:8443", "http://*"}
	for origin, want := range map[string]bool{
		"https://foo.example": true, "http://foo.example:8080": false, "https://foo.example:8443": false, "https://xfoo.example": false,
		"https://a.bar.example:8443": true, "https://a.b.bar.example:8443": true, "https://bar.example:8443": false, "https://.bar.example:8443": false,
		"https://evil.example:1/.bar.example:8443": false, "https://evil@a.bar.example:8443": false, "https://a.bar.example": false, "https://abar.example:8443": false,
		"http://anything.at.all": true, "http://": false, "null": false,
	} {
		if got := allows(list, origin); got != want {
			t.Errorf("%s: %v", origin, got)
		}
	}
	if !allows([]string{"*"}, "null") {
		t.Error("* is every origin")
	}
}
