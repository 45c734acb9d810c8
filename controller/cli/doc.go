// Package cli is the kubectl-like client: apply, get, describe and the others.
// It needs a store and, for what it says about the swarm, the swarm's API; it
// never needs the operator.
//
// Every command is a file of its name. A command reads what it needs from a
// Cluster, which the program gives it (Config.Connect), and writes to the
// streams in Config: results to Out, progress and mistakes to Err. Nothing is
// drawn with colours or escape codes, so that output reads the same on a
// terminal and in a file; progress is shown on a terminal only.
//
// Exit codes: 0 done; 1 the answer is no (a difference, not Ready, invalid, no
// such object); 2 usage or environment. A command says so with the error that it
// returns: one made by no gives 1, any other 2.
package cli
