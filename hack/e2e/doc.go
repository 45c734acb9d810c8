// Package e2e holds the stories that Fairlead is there for, played on real
// swarms: the operator runs on a node as people run it, clients come from
// outside of the swarm, and nothing is faked. Each test says in its name what
// users are promised.
//
// Figures that depend on the machine are logged, not asserted, but for a bound
// that only a hang exceeds.
package e2e
