package middleware

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/labels"
	"fairlead.dev/fairlead/controller/dialect/traefik/object"
)

var headerName = regexp.MustCompile(v1alpha1.Pattern("headername"))

const (
	requestField  = "spec.rules[].filters[].requestHeaderModifier"
	responseField = "spec.rules[].filters[].responseHeaderModifier"
	corsField     = "spec.rules[].filters[].cors"
)

// fixed are options of the headers middleware that become one header field with
// their own value.
var fixed = map[string]string{
	"contentsecuritypolicy": "Content-Security-Policy", "contentsecuritypolicyreportonly": "Content-Security-Policy-Report-Only",
	"referrerpolicy": "Referrer-Policy", "featurepolicy": "Feature-Policy", "permissionspolicy": "Permissions-Policy",
	"customframeoptionsvalue": "X-Frame-Options", "custombrowserxssvalue": "X-XSS-Protection",
}

// switches are options that become one header field where they are true.
var switches = map[string]v1alpha1.Header{
	"framedeny":          {Name: "X-Frame-Options", Value: "DENY"},
	"contenttypenosniff": {Name: "X-Content-Type-Options", Value: "nosniff"},
	"browserxssfilter":   {Name: "X-XSS-Protection", Value: "1; mode=block"},
}

// readHeaders reads the headers middleware.
func (f *Effects) readHeaders(o *object.Object) {
	security := map[string]string{}
	for _, p := range o.Options {
		key := strings.TrimPrefix(p.Key, "headers.")
		name := p.Raw[strings.LastIndex(p.Raw, ".")+1:]
		switch {
		case strings.HasPrefix(key, "customrequestheaders."):
			setHeader(o, p, &f.Headers.Request, name, p.Value, requestField)
		case strings.HasPrefix(key, "customresponseheaders."):
			setHeader(o, p, &f.Headers.Response, name, p.Value, responseField)
		case strings.HasPrefix(key, "accesscontrol"), key == "addvaryheader":
			f.readCORS(o, p, key)
		case fixed[key] != "":
			setHeader(o, p, &f.Headers.Response, fixed[key], p.Value, responseField)
		case switches[key].Name != "" && object.IsTrue(p.Value):
			setHeader(o, p, &f.Headers.Response, switches[key].Name, switches[key].Value, responseField)
		case strings.HasPrefix(key, "sts"), key == "forcestsheader":
			security[key] = p.Value
			o.Became(p.Label, responseField)
		case key == "sslredirect" && object.IsTrue(p.Value):
			o.Needless(p.Label, "plain HTTP is answered with 308 to https where a Route has TLS")
		case !object.IsTrue(p.Value) && (switches[key].Name != "" || key == "sslredirect"):
			o.Needless(p.Label, "is how it is without the label")
		default:
			o.Lost(p.Label, "is no option of the headers middleware that Routes have: let the application do it")
		}
	}
	f.readSTS(security)
}

func setHeader(o *object.Object, p object.Option, m *v1alpha1.HeaderModifier, name, value, field string) {
	if !headerName.MatchString(name) || strings.ContainsAny(value, "\r\n\x00") {
		o.Lost(p.Label, "is no header field: %s: %s", name, value)
		return
	}
	labels.SetHeader(m, name, value)
	o.Became(p.Label, field)
}

// readSTS makes Strict-Transport-Security of the options that start with sts.
func (f *Effects) readSTS(security map[string]string) {
	seconds, _ := strconv.Atoi(security["stsseconds"])
	if seconds <= 0 {
		return
	}
	value := fmt.Sprintf("max-age=%d", seconds)
	if object.IsTrue(security["stsincludesubdomains"]) {
		value += "; includeSubDomains"
	}
	if object.IsTrue(security["stspreload"]) {
		value += "; preload"
	}
	labels.SetHeader(&f.Headers.Response, "Strict-Transport-Security", value)
}

// readCORS reads one of the options that start with accesscontrol.
func (f *Effects) readCORS(o *object.Object, p object.Option, key string) {
	if f.CORS == nil {
		f.CORS = &v1alpha1.CORS{}
	}
	list := labels.Items(p.Value, ",")
	switch key {
	case "accesscontrolalloworiginlist", "accesscontrolalloworigin":
		f.CORS.AllowOrigins = append(f.CORS.AllowOrigins, list...)
	case "accesscontrolallowmethods":
		f.CORS.AllowMethods = list
	case "accesscontrolallowheaders":
		f.CORS.AllowHeaders = list
	case "accesscontrolexposeheaders":
		f.CORS.ExposeHeaders = list
	case "accesscontrolallowcredentials":
		yes := object.IsTrue(p.Value)
		f.CORS.AllowCredentials = &yes
	case "accesscontrolmaxage":
		if n, err := strconv.Atoi(p.Value); err == nil && n > 0 {
			f.CORS.MaxAge = &n
		}
	case "addvaryheader":
		o.Needless(p.Label, "Vary is always added where the answer depends on the origin")
		return
	default:
		o.Lost(p.Label, "has no counterpart: name the origins one by one")
		return
	}
	o.Became(p.Label, corsField)
}
