package interlock

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
)

const (
	mostFails   = 1_000_000
	longestTime = 99999 * time.Hour // what a v1alpha1.Duration can write
)

// readHealth reads when a task is taken out for failing.
func (t *translation) readHealth() *v1alpha1.HealthCheck {
	var h v1alpha1.HealthCheck
	if n, ok := t.number(maxFails, 0, mostFails); ok {
		h.MaxFails = &n
	}
	if value := t.text(failTimeout); value != "" {
		t.readFailTimeout(&h, value)
	}
	if h == (v1alpha1.HealthCheck{}) {
		return nil
	}
	return &h
}

func (t *translation) readFailTimeout(h *v1alpha1.HealthCheck, value string) {
	d, err := parseTime(value)
	switch {
	case err != nil:
		t.wrong(failTimeout, "%s", err)
	case d == 0:
		never := 0
		h.MaxFails = &never
		t.note(failTimeout, "is 0: a task that is out for no time is never out, so maxFails is 0")
	default:
		v := v1alpha1.Duration(d)
		h.FailTimeout = &v
	}
}

var (
	timeFormat = regexp.MustCompile(`^(\d+(ms|[smhdwMy])\s*)+$`)
	timePart   = regexp.MustCompile(`(\d+)(ms|[smhdwMy])`)
	timeUnits  = map[string]time.Duration{
		"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour,
		"d": 24 * time.Hour, "w": 7 * 24 * time.Hour, "M": 30 * 24 * time.Hour, "y": 365 * 24 * time.Hour,
	}
)

// parseTime reads a span of time as nginx writes it: 10s, 1m30s, 500ms, or a
// number of seconds.
func parseTime(s string) (time.Duration, error) {
	wrong := fmt.Errorf("is %q, must be a time such as 10s, 1m30s or 500ms", s)
	if strings.Trim(s, "0123456789") == "" {
		s += "s"
	}
	if !timeFormat.MatchString(s) {
		return 0, wrong
	}
	var sum time.Duration
	for _, part := range timePart.FindAllStringSubmatch(s, -1) {
		n, err := strconv.ParseInt(part[1], 10, 64)
		unit := timeUnits[part[2]]
		if err != nil || n > int64((longestTime-sum)/unit) {
			return 0, wrong
		}
		sum += time.Duration(n) * unit
	}
	return sum, nil
}
