package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"fairlead.dev/fairlead/dataplane/routing"
)

// answer says what the client gets.
func (t *trace) answer(q question, rule *routing.Rule) {
	e := &t.Explanation
	passthrough := e.TLS != nil && e.TLS.Outcome == routing.Passthrough.String()
	switch {
	case e.TLS != nil && e.TLS.Outcome == routing.UnknownName.String():
		t.Answer = "the TLS handshake fails (unrecognized_name): no Route serves " + e.TLS.SNI + " over TLS"
	case t.handshakeFails():
		t.Answer = "the TLS handshake fails: there is no certificate for " + e.TLS.SNI
	case passthrough:
		t.fromBackends("the encrypted connection is passed on by "+routeRef(e.TLS.Route), "the connection is closed")
	case e.Outcome == routing.RedirectToHTTPS.String():
		t.Answer = "308 to https://" + e.Host + strings.TrimPrefix(q.url, "http://"+q.request.Host) + ": the host is served over TLS only"
		t.Served = true
	case e.Outcome == routing.Misdirected.String():
		t.Answer = "421: the host is not served on a connection for " + e.TLS.SNI
	case e.Outcome == routing.Unavailable.String():
		t.Answer = "503: no Route serves the host " + e.Host + ", and all Routes were made of labels"
	case rule == nil && e.Pattern == "":
		t.Answer = "404: no Route serves the host " + e.Host
	case rule == nil:
		t.Answer = "404: no rule for the host " + e.Pattern + " matches"
	default:
		t.fromRule(rule)
	}
}

func (t *trace) fromRule(rule *routing.Rule) {
	for _, f := range rule.Spec.Filters {
		if f.Redirect != nil {
			t.Answer, t.Served, t.Filters = filterWords(f), true, nil
			return
		}
	}
	e := &t.Explanation
	t.fromBackends(fmt.Sprintf("served by %s, rule %s", routeRef(e.Route), e.Rule), "500")
}

// fromBackends is served by the Backends, if one that gets requests has an
// Endpoint; dead is what the client gets where none resolves.
func (t *trace) fromBackends(served, dead string) {
	resolved, lost := false, 0
	for _, b := range t.Backends {
		switch {
		case b.Percent == 0:
		case len(b.Endpoints) > 0:
			t.Answer, t.Served = served, true
		default:
			lost += b.Percent
			resolved = resolved || b.Name != unresolvedName
		}
	}
	switch {
	case t.Served && lost > 0:
		t.Answer += fmt.Sprintf(", but %d%% of the requests fail: their backend has no Endpoint", lost)
	case t.Served:
	case resolved && dead == "500":
		t.Answer = "503: no Endpoint is ready"
	case resolved:
		t.Answer = dead + ": no Endpoint is ready"
	default:
		t.Answer = dead + ": no backend resolves"
	}
}

// wrongAt is what is wrong with the Routes that should serve a host: those that
// name it, and those of which nobody can tell.
func wrongAt(host string, objects []object, complaints map[string][]string) []string {
	var lines []string
	for _, o := range objects {
		if o.kind != routeKind || o.Route != nil && !slices.ContainsFunc(o.hosts(), func(pattern string) bool { return covers(pattern, host) }) {
			continue
		}
		for _, line := range complaints[o.ref()] {
			lines = append(lines, o.ref()+": "+line)
		}
	}
	return lines
}

func covers(pattern, host string) bool {
	pattern = strings.ToLower(strings.TrimSuffix(pattern, "."))
	suffix, wild := strings.CutPrefix(pattern, "*")
	return pattern == host || wild && strings.HasSuffix(host, suffix)
}

// handshakeFails says whether there is no certificate to terminate TLS with.
func (t *trace) handshakeFails() bool {
	tls := t.Explanation.TLS
	return tls != nil && tls.Outcome == routing.Terminate.String() && len(t.Certificates) == 0
}

// write writes t for people.
func (t *trace) write(w io.Writer) {
	e := &t.Explanation
	head := table{}
	head.add("Request:", t.Method+" "+t.URL)
	head.add("Answer:", t.Answer)
	if len(t.Certificates) > 0 {
		head.add("TLS:", fmt.Sprintf("terminated with %s, %s", strings.Join(t.Certificates, ", "), versions(e.TLS.MinVersion, e.TLS.MaxVersion)))
	}
	if e.Pattern != "" {
		head.add("Host:", e.Pattern)
	}
	for _, line := range t.Wrong {
		head.add("Wrong:", line)
	}
	if t.Access != "" {
		head.add("Access:", t.Access)
	}
	for _, f := range t.Filters {
		head.add("Filter:", f)
	}
	if t.Timeouts != "" {
		head.add("Timeouts:", t.Timeouts)
	}
	for _, line := range t.Stays {
		head.add("Stays:", line)
	}
	head.write(w, "")
	t.writeBackends(w)
	t.writeOthers(w)
}

func (t *trace) writeBackends(w io.Writer) {
	if len(t.Backends) == 0 || t.handshakeFails() {
		return
	}
	fmt.Fprintf(w, "Endpoints:\n")
	rows := table{{"SHARE", "BACKEND", "ADDRESS", "TASK", "NODE"}}
	for _, b := range t.Backends {
		share := fmt.Sprintf("%d%%", b.Percent)
		if len(b.Endpoints) == 0 {
			rows.add(share, b.Name, "none")
		}
		for i, e := range b.Endpoints {
			if i > 0 {
				share = ""
			}
			rows.add(share, b.Name, e.Address, dash(e.Task), dash(e.Node))
		}
		for _, f := range b.Filters {
			rows.add("", b.Name, "filter: "+f)
		}
		if b.Check != "" {
			rows.add("", b.Name, b.Check)
		}
	}
	rows.write(w, "  ")
}

// nearest is how many that did not win are shown.
const nearest = 10

// writeOthers says why the Matches and hosts that one might have expected do
// not serve the request.
func (t *trace) writeOthers(w io.Writer) {
	rows := table{}
	if t.Explanation.Outcome == routing.RedirectToHTTPS.String() {
		return
	}
	for _, c := range t.Explanation.Considered {
		if !c.Won && len(rows) < nearest {
			rows.add(fmt.Sprintf("%s, rule %s (%s):", routeRef(c.Route), c.Rule, c.Condition), c.Refused)
		}
	}
	for _, h := range t.Explanation.Hosts {
		rows.add("host "+h.Pattern+":", h.Refused)
	}
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(w, "Not chosen:\n")
	rows.write(w, "  ")
}
