// Package doctor decides what ails a cluster, and what mends it. The checks are
// pure functions of Facts, one a file's worth of what they look at: engine.go is
// the connection and the engine, swarm.go the nodes and services, route.go what
// Routes name. Only port.go looks for itself, at the ports of this host.
package doctor

import (
	"fmt"
	"strings"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/swarm"
	"fairlead.dev/fairlead/reconcile/plan"
)

// Level says how bad a Result is.
type Level string

// The Levels.
const (
	OK   Level = "ok"
	Warn Level = "warn"
	Fail Level = "fail"
)

// Result is what one check found.
type Result struct {
	Check string `json:"check"`
	Level Level  `json:"level"`
	// Found is what is so, Do what to do about it, where anything is.
	Found string `json:"found"`
	Do    string `json:"do,omitempty"`
}

// Facts are what the checks look at.
type Facts struct {
	Now time.Time
	// Unreachable is why the engine does not answer; nil where it does.
	Unreachable error
	Engine      swarm.Engine
	// Ports are those that a data plane on this host listens on; none where the
	// engine is another host's.
	Ports []Port
	// Gathered: the fields below are known. Ungathered is why not, where the engine
	// could have told.
	Gathered   bool
	Ungathered error
	// Tenders are those that do not run.
	Tenders []swarm.IdleTender
	// Routes are what the Plan says of each Route now.
	Routes []plan.Status
	// Reported is what the operator wrote last, by the key of the Route.
	Reported []Reported
}

// Reported is a status that the operator wrote.
type Reported struct {
	Key    string
	Status *v1alpha1.Status
}

// Examine makes the checks. What cannot be looked at, because of what failed
// before, is left out.
func Examine(f Facts) []Result {
	results := []Result{reached(f)}
	if f.Unreachable == nil {
		results = append(results, version(f), clock(f), certificates(f), manager(f))
	}
	if f.Unreachable == nil && f.Engine.Manager {
		results = append(results, quorum(f), nodes(f))
	}
	for _, p := range f.Ports {
		results = append(results, port(p))
	}
	if f.Unreachable == nil && f.Engine.Manager && f.Engine.Headless == nil {
		results = append(results, ingress(f))
	}
	if f.Ungathered != nil {
		results = append(results, Result{"routes", Fail, f.Ungathered.Error(), "look again in a moment; then at the engine's log"})
	}
	if f.Gathered {
		results = append(results, secrets(f), networks(f), services(f), routeCertificates(f), tenders(f))
	}
	return results
}

// Failed counts the checks that fail.
func Failed(results []Result) int {
	n := 0
	for _, r := range results {
		if r.Level == Fail {
			n++
		}
	}
	return n
}

func ok(check, format string, args ...any) Result {
	return Result{Check: check, Level: OK, Found: fmt.Sprintf(format, args...)}
}

// all is a Result of found, or ok where nothing was.
func all(check string, level Level, found []string, do, fine string) Result {
	if len(found) == 0 {
		return ok(check, "%s", fine)
	}
	return Result{Check: check, Level: level, Found: strings.Join(found, "; "), Do: do}
}
