// Command report runs `go test -json` with the arguments it gets and prints what
// a person wants to know: one line for each package, all that a failed test
// said, why a test was skipped, and the sums.
//
//	go run ./hack/report -race ./...
//
// It fails if a test failed, and with CI=true in the environment if one was
// skipped: what must run in CI and cannot is no success.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

func main() {
	ok, err := run(os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) (bool, error) {
	c := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	c.Stderr = os.Stderr
	events, err := c.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := c.Start(); err != nil {
		return false, err
	}
	r := report{out: out, said: map[test][]string{}}
	readErr := r.read(events)
	waitErr := c.Wait()
	if errors.As(waitErr, new(*exec.ExitError)) {
		r.failed = max(r.failed, 1)
		waitErr = nil
	}
	strict := os.Getenv("CI") == "true"
	return r.sum(strict), errors.Join(readErr, waitErr)
}

// event is one line of `go test -json`, as far as we read it.
type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

// test names a test, or with an empty name the package around it.
type test struct{ pkg, name string }

type report struct {
	out                     io.Writer
	said                    map[test][]string
	passed, failed, skipped int
}

func (r *report) read(events io.Reader) error {
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			r.printf("%s\n", lines.Text()) // not of the tests, so worth seeing
			continue
		}
		r.take(e)
	}
	return lines.Err()
}

func (r *report) take(e event) {
	t := test{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		r.printf("%s", e.Output)
	case "output":
		r.said[t] = append(r.said[t], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endPackage(e)
		} else {
			r.endTest(e)
		}
		delete(r.said, t)
	}
}

func (r *report) endTest(e event) {
	text := r.text(test{e.Package, e.Test})
	switch e.Action {
	case "pass":
		r.passed++
	case "fail":
		r.failed++
		r.printf("FAIL  %s %s (%.1fs)\n%s", short(e.Package), e.Test, e.Elapsed, indent(text))
	case "skip":
		r.skipped++
		r.printf("SKIP  %s %s\n%s", short(e.Package), e.Test, indent(text))
	}
}

// endPackage prints what was said outside of tests too if the package failed: a
// panic or a time that ran out is in there, and the tests that it cut short.
func (r *report) endPackage(e event) {
	switch e.Action {
	case "pass":
		r.printf("ok    %-40s %6.1fs\n", short(e.Package), e.Elapsed)
	case "fail":
		text := r.text(test{pkg: e.Package})
		for t := range r.said {
			if t.pkg == e.Package && t.name != "" {
				text += "cut short: " + t.name + "\n" + r.text(t)
			}
		}
		r.printf("FAIL  %-40s %6.1fs\n%s", short(e.Package), e.Elapsed, indent(text))
		r.failed = max(r.failed, 1)
	}
}

// text is what a test said, without the lines that go test adds.
func (r *report) text(t test) string {
	lines := slices.DeleteFunc(slices.Clone(r.said[t]), func(line string) bool {
		line = strings.TrimSpace(line)
		for _, prefix := range []string{"=== ", "--- ", "PASS", "ok  \t", "coverage:"} {
			if strings.HasPrefix(line, prefix) {
				return true
			}
		}
		return line == "FAIL" || strings.HasPrefix(line, "FAIL\t")
	})
	return strings.Join(lines, "")
}

// sum prints the sums and says whether all is well; strict takes a skip for a
// failure.
func (r *report) sum(strict bool) bool {
	r.printf("%d passed, %d failed, %d skipped\n", r.passed, r.failed, r.skipped)
	if strict && r.skipped > 0 {
		r.printf("CI=true: what is skipped here counts as failed\n")
		return false
	}
	return r.failed == 0
}

func (r *report) printf(format string, args ...any) { _, _ = fmt.Fprintf(r.out, format, args...) }

func short(pkg string) string { return strings.TrimPrefix(pkg, "fairlead.dev/fairlead/") }

func indent(text string) string {
	if text == "" {
		return ""
	}
	return "      " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n      ") + "\n"
}
