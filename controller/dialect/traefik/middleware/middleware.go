package middleware

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/labels"
	"fairlead.dev/fairlead/controller/dialect/rewrite"
	"fairlead.dev/fairlead/controller/dialect/traefik/object"
	"fairlead.dev/fairlead/controller/dialect/traefik/rule"
)

// Effects are what the middlewares of one router do, taken together.
type Effects struct {
	// Scheme is a redirect of everything; Hosts and Paths are redirects of some.
	Scheme  *v1alpha1.RequestRedirect
	Hosts   []HostRedirect
	Paths   []PathRedirect
	Headers labels.Headers
	CORS    *v1alpha1.CORS
	Steps   []rewrite.Step
	Retry   *v1alpha1.Retry
	Allow   []string
	Open    []string // labels without which everybody gets in
	// Redirecting is the middleware of Scheme.
	Redirecting *object.Object
}

// Find is the object that a reference names, seen from another one; nil where
// there is none.
type Find func(kind, ref string, from *object.Object) *object.Object

// Read reads the middlewares that the router r names.
func Read(r *object.Object, find Find) *Effects {
	f := &Effects{}
	for _, ref := range labels.Items(r.Text("middlewares"), ",") {
		f.read(find, r, r.LabelOf("middlewares"), ref, 0)
	}
	r.KeyBecame("middlewares", "spec.rules[].filters")
	return f
}

const deepestChain = 8

func (f *Effects) read(find Find, from *object.Object, label, ref string, depth int) {
	o := find("http.middlewares", ref, from)
	if o == nil || depth > deepestChain {
		from.Lost(label, "names the middleware %s, which stands in no label: what it did is missing", ref)
		f.Open = append(f.Open, label)
		return
	}
	o.Used = true
	kind, _, _ := strings.Cut(o.Options[0].Key, ".")
	if read := simple[kind]; read != nil {
		read(f, o)
		o.LoseRest("is an option of %s that Routes do not have", kind)
		return
	}
	switch why := guards[kind]; {
	case kind == "chain":
		o.KeyBecame("chain.middlewares", "spec.rules[].filters")
		for _, next := range labels.Items(o.Text("chain.middlewares"), ",") {
			f.read(find, o, o.LabelOf("chain.middlewares"), next, depth+1)
		}
	case why != "":
		f.Open = append(f.Open, o.LoseRest("%s", why)...)
	case others[kind] != "":
		o.LoseRest("%s", others[kind])
	default:
		f.Open = append(f.Open, o.LoseRest("is no middleware that is known, so it may have kept requests out")...)
	}
}

const noPasswords = "Routes ask for no password: let the application do it, or a service in front of it"

// guards are middlewares that keep requests out and have no counterpart.
var guards = map[string]string{
	"basicauth": noPasswords, "digestauth": noPasswords,
	"forwardauth": "Routes ask nobody whether a request may pass: put the service that is asked in front of the application",
	"plugin":      "is a plug-in of Traefik, which may have kept requests out",
}

// others are those without a counterpart that do not.
var others = map[string]string{
	"compress":          "answers are not compressed here: let the application do it",
	"ratelimit":         "requests are not counted for each Route; the data plane has limits for each client (fairlead run --help)",
	"inflightreq":       "requests are not counted for each Route; the data plane has limits for each client (fairlead run --help)",
	"circuitbreaker":    "an Endpoint that fails is passed over: spec.healthCheck says when",
	"buffering":         "bodies are passed on as they come, and limited for the whole data plane",
	"contenttype":       "the application's Content-Type is passed on as it is",
	"errors":            "the application's own error pages are passed on",
	"passtlsclientcert": "the client's certificate is not passed on",
	"grpcweb":           "gRPC is passed on as it is",
	"encodedcharacters": "paths are read strictly everywhere",
	"stripprefixregex":  "only a fixed prefix can be taken off: name it in spec.rules[].filters[].urlRewrite",
}

// simple are the middlewares that become something.
var simple = map[string]func(*Effects, *object.Object){
	"redirectscheme":   (*Effects).readRedirectScheme,
	"redirectregex":    (*Effects).readRedirectRegex,
	"stripprefix":      (*Effects).readStripPrefix,
	"addprefix":        (*Effects).readAddPrefix,
	"replacepath":      (*Effects).readReplacePath,
	"replacepathregex": (*Effects).readReplacePathRegex,
	"headers":          (*Effects).readHeaders,
	"retry":            (*Effects).readRetry,
	"ipallowlist":      (*Effects).readAllow,
	"ipwhitelist":      (*Effects).readAllow,
}

func status(o *object.Object, key string) int {
	if object.IsTrue(o.Text(key)) {
		return 301
	}
	return 302
}

func (f *Effects) readRedirectScheme(o *object.Object) {
	r := &v1alpha1.RequestRedirect{Scheme: strings.ToLower(o.Text("redirectscheme.scheme")), StatusCode: status(o, "redirectscheme.permanent")}
	if r.Scheme != "http" && r.Scheme != "https" {
		o.KeyLost("redirectscheme.scheme", "is neither http nor https")
		return
	}
	if port, ok := labels.NumberOf(o.Text("redirectscheme.port")); ok && port != map[string]int{"http": 80, "https": 443}[r.Scheme] {
		r.Port = port
	}
	for _, key := range []string{"scheme", "port", "permanent"} {
		o.KeyBecame("redirectscheme."+key, "spec.rules[].filters[].requestRedirect")
	}
	f.Scheme, f.Redirecting = r, o
}

func (f *Effects) readRedirectRegex(o *object.Object) {
	expression, replacement, code := o.Text("redirectregex.regex"), o.Text("redirectregex.replacement"), status(o, "redirectregex.permanent")
	if h, ok := readHostRedirect(expression, replacement, code); ok {
		f.Hosts = append(f.Hosts, h)
	} else if p, ok := readPathRedirect(expression, replacement, code); ok {
		f.Paths = append(f.Paths, p)
	} else {
		o.LoseRest("only redirects of a whole host are translated, from ^https?://host/(.*) to https://other/${1}, and of whole paths, from https://(.*)/a to https://${1}/b: write a RequestRedirect filter")
		return
	}
	for _, key := range []string{"regex", "replacement", "permanent"} {
		o.KeyBecame("redirectregex."+key, "spec.rules[].filters[].requestRedirect")
	}
}

func (f *Effects) readStripPrefix(o *object.Object) {
	f.Steps = append(f.Steps, rewrite.Step{Strip: labels.Items(o.Text("stripprefix.prefixes"), ",")})
	o.KeyBecame("stripprefix.prefixes", "spec.rules[].filters[].urlRewrite.path")
	o.KeyNeedless("stripprefix.forceslash", "the path always starts with a slash")
}

func (f *Effects) readAddPrefix(o *object.Object) {
	f.Steps = append(f.Steps, rewrite.Step{Add: o.Text("addprefix.prefix")})
	o.KeyBecame("addprefix.prefix", "spec.rules[].filters[].urlRewrite.path")
}

func (f *Effects) readReplacePath(o *object.Object) {
	f.Steps = append(f.Steps, rewrite.Step{Replace: o.Text("replacepath.path")})
	o.KeyBecame("replacepath.path", "spec.rules[].filters[].urlRewrite.path")
}

// readReplacePathRegex reads the ones that put a prefix in the place of another.
func (f *Effects) readReplacePathRegex(o *object.Object) {
	from, to, ok := prefixes(o.Text("replacepathregex.regex"), o.Text("replacepathregex.replacement"))
	if !ok {
		o.LoseRest("only ^/a/(.*) to /b/$1 is translated: write a URLRewrite filter")
		return
	}
	f.Steps = append(f.Steps, rewrite.Step{Strip: []string{from}}, rewrite.Step{Add: to})
	for _, key := range []string{"regex", "replacement"} {
		o.KeyBecame("replacepathregex."+key, "spec.rules[].filters[].urlRewrite.path")
	}
}

// readRetry: Traefik counts tries and sends again what could not be sent.
func (f *Effects) readRetry(o *object.Object) {
	tries, err := strconv.Atoi(o.Text("retry.attempts"))
	if err != nil || tries < 1 || tries > 65 {
		o.LoseRest("attempts must be a number from 1 to 65")
		return
	}
	retries := tries - 1
	f.Retry = &v1alpha1.Retry{Attempts: &retries}
	o.KeyAdapted("retry.attempts", "spec.rules[].retry.attempts", "counts retries here, so it is one less")
	text := o.Text("retry.initialinterval")
	if d, err := time.ParseDuration(text); text != "" && err == nil && d >= time.Millisecond && d < time.Hour {
		backoff := v1alpha1.Duration(d)
		f.Retry.Backoff = &backoff
		o.KeyBecame("retry.initialinterval", "spec.rules[].retry.backoff")
	}
}

// readAllow reads a list of addresses.
func (f *Effects) readAllow(o *object.Object) {
	kind, _, _ := strings.Cut(o.Options[0].Key, ".")
	for _, item := range labels.Items(o.Text(kind+".sourcerange"), ",") {
		network, ok := rule.CIDR(item)
		if !ok {
			f.Open = append(f.Open, o.LoseRest("%q is no address and no range", item)...)
			return
		}
		if !slices.Contains(f.Allow, network) {
			f.Allow = append(f.Allow, network)
		}
	}
	o.KeyBecame(kind+".sourcerange", "spec.access.allow")
	for _, p := range o.Options {
		if strings.Contains(p.Key, "ipstrategy") {
			o.Adapted(p.Label, "", "it is always the address that the connection comes from")
		}
	}
}

// ReadTCP reads the middlewares of a router of TCP: lists of addresses.
func ReadTCP(r *object.Object, find Find) *Effects {
	f := &Effects{}
	for _, ref := range labels.Items(r.Text("middlewares"), ",") {
		o := find("tcp.middlewares", ref, r)
		if o == nil {
			r.Lost(r.LabelOf("middlewares"), "names the middleware %s, which stands in no label: what it did is missing", ref)
			f.Open = append(f.Open, r.LabelOf("middlewares"))
			continue
		}
		o.Used = true
		if _, ok := o.Get("inflightconn.amount"); ok {
			o.LoseRest("connections are counted for each client, not for each Route (fairlead run --help)")
			continue
		}
		f.readAllow(o)
		f.Open = append(f.Open, o.LoseRest("is no option that Routes have")...)
	}
	r.KeyBecame("middlewares", "spec.access")
	return f
}
