package v1alpha1

// checkFilterPairs finds Filters that cannot both act on one request: a
// redirect answers, so nothing is left to rewrite or to send on.
func (f *findings) checkFilterPairs(path string, r *Rule) {
	redirect, rewrite := position(r.Filters, FilterRequestRedirect), position(r.Filters, FilterURLRewrite)
	const why = "RequestRedirect and URLRewrite exclude each other in one rule: a redirected request is not sent on; use two rules"
	if redirect >= 0 && rewrite >= 0 {
		f.add(at(path+".filters", max(redirect, rewrite)), ReasonIncompatibleFilters, why)
	}
	if redirect >= 0 && len(r.Backends) > 0 {
		f.invalid(path+".backends", "gets no request, because the rule redirects all of them: remove backends, or the RequestRedirect filter")
	}
	for i := range r.Backends {
		own := r.Backends[i].Filters
		path := at(path+".backends", i) + ".filters"
		ownRedirect, ownRewrite := position(own, FilterRequestRedirect), position(own, FilterURLRewrite)
		switch {
		case ownRedirect >= 0 && (ownRewrite >= 0 || rewrite >= 0):
			f.add(at(path, ownRedirect), ReasonIncompatibleFilters, why)
		case ownRewrite >= 0 && redirect >= 0:
			f.add(at(path, ownRewrite), ReasonIncompatibleFilters, why)
		}
	}
}

// position is the index of the first of filters that has type t, or -1.
func position(filters []Filter, t FilterType) int {
	for i := range filters {
		if filters[i].Type == t {
			return i
		}
	}
	return -1
}

// checkPrefixRewrites finds ReplacePrefixMatch where no prefix matched.
func (f *findings) checkPrefixRewrites(path string, r *Rule) {
	if onlyPrefixes(r.Matches) {
		return
	}
	f.checkNoPrefixRewrite(path+".filters", r.Filters)
	for i := range r.Backends {
		f.checkNoPrefixRewrite(at(path+".backends", i)+".filters", r.Backends[i].Filters)
	}
}

func (f *findings) checkNoPrefixRewrite(path string, filters []Filter) {
	for i := range filters {
		filter := &filters[i]
		const why = "ReplacePrefixMatch needs a prefix: every match of this rule must have a path of type PathPrefix"
		if r := filter.URLRewrite; r != nil && r.Path != nil && r.Path.Type == ReplacePrefixMatch {
			f.invalid(at(path, i)+".urlRewrite.path.type", why)
		}
		if r := filter.RequestRedirect; r != nil && r.Path != nil && r.Path.Type == ReplacePrefixMatch {
			f.invalid(at(path, i)+".requestRedirect.path.type", why)
		}
	}
}

func onlyPrefixes(matches []Match) bool {
	for i := range matches {
		if p := matches[i].Path; p != nil && p.Type != "" && p.Type != MatchPathPrefix {
			return false
		}
	}
	return true
}
