package v1alpha1

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/go-playground/validator/v10"
)

// format is what a string must look like, and how to say so to a person who
// got it wrong.
type format struct {
	// pattern is a regular expression for the whole string; "" where more than
	// that must be known.
	pattern string
	ok      func(string) bool
	want    string
}

// formats are the validate tags of our own.
var formats = map[string]format{
	"dnslabel":    matching(dnsLabel, "must be a DNS label: lower-case letters, digits and -, at most 63 of them, with a letter or digit at both ends"),
	"stackname":   matching(`[A-Za-z0-9][A-Za-z0-9_-]{0,62}`, "must be the name of a stack: letters, digits, _ and -, at most 63 of them, with a letter or digit first"),
	"clustername": matching(`[A-Za-z0-9][A-Za-z0-9_.-]{0,62}`, "must be the name of a service cluster: letters, digits, _, . and -, at most 63 of them, with a letter or digit first"),
	"swarmname":   matching(`[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?`, "must be a name as Docker gives them: letters, digits, -, _ and ., at most 64 of them, with a letter or digit at both ends"),
	"headername":  matching("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}", "must be the name of a header field: letters, digits and any of !#$%&'*+-.^_`|~ (RFC 9110)"),
	"token":       matching("[A-Za-z0-9!#$%&'*+.^_`|~-]+", "must be a token: letters, digits and any of !#$%&'*+-.^_`|~ (RFC 9110)"),
	"hostpattern": {`^(\*|(\*\.)?` + hostName + `\.?)$`, isHostPattern, `must be a host name without scheme, port or path: exact ("demo.local"), a suffix ("*.example.com") or "*"`},
	"altname":     {"", isAltName, "must be a DNS name or a URI with a scheme, such as api.internal or spiffe://example.org/api"},
	"origin":      {originPattern, originFormat.MatchString, "must be an origin, such as https://app.example.com, https://*.example.com or \"*\": scheme http or https, host, and a port where it is not the scheme's own, and nothing behind it"},
	"hostport":    {"", isHostPort, `must be "host:port", such as 10.0.0.7:8080, [fd00::7]:8080 or db.example.com:443`},
	"headervalue": {"", isHeaderValue, "must be one line of text, without control characters and without blanks at its ends (RFC 9110)"},
}

const (
	dnsLabel = `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`
	hostName = `([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?`
)

// originPattern has the scheme, the host and the port.
const originPattern = `^(\*|https?://(\*|(\*\.)?` + hostName + `)(:[1-9][0-9]{0,4})?)$`

var originFormat = regexp.MustCompile(originPattern)

var hostFormat = regexp.MustCompile("^" + hostName + "$")

// matching is the format of strings that pattern matches as a whole.
func matching(pattern, want string) format {
	pattern = "^" + pattern + "$"
	return format{pattern, regexp.MustCompile(pattern).MatchString, want}
}

// Pattern is the regular expression that a string with this validate tag
// matches, for JSON Schema; "" for a tag that has none.
func Pattern(tag string) string { return formats[tag].pattern }

func isHostPattern(s string) bool {
	return s == "*" || isHostName(strings.TrimSuffix(strings.TrimPrefix(s, "*."), "."))
}

func isHostName(s string) bool { return len(s) <= 253 && hostFormat.MatchString(s) }

func isHostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil || host == "" {
		return false
	}
	n, err := strconv.Atoi(port)
	if err != nil || n < 1 || n > 65535 {
		return false
	}
	return net.ParseIP(host) != nil || isHostName(host)
}

func isAltName(s string) bool {
	u, err := url.Parse(s)
	return isHostName(s) && net.ParseIP(s) == nil || err == nil && u.IsAbs() && u.Host != ""
}

func isHeaderValue(s string) bool {
	return strings.Trim(s, " \t") == s && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// tagValidator is made once: it caches what it knows of the types.
var tagValidator = sync.OnceValue(func() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		return name
	})
	for tag, format := range formats {
		ok := format.ok
		err := v.RegisterValidation(tag, func(fl validator.FieldLevel) bool { return ok(fl.Field().String()) })
		if err != nil {
			panic("v1alpha1: " + err.Error())
		}
	}
	return v
})

// checkTags reports what the validate tags find.
func (f *findings) checkTags(object any) {
	var wrong validator.ValidationErrors
	if err := tagValidator().Struct(object); err == nil || !errors.As(err, &wrong) {
		return
	}
	for _, e := range wrong {
		if e.Tag() == "unique" {
			continue // the check between fields says which item it is
		}
		path := fieldPath(e.Namespace())
		f.rule = ruleOf(path)
		f.invalid(path, "%s", tagMessage(e))
	}
	f.rule = -1
}

// fieldPath turns validator's namespace into a field path of ours.
func fieldPath(namespace string) string {
	_, path, _ := strings.Cut(namespace, ".") // the kind
	return strings.TrimPrefix(path, "TypeMeta.")
}

// ruleOf is the index of the Rule that path stands in, or -1.
func ruleOf(path string) int {
	index, found := strings.CutPrefix(path, "spec.rules[")
	index, _, closed := strings.Cut(index, "]")
	if n, err := strconv.Atoi(index); found && closed && err == nil {
		return n
	}
	return -1
}

// tagMessage says in plain words what is wrong with the field and what would be
// right. A test goes through all tags of all types and expects words for each.
func tagMessage(e validator.FieldError) string {
	param := e.Param()
	if format, ok := formats[e.Tag()]; ok {
		return fmt.Sprintf("%q %s", e.Value(), format.want)
	}
	switch e.Tag() {
	case "required":
		return "is required"
	case "eq":
		return fmt.Sprintf("is %q, must be %s", e.Value(), param)
	case "oneof":
		return fmt.Sprintf("is %s, must be %s", literal(e.Value()), alternatives(strings.Fields(param)))
	case "min", "max":
		return limitMessage(e)
	case "startswith":
		return fmt.Sprintf("is %q, must start with %s", e.Value(), param)
	case "cidr":
		return fmt.Sprintf("%q must be an address range, such as 10.0.0.0/8 or 192.0.2.7/32", e.Value())
	case "hostname_rfc1123":
		return fmt.Sprintf("%q must be a host name without scheme, port or path", e.Value())
	}
	panic("v1alpha1: no words for the tag " + e.Tag())
}

func limitMessage(e validator.FieldError) string {
	word := map[string]string{"min": "at least", "max": "at most"}[e.Tag()]
	switch e.Kind() {
	case reflect.String:
		return fmt.Sprintf("has %d characters, may have %s %s", len([]rune(reflect.ValueOf(e.Value()).String())), word, e.Param())
	case reflect.Slice, reflect.Map:
		return fmt.Sprintf("has %d items, must have %s %s", reflect.ValueOf(e.Value()).Len(), word, e.Param())
	default:
		return fmt.Sprintf("is %v, must be %s %s", e.Value(), word, e.Param())
	}
}

// literal writes a value as it would stand in YAML.
func literal(v any) string {
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.String {
		return strconv.Quote(rv.String())
	}
	return fmt.Sprint(v)
}

// alternatives joins words as "a, b or c".
func alternatives(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
