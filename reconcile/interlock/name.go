package interlock

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// shortName is a service's name without that of its stack.
func shortName(name, namespace string) string {
	if short, ok := strings.CutPrefix(name, namespace+"_"); ok && namespace != "" && short != "" {
		return short
	}
	return name
}

const (
	routePrefix = "lb-"
	longestName = 46 // leaves room for the prefix and the longest suffix in 63
	tailLength  = 8
)

var (
	notInNames = regexp.MustCompile(`[^a-z0-9]+`)
	// reserved are endings that we give ourselves.
	reserved = regexp.MustCompile(`-(redirects|hosts)(-[0-9]+)?$|-[0-9a-f]{8}$`)
)

// routeName is "lb-<short>", with "-<suffix>" if there is one. A name that had
// to be changed for it, or that ends as we end names, carries a hash of the
// service's whole name, so that two services never get one name.
func routeName(short, name, suffix string) string {
	base := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(short), "-"), "-")
	if base != short || len(base) > longestName || reserved.MatchString(base) {
		sum := sha256.Sum256([]byte(name))
		base = strings.Trim(base[:min(len(base), longestName-tailLength-1)], "-")
		base = strings.TrimPrefix(base+"-"+hex.EncodeToString(sum[:])[:tailLength], "-")
	}
	if suffix != "" {
		base += "-" + suffix
	}
	return routePrefix + base
}
