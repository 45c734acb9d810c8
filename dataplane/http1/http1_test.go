package http1

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"fairlead.dev/fairlead/dataplane/http1/faults"
)

func TestRequestsAreRead(t *testing.T) {
	for _, c := range []struct {
		name, request     string
		method, host      string
		path, query       string
		body              Framing
		length            int64
		keepAlive, expect bool
	}{
		{"origin form", "GET /a/b?c=d HTTP/1.1\r\nHost: a.local:8080\r\n\r\n", "GET", "a.local:8080", "/a/b", "c=d", NoBody, 0, true, false},
		{"an empty query", "GET /? HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "a", "/", "", NoBody, 0, true, false},
		{"absolute form goes before Host", "GET HTTP://b.local/x?y HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "b.local", "/x", "y", NoBody, 0, true, false},
		{"absolute form without a path", "GET http://b.local HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "b.local", "/", "", NoBody, 0, true, false},
		{"asterisk form", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS", "a", "*", "", NoBody, 0, true, false},
		{"authority form", "CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT", "b:443", "", "", NoBody, 0, true, false},
		{"HTTP/1.0 closes and needs no Host", "GET / HTTP/1.0\r\n\r\n", "GET", "", "/", "", NoBody, 0, false, false},
		{"Connection: close in a list", "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", "GET", "a", "/", "", NoBody, 0, false, false},
		{"a length", "POST / HTTP/1.1\r\nHost: a\r\ncontent-length:\t5 \r\n\r\n", "POST", "a", "/", "", Length, 5, true, false},
		{"a length of 0 is no body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "POST", "a", "/", "", NoBody, 0, true, false},
		{"chunked in any case", "POST / HTTP/1.1\r\nHost: a\r\nTRANSFER-ENCODING: Chunked\r\nExpect: 100-Continue\r\n\r\n", "POST", "a", "/", "", Chunked, 0, true, true},
		{"an IPv6 host", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET", "[::1]:80", "/", "", NoBody, 0, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r Request
			if err := r.Parse([]byte(c.request)); err != nil {
				t.Fatal(err)
			}
			if string(r.Method) != c.method || string(r.Host) != c.host || string(r.Path) != c.path || string(r.Query) != c.query ||
				r.Body != c.body || r.Length != c.length || r.KeepAlive != c.keepAlive || r.ExpectContinue != c.expect {
				t.Errorf("%s %s %s ? %s, body %d of %d, keep-alive %t, expect %t", r.Method, r.Host, r.Path, r.Query, r.Body, r.Length, r.KeepAlive, r.ExpectContinue)
			}
		})
	}
}

func TestAnswersAreRead(t *testing.T) {
	for _, c := range []struct {
		name, head, method string
		status             int
		body               Framing
		length             int64
		keepAlive          bool
	}{
		{"a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "GET", 200, Length, 5, true},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "GET", 200, Chunked, 0, true},
		{"until the connection ends", "HTTP/1.1 200 OK\r\n\r\n", "GET", 200, UntilClose, 0, false},
		{"HEAD has no body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", 200, NoBody, 0, true},
		{"304 has no body", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET", 304, NoBody, 0, true},
		{"204", "HTTP/1.1 204 No Content\r\n\r\n", "GET", 204, NoBody, 0, true},
		{"100", "HTTP/1.1 100 Continue\r\n\r\n", "GET", 100, NoBody, 0, true},
		{"no reason, no space", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "GET", 200, NoBody, 0, true},
		{"an empty reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "GET", 200, NoBody, 0, true},
		{"HTTP/1.0 that keeps alive", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n", "GET", 200, Length, 1, true},
		{"close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n", "GET", 200, Length, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r Response
			if err := r.Parse([]byte(c.head), c.method); err != nil {
				t.Fatal(err)
			}
			if r.Status != c.status || r.Body != c.body || r.Length != c.length || r.KeepAlive != c.keepAlive {
				t.Errorf("%d, body %d of %d, keep-alive %t", r.Status, r.Body, r.Length, r.KeepAlive)
			}
		})
	}
}

func TestAFaultyAnswerIsABadGateway(t *testing.T) {
	for name, head := range map[string]string{
		"two lengths":             "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
		"both framings":           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
		"another encoding":        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
		"chunked in HTTP/1.0":     "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		"a body with 204":         "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
		"a chunked 100":           "HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n",
		"folding":                 "HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n",
		"a space before colon":    "HTTP/1.1 200 OK\r\nX : y\r\n\r\n",
		"a bare LF":               "HTTP/1.1 200 OK\nX: y\r\n\r\n",
		"a control in the reason": "HTTP/1.1 200 O\x01K\r\n\r\n",
		"a status of two digits":  "HTTP/1.1 20 OK\r\n\r\n",
		"a status of four digits": "HTTP/1.1 2000 OK\r\n\r\n",
		"status 600":              "HTTP/1.1 600 OK\r\n\r\n",
		"status 099":              "HTTP/1.1 099 OK\r\n\r\n",
		"another version":         "HTTP/2 200 OK\r\n\r\n",
		"no HTTP":                 "SSH-2.0-OpenSSH\r\n\r\n",
	} {
		var r Response
		var fault *Error
		if err := r.Parse([]byte(head), "GET"); !errors.As(err, &fault) || fault.Status != 502 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestChunksComeInPiecesOfAnySize(t *testing.T) {
	body := "4;ext=\"v\"\r\nWiki\r\n00A \r\n0123456789\r\n1\r\n\r\r\n0\r\nX-Sum: 7\r\n\r\nGET / next"
	for size := 1; size <= len(body); size++ {
		var c Chunks
		data, err := dechunk(&c, []byte(body), size)
		if err != nil || string(data) != "Wiki0123456789\r" || !c.Done() {
			t.Fatalf("in pieces of %d: %q, done %t, %v", size, data, c.Done(), err)
		}
		if len(c.Trailers) != 1 || string(c.Trailers[0].Name) != "X-Sum" || string(c.Trailers[0].Value) != "7" {
			t.Fatalf("trailers %q", c.Trailers)
		}
	}
}

// FuzzRequest holds the parser against net/http: what we accept, it reads the
// same way.
func FuzzRequest(f *testing.F) {
	for _, c := range faults.Requests {
		f.Add([]byte(c.Bytes))
	}
	f.Add([]byte("POST http://b/x?y HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"))
	f.Fuzz(func(t *testing.T, in []byte) {
		end, err := HeadEnd(in, 0)
		if err != nil || end < 0 {
			return
		}
		var r Request
		if r.Parse(in[:end]) != nil {
			return
		}
		want, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(in)))
		if err != nil {
			if lenient(err) {
				return
			}
			t.Fatalf("net/http refuses what we accept: %v\n%q", err, in[:end])
		}
		compare(t, &r, want)
		if r.Body == Chunked {
			compareChunks(t, in[end:], want.Body)
		}
	})
}

// lenient are refusals of net/http that concern no framing: it parses URLs, and
// has an opinion on Host and on trailers.
func lenient(err error) bool {
	for _, s := range []string{"invalid URL", "parse ", "malformed Host", "bad trailer key", "invalid header", "invalid port", "invalid userinfo", "suspiciously long trailer"} {
		if strings.Contains(err.Error(), s) {
			return true
		}
	}
	return false
}

func compare(t *testing.T, r *Request, want *http.Request) {
	t.Helper()
	length := int64(0)
	switch r.Body {
	case Length:
		length = r.Length
	case Chunked:
		length = -1
	}
	if string(r.Method) != want.Method || length != want.ContentLength || (len(want.TransferEncoding) > 0) != (r.Body == Chunked) {
		t.Fatalf("%s with a body of %d, net/http says %s with %d %v", r.Method, length, want.Method, want.ContentLength, want.TransferEncoding)
	}
	if want.Method != "CONNECT" && string(r.Host) != want.Host {
		t.Fatalf("host %q, net/http says %q", r.Host, want.Host)
	}
	if r.Minor == 1 && r.KeepAlive == want.Close {
		t.Fatalf("keep-alive %t, net/http says close %t", r.KeepAlive, want.Close)
	}
}

func compareChunks(t *testing.T, in []byte, body io.Reader) {
	var c Chunks
	data, err := dechunk(&c, in, len(in)+1)
	if err != nil || !c.Done() {
		return
	}
	want, err := io.ReadAll(body)
	if err != nil && lenient(err) {
		return
	}
	if err != nil || !bytes.Equal(data, want) {
		t.Fatalf("%q, net/http says %q, %v", data, want, err)
	}
}

// FuzzResponse does the same for answers.
func FuzzResponse(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"))
	f.Add([]byte("HTTP/1.0 304 \r\nConnection: keep-alive\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		end, err := HeadEnd(in, 0)
		if err != nil || end < 0 {
			return
		}
		var r Response
		if r.Parse(in[:end], "GET") != nil {
			return
		}
		want, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(in)), nil)
		if err != nil {
			if lenient(err) {
				return
			}
			t.Fatalf("net/http refuses what we accept: %v\n%q", err, in[:end])
		}
		if want.StatusCode != r.Status || r.Body == Length && want.ContentLength != r.Length || (r.Body == Chunked) != (len(want.TransferEncoding) > 0) {
			t.Fatalf("%d with body %d of %d, net/http says %d with %d %v", r.Status, r.Body, r.Length, want.StatusCode, want.ContentLength, want.TransferEncoding)
		}
	})
}

var browser = []byte("GET /static/app.js?v=17 HTTP/1.1\r\nHost: shop.example.com\r\nConnection: keep-alive\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36\r\n" +
	"Accept: */*\r\nReferer: https://shop.example.com/\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: en,de;q=0.9\r\nCookie: session=0123456789abcdef\r\n\r\n")

func BenchmarkRequest(b *testing.B) {
	var r Request
	b.ReportAllocs()
	b.SetBytes(int64(len(browser)))
	for b.Loop() {
		end, err := HeadEnd(browser, 0)
		if err == nil {
			err = r.Parse(browser[:end])
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
