package cli

import (
	"fmt"
	"io"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/labels"
)

var routeKind = &kind{
	name: v1alpha1.KindRoute, singular: "route", plural: "routes",
	columns: []string{"NAME", "HOSTS", "TLS", columnStatus, "ENDPOINTS", "ORIGIN", columnAge},
	widths:  []int{20, 28, 11, 20, 9, 6},
	row:     (*client).routeRow,
	decode: func(o *object) {
		o.decoded = *labels.Decode(&o.Record)
		o.Route, o.Problems = o.decoded.Route, o.decoded.Problems
	},
	whole: wholeRoute,
	head:  routeHead,
	body:  (*description).writeRoute,
}

func (c *client) routeRow(o object, format string) []string {
	status, _ := o.verdict()
	endpoints := "-"
	if o.Status != nil {
		endpoints = fmt.Sprint(o.Status.ReadyEndpoints)
	}
	return []string{o.Key(), c.hostCell(o, format), tlsCell(o), status, endpoints, dash(o.origin()), c.age(o.Created)}
}

// hostCell names the hosts, in the narrow table only the first two.
func (c *client) hostCell(o object, format string) string {
	hosts := o.hosts()
	if len(hosts) > 2 && format != formatWide {
		return fmt.Sprintf("%s +%d", strings.Join(hosts[:2], ","), len(hosts)-2)
	}
	return dash(strings.Join(hosts, ","))
}

func tlsCell(o object) string {
	if o.Route == nil || o.Route.Spec.TLS == nil {
		return "-"
	}
	return string(o.Route.Spec.TLS.Mode)
}

func wholeRoute(o object) any {
	r := &v1alpha1.Route{TypeMeta: o.typeMeta(), Metadata: v1alpha1.ObjectMeta{Name: o.Name, Namespace: o.Namespace}}
	if o.Route != nil {
		*r = *o.Route
	}
	o.stamp(&r.Metadata)
	r.Status = o.Status
	return r
}

func routeHead(o object, t *table) {
	if o.Route == nil {
		return
	}
	t.addLabels(o.Route.Metadata.Labels)
	t.add("Hosts:", strings.Join(o.hosts(), ", "))
	t.add("TLS:", tlsWords(o.Route.Spec.TLS))
}

// writeRoute writes what a Route's description has below its head.
func (d *description) writeRoute(w io.Writer) {
	if d.object.Route != nil {
		fmt.Fprintf(w, "Rules:\n")
		writeRules(w, &d.object.Route.Spec)
	}
	d.writeProblems(w)
	d.writeConditions(w)
	d.writeEndpoints(w)
	d.writeEvents(w, d.mentioned())
}
