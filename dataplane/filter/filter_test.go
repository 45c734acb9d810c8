package filter

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fairlead.dev/fairlead/api/snapshot"
)

func TestPath(t *testing.T) {
	for _, c := range []struct {
		prefix, value, path, want string
	}{
		{"/a", "/b", "/a/x", "/b/x"}, {"/a", "/b", "/a", "/b"}, {"/a", "/b/", "/a/x", "/b/x"}, {"/a", "/b", "/a/", "/b/"},
		{"/a", "/", "/a/x", "/x"}, {"/a", "/", "/a", "/"}, {"/", "/b", "/x", "/b/x"}, {"/a/", "", "/a", "/"},
		{"/a", "/b", "/a/%2Fx", "/b/%2Fx"},
	} {
		if got := Path(&snapshot.PathModifier{Prefix: true, Value: c.value}, c.path, c.prefix); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	if got := Path(&snapshot.PathModifier{Value: "full"}, "/a/x", "/a"); got != "/full" {
		t.Error(got)
	}
}

func TestLocation(t *testing.T) {
	at := Place{Scheme: "http", Host: "h", Port: 8080, Path: "/a/x", RawQuery: "q=1", Prefix: "/a"}
	for want, r := range map[string]snapshot.Redirect{
		"http://h:8080/a/x?q=1":     {},
		"https://h/a/x?q=1":         {Scheme: "https"},
		"https://h:8443/a/x?q=1":    {Scheme: "https", Port: 8443},
		"http://h/a/x?q=1":          {Port: 80},
		"http://other:8080/a/x?q=1": {Hostname: "other"},
		"http://h:8080/b/x?q=1":     {Path: &snapshot.PathModifier{Prefix: true, Value: "/b"}},
		"http://h:8080/full?q=1":    {Path: &snapshot.PathModifier{Value: "/full"}},
		"http://[::1]:8080/a/x?q=1": {Hostname: "::1"},
		"https://[::1]/a/x?q=1":     {Hostname: "::1", Scheme: "https"},
		"http://h:443/a/x?q=1":      {Port: 443},
		"https://other:80/a/x?q=1":  {Scheme: "https", Port: 80, Hostname: "other"},
	} {
		if got := Location(&r, at); got != want {
			t.Errorf("%+v: %s, want %s", r, got, want)
		}
	}
}

func TestHeadersAreSetThenAddedThenRemoved(t *testing.T) {
	h := http.Header{"A": {"old"}, "C": {"x"}}
	ModifyHeaders(h, &snapshot.HeaderModifier{
		Set: []snapshot.Header{{Name: "A", Value: "1"}}, Add: []snapshot.Header{{Name: "A", Value: "2"}, {Name: "B", Value: "3"}, {Name: "C", Value: "y"}}, Remove: []string{"C"},
	})
	if d := cmp.Diff(http.Header{"A": {"1", "2"}, "B": {"3"}}, h); d != "" {
		t.Error(d)
	}
}
