package filter

import (
	"slices"
	"strconv"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/message"
)

// CORS makes the header fields of an answer those that c wants for the request,
// whatever the Endpoint said (GEP-1767, and section 3.2 of the Fetch standard).
// preflight says that it is the answer to a preflight request.
//
// Where a request comes with credentials, or may, a "*" would not count, so what
// was asked for is said instead.
func CORS(f *message.Fields, c *snapshot.CORS, r *message.Request, preflight bool) {
	f.Keep(func(f *message.Field) bool { return !isCORS(f.Name) })
	origin := r.Fields.Get("Origin")
	if depends(c) && !f.HasToken("Vary", "Origin") && !f.HasToken("Vary", "*") {
		f.Add("Vary", "Origin")
	}
	if origin == "" || !allows(c.Origins, origin) || !c.Credentials && hasCredentials(r) {
		return
	}
	if depends(c) {
		f.Add("Access-Control-Allow-Origin", origin)
	} else {
		f.Add("Access-Control-Allow-Origin", "*")
	}
	if c.Credentials {
		f.Add("Access-Control-Allow-Credentials", "true")
	}
	addList(f, "Access-Control-Allow-Methods", c, c.Methods, r.Fields.Get("Access-Control-Request-Method"))
	addList(f, "Access-Control-Allow-Headers", c, c.Headers, strings.Join(r.Fields.Values("Access-Control-Request-Headers"), ", "))
	addList(f, "Access-Control-Expose-Headers", c, c.Expose, exposed(f, c))
	if preflight {
		f.Add("Access-Control-Max-Age", strconv.Itoa(c.MaxAge))
	}
}

// IsPreflight says whether a request asks for leave to send another one (section
// 4.8 of the Fetch standard), and with which method.
func IsPreflight(r *message.Request) (method string, ok bool) {
	if r.Method != "OPTIONS" || !r.Fields.Has("Origin") {
		return "", false
	}
	method = r.Fields.Get("Access-Control-Request-Method")
	return method, method != ""
}

func isCORS(name string) bool {
	const prefix = "Access-Control-"
	return len(name) > len(prefix) && message.EqualFold(name[:len(prefix)], prefix)
}

// depends says whether the answer depends on the origin.
func depends(c *snapshot.CORS) bool { return c.Credentials || !isStar(c.Origins) }

func isStar(list []string) bool { return len(list) == 1 && list[0] == "*" }

func hasCredentials(r *message.Request) bool {
	return r.Fields.Has("Cookie") || r.Fields.Has("Authorization")
}

func addList(f *message.Fields, name string, c *snapshot.CORS, list []string, asked string) {
	value := strings.Join(list, ", ")
	if c.Credentials && isStar(list) {
		value = asked
	}
	if value != "" {
		f.Add(name, value)
	}
}

// exposed are the names of all fields of the answer, where they are needed.
func exposed(f *message.Fields, c *snapshot.CORS) string {
	if !c.Credentials || !isStar(c.Expose) {
		return ""
	}
	var names []string
	for i := range *f {
		if name := (*f)[i].Name; !isCORS(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// allows says whether an origin is in the list.
func allows(list []string, origin string) bool {
	return slices.ContainsFunc(list, func(pattern string) bool {
		scheme, host, star := strings.Cut(pattern, "*")
		if !star || pattern == "*" {
			return star || pattern == origin
		}
		rest, ok := strings.CutPrefix(origin, scheme)
		below, covered := strings.CutSuffix(rest, host)
		return ok && covered && below != "" && !strings.ContainsAny(below, ":/@")
	})
}
