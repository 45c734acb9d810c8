package v1alpha1

import (
	"encoding/json"
	"fmt"
	"regexp"
	"time"
)

// Duration is a span of time in Gateway API's format (GEP-2257): up to four
// parts of up to five digits with a unit, such as "10s" or "1m500ms". The units
// are h, m, s and ms.
type Duration time.Duration

var durationFormat = regexp.MustCompile(`^([0-9]{1,5}(h|m|s|ms)){1,4}$`)

// ParseDuration reads GEP-2257's format.
func ParseDuration(s string) (Duration, error) {
	if !durationFormat.MatchString(s) {
		return 0, fmt.Errorf("%q is no duration: write up to four numbers with the units h, m, s or ms, such as 10s or 1m30s", s)
	}
	d, err := time.ParseDuration(s)
	return Duration(d), err
}

// UnmarshalJSON reads a string in GEP-2257's format.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("%s is no duration: write a string such as 10s", data)
	}
	parsed, err := ParseDuration(s)
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// MarshalJSON writes GEP-2257's format.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// String formats d in whole milliseconds, in GEP-2257's format.
func (d Duration) String() string {
	ms := time.Duration(d).Milliseconds()
	if ms == 0 {
		return "0s"
	}
	var s string
	for _, u := range []struct {
		name string
		ms   int64
	}{{"h", 3600_000}, {"m", 60_000}, {"s", 1000}, {"ms", 1}} {
		if n := ms / u.ms; n > 0 {
			s += fmt.Sprint(n) + u.name
			ms %= u.ms
		}
	}
	return s
}
