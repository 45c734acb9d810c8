package labels

import (
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"regexp"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
)

const longestName = 63 // of a DNS label

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// RouteName makes the name of a Route of any text. A text that is too long
// ends in its hash.
func RouteName(text string) string {
	name := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(text), "-"), "-")
	if name != "" && len(name) <= longestName {
		return name
	}
	sum := sha256.Sum256([]byte(text))
	tail := hex.EncodeToString(sum[:])[:8]
	return strings.TrimPrefix(strings.Trim(name[:min(len(name), longestName-9)], "-")+"-"+tail, "-")
}

// NewRoute is a Route of the service, with a name made of text.
func NewRoute(s *Service, text string, spec v1alpha1.RouteSpec) Route {
	return Route{Service: s, Route: v1alpha1.Route{
		TypeMeta: v1alpha1.TypeMeta{APIVersion: v1alpha1.GroupVersion, Kind: v1alpha1.KindRoute},
		Metadata: v1alpha1.ObjectMeta{Name: RouteName(text), Namespace: s.Namespace},
		Spec:     spec,
	}}
}

// Field is how a report names a field of a Route.
func Field(r *Route, path string) string { return "route/" + r.Metadata.Key() + " " + path }

var hostPattern = regexp.MustCompile(v1alpha1.Pattern("hostpattern"))

// Host is text as a host of a Route: exact, "*.suffix" or "*".
func Host(text string) (host string, ok bool) {
	host = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(text), "."))
	return host, len(host) <= 253 && hostPattern.MatchString(host)
}

// mostSecrets is how many certificates a Route may have.
const mostSecrets = 16

// Terminate is TLS for the hosts with certificates from Docker secrets, which
// are named after them: demo.local.cert and demo.local.key. The words say so.
func Terminate(hosts []string) (tls *v1alpha1.RouteTLS, words string) {
	var refs []v1alpha1.SecretRef
	var names []string
	for _, host := range hosts[:min(len(hosts), mostSecrets)] {
		base := strings.Replace(host, "*.", "wildcard.", 1)
		if base == "*" {
			base = "default"
		}
		refs = append(refs, v1alpha1.SecretRef{Cert: secretName(base, ".cert"), Key: secretName(base, ".key")})
		names = append(names, refs[len(refs)-1].Cert)
	}
	words = "no certificate is ordered here: store it and its key as the Docker secrets " + strings.Join(names, ", ") + " and .key, or name yours in spec.tls.secretRefs"
	return &v1alpha1.RouteTLS{Mode: v1alpha1.TLSTerminate, SecretRefs: refs}, words
}

// secretName is base with an ending, no longer than Docker allows.
func secretName(base, ending string) string {
	if len(base)+len(ending) > 64 {
		base = base[:64-len(ending)]
	}
	return strings.TrimRight(base, ".-") + ending
}

// AnyHost says what is different with the host "*".
const AnyHost = "the host * stands for hosts that no other Route names: repeat the rule in those where it shall count as well"

// Verified is what is different with a backend that is spoken to with TLS.
const Verified = "the service's certificate is verified, for the Route's host: name its authority in tls.caSecretRefs of the backend, and another name in tls.hostname"

// Prefix is the Match of a path prefix; the empty one is every path.
func Prefix(path string) v1alpha1.Match {
	if path = strings.TrimSuffix(path, "/"); path == "" {
		return v1alpha1.Match{}
	}
	return v1alpha1.Match{Path: &v1alpha1.PathMatch{Type: v1alpha1.MatchPathPrefix, Value: path}}
}

// ReplacePrefix is the Filter that puts another prefix in the place of the one
// that matched.
func ReplacePrefix(with string) v1alpha1.Filter {
	return v1alpha1.Filter{Type: v1alpha1.FilterURLRewrite, URLRewrite: &v1alpha1.URLRewrite{
		Path: &v1alpha1.PathModifier{Type: v1alpha1.ReplacePrefixMatch, ReplacePrefixMatch: &with}}}
}

// ReplacePath is the Filter that puts another path in the place of the whole.
func ReplacePath(with string) v1alpha1.Filter {
	return v1alpha1.Filter{Type: v1alpha1.FilterURLRewrite, URLRewrite: &v1alpha1.URLRewrite{
		Path: &v1alpha1.PathModifier{Type: v1alpha1.ReplaceFullPath, ReplaceFullPath: &with}}}
}

// Redirect is the Filter that answers with a redirect.
func Redirect(r v1alpha1.RequestRedirect) v1alpha1.Filter {
	return v1alpha1.Filter{Type: v1alpha1.FilterRequestRedirect, RequestRedirect: &r}
}

// NumberOf is a port in text.
func NumberOf(text string) (port int, ok bool) {
	for _, c := range text {
		if c < '0' || c > '9' || port > 65535 {
			return 0, false
		}
		port = port*10 + int(c-'0')
	}
	return port, port >= 1 && port <= 65535
}

// Items is text taken apart at the separator, without blanks and empty items.
func Items(text, separator string) []string {
	var all []string
	for item := range strings.SplitSeq(text, separator) {
		if item = strings.TrimSpace(item); item != "" {
			all = append(all, item)
		}
	}
	return all
}

// AddMatch adds a Match to the Rule that is equal but for its Matches, or a new
// Rule.
func AddMatch(rules []v1alpha1.Rule, m v1alpha1.Match, rule v1alpha1.Rule) []v1alpha1.Rule {
	for i := range rules {
		other := rules[i]
		other.Matches = nil
		if reflect.DeepEqual(other, rule) {
			rules[i].Matches = append(rules[i].Matches, m)
			return rules
		}
	}
	rule.Matches = []v1alpha1.Match{m}
	return append(rules, rule)
}
