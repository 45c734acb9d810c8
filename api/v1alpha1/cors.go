package v1alpha1

import "strings"

// checkCORS finds lists in which "*" makes the rest needless, and what stands
// there twice.
func (f *findings) checkCORS(path string, c *CORS) {
	for _, list := range []struct {
		field string
		items []string
	}{
		{"allowOrigins", c.AllowOrigins}, {"allowMethods", c.AllowMethods},
		{"allowHeaders", c.AllowHeaders}, {"exposeHeaders", c.ExposeHeaders},
	} {
		f.checkStar(path+"."+list.field, list.items)
	}
}

func (f *findings) checkStar(path string, items []string) {
	if len(items) > 1 && contains(items, "*") {
		f.invalid(path, `has "*" beside others: "*" is all of them and stands alone`)
		return
	}
	seen := map[string]bool{}
	for i, item := range items {
		item = strings.ToLower(item)
		if seen[item] {
			f.invalid(at(path, i), "%q stands there twice", items[i])
		}
		seen[item] = true
	}
}
