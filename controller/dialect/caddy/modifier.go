package caddy

import (
	"regexp"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/caddy/block"
	"fairlead.dev/fairlead/controller/dialect/labels"
	"fairlead.dev/fairlead/controller/dialect/rewrite"
)

// scope is what holds for the directives of a block: the conditions of all
// blocks around them, and what was changed on the way.
type scope struct {
	conditions []condition
	steps      []rewrite.Step
	headers    labels.Headers
	around     []*block.Block
	// open are the labels of guards anywhere in the site: what they let through
	// cannot be told apart.
	open *[]string
}

// within is the scope for the block b in s.
func (s *scope) within(b *block.Block) *scope {
	inner := *s
	inner.steps = append([]rewrite.Step(nil), s.steps...)
	inner.headers = labels.Headers{Request: cloned(s.headers.Request), Response: cloned(s.headers.Response)}
	inner.around = append([]*block.Block{b}, s.around...)
	return &inner
}

func cloned(m v1alpha1.HeaderModifier) v1alpha1.HeaderModifier {
	return v1alpha1.HeaderModifier{
		Set: append([]v1alpha1.Header(nil), m.Set...), Add: append([]v1alpha1.Header(nil), m.Add...), Remove: append([]string(nil), m.Remove...),
	}
}

// guards are directives that keep requests out and have no counterpart.
var guards = map[string]string{
	"basicauth": "Routes ask for no password", "basic_auth": "Routes ask for no password", "forward_auth": "Routes ask nobody whether a request may pass",
	"authorize": "Routes ask nobody whether a request may pass", "authenticate": "Routes ask nobody whether a request may pass",
	"jwtauth": "tokens are not looked at", "abort": "Routes only say where requests go", "error": "Routes only say where requests go",
}

// others are those that do not.
var others = map[string]string{
	"encode": "answers are not compressed here: let the application do it", "file_server": "no files are served here: put them into a service",
	"root": "no files are served here: put them into a service", "php_fastcgi": "FastCGI is not spoken: put a web server beside it",
	"try_files": "no files are served here", "templates": "answers are passed on as they come", "respond": "no answers are made here but redirects",
	"log": "access logs are those of the data plane (--access-log)", "request_body": "bodies are limited for the whole data plane",
	"handle_errors": "the application's own error pages are passed on", "vars": "there are no variables", "map": "there are no variables",
	"metrics": "metrics are those of the data plane", "tracing": "there is no tracing", "bind": "the data plane's own flags say where it listens",
	"method": "methods are passed on", "push": "nothing is pushed", "acme_server": "no certificates are issued here", "copy_response": "answers are passed on as they come",
}

// readModifiers reads the directives of b that change what passes through.
func (s *scope) readModifiers(b *block.Block) {
	for _, d := range b.Kids {
		why, guard := guards[d.Name]
		switch {
		case guard:
			d.AllLost("%s", why)
			*s.open = append(*s.open, d.SomeLabel())
		case d.Name == "respond" && refuses(d):
			d.AllLost("no answers are made here but redirects, and this one kept requests out")
			*s.open = append(*s.open, d.SomeLabel())
		case others[d.Name] != "":
			d.AllLost("%s", others[d.Name])
		case d.Name == "header" || d.Name == "request_header" || d.Name == "uri" || d.Name == "rewrite":
			s.readModifier(d)
		}
	}
}

// noteGuards notes the guards in a block that is not translated.
func (s *scope) noteGuards(b *block.Block) {
	b.Each(func(d *block.Block) {
		if guards[d.Name] != "" || d.Name == "respond" && refuses(d) {
			*s.open = append(*s.open, d.SomeLabel())
		}
	})
}

// refuses says whether an answer of its own is one of 401 to 410.
func refuses(d *block.Block) bool {
	for _, arg := range d.Args {
		if n, ok := labels.NumberOf(arg); ok && n >= 401 && n <= 410 {
			return true
		}
	}
	return false
}

func (s *scope) readModifier(d *block.Block) {
	conditions, args, err := takeMatcher(d, s.around)
	if err == nil && (len(conditions) != 1 || len(conditions[0].hosts) > 0 || !isEmpty(conditions[0].match)) {
		d.AllLost("only changes something for some requests: put it into handle with the same matcher")
		return
	}
	if err != nil {
		d.AllLost("%s", err)
		return
	}
	switch d.Name {
	case "header":
		s.readHeader(d, args, &s.headers.Response, "spec.rules[].filters[].responseHeaderModifier")
	case "request_header":
		s.readHeader(d, args, &s.headers.Request, "spec.rules[].filters[].requestHeaderModifier")
	case "uri":
		s.readURI(d, args)
	case "rewrite":
		s.readRewrite(d, args)
	}
}

func isEmpty(m v1alpha1.Match) bool {
	return m.Path == nil && m.Method == "" && len(m.Headers)+len(m.QueryParams) == 0
}

// readHeader reads one header field, or a block of them.
func (s *scope) readHeader(d *block.Block, args []string, m *v1alpha1.HeaderModifier, field string) {
	if len(args) > 0 {
		changeHeader(d, args, m, field)
	} else {
		d.BecameField(field)
	}
	for _, k := range d.Kids {
		changeHeader(k, append([]string{k.Name}, k.Args...), m, field)
	}
}

var headerName = regexp.MustCompile(v1alpha1.Pattern("headername"))

// changeHeader reads "Name value", "+Name value", "-Name" and the like.
func changeHeader(d *block.Block, args []string, m *v1alpha1.HeaderModifier, field string) {
	name := strings.TrimLeft(args[0], "+-?>")
	value := strings.Join(args[1:], " ")
	sign := args[0][:len(args[0])-len(name)]
	switch {
	case !headerName.MatchString(name):
		d.AllLost("%q is no name of a header field", name)
	case strings.Contains(value, "{"):
		d.AllLost("has a placeholder, which is not filled in here; X-Forwarded-For, -Host, -Proto and X-Real-IP are always sent")
	case len(args) > 2 || sign == "?":
		d.AllLost("only sets, adds and removes header fields")
	case strings.HasPrefix(sign, "-"):
		labels.RemoveHeader(m, name)
		d.BecameField(field + ".remove")
	case sign == "+":
		m.Add = append(m.Add, v1alpha1.Header{Name: name, Value: value})
		d.BecameField(field + ".add")
	default:
		labels.SetHeader(m, name, value)
		d.BecameField(field + ".set")
	}
}

const rewriteField = "spec.rules[].filters[].urlRewrite.path"

func (s *scope) readURI(d *block.Block, args []string) {
	if len(args) != 2 || args[0] != "strip_prefix" {
		d.AllLost("only strip_prefix is translated: write a URLRewrite filter")
		return
	}
	s.steps = append(s.steps, rewrite.Step{Strip: []string{"/" + strings.Trim(args[1], "/")}})
	d.BecameField(rewriteField)
}

// readRewrite reads /fixed, and /prefix{path} or /prefix{uri}.
func (s *scope) readRewrite(d *block.Block, args []string) {
	if len(args) != 1 || !strings.HasPrefix(args[0], "/") {
		d.AllLost("only a path can be put in the place of another: write a URLRewrite filter")
		return
	}
	to := args[0]
	for _, rest := range []string{"{path}", "{uri}", "{http.request.uri.path}"} {
		if before, ok := strings.CutSuffix(to, rest); ok {
			s.steps = append(s.steps, rewrite.Step{Add: before})
			d.BecameField(rewriteField)
			return
		}
	}
	if strings.ContainsAny(to, "{?") {
		d.AllLost("has a placeholder or a query, which is not filled in here")
		return
	}
	s.steps = append(s.steps, rewrite.Step{Replace: to})
	d.BecameField(rewriteField)
}
