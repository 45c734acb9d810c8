package http2

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fairlead.dev/fairlead/dataplane/message"
)

// lines makes fields of "name: value" lines; a leading colon is of the name.
func lines(s string) (f message.Fields) {
	for line := range strings.SplitSeq(strings.TrimSpace(s), "\n") {
		line = strings.TrimPrefix(line, "\t")
		at := strings.Index(line[1:], ":") + 1
		f.Add(line[:at], strings.TrimPrefix(line[at+1:], " "))
	}
	return f
}

// encode writes fields as they are, valid or not.
func encode(f message.Fields) (b []byte) {
	for i := range f {
		b = literal(b, 0, 4, 0, f[i].Name, f[i].Value)
	}
	return b
}

const getHead = ":method: GET\n:scheme: https\n:authority: a.example\n:path: /\n"

func TestHeadsOfRequests(t *testing.T) {
	for name, test := range map[string]struct {
		head string
		want *message.Request // nil: malformed
	}{
		"a plain one": {getHead + "accept: */*", &message.Request{
			Method: "GET", Host: "a.example", Path: "/", Fields: message.Fields{{Name: "accept", Value: "*/*"}}, Length: message.Unknown}},
		"query and length": {strings.Replace(getHead, "/\n", "/a?b?c\n", 1) + "content-length: 3", &message.Request{
			Method: "GET", Host: "a.example", Path: "/a", Query: "b?c", HasQuery: true, Length: 3}},
		"an empty query": {strings.Replace(getHead, ": /\n", ": /?\n", 1) + "expect: 100-continue", &message.Request{
			Method: "GET", Host: "a.example", Path: "/", HasQuery: true, Length: message.Unknown, ExpectContinue: true,
			Fields: message.Fields{{Name: "expect", Value: "100-continue"}}}},
		"crumbs of a cookie": {getHead + "cookie: a=b\nx: y\ncookie: c=d\ncookie: e=f", &message.Request{
			Method: "GET", Host: "a.example", Path: "/", Length: message.Unknown,
			Fields: message.Fields{{Name: "cookie", Value: "a=b; c=d; e=f"}, {Name: "x", Value: "y"}}}},
		"host instead of :authority": {":method: GET\n:scheme: https\n:path: /\nhost: a:1", &message.Request{
			Method: "GET", Host: "a:1", Path: "/", Length: message.Unknown}},
		"host as :authority says": {getHead + "host: A.example", &message.Request{
			Method: "GET", Host: "a.example", Path: "/", Length: message.Unknown}},
		"OPTIONS *": {":method: OPTIONS\n:scheme: https\n:authority: a\n:path: *", &message.Request{
			Method: "OPTIONS", Host: "a", Path: "*", Length: message.Unknown}},
		"CONNECT":              {":method: CONNECT\n:authority: a:443", &message.Request{Method: "CONNECT", Host: "a:443", Length: message.Unknown}},
		"trailers are taken":   {getHead + "te: trailers", &message.Request{Method: "GET", Host: "a.example", Path: "/", Length: message.Unknown, Fields: message.Fields{{Name: "te", Value: "trailers"}}}},
		"CONNECT with a path":  {":method: CONNECT\n:scheme: https\n:authority: a:443\n:path: /", nil},
		"CONNECT, no port":     {":method: CONNECT\n:authority: a", nil},
		"extended CONNECT":     {":method: CONNECT\n:protocol: websocket\n:scheme: https\n:authority: a:443\n:path: /", nil},
		"another host":         {getHead + "host: b.example", nil},
		"two hosts":            {getHead + "host: a.example\nhost: a.example", nil},
		"no host":              {":method: GET\n:scheme: https\n:path: /", nil},
		"an empty host":        {":method: GET\n:scheme: https\n:authority: \n:path: /", nil},
		"userinfo":             {":method: GET\n:scheme: https\n:authority: u@a\n:path: /", nil},
		"no method":            {":scheme: https\n:authority: a\n:path: /", nil},
		"a method with space":  {":method: G T\n:scheme: https\n:authority: a\n:path: /", nil},
		"no scheme":            {":method: GET\n:authority: a\n:path: /", nil},
		"no path":              {":method: GET\n:scheme: https\n:authority: a", nil},
		"an empty path":        {":method: GET\n:scheme: https\n:authority: a\n:path: ", nil},
		"a path without slash": {":method: GET\n:scheme: https\n:authority: a\n:path: a", nil},
		"an absolute path":     {":method: GET\n:scheme: https\n:authority: a\n:path: http://b/", nil},
		"GET *":                {":method: GET\n:scheme: https\n:authority: a\n:path: *", nil},
		"space in a path":      {":method: GET\n:scheme: https\n:authority: a\n:path: /a b", nil},
		"two paths":            {getHead + ":path: /", nil},
		"pseudo after field":   {":method: GET\n:scheme: https\n:authority: a\nx: y\n:path: /", nil},
		"an unknown pseudo":    {":method: GET\n:scheme: https\n:authority: a\n:path: /\n:x: y", nil},
		"a status":             {getHead + ":status: 200", nil},
		"an upper-case name":   {getHead + "Accept: x", nil},
		"a name with space":    {getHead + "a b: x", nil},
		"a value with space":   {getHead + "a:  x", nil},
		"a value, space after": {getHead + "a: x \nb: c", nil},
		"connection":           {getHead + "connection: close", nil},
		"keep-alive":           {getHead + "keep-alive: 1", nil},
		"proxy-connection":     {getHead + "proxy-connection: x", nil},
		"transfer-encoding":    {getHead + "transfer-encoding: chunked", nil},
		"upgrade":              {getHead + "upgrade: x", nil},
		"te":                   {getHead + "te: gzip", nil},
		"two lengths":          {getHead + "content-length: 1\ncontent-length: 1", nil},
		"no number":            {getHead + "content-length: +1", nil},
		"an empty length":      {getHead + "content-length: \na: b", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var b block
			b.init(64<<10, 100)
			if err := b.decode(encode(lines(test.head))); err != nil {
				t.Fatal(err)
			}
			var r message.Request
			ok := b.request(&r)
			if ok != (test.want != nil) {
				t.Fatalf("taken: %v", ok)
			}
			if !ok {
				return
			}
			test.want.Protocol = "HTTP/2.0"
			if len(r.Fields) == 0 {
				r.Fields = nil
			}
			if d := cmp.Diff(test.want, &r); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestValuesWithControlCharactersAreMalformed(t *testing.T) {
	for _, value := range []string{"\x00", "a\rb", "a\nb", "a\x7f", "\x01"} {
		var b block
		b.init(64<<10, 100)
		if err := b.decode(encode(append(lines(getHead), message.Field{Name: "a", Value: value}))); err != nil {
			t.Fatal(err)
		}
		if b.request(&message.Request{}) {
			t.Errorf("%q was taken", value)
		}
	}
}

func TestBlocksOverTheLimitsAreDecodedNoFurther(t *testing.T) {
	for _, test := range []struct {
		fields message.Fields
		want   string
	}{
		{message.Fields{{Name: "a", Value: strings.Repeat("x", 1000)}}, "header_bytes"},
		{message.Fields{{Name: "a", Value: strings.Repeat("x", 900)}}, ""},
		{make(message.Fields, 15), "header_count"},
	} {
		var b block
		b.init(1000, 10)
		for i := range test.fields {
			if test.fields[i].Name == "" {
				test.fields[i].Name = "a"
			}
		}
		if err := b.decode(encode(test.fields)); err != nil {
			t.Fatal(err)
		}
		if b.over != test.want {
			t.Errorf("%d fields: %q, want %q", len(test.fields), b.over, test.want)
		}
	}
}

func FuzzHeaders(f *testing.F) {
	f.Add(encode(lines(getHead)))
	f.Add([]byte{0x82, 0x86, 0x84, 0x41, 0x01, 'a'})
	f.Fuzz(func(t *testing.T, p []byte) {
		var b block
		b.init(4096, 20)
		for range 2 {
			if b.decode(p) != nil {
				return
			}
			var r message.Request
			if b.over == "" && b.request(&r) {
				checkRequest(t, &r)
			}
		}
	})
}

// checkRequest says what can be relied on in every Request.
func checkRequest(t *testing.T, r *message.Request) {
	t.Helper()
	if r.Method == "" || r.Host == "" || !message.Only(r.Method, message.Token) || !message.Only(r.Host, message.Authority) || !message.Only(r.Path, message.Target) || !message.Only(r.Query, message.Target) {
		t.Errorf("%+v", r)
	}
	if r.Method != "CONNECT" && r.Path != "*" && !strings.HasPrefix(r.Path, "/") {
		t.Errorf("path %q", r.Path)
	}
	for i := range r.Fields {
		if f := &r.Fields[i]; f.Name == "" || !message.Only(f.Name, message.LowerToken) || !validValue(f.Value) || connectionField(f.Name, f.Value) {
			t.Errorf("field %q", f)
		}
	}
}
