package main

import (
	"strings"
	"testing"
)

func TestTheReportSaysWhatMatters(t *testing.T) {
	events := `{"Action":"output","Package":"fairlead.dev/fairlead/a","Test":"TestBad","Output":"=== RUN   TestBad\n"}
{"Action":"output","Package":"fairlead.dev/fairlead/a","Test":"TestBad","Output":"    a_test.go:3: one is not two\n"}
{"Action":"fail","Package":"fairlead.dev/fairlead/a","Test":"TestBad","Elapsed":0.5}
{"Action":"output","Package":"fairlead.dev/fairlead/a","Test":"TestGood","Output":"    noise\n"}
{"Action":"pass","Package":"fairlead.dev/fairlead/a","Test":"TestGood"}
{"Action":"output","Package":"fairlead.dev/fairlead/a","Test":"TestHung","Output":"    half done\n"}
{"Action":"output","Package":"fairlead.dev/fairlead/a","Output":"panic: test timed out\n"}
{"Action":"fail","Package":"fairlead.dev/fairlead/a","Elapsed":2}
{"Action":"output","Package":"fairlead.dev/fairlead/b","Test":"TestRoot","Output":"    b_test.go:9: no real swarm: a rig needs root\n"}
{"Action":"skip","Package":"fairlead.dev/fairlead/b","Test":"TestRoot"}
{"Action":"pass","Package":"fairlead.dev/fairlead/b","Elapsed":1}
`
	var out strings.Builder
	r := report{out: &out, said: map[test][]string{}}
	if err := r.read(strings.NewReader(events)); err != nil {
		t.Fatal(err)
	}
	if r.sum(false) || !strings.Contains(out.String(), "1 passed, 1 failed, 1 skipped") {
		t.Errorf("sum of:\n%s", &out)
	}
	for _, want := range []string{
		"FAIL  a TestBad (0.5s)\n          a_test.go:3: one is not two\n",
		"      panic: test timed out\n",
		"cut short: TestHung\n          half done\n",
		"SKIP  b TestRoot\n          b_test.go:9: no real swarm: a rig needs root\n",
		"ok    b ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("lacks %q:\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "noise") || strings.Contains(out.String(), "===") {
		t.Errorf("says too much:\n%s", &out)
	}
}

func TestASkipFailsOnlyWhereItMust(t *testing.T) {
	r := report{out: &strings.Builder{}, skipped: 1}
	if !r.sum(false) || r.sum(true) {
		t.Error("a skip counts the wrong way")
	}
}
