package pebble_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"fairlead.dev/fairlead/hack/pebble"
	"fairlead.dev/fairlead/hack/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

// directory is what the Authority's directory says to a client.
func directory(c *http.Client, a *pebble.Authority) (string, error) {
	c.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: a.Roots()}
	defer c.CloseIdleConnections()
	answer, err := c.Get(a.Directory)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

func TestAnAuthorityEndsWithItsTest(t *testing.T) {
	var a *pebble.Authority
	t.Run("it answers", func(t *testing.T) {
		a = pebble.Start(t, pebble.Options{Profiles: map[string]uint64{"short": 600}})
		body, err := directory(&http.Client{Transport: &http.Transport{}}, a)
		if err != nil || !strings.Contains(body, `"short"`) || !strings.Contains(body, `"https://127.0.0.1:`) {
			t.Errorf("%v, %s", err, body)
		}
	})
	u, err := url.Parse(a.Directory)
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{u.Host, a.DNS.Address} {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			t.Errorf("%s answers still", address)
		}
	}
}

func TestAnAuthorityRunsInARig(t *testing.T) {
	r := rig.Shared(t)
	a := pebble.Start(t, pebble.Options{Place: r.Fabric, Address: r.Fabric.Addr, HTTPPort: 80, TLSPort: 443})
	body, err := directory(r.Node(0).HTTP(""), a)
	if err != nil || !strings.Contains(body, "https://"+r.Fabric.Addr+":") {
		t.Errorf("seen from a node: %v, %s", err, body)
	}
	a.DNS.Lead(r.Node(0).Addr, "198.18.0.99")
	c, err := r.Node(0).Dial(t.Context(), "udp", a.DNS.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	firsts := map[string]bool{}
	for range 2 {
		asked := new(dns.Msg)
		asked.SetQuestion("shop.test.", dns.TypeA)
		answer, _, err := new(dns.Client).ExchangeWithConn(asked, &dns.Conn{Conn: c})
		if err != nil || len(answer.Answer) != 2 {
			t.Fatalf("the name server says to a node: %v, %v", err, answer)
		}
		firsts[answer.Answer[0].(*dns.A).A.String()] = true
	}
	if !firsts[r.Node(0).Addr] || !firsts["198.18.0.99"] {
		t.Errorf("the answers begin with %v", firsts)
	}
}
