package interlock

import (
	"regexp"
	"strings"
)

// rootFormat is a path of whole segments, as a request carries it (RFC 3986 §3.3).
var rootFormat = regexp.MustCompile(`^(/([-A-Za-z0-9._~!$&'()*+;=:@]|%[0-9A-Fa-f]{2})+)+/?$`)

// readRoots reads context_root: path prefixes, none for the whole host. There
// was one of them; a list is taken for one. A root that cannot be read is fatal:
// without it the service would take the whole host.
func (t *translation) readRoots() (roots []string, strip bool) {
	all := t.list(contextRoot)
	if t.has(contextRoot) && len(all) == 0 {
		t.refuse(contextRoot, "is empty: name the path that the service serves, such as /app; or remove it")
	}
	for _, root := range all {
		if !strings.HasPrefix(root, "/") {
			t.note(contextRoot, "is %q; a path starts with /, so it is taken for /%[1]s", root)
			root = "/" + root
		}
		switch {
		case root == "/":
			t.skip(contextRoot, "is \"/\", which is everything, as without it")
			return nil, t.readStrip(false)
		case !rootFormat.MatchString(root) || hasDots(root):
			t.refuse(contextRoot, "is %q, must be a path such as /app, without query, //, . and ..", root)
		default:
			roots = append(roots, strings.TrimSuffix(root, "/"))
		}
	}
	return roots, t.readStrip(len(roots) > 0)
}

func hasDots(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return strings.Contains(strings.ToLower(path), "%2f")
}

func (t *translation) readStrip(hasRoot bool) bool {
	strip := t.isTrue(rewrite)
	if strip && !hasRoot {
		t.skip(rewrite, "has nothing to take off without context_root")
	}
	return strip && hasRoot
}
