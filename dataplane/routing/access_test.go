package routing

import (
	"net/netip"
	"testing"

	"fairlead.dev/fairlead/api/snapshot"
)

func TestWhoMayCome(t *testing.T) {
	for _, tc := range []struct {
		name     string
		list     snapshot.Access
		in, out  []string
		nobodyIs bool
	}{
		{"everyone but some", snapshot.Access{Deny: []string{"10.0.0.0/8", "fd00::/8"}}, []string{"192.0.2.1", "::1", "9.255.255.255"}, []string{"10.1.2.3", "::ffff:10.1.2.3", "fd12::1", "fd12::1%eth0"}, true},
		{"some and nobody else", snapshot.Access{Allow: []string{"192.0.2.7/32", "10.1.2.3/8", "::ffff:198.51.100.0/120"}}, []string{"192.0.2.7", "10.9.9.9", "198.51.100.9"}, []string{"192.0.2.8", "::1", "::"}, false},
		{"who is in both may not", snapshot.Access{Allow: []string{"10.0.0.0/8"}, Deny: []string{"10.0.1.0/24"}}, []string{"10.0.2.1"}, []string{"10.0.1.1", "11.0.0.1"}, false},
		{"all of a family", snapshot.Access{Allow: []string{"0.0.0.0/0"}}, []string{"1.2.3.4", "::ffff:1.2.3.4"}, []string{"::1"}, false},
	} {
		a, err := accessOf(&snapshot.Route{Access: &tc.list})
		if err != nil {
			t.Fatal(err)
		}
		for _, ip := range tc.in {
			if !a.Admits(netip.MustParseAddr(ip)) {
				t.Errorf("%s: %s", tc.name, ip)
			}
		}
		for _, ip := range tc.out {
			if a.Admits(netip.MustParseAddr(ip)) {
				t.Errorf("%s: %s may come", tc.name, ip)
			}
		}
		if a.Admits(netip.Addr{}) != tc.nobodyIs {
			t.Errorf("%s: a client without an address", tc.name)
		}
	}
	var none *Access
	if !none.Admits(netip.Addr{}) {
		t.Error("without lists everyone may come")
	}
	if _, err := NewTable(&snapshot.Snapshot{Routes: []*snapshot.Route{{Key: "r", Access: &snapshot.Access{Deny: []string{"x"}}}}}); err == nil {
		t.Error("a Snapshot never holds what is no range")
	}
}
