package access

import (
	"encoding/json"
	"io"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sameAsJSON compares the line of r with what encoding/json makes of it.
func sameAsJSON(t *testing.T, r *Record) {
	t.Helper()
	want, err := json.Marshal(r)
	if err != nil {
		t.Skip(err)
	}
	if d := cmp.Diff(string(want), string(line(nil).record(r))); d != "" {
		t.Error(d)
	}
}

func TestALineIsThatOfEncodingJSON(t *testing.T) {
	for _, text := range []string{"", "plain", "\"\\/\b\f\n\r\t\x00\x1f\x7f", "<a href='x'>&</a>", "\u2028\u2029\u2027\ufffd", "a\xffb\xc3", "\xed\xa0\x80 grüße 世界 🚢"} {
		for i, d := range []float64{0, 1, -1, 0.5, 1e-6, 9.99e-7, 1.25e-9, 1e-10, 1e20, 1e21, 1e100, math.SmallestNonzeroFloat64, math.MaxFloat64, math.Copysign(0, -1)} {
			sameAsJSON(t, &Record{
				Time: time.Unix(int64(i), int64(i)*1000).In(time.FixedZone("", i*1800)), RequestID: text, Listener: text, Client: text, Method: text, Host: text, Path: text,
				Protocol: text, Status: i * 50, Duration: d, BytesIn: int64(i), BytesOut: -int64(i), Route: text, Rule: text, Backend: text, Endpoint: text, Tries: i, Error: text,
			})
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add(int64(1), 0, "a", "GET", "/<\xff\u2028", 200, 0.25, int64(7))
	f.Fuzz(func(t *testing.T, seconds int64, zone int, host, method, path string, status int, duration float64, bytes int64) {
		sameAsJSON(t, &Record{
			Time: time.Unix(seconds, bytes).In(time.FixedZone("", zone)), RequestID: path, Listener: method, Client: host, Method: method, Host: host, Path: path, Protocol: method,
			Status: status, Duration: duration, BytesIn: bytes, BytesOut: -bytes, Route: host, Rule: path, Backend: method, Endpoint: host, Tries: status, Error: path,
		})
	})
}

// typical is a record as most are.
var typical = Record{
	Time: time.Unix(1e9, 123456789).UTC(), RequestID: "0123456789abcdef0123456789abcdef", Listener: "https", Client: "192.0.2.1", Method: "GET", Host: "www.example.org", Path: "/a/b?c=d",
	Protocol: "HTTP/2.0", Status: 200, Duration: 0.001234567, BytesOut: 12345, Route: "default/web", Rule: "0", Backend: "web", Endpoint: "abcdef", Tries: 1,
}

func TestWritingTakesNoMemory(t *testing.T) {
	r := typical
	off := NewLog(nil)
	if n := testing.AllocsPerRun(100, func() { off.Write(&r) }); n != 0 {
		t.Errorf("off: %v allocations", n)
	}
	l := make(line, 0, 1<<10)
	if n := testing.AllocsPerRun(100, func() { l = l[:0].record(&r) }); n != 0 {
		t.Errorf("a line: %v allocations", n)
	}
}

func BenchmarkWrite(b *testing.B) {
	for name, w := range map[string]io.Writer{"off": nil, "on": io.Discard} {
		b.Run(name, func(b *testing.B) {
			l := NewLog(w)
			b.ReportAllocs()
			for b.Loop() {
				l.Write(&typical)
			}
		})
	}
}
