package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/bench/load"
)

func TestEveryRowHasANameOfItsOwnAndEveryScenarioOfTheListIsThere(t *testing.T) {
	seen := map[string]bool{}
	groups := map[string]bool{}
	for _, sc := range allScenarios(10_000) {
		groups[sc.group] = true
		for _, row := range sc.rows {
			if seen[row.ID] || row.Title == "" {
				t.Errorf("%q stands twice or has no title", row.ID)
			}
			seen[row.ID] = true
			if !strings.HasPrefix(row.ID, sc.group) && sc.group != "memory" {
				t.Errorf("%q is no row of %s", row.ID, sc.group)
			}
		}
	}
	for _, want := range []string{"S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8"} {
		if !groups[want] {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestScenariosAreChosenByTheirGroup(t *testing.T) {
	chosen, err := choose(allScenarios(1), "S4,idle")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, sc := range chosen {
		names = append(names, sc.name())
	}
	if want := []string{"S4 bytes", "S4 conns", "idle"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	if _, err := choose(allScenarios(1), "S4,S9"); err == nil || !strings.Contains(err.Error(), "S9") {
		t.Errorf("S9: %v", err)
	}
}

func TestAMeasurementIsAsLongAsTheLimitOfTheRunAllows(t *testing.T) {
	for _, c := range []struct {
		name         string
		o            options
		measurements int
		want         time.Duration
	}{
		{"few", options{}, 40, 3 * time.Second},
		{"twice as many peers", options{}, 500, time.Second},
		{"too many", options{}, 100_000, time.Second},
		{"none", options{}, 0, time.Second},
		{"quick", options{quick: true}, 10, time.Second},
		{"as asked", options{measure: 7 * time.Second, quick: true}, 10, 7 * time.Second},
		{"whole seconds, for the tools know no others", options{measure: 1400 * time.Millisecond}, 10, time.Second},
		{"at least one", options{measure: 10 * time.Millisecond}, 10, time.Second},
	} {
		if got := measureFor(c.o, c.measurements, 20*time.Minute); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestAPeerThatSkipsAScenarioIsNotMeasuredInIt(t *testing.T) {
	o := options{peersDir: "peers", peers: "nginx", only: "S4"}
	one, _ := newSuite(o) // Programs may be missing here; nothing is started.
	o.peers = "nginx,caddy"
	two, _ := newSuite(o)
	if one.measurements() != 2 || two.measurements() != 2 {
		t.Errorf("%d and, with Caddy, %d measurements of S4", one.measurements(), two.measurements())
	}
}

func TestAnExtraPeerIsAFolder(t *testing.T) {
	var o options
	if err := o.addPeer("mine=peers/haproxy"); err != nil || len(o.extra) != 1 || o.extra[0].Name != "mine" {
		t.Errorf("%+v, %v", o.extra, err)
	}
	for _, bad := range []string{"", "mine", "=peers/haproxy", "mine=peers", "mine=nowhere"} {
		if err := o.addPeer(bad); err == nil {
			t.Errorf("%q is a peer", bad)
		}
	}
}

func TestUnitsOfWork(t *testing.T) {
	c := load.Count{Requests: 3, Bytes: 3 << 29}
	if requests(c) != 3 || gibibytes(c) != 1.5 {
		t.Errorf("%v requests, %v GiB", requests(c), gibibytes(c))
	}
	if microseconds(1500*time.Nanosecond) != 1.5 || milliseconds(1500*time.Microsecond) != 1.5 {
		t.Error("times")
	}
}
