// Package pebble runs a real ACME authority for tests: Let's Encrypt's Pebble, with
// a DNS server that it looks hosts up in. It validates as the real one does, at
// ports that the test says.
//
//	a := pebble.Start(t, pebble.Options{HTTPPort: 8080, TLSPort: 8443})
//	order(a.Directory, a.Server)       // the URL, and the PEM of who signed its own certificate
//	a.DNS.Lead("127.0.0.1")            // every host of the zone "test" leads here
//	a.Refuse(&pebble.Refusal{Status: 429, Type: "rateLimited", RetryAfter: time.Hour})
//
// # The picture
//
//	who orders ──► front, in the test's process: counts and refuses orders ──► Pebble, a process
//	                                                                             │ looks names up
//	who answers ◄──────────── http-01, tls-alpn-01 ──────────────────────────────┤
//	who changes the zone, RFC 2136 ──► DNS, in the test's process ◄──────────────┘
//
// All three listen at Options.Address, and Pebble looks at hosts from there, in
// Options.Place: a network namespace of a rig, or the test's own. On a rig:
//
//	pebble.Start(t, pebble.Options{Place: r.Fabric, Address: r.Fabric.Addr, HTTPPort: 80, TLSPort: 443})
//
// Pebble is built by `go build` from the module in tool, which pins its version, and
// kept in the user's cache, so that the product depends on none of it. It ends with
// the test.
package pebble
