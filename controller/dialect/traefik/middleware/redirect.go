package middleware

import (
	"regexp"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/labels"
	"fairlead.dev/fairlead/controller/dialect/traefik/rule"
)

// HostRedirect is a redirect of one host, or of all that start with a prefix,
// which then goes.
type HostRedirect struct {
	host, prefix string
	to           v1alpha1.RequestRedirect
}

var (
	// fromHost is ^https?://host/(.*) in the ways in which people write it.
	fromHost = regexp.MustCompile(`^\^?(?:https\?|https|http|\(https\?\)|\(\?:https\?\)|\(http\|https\)):(?:\\?/){2}([A-Za-z0-9\\.\-]+?)(\(\.[*+]\))?(?:\\?/?\(?\.\*\)?|\\?/\??\(\.\*\)|/)?\$?$`)
	// toHost is https://other/${1}.
	toHost = regexp.MustCompile(`^(https?)://([A-Za-z0-9.\-]*)(?::(\d+))?(\$\{?\d\}?)?(?:/?(\$\{?\d\}?)?)?$`)
)

// readHostRedirect reads a redirect by expression that changes the host and
// leaves the rest.
func readHostRedirect(expression, replacement string, status int) (HostRedirect, bool) {
	from, to := fromHost.FindStringSubmatch(expression), toHost.FindStringSubmatch(replacement)
	if from == nil || to == nil {
		return HostRedirect{}, false
	}
	name := strings.ToLower(strings.ReplaceAll(from[1], `\.`, "."))
	h := HostRedirect{to: v1alpha1.RequestRedirect{Scheme: to[1], StatusCode: status}}
	h.to.Port, _ = labels.NumberOf(to[3])
	if to[2] == "" {
		h.prefix = name // as in ^https?://www\.(.*) to https://${1}
		return h, strings.HasSuffix(name, ".") && to[4] != ""
	}
	host, ok1 := labels.Host(name)
	target, ok2 := labels.Host(to[2])
	h.host, h.to.Hostname = host, target
	return h, ok1 && ok2 && !strings.Contains(name, `\`)
}

// Of is the redirect of a host, if it has one.
func (h *HostRedirect) Of(host string) (v1alpha1.RequestRedirect, bool) {
	r := h.to
	if h.prefix == "" {
		return r, host == h.host && host != r.Hostname
	}
	rest, ok := strings.CutPrefix(host, h.prefix)
	r.Hostname = rest
	return r, ok && rest != "" && !strings.Contains(host, "*")
}

// PathRedirect is a redirect of a few whole paths.
type PathRedirect struct {
	Paths []string
	To    v1alpha1.RequestRedirect
}

var (
	// fromPath is https://(.*)/some/path, toPath https://${1}/another.
	fromPath = regexp.MustCompile(`^\^?(?:https\?|https|http|\(https\?\)):(?:\\?/){2}\((?:\.[*+]|\[\^/\][*+])\)(\\?/.+)$`)
	// bareDot is a dot without a backslash, which people mean as a dot.
	bareDot = regexp.MustCompile(`(^|[^\\])\.([^*+?]|$)`)
	toPath  = regexp.MustCompile(`^(https?)://\$\{?1\}?(/[A-Za-z0-9._~/-]*)$`)
)

// readPathRedirect reads a redirect by expression that changes a few paths of
// any host, as for .well-known/carddav.
func readPathRedirect(expression, replacement string, status int) (PathRedirect, bool) {
	from, to := fromPath.FindStringSubmatch(expression), toPath.FindStringSubmatch(replacement)
	if from == nil || to == nil {
		return PathRedirect{}, false
	}
	paths, ok := rule.Literals(bareDot.ReplaceAllString(from[1], `${1}\.${2}`))
	return PathRedirect{paths, v1alpha1.RequestRedirect{Scheme: to[1], StatusCode: status, Path: &v1alpha1.PathModifier{
		Type: v1alpha1.ReplaceFullPath, ReplaceFullPath: &to[2]}}}, ok
}

var (
	fromPrefix = regexp.MustCompile(`^\^?((?:/[A-Za-z0-9._~-]+)*)(?:/?\(\.\*\)|/\?\(\.\*\)|\(/\.\*\)|\(/\|\$\)\(\.\*\))\$?$`)
	toPrefix   = regexp.MustCompile(`^((?:/[A-Za-z0-9._~-]+)*)/?\$\{?\d\}?$`)
)

// prefixes reads a replacement by expression that only changes the prefix.
func prefixes(expression, replacement string) (from, to string, ok bool) {
	f, t := fromPrefix.FindStringSubmatch(expression), toPrefix.FindStringSubmatch(replacement)
	if f == nil || t == nil || f[1]+t[1] == "" {
		return "", "", false
	}
	return f[1], t[1], true
}
