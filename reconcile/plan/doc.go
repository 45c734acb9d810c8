// Package plan is the decision: Compute turns an Input (the Routes, what Swarm
// was seen to be, what the data planes say) into a Plan (the Snapshot to serve,
// the Actions to take on Swarm, the Status of every object). It is pure: no
// clock, no I/O, no randomness, and it cannot fail, because a user's mistake is
// a Condition. The same Input in any order gives the same Plan, byte for byte,
// and Compute edits nothing that it was handed.
//
// A Decision is the steps up to the Snapshot, and the next one can be made of it:
// a Route that stands as it stood is not translated again.
//
// The steps, in their order, each in a file of its name:
//
//  1. index: look-ups by ID and by name over the World.
//  2. rule: per Route, hosts and Rules in the Snapshot's form; invalid ones drop.
//  3. conflict: between Routes that claim the same host or match, the oldest wins.
//     Those that were made of labels come last, and share hosts (joint.go).
//  4. resolve: Backends to Endpoints and secretRefs to Certificates, for what is
//     left (network.go, endpoint.go, labelled.go, secure.go). A name is looked up as <namespace>_<name>
//     first, then as written.
//  5. snapshot (in compute.go): sorted and sealed, with the keys that sessions
//     are sealed with (sessionkey.go).
//  6. tender: which Tenders that needs, and what to do about those that exist;
//     issue: which certificates Issuers are to make, and which nobody wants.
//  7. status: the Conditions of every object; ready.go has the one that most
//     people wait for.
package plan
