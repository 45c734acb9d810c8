package http2

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2/hpack"
	"pgregory.net/rapid"

	"fairlead.dev/fairlead/dataplane/message"
)

// What the encoder writes is what a decoder of another hand reads, whatever the
// peer does to the size of the table in between.
func TestEncodedBlocksAreDecoded(t *testing.T) {
	names := rapid.SampledFrom([]string{"Content-Type", "x-a", "X-B", "etag", "cache-control", "set-cookie", "Authorization", "x-" + strings.Repeat("long", 50)})
	values := rapid.OneOf(
		rapid.SampledFrom([]string{"", "a", "text/plain", "max-age=0", strings.Repeat("v", 900), "\xff\x80"}),
		rapid.StringMatching(`[!-~]{0,40}`))
	rapid.Check(t, func(t *rapid.T) {
		var e encoder
		e.max = tableSize
		var got message.Fields
		d := hpack.NewDecoder(tableSize, func(f hpack.HeaderField) { got = append(got, message.Field{Name: f.Name, Value: f.Value}) })
		for range rapid.IntRange(1, 60).Draw(t, "blocks") {
			for range rapid.IntRange(0, 2).Draw(t, "resizes") {
				size := rapid.Uint32Range(0, 6000).Draw(t, "size")
				e.resize(size)
				d.SetAllowedMaxDynamicTableSize(min(size, tableSize))
			}
			status := rapid.IntRange(200, 599).Draw(t, "status")
			want := message.Fields{{Name: ":status", Value: fmt.Sprint(status)}}
			var lent [][]byte
			var fields message.Fields
			for range rapid.IntRange(0, 8).Draw(t, "fields") {
				name, value := names.Draw(t, "name"), values.Draw(t, "value")
				want.Add(strings.ToLower(name), value)
				n, v := []byte(name), []byte(value)
				lent = append(lent, n, v)
				fields.Add(text(n), text(v))
			}
			b, err := e.fields(e.status(e.begin(nil), status), fields)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range lent { // the encoder keeps nothing that it was lent
				clear(b)
			}
			got = nil
			if _, err := d.Write(b); err != nil {
				t.Fatal(err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatal(diff)
			}
			if rapid.IntRange(0, 9).Draw(t, "forget") == 0 {
				e.forget()
			}
		}
	})
}

func TestFieldsThatRepeatBecomeAnIndex(t *testing.T) {
	var e encoder
	e.max = tableSize
	f := message.Fields{{Name: "Server", Value: "x"}, {Name: "X-Id", Value: "1"}}
	var sizes []int
	for range 4 {
		b, err := e.fields(e.status(nil, 200), f)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(b))
	}
	if sizes[1] < 8 || sizes[2] != 3 || sizes[3] != 3 {
		t.Errorf("sizes of blocks: %v", sizes)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = e.fields(make([]byte, 0, 100), f) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestFieldsThatCannotBeWrittenAreRefused(t *testing.T) {
	for _, f := range []message.Field{{Name: "", Value: "x"}, {Name: "a b", Value: "x"}, {Name: ":status", Value: "200"}, {Name: "a", Value: "x\ny"}, {Name: "a", Value: "x\x00"}} {
		var e encoder
		if _, err := e.fields(nil, message.Fields{f}); err != ErrField {
			t.Errorf("%q: %v", f, err)
		}
	}
	var e encoder
	b, err := e.fields(nil, message.Fields{{Name: "Connection", Value: "close"}, {Name: "TE", Value: "gzip"}, {Name: "Upgrade", Value: "x"}})
	if len(b) != 0 || err != nil {
		t.Errorf("fields of the connection: %x, %v", b, err)
	}
}
