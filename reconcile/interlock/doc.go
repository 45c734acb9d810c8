// Package interlock reads the labels com.docker.lb.* of a swarm service, with
// which Interlock was told what to route, and says which Routes they mean. It
// is pure: labels in, Routes and Problems out, equal input gives equal output.
//
// A label is read in three steps, each a file: what it is called (label.go,
// nearest.go), what its value says (value.go and the files named by what they
// read: host.go, path.go, tls.go, redirect.go, balance.go, health.go), and what
// Routes follow from all of them together (build.go, name.go).
//
// What comes out is what Interlock did, where people relied on it, and what the
// label says, where Interlock fell short:
//
//   - A TLS host is served in the clear as well, as there; ssl_only, which was
//     documented and did nothing, redirects.
//   - Several services may take several paths of one host. A context root that
//     is taken off leaves the rest of the path as it is.
//   - redirects answers 302 with path and query on the plain side of a host. For
//     passthrough hosts, which had no plain side, it is a Route of its own.
//   - A misspelt label is a Problem that names the right one, and a value that
//     cannot be read is a Problem of that label; the rest is served. Only where
//     serving the rest would send requests where nobody meant them (no hosts, no
//     port, a context root or service cluster that cannot be read) is a Problem
//     fatal for the service.
//
// Every label with the prefix ends up in at least one of Result's lists.
package interlock
