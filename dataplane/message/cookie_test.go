package message

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCookies(t *testing.T) {
	f := Fields{{"Cookie", `a=1; session="x y"; b`}, {"X", "session=no"}, {"cookie", "session=; Session=upper;session=2=3"}}
	for name, want := range map[string][]string{
		"a": {"1"}, "session": {"x y", "", "2=3"}, "Session": {"upper"}, "b": nil, "c": nil,
	} {
		var got []string
		f.EachCookie(name, func(value string) bool {
			got = append(got, value)
			return true
		})
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	if got := f.Cookie("session"); got != "x y" {
		t.Errorf("the first is %q", got)
	}
}

func TestToLookForACookieAllocatesNothing(t *testing.T) {
	f := Fields{{"Cookie", "a=1; session=2"}}
	if n := testing.AllocsPerRun(100, func() { _ = f.Cookie("session") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
