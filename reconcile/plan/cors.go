package plan

import (
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

func cors(c *v1alpha1.CORS) *snapshot.CORS {
	out := &snapshot.CORS{
		Methods: c.AllowMethods, Headers: c.AllowHeaders, Expose: c.ExposeHeaders,
		Credentials: c.AllowCredentials != nil && *c.AllowCredentials, MaxAge: 5,
	}
	for _, o := range c.AllowOrigins {
		out.Origins = append(out.Origins, origin(o))
	}
	if c.MaxAge != nil {
		out.MaxAge = *c.MaxAge
	}
	return out
}

// origin is o as browsers write it (RFC 6454 section 6.2).
func origin(o string) string {
	o = strings.ToLower(o)
	if strings.HasPrefix(o, "https:") {
		return strings.TrimSuffix(o, ":443")
	}
	return strings.TrimSuffix(o, ":80")
}

func access(a *v1alpha1.Access) *snapshot.Access {
	if a == nil || len(a.Allow)+len(a.Deny) == 0 {
		return nil
	}
	return &snapshot.Access{Allow: a.Allow, Deny: a.Deny}
}
