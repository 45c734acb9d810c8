package doctor

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"fairlead.dev/fairlead/controller/swarm"
)

// oldestAPI is the first API version with everything that is used.
const oldestAPI = "1.41"

func reached(f Facts) Result {
	var told *swarm.TrustError
	if errors.As(f.Unreachable, &told) {
		what, do := told.Fault.Parts()
		return Result{"engine", Fail, what + " [" + told.Where + "]", do}
	}
	if f.Unreachable != nil {
		return Result{"engine", Fail, f.Unreachable.Error(), "start the engine, or give its address with DOCKER_HOST, --host or --context"}
	}
	return ok("engine", "%s answers at %s", f.Engine.Name, f.Engine.Address)
}

func version(f Facts) Result {
	if older(f.Engine.APIVersion, oldestAPI) {
		return Result{"api", Fail, fmt.Sprintf("API version %s is older than %s", f.Engine.APIVersion, oldestAPI), "update the engine to 20.10 or newer"}
	}
	return ok("api", "API version %s", f.Engine.APIVersion)
}

// older compares versions such as 1.9 and 1.41.
func older(a, b string) bool {
	a1, a2 := numbers(a)
	b1, b2 := numbers(b)
	return a1 < b1 || a1 == b1 && a2 < b2
}

func numbers(version string) (major, minor int) {
	first, second, _ := strings.Cut(version, ".")
	major, _ = strconv.Atoi(first) // what is no number is older than any
	minor, _ = strconv.Atoi(second)
	return major, minor
}

// skew is how far clocks may be apart.
const skew = 2 * time.Second

// clock compares the clocks. Within the call that asked, nobody can tell.
func clock(f Facts) Result {
	e := f.Engine
	apart := e.Time.Sub(e.Asked)
	switch {
	case e.Time.IsZero():
		return Result{"clock", Warn, "the engine does not say what time it is", "compare the clocks of the hosts yourself"}
	case apart.Abs() > skew+e.Took/2:
		return Result{"clock", Warn, fmt.Sprintf("the engine's clock is %s %s of this host's", apart.Abs().Round(100*time.Millisecond), side(apart)), "let NTP set the clocks of both"}
	}
	return ok("clock", "the engine's clock and this host's agree")
}

func side(apart time.Duration) string {
	if apart > 0 {
		return "ahead"
	}
	return "behind"
}

// near is how soon a certificate's end is worth a word.
const near = 30 * 24 * time.Hour

func certificates(f Facts) Result {
	var ended, ending []string
	for _, c := range f.Engine.Certificates {
		switch day := c.NotAfter.UTC().Format(time.DateOnly); {
		case f.Now.After(c.NotAfter):
			ended = append(ended, c.What+" ended on "+day)
		case f.Now.Add(near).After(c.NotAfter):
			ending = append(ending, c.What+" ends on "+day)
		}
	}
	const do = "get new ones (fairlead pki issue client, fairlead pki issue server) and put them in place"
	switch {
	case len(f.Engine.Certificates) == 0:
		return ok("connection", "no TLS, so no certificates that could end")
	case len(ended) > 0:
		return all("connection", Fail, append(ended, ending...), do, "")
	}
	return all("connection", Warn, ending, do, "its certificates are valid for 30 days at least")
}

func manager(f Facts) Result {
	switch {
	case f.Engine.Manager:
		return ok("manager", "%s is a swarm manager", f.Engine.Name)
	case f.Engine.State == "active":
		return Result{"manager", Fail, f.Engine.Name + " is a worker", "go to a manager, or make it one: docker node promote " + f.Engine.Name}
	case f.Engine.State == "locked":
		return Result{"manager", Fail, "the swarm is locked on " + f.Engine.Name, "docker swarm unlock"}
	}
	return Result{"manager", Fail, fmt.Sprintf("%s is in no swarm (it is %s)", f.Engine.Name, f.Engine.State), "docker swarm init, or docker swarm join"}
}
