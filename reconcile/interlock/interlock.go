package interlock

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// Prefix is that of Interlock's labels.
const Prefix = "com.docker.lb."

// stackLabel holds the name of the stack that a service belongs to.
const stackLabel = "com.docker.stack.namespace"

// Service is what the labels are read from.
type Service struct {
	// Name is the service's whole name, Namespace its stack
	// (com.docker.stack.namespace) or empty.
	Name, Namespace string
	Labels          map[string]string
	// Networks are the names of the networks that it is attached to, without
	// the ingress network; empty where they are not known.
	Networks []string
}

// RouteName is the name of the service's own Route.
func (s Service) RouteName() string { return routeName(shortName(s.Name, s.Namespace), s.Name, "") }

// Result is what the labels of one Service mean.
type Result struct {
	// Routes are valid and have their defaults, sorted by name; none where a
	// Problem is fatal.
	Routes []v1alpha1.Route
	// Problems are labels that are not as they should be, sorted by label.
	Problems []Problem
	// Notes are labels that were understood and deserve a word, sorted likewise.
	Notes []Problem
	// Fields say what became of the labels without a Problem, sorted likewise.
	Fields []Field
}

// Problem is what there is to say about one label.
type Problem struct {
	// Label is the label's whole name, Value its value; a label that should be
	// there and is not has none.
	Label, Value string
	// Reason is one of v1alpha1's, Message for a person.
	Reason, Message string
	// Fatal: no Route is made of the service.
	Fatal bool
}

// String is the label and the message.
func (p Problem) String() string { return fmt.Sprintf("label %s: %s", p.Label, p.Message) }

// Field is where the value of a label stands in the Routes.
type Field struct {
	Label string
	// Path is a field path, or empty where the label needs no field.
	Path string
}

// Claims says whether the labels are for Interlock: one of them has the Prefix.
func Claims(labels map[string]string) bool {
	for name := range labels {
		if strings.HasPrefix(name, Prefix) {
			return true
		}
	}
	return false
}

// Translate says which Routes the labels of s mean. A service without any of
// them gives the zero Result.
func Translate(s Service) Result {
	if !Claims(s.Labels) {
		return Result{}
	}
	t := &translation{Service: s}
	t.checkNames()
	w := t.readWish()
	if !t.fatal() {
		t.Routes = t.checkRoutes(t.build(&w))
	}
	if t.fatal() {
		t.Routes = nil
	}
	t.Fields = t.fields(len(w.roots) > 0)
	sortProblems(t.Problems)
	sortProblems(t.Notes)
	return t.Result
}

// translation is a Translate under way.
type translation struct {
	Service
	Result
	skipped []string // labels that need no field
}

func (t *translation) fatal() bool {
	return slices.ContainsFunc(t.Problems, func(p Problem) bool { return p.Fatal })
}

// checkRoutes gives Routes their defaults and returns those that are valid. What
// only a later version serves is left to Validate's callers.
func (t *translation) checkRoutes(routes []v1alpha1.Route) []v1alpha1.Route {
	var valid []v1alpha1.Route
	for i := range routes {
		r := &routes[i]
		v1alpha1.Default(r)
		wrong := v1alpha1.Validate(r)
		wrong = slices.DeleteFunc(wrong, func(p v1alpha1.Problem) bool { return p.Reason == v1alpha1.ReasonUnsupportedValue })
		for _, p := range wrong {
			label := Prefix + hosts
			if p.Path == "metadata.namespace" {
				label = stackLabel
			}
			t.add(Problem{Label: label, Value: t.Labels[label], Reason: p.Reason, Message: fmt.Sprintf("the Route %s is not valid: %s", r.Metadata.Name, p), Fatal: true})
		}
		if len(wrong) == 0 {
			valid = append(valid, *r)
		}
	}
	slices.SortFunc(valid, func(a, b v1alpha1.Route) int { return cmp.Compare(a.Metadata.Name, b.Metadata.Name) })
	return valid
}

func sortProblems(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Label, b.Label), cmp.Compare(a.Message, b.Message))
	})
}
