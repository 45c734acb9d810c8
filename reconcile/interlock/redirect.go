package interlock

import (
	"net/url"
	"strconv"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// redirect is one item of the label, or what ssl_only asks for.
type redirect struct {
	// source is the host, secure that its TLS side redirects as well.
	source string
	secure bool
	target target
}

// target is where a redirect goes; what is empty stays as it was asked for.
type target struct {
	scheme, host, path string
	port, code         int
}

// readRedirects reads "from,to;from,to". A source that is not among the hosts
// is added to them.
func (t *translation) readRedirects(w *wish) {
	for _, item := range items(t.text(redirects), ";") {
		pair := items(item, ",")
		if len(pair) != 2 {
			t.wrong(redirects, "%q must be two URLs, as in http://old.example.org,http://new.example.org", item)
			continue
		}
		if r, ok := t.readRedirect(w, pair[0], pair[1]); ok && t.isNew(w, r) {
			if !w.hasHost(r.source) {
				t.note(redirects, "redirects %s, which is not in hosts: it is added", r.source)
				w.hosts = append(w.hosts, r.source)
			}
			w.redirects = append(w.redirects, r)
		}
	}
}

func (t *translation) isNew(w *wish, r redirect) bool {
	for _, other := range w.redirects {
		if other.source == r.source {
			t.wrong(redirects, "says twice where %s goes: the first counts, remove the other", r.source)
			return false
		}
	}
	return true
}

func (t *translation) readRedirect(w *wish, from, to string) (redirect, bool) {
	source, ok := t.readURL(from)
	if !ok {
		return redirect{}, false
	}
	goal, ok := t.readURL(to)
	if !ok {
		return redirect{}, false
	}
	r := redirect{source: source.host, target: goal}
	r.target.code = 302
	if source.path != "" {
		t.wrong(redirects, "redirects %s, but only whole hosts are redirected: write it without the path", from)
		return r, false
	}
	if source.host == goal.host && (source.scheme == goal.scheme || goal.scheme == "" || goal.scheme == "http") && goal.port == source.port {
		t.wrong(redirects, "redirects %s to itself: remove it", from)
		return r, false
	}
	if source.host == goal.host {
		r.target.host = ""
	}
	t.checkSides(w, &r, source, goal)
	return r, true
}

// checkSides says which side of the source redirects: the plain one, as with
// Interlock, and where the source is an https URL the other one too, if it is
// decrypted here.
func (t *translation) checkSides(w *wish, r *redirect, source, goal target) {
	switch {
	case source.scheme == "https" && w.terminates():
		r.secure = true
		t.note(redirects, "redirects %s with TLS as well, which Interlock did not", r.source)
	case source.scheme == "https":
		t.wrong(redirects, "redirects https://%s, but TLS is not decrypted here for it, so only plain HTTP is redirected", r.source)
	case w.passthrough():
		t.note(redirects, "redirects the plain side of %s, which Interlock did not with ssl_passthrough", r.source)
	case r.target.host == "" && goal.scheme == "https" && w.tls == nil:
		t.note(redirects, "redirects %s to https, where this service is not served: add ssl_cert and ssl_key, or ssl_passthrough", r.source)
	}
}

// readURL reads one half of an item. Without a scheme it is a host.
func (t *translation) readURL(s string) (target, bool) {
	full := s
	if !strings.Contains(s, "://") {
		full = "//" + s
	}
	u, err := url.Parse(full)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
		t.wrong(redirects, "%q is no URL such as http://old.example.org", s)
		return target{}, false
	}
	host, ok := t.host(redirects, u.Hostname())
	if !ok || strings.Contains(host, "*") {
		t.wrong(redirects, "%q has no host that can be redirected", s)
		return target{}, false
	}
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	if path != "" && (!rootFormat.MatchString(path) || hasDots(path)) {
		t.wrong(redirects, "%q has a path that no request could have", s)
		return target{}, false
	}
	return withPort(t, s, target{scheme: u.Scheme, host: host, path: path}, u.Port())
}

func withPort(t *translation, s string, g target, number string) (target, bool) {
	if number == "" {
		return g, true
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > 65535 {
		t.wrong(redirects, "%q has a port that is no number from 1 to 65535", s)
		return g, false
	}
	if own := map[string]int{"http": 80, "https": 443}[g.scheme]; n != own {
		g.port = n
	}
	return g, true
}

// filter is the redirect as a Filter.
func (g target) filter() v1alpha1.Filter {
	r := &v1alpha1.RequestRedirect{Scheme: g.scheme, Hostname: g.host, Port: g.port, StatusCode: g.code}
	if g.path != "" {
		r.Path = &v1alpha1.PathModifier{Type: v1alpha1.ReplacePrefixMatch, ReplacePrefixMatch: &g.path}
	}
	return v1alpha1.Filter{Type: v1alpha1.FilterRequestRedirect, RequestRedirect: r}
}
