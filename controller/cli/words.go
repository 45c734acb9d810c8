package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

// writeRules writes one row for each Rule: what it matches, what it does, where
// it sends requests.
func writeRules(w io.Writer, spec *v1alpha1.RouteSpec) {
	t := table{{"RULE", "MATCHES", "FILTERS", "BACKENDS"}}
	for i, r := range rulesOf(spec) {
		name := r.Name
		if name == "" {
			name = strconv.Itoa(i)
		}
		t.addBlock([]string{name}, matchesWords(r.Matches), filtersWords(r.Filters), backendsWords(r.Backends))
	}
	t.write(w, "  ")
}

// rulesOf are the Rules of a Route; the short form is one Rule.
func rulesOf(spec *v1alpha1.RouteSpec) []v1alpha1.Rule {
	if spec.Backend != nil {
		return []v1alpha1.Rule{{Backends: []v1alpha1.Backend{*spec.Backend}}}
	}
	return spec.Rules
}

// addBlock adds as many rows as its longest column needs.
func (t *table) addBlock(columns ...[]string) {
	rows := 0
	for _, column := range columns {
		rows = max(rows, len(column))
	}
	for i := range rows {
		row := make([]string, len(columns))
		for j, column := range columns {
			if i < len(column) {
				row[j] = column[i]
			}
		}
		t.add(row...)
	}
}

func matchesWords(matches []v1alpha1.Match) []string {
	if len(matches) == 0 {
		return []string{"everything"}
	}
	words := make([]string, len(matches))
	for i := range matches {
		words[i] = matchWords(&matches[i])
	}
	return words
}

func matchWords(m *v1alpha1.Match) string {
	words := []string{"any path"}
	if m.Path != nil {
		words[0] = fmt.Sprintf("%s %s", m.Path.Type, m.Path.Value)
	}
	if m.Method != "" {
		words[0] = m.Method + " " + words[0]
	}
	for _, h := range m.Headers {
		words = append(words, "header "+h.Name+sameSign(h.Type)+h.Value)
	}
	for _, q := range m.QueryParams {
		words = append(words, "query "+q.Name+sameSign(q.Type)+q.Value)
	}
	return strings.Join(words, ", ")
}

func sameSign(t v1alpha1.MatchType) string {
	if t == v1alpha1.MatchRegularExpression {
		return "~"
	}
	return "="
}

func filtersWords(filters []v1alpha1.Filter) []string {
	if len(filters) == 0 {
		return []string{"-"}
	}
	words := make([]string, len(filters))
	for i, f := range filters {
		words[i] = string(f.Type)
	}
	return words
}

func backendsWords(backends []v1alpha1.Backend) []string {
	if len(backends) == 0 {
		return []string{"-"}
	}
	var words []string
	for _, b := range backends {
		name := strings.Join(b.Addresses, ",")
		if b.Service != "" {
			name = fmt.Sprintf("%s:%d", b.Service, b.Port)
		}
		if b.Protocol != "" && b.Protocol != v1alpha1.ProtocolHTTP {
			name = string(b.Protocol) + "://" + name
		}
		if len(backends) > 1 && b.Weight != nil {
			name += fmt.Sprintf(" (weight %d)", *b.Weight)
		}
		words = append(words, name)
	}
	return words
}

// filterWords says what a Filter of a Snapshot does.
func filterWords(f snapshot.Filter) string {
	switch {
	case f.RequestHeaders != nil:
		return "request header: " + modifierWords(f.RequestHeaders)
	case f.ResponseHeaders != nil:
		return "response header: " + modifierWords(f.ResponseHeaders)
	case f.Redirect != nil:
		return redirectWords(f.Redirect)
	case f.Rewrite != nil:
		return "rewrite" + targetWords(f.Rewrite.Hostname, f.Rewrite.Path)
	case f.CORS != nil:
		return "CORS for " + strings.Join(f.CORS.Origins, ", ")
	}
	return "nothing"
}

// accessWords says who may come.
func accessWords(a *snapshot.Access) string {
	if a == nil {
		return ""
	}
	words := "everyone"
	if len(a.Allow) > 0 {
		words = strings.Join(a.Allow, ", ")
	}
	if len(a.Deny) > 0 {
		words += ", without " + strings.Join(a.Deny, ", ")
	}
	return words
}

// mirrorWords says who gets copies of requests.
func mirrorWords(s *snapshot.Snapshot, mirrors []snapshot.Mirror) []string {
	var words []string
	for _, m := range mirrors {
		name := unresolvedName
		for i := range s.Backends {
			if s.Backends[i].ID == m.Backend {
				name = s.Backends[i].Name
			}
		}
		words = append(words, fmt.Sprintf("mirror %d%% to %s", m.Percent, name))
	}
	return words
}

func modifierWords(m *snapshot.HeaderModifier) string {
	var words []string
	for _, h := range m.Set {
		words = append(words, fmt.Sprintf("set %s=%s", h.Name, h.Value))
	}
	for _, h := range m.Add {
		words = append(words, fmt.Sprintf("add %s=%s", h.Name, h.Value))
	}
	for _, name := range m.Remove {
		words = append(words, "remove "+name)
	}
	return strings.Join(words, ", ")
}

func redirectWords(r *snapshot.Redirect) string {
	words := fmt.Sprintf("redirect with %d", r.StatusCode)
	if r.Scheme != "" {
		words += ", scheme " + r.Scheme
	}
	if r.Port != 0 {
		words += fmt.Sprintf(", port %d", r.Port)
	}
	return words + targetWords(r.Hostname, r.Path)
}

func targetWords(hostname string, path *snapshot.PathModifier) string {
	var words string
	if hostname != "" {
		words += ", host " + hostname
	}
	switch {
	case path == nil:
	case path.Prefix:
		words += fmt.Sprintf(", prefix to %q", path.Value)
	default:
		words += fmt.Sprintf(", path to %q", path.Value)
	}
	return words
}
