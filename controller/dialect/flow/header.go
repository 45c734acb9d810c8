package flow

import (
	"regexp"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/labels"
)

var headerName = regexp.MustCompile(v1alpha1.Pattern("headername"))

// readHeaders reads the parameters that change header fields: lists of "Name
// value", in HAProxy's words.
func (d *destination) readHeaders() {
	var h labels.Headers
	for _, name := range []string{"addReqHeader", "setReqHeader", "delReqHeader", "addResHeader", "setResHeader", "delResHeader"} {
		m, field := &h.Request, "spec.rules[].filters[].requestHeaderModifier"
		if strings.Contains(name, "Res") {
			m, field = &h.Response, "spec.rules[].filters[].responseHeaderModifier"
		}
		for _, item := range labels.Items(d.param(name, d.index), ",") {
			d.readHeader(name, item, m, field)
		}
	}
	if d.isTrue("xForwardedProto", d.index) {
		d.Needless(d.label("xForwardedProto", d.index), "X-Forwarded-Proto is always sent")
	}
	d.rule.Filters = h.Filters()
}

func (d *destination) readHeader(param, item string, m *v1alpha1.HeaderModifier, field string) {
	name, value, _ := strings.Cut(item, " ")
	value = strings.Trim(strings.TrimSpace(value), `"`)
	switch {
	case !headerName.MatchString(name):
		d.lost(param, "%q is no name of a header field", name)
	case strings.Contains(value, "%[") || strings.Contains(value, " if "):
		d.lost(param, "%q is an expression of HAProxy, which is not worked out here", item)
	case strings.HasPrefix(param, "del"):
		labels.RemoveHeader(m, name)
		d.became(param, field+".remove")
	case strings.HasPrefix(param, "set"):
		labels.SetHeader(m, name, value)
		d.became(param, field+".set")
	default:
		m.Add = append(m.Add, v1alpha1.Header{Name: name, Value: value})
		d.became(param, field+".add")
	}
}
