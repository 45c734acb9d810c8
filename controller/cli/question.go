package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"fairlead.dev/fairlead/dataplane/routing"
)

// question is a request to ask about.
type question struct {
	url      string
	cluster  string // the service cluster
	listener routing.Listener
	request  routing.Request
}

func newQuestion(method, text string, headers []string) (question, error) {
	if kind, _, ok := strings.Cut(text, "/"); ok && kindNamed(kind) != nil {
		return question{}, fmt.Errorf("%s: trace is about requests to Routes, not about objects: give a URL, such as https://demo.local/api", text)
	}
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return question{}, err
	}
	q := question{url: text, request: routing.Request{
		Host: u.Host, Method: strings.ToUpper(method), Path: u.EscapedPath(), RawQuery: u.RawQuery,
	}}
	switch {
	case u.Host == "":
		return q, fmt.Errorf("%q has no host", text)
	case u.Scheme == "https":
		q.listener, q.request.SNI = routing.TLS, u.Hostname()
	case u.Scheme != "http":
		return q, fmt.Errorf("%q: the scheme must be http or https", text)
	}
	fields := http.Header{}
	for _, h := range headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			return q, fmt.Errorf("--header %q: write 'NAME: VALUE'", h)
		}
		fields.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	q.request.Headers = fields
	return q, nil
}
