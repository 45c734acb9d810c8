package cli

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/routing"
	"fairlead.dev/fairlead/reconcile/plan"
)

func (c *client) newTrace() *cobra.Command {
	var method, served string
	var headers []string
	command := &cobra.Command{
		Use:   "trace URL",
		Short: "Say what would serve a request, and why nothing else does",
		Long: `Say which host, rule, filters and Endpoints would serve a request, and why the
nearest others do not: from the objects and the swarm as they are now, with no
request sent. The exit code is 1 where no Endpoint would answer.`,
		Example: `  fairlead trace https://demo.local/api?v=2
  fairlead trace -X POST --header 'X-Canary: 1' http://demo.local/`,
		RunE: func(command *cobra.Command, args []string) error {
			format, err := c.format(command, formatTable, formatJSON, formatYAML)
			if err != nil {
				return err
			}
			if len(args) != 1 {
				return usage(command, "give one URL")
			}
			q, err := newQuestion(method, args[0], headers)
			if err != nil {
				return usage(command, "%s", err)
			}
			q.cluster = served
			return c.with(command.Context(), func(cluster Cluster) error {
				return c.trace(command.Context(), cluster, q, format)
			})
		},
	}
	command.Flags().StringVarP(&method, "request", "X", http.MethodGet, "method of the request")
	command.Flags().StringArrayVar(&headers, "header", nil, "header field of the request, as 'NAME: VALUE'; may stand several times")
	command.Flags().StringVar(&served, "cluster", "", "service cluster that the request goes to")
	return command
}

// trace is the answer to a question.
type trace struct {
	URL    string `json:"url"`
	Method string `json:"method"`
	// Answer says in words what the client gets, and Served whether it comes
	// from an Endpoint or is a redirect that a Rule wants.
	Answer string `json:"answer"`
	Served bool   `json:"served"`

	// Certificates are the names of those that the client may be shown.
	Certificates []string `json:"certificates,omitempty"`
	// Wrong are the Conditions of the Route that are not as they should be.
	Wrong []string `json:"wrong,omitempty"`
	// Access says who may come; "" is everyone.
	Access   string   `json:"access,omitempty"`
	Filters  []string `json:"filters,omitempty"`
	Timeouts string   `json:"timeouts,omitempty"`
	// Stays says which requests go to one Endpoint.
	Stays    []string       `json:"stays,omitempty"`
	Backends []traceBackend `json:"backends,omitempty"`

	Explanation routing.Explanation `json:"explanation"`
}

// unresolvedName stands for a Backend that is not there.
const unresolvedName = "(does not resolve)"

// traceBackend is a Backend's share.
type traceBackend struct {
	Name string `json:"name"`
	// Percent is its share of the Rule's requests.
	Percent   int             `json:"percent"`
	Filters   []string        `json:"filters,omitempty"`
	Check     string          `json:"check,omitempty"`
	Endpoints []traceEndpoint `json:"endpoints,omitempty"`
}

type traceEndpoint struct {
	Address string `json:"address"`
	Task    string `json:"task,omitempty"`
	Node    string `json:"node,omitempty"`
}

func (c *client) trace(ctx context.Context, cluster Cluster, q question, format string) error {
	objects, err := listAll(ctx, cluster)
	if err != nil {
		return err
	}
	in, err := c.input(ctx, cluster, objects)
	if err != nil {
		return err
	}
	in.Cluster = q.cluster
	p := plan.Compute(in)
	t, err := newTrace(p, q, newPlaces(&in.World))
	if err != nil {
		return err
	}
	if t.Explanation.Route == "" && !t.Served {
		t.Wrong = append(t.Wrong, wrongAt(t.Explanation.Host, objects, complaints(p.Statuses))...)
	}
	if format == formatTable {
		t.write(c.Out)
	} else if err := c.print(format, t); err != nil {
		return err
	}
	if !t.Served {
		return errNo
	}
	return nil
}

func newTrace(world plan.Plan, q question, p places) (*trace, error) {
	s := world.Snapshot
	table, err := routing.NewTable(s)
	if err != nil {
		return nil, fmt.Errorf("compile the Routes: %w", err)
	}
	t := &trace{URL: q.url, Method: q.request.Method, Explanation: table.Explain(q.listener, q.request)}
	rule := table.Match(q.listener, q.request).Rule
	if q.listener == routing.TLS {
		if handshake := table.TLS(q.request.SNI); handshake.Outcome == routing.Passthrough {
			rule = handshake.Rule
		}
	}
	t.Certificates = certificateNames(s, t.Explanation.TLS)
	if rule != nil {
		t.Wrong = complaints(world.Statuses)[routeRef(rule.Route.Key)]
	}
	if rule != nil && t.Explanation.Outcome != routing.RedirectToHTTPS.String() {
		t.fill(s, rule.Route, rule.Spec, p)
	}
	t.answer(q, rule)
	return t, nil
}

// certificateNames are those that a handshake offers.
func certificateNames(s *snapshot.Snapshot, e *routing.TLSExplanation) []string {
	var names []string
	for _, c := range s.Certificates {
		if e != nil && slices.Contains(e.Certificates, c.ID) {
			names = append(names, c.Name)
		}
	}
	return names
}

// fill says what the Rule does.
func (t *trace) fill(s *snapshot.Snapshot, route *snapshot.Route, rule *snapshot.Rule, p places) {
	t.Filters = append(allFilterWords(rule.Filters), mirrorWords(s, rule.Mirrors)...)
	t.Access = accessWords(route.Access)
	t.Timeouts, t.Stays = timeoutWords(rule), stays(route, rule)
	sum := 0
	for _, b := range rule.Backends {
		sum += b.Weight
	}
	for _, b := range rule.Backends {
		share := traceBackend{Name: unresolvedName, Filters: append(allFilterWords(b.Filters), mirrorWords(s, b.Mirrors)...)}
		if sum > 0 {
			share.Percent = (200*b.Weight + sum) / (2 * sum)
		}
		for i := range s.Backends {
			if known := &s.Backends[i]; known.ID == b.Backend {
				share.Name, share.Check, share.Endpoints = known.Name, checkWords(known), traceEndpoints(known.Endpoints, p)
			}
		}
		t.Backends = append(t.Backends, share)
	}
}

func allFilterWords(filters []snapshot.Filter) []string {
	var words []string
	for _, f := range filters {
		words = append(words, filterWords(f))
	}
	return words
}

func timeoutWords(r *snapshot.Rule) string {
	var words []string
	if r.Request > 0 {
		words = append(words, fmt.Sprintf("%s for a request", r.Request))
	}
	if r.BackendRequest > 0 {
		words = append(words, fmt.Sprintf("%s for a try", r.BackendRequest))
	}
	if r.Retry != nil {
		words = append(words, fmt.Sprintf("at most %d tries", 1+r.Retry.Attempts))
	}
	return strings.Join(words, ", ")
}

func traceEndpoints(endpoints []snapshot.Endpoint, p places) []traceEndpoint {
	var out []traceEndpoint
	for _, e := range endpoints {
		task, node := p.of(e)
		out = append(out, traceEndpoint{Address: e.Address, Task: strings.Trim(task, "-"), Node: strings.Trim(node, "-")})
	}
	return out
}
