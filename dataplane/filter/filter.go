// Package filter computes what the Filters of a Rule make of a request or an
// answer: changed header fields, a rewritten path, the address of a redirect.
// It knows neither an HTTP engine nor how a Rule was chosen, and keeps nothing.
package filter

import (
	"net"
	"strconv"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
)

// Headers are header fields that can be changed. http.Header is one.
type Headers interface {
	Set(name, value string)
	Add(name, value string)
	Del(name string)
}

// ModifyHeaders changes h: set, then add, then remove.
func ModifyHeaders(h Headers, m *snapshot.HeaderModifier) {
	for _, f := range m.Set {
		h.Set(f.Name, f.Value)
	}
	for _, f := range m.Add {
		h.Add(f.Name, f.Value)
	}
	for _, name := range m.Remove {
		h.Del(name)
	}
}

// Place is where a request came to.
type Place struct {
	// Scheme is "http" or "https".
	Scheme string
	// Host is the host name without port; an IPv6 address has no brackets.
	Host string
	// Port is the Listener's.
	Port int
	// Path and RawQuery are as on the wire.
	Path, RawQuery string
	// Prefix is what the PathPrefix of the Match covered, "/" where there is none.
	Prefix string
}

// Location returns the address of a redirect. What r leaves out comes from at;
// the port, where it is left out, is the scheme's own if r has a scheme, else
// the Listener's. A port that is the scheme's own is not written.
func Location(r *snapshot.Redirect, at Place) string {
	scheme, host, port, path := at.Scheme, at.Host, r.Port, at.Path
	if r.Scheme != "" {
		scheme = r.Scheme
	}
	if r.Hostname != "" {
		host = r.Hostname
	}
	if port == 0 && r.Scheme == "" {
		port = at.Port
	}
	if r.Path != nil {
		path = Path(r.Path, at.Path, at.Prefix)
	}
	location := scheme + "://" + authority(scheme, host, port) + path
	if at.RawQuery != "" {
		location += "?" + at.RawQuery
	}
	return location
}

func authority(scheme, host string, port int) string {
	if port == 0 || port == 80 && scheme == "http" || port == 443 && scheme == "https" {
		if strings.Contains(host, ":") {
			return "[" + host + "]"
		}
		return host
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// Path returns path with the whole of it, or with what prefix covers of it,
// replaced.
func Path(m *snapshot.PathModifier, path, prefix string) string {
	replaced := m.Value
	if m.Prefix {
		rest := strings.TrimPrefix(path, strings.TrimRight(prefix, "/"))
		replaced = strings.TrimRight(m.Value, "/") + rest
	}
	if !strings.HasPrefix(replaced, "/") {
		return "/" + replaced
	}
	return replaced
}
