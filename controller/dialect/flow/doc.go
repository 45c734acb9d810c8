// Package flow reads the labels of Docker Flow Proxy: com.df.*.
//
// A service has parameters, and destinations: the parameters with an index behind
// them, as in com.df.port.2, or without one (destination.go). Each destination
// becomes Rules of the service's Route for its hosts. Parameters without an index
// count for all destinations that do not have one of their own.
//
// Certificates were secrets of the proxy that it found by itself, so they are
// taken for secrets named after the hosts. Names of the listener and of the
// monitor that came with the proxy are told apart from those that route.
package flow
