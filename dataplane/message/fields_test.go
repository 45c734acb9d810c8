package message

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestFieldsKeepTheirOrderAndHaveNoCase(t *testing.T) {
	f := Fields{{"A", "1"}, {"b", "2"}, {"a", "3"}, {"C", "4"}}
	f.Set("A", "5")
	f.Add("D", "6")
	f.Del("B")
	if d := cmp.Diff(Fields{{"A", "5"}, {"C", "4"}, {"D", "6"}}, f); d != "" {
		t.Error(d)
	}
	if f.Get("d") != "6" || f.Get("x") != "" || !f.Has("c") || f.Has("b") {
		t.Error("Get or Has is wrong")
	}
}

func TestTokensOfLists(t *testing.T) {
	f := Fields{{"Connection", "close , Upgrade"}, {"connection", "x"}}
	for token, want := range map[string]bool{"upgrade": true, "CLOSE": true, "x": true, "clos": false, "": false, "close , upgrade": false} {
		if f.HasToken("Connection", token) != want {
			t.Errorf("%q: not %v", token, want)
		}
	}
}

func TestFieldsAreAsHTTPHeadersAre(t *testing.T) {
	names := rapid.SampledFrom([]string{"A", "B", "C"})
	rapid.Check(t, func(t *rapid.T) {
		var f Fields
		h := http.Header{}
		for range rapid.IntRange(0, 20).Draw(t, "n") {
			name, value := names.Draw(t, "name"), rapid.String().Draw(t, "value")
			spelt := name
			if rapid.Bool().Draw(t, "lower") {
				spelt = strings.ToLower(name)
			}
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				f.Set(spelt, value)
				h.Set(name, value)
			case 1:
				f.Add(spelt, value)
				h.Add(name, value)
			case 2:
				f.Del(spelt)
				h.Del(name)
			}
		}
		for _, name := range []string{"A", "B", "C"} {
			if !slices.Equal(f.Values(name), h.Values(name)) || f.Get(name) != h.Get(name) || f.Has(name) != (h.Values(name) != nil) {
				t.Fatalf("%s: %q, want %q", name, f.Values(name), h.Values(name))
			}
		}
	})
}
