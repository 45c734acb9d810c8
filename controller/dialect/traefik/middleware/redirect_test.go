package middleware

import (
	"fmt"
	"testing"
)

func TestRedirectsByExpression(t *testing.T) {
	for _, c := range []struct{ expression, replacement, host, want string }{
		{`^https?://old\.example\.org/(.*)`, `https://new.example.org/${1}`, "old.example.org", "https new.example.org 0"},
		{`^https?://old.example.org(.*)`, `https://new.example.org$1`, "old.example.org", "https new.example.org 0"},
		{`^http://old\.example\.org/?(.*)$`, `http://new.example.org:8080/${1}`, "old.example.org", "http new.example.org 8080"},
		{`^https:\/\/old\.example\.org\/(.*)`, `https://new.example.org/${1}`, "old.example.org", "https new.example.org 0"},
		{`^https?://old\.example\.org/(.*)`, `https://new.example.org/${1}`, "other.example.org", "no"},
		{`^https?://www\.(.*)`, `https://${1}`, "www.example.org", "https example.org 0"},
		{`^https?://www\.(.+)`, `https://${1}`, "example.org", "no"},
		{`^https?://www\.(.*)`, `https://${1}`, "*.example.org", "no"},
		{`^https?://a\.org/(.*)`, `https://a.org/${1}`, "a.org", "no"},
		{`^https?://a\.org/x/(.*)`, `https://b.org/${1}`, "a.org", "no"},
		{`^https?://(a|b)\.org/(.*)`, `https://c.org/${1}`, "a.org", "no"},
		{`^https?://a\.org/(.*)`, `https://b.org/x/${1}`, "a.org", "no"},
	} {
		got := "no"
		if h, ok := readHostRedirect(c.expression, c.replacement, 302); ok {
			if r, ok := h.Of(c.host); ok {
				got = fmt.Sprint(r.Scheme, " ", r.Hostname, " ", r.Port)
			}
		}
		if got != c.want {
			t.Errorf("%s to %s at %s: %s, want %s", c.expression, c.replacement, c.host, got, c.want)
		}
	}
}

func TestPrefixesByExpression(t *testing.T) {
	for _, c := range []struct{ expression, replacement, want string }{
		{`^/old/(.*)`, `/new/$1`, "/old /new true"},
		{`^/old/(.*)`, `/$1`, "/old  true"},
		{`^/old(/|$)(.*)`, `/${2}`, "/old  true"},
		{`^/(.*)`, `/new/$1`, " /new true"},
		{`^/(.*)`, `/$1`, "  false"},
		{`^/[ab]/(.*)`, `/$1`, "  false"},
		{`^/old/(.*)\.php`, `/new/$1`, "  false"},
	} {
		from, to, ok := prefixes(c.expression, c.replacement)
		if got := fmt.Sprint(from, " ", to, " ", ok); got != c.want {
			t.Errorf("%s to %s: %q, want %q", c.expression, c.replacement, got, c.want)
		}
	}
}

func TestRedirectsOfPaths(t *testing.T) {
	for _, c := range []struct{ expression, replacement, want string }{
		{`https://(.*)/.well-known/(?:card|cal)dav`, `https://${1}/remote.php/dav`, "[/.well-known/carddav /.well-known/caldav] /remote.php/dav"},
		{`^https?://([^/]+)/old$`, `https://$1/new/`, "[/old] /new/"},
		{`https://(.*)/.*`, `https://${1}/x`, "no"},
		{`https://(.*)/a`, `https://other/x`, "no"},
	} {
		got := "no"
		if p, ok := readPathRedirect(c.expression, c.replacement, 301); ok {
			got = fmt.Sprint(p.Paths, " ", *p.To.Path.ReplaceFullPath)
		}
		if got != c.want {
			t.Errorf("%s to %s: %s, want %s", c.expression, c.replacement, got, c.want)
		}
	}
}
