package v1alpha1

import "strings"

// blocks says which block of f is set, by the type that it belongs to.
func (f *Filter) blocks() map[FilterType]bool {
	return map[FilterType]bool{
		FilterRequestHeaderModifier:  f.RequestHeaderModifier != nil,
		FilterResponseHeaderModifier: f.ResponseHeaderModifier != nil,
		FilterRequestRedirect:        f.RequestRedirect != nil,
		FilterURLRewrite:             f.URLRewrite != nil,
		FilterRequestMirror:          f.RequestMirror != nil,
		FilterCORS:                   f.CORS != nil,
	}
}

// filterBlocks are the names of the blocks, in the order of the types.
var filterBlocks = []struct {
	of    FilterType
	field string
}{
	{FilterRequestHeaderModifier, "requestHeaderModifier"},
	{FilterResponseHeaderModifier, "responseHeaderModifier"},
	{FilterRequestRedirect, "requestRedirect"},
	{FilterURLRewrite, "urlRewrite"},
	{FilterRequestMirror, "requestMirror"},
	{FilterCORS, "cors"},
}

// checkFilters reports what is wrong in each of filters, and types that stand
// there twice, which Gateway API does not allow either (mirrors apart).
func (f *findings) checkFilters(path string, filters []Filter) {
	seen := map[FilterType]bool{}
	for i := range filters {
		filter, path := &filters[i], at(path, i)
		f.checkFilterBlocks(path, filter)
		if seen[filter.Type] && filter.Type != FilterRequestMirror {
			f.invalid(path+".type", "%s stands there twice: put both into one", filter.Type)
		}
		seen[filter.Type] = true
		f.checkFilter(path, filter)
	}
}

// checkFilterBlocks demands the block that the type names, and no other.
func (f *findings) checkFilterBlocks(path string, filter *Filter) {
	set := filter.blocks()
	for _, b := range filterBlocks {
		switch {
		case b.of == filter.Type && !set[b.of]:
			f.invalid(path+"."+b.field, "is required with type %s", b.of)
		case b.of != filter.Type && set[b.of] && filter.Type != "":
			f.invalid(path+"."+b.field, "does not go with type %s: make it a filter of its own, of type %s", filter.Type, b.of)
		}
	}
}

func (f *findings) checkFilter(path string, filter *Filter) {
	if m := filter.RequestHeaderModifier; m != nil {
		f.checkModifier(path+".requestHeaderModifier", m)
	}
	if m := filter.ResponseHeaderModifier; m != nil {
		f.checkModifier(path+".responseHeaderModifier", m)
	}
	if r := filter.RequestRedirect; r != nil && r.Path != nil {
		f.checkPathModifier(path+".requestRedirect.path", r.Path)
	}
	if r := filter.URLRewrite; r != nil {
		if r.Path != nil {
			f.checkPathModifier(path+".urlRewrite.path", r.Path)
		} else if r.Hostname == "" {
			f.invalid(path+".urlRewrite", "changes nothing: add hostname or path")
		}
	}
	if c := filter.CORS; c != nil {
		f.checkCORS(path+".cors", c)
	}
	if m := filter.RequestMirror; m != nil {
		f.checkMirror(path+".requestMirror.backend", &m.Backend)
	}
}

// framing are header fields that belong to the connection (RFC 9110 §7.6.1) or
// say where a message ends. Whoever could set them could smuggle requests.
var framing = []string{"connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}

func (f *findings) checkModifier(path string, m *HeaderModifier) {
	if len(m.Set)+len(m.Add)+len(m.Remove) == 0 {
		f.invalid(path, "changes nothing: add set, add or remove")
	}
	f.checkHeaders(path+".set", m.Set)
	f.checkHeaders(path+".add", m.Add)
	for i, name := range m.Remove {
		f.checkModifiable(at(path+".remove", i), name)
	}
}

func (f *findings) checkHeaders(path string, headers []Header) {
	seen := map[string]bool{}
	for i, h := range headers {
		name := strings.ToLower(h.Name)
		if seen[name] {
			f.invalid(at(path, i)+".name", "%q stands there twice", h.Name)
		}
		seen[name] = true
		f.checkModifiable(at(path, i)+".name", h.Name)
	}
}

func (f *findings) checkModifiable(path, name string) {
	switch lower := strings.ToLower(name); {
	case lower == "host":
		f.invalid(path, "Host is no field for a header modifier: use a URLRewrite filter with hostname")
	case contains(framing, lower):
		f.invalid(path, "%s belongs to the connection and is never changed", name)
	}
}

// checkPathModifier demands the field that the type names, and no other.
func (f *findings) checkPathModifier(path string, m *PathModifier) {
	full, prefix := m.ReplaceFullPath, m.ReplacePrefixMatch
	switch m.Type {
	case ReplaceFullPath:
		f.checkReplacement(path, m.Type, full, "replaceFullPath", prefix, "replacePrefixMatch")
	case ReplacePrefixMatch:
		f.checkReplacement(path, m.Type, prefix, "replacePrefixMatch", full, "replaceFullPath")
	}
}

func (f *findings) checkReplacement(path, of string, value *string, field string, other *string, otherField string) {
	if other != nil {
		f.invalid(path+"."+otherField, "does not go with type %s", of)
	}
	switch {
	case value == nil:
		f.invalid(path+"."+field, "is required with type %s", of)
	case *value != "":
		f.checkPath(path+"."+field, *value)
	case of == ReplaceFullPath:
		f.invalid(path+"."+field, `is empty, must start with /`)
	}
}
