// Package v1alpha1 is what a user writes: the kinds of group fairlead.dev,
// version v1alpha1, with their defaults, their validation and their Conditions.
// It imports nothing of ours and knows nothing of Docker.
//
// A manifest goes through three steps, each of which can be taken alone:
// decoding (package source, strict), Default (fills what the user left out) and
// Validate (every mistake, each with the path of its field). A mistake is never
// fatal for anything but the object, and mostly the Rule, in which it stands.
//
// # Glossary
//
// One noun has one name, from the YAML field to the Go type, the log key and
// the metric label. A new noun enters here first.
//
//   - Route: hosts, how TLS is treated there, and the Rules that say where
//     requests go. Avoid: vhost, mapping, ingress.
//   - Rule: matches, filters, backends; Gateway API's HTTPRouteRule.
//   - Backend: what a Rule names, not yet resolved: a Service and a port, or
//     addresses. Avoid: upstream, target, server.
//   - Endpoint: one resolved address of a Backend, on Swarm one running Task.
//   - Slot: what a Task's successor takes over: its number in a replicated
//     Service, its Node in a global one. An Endpoint without a Task is its own.
//   - Session: what keeps a client on one Slot. Key: what a consistent hash is
//     taken of.
//   - Certificate: a certificate chain and its private key, named by the two
//     Secrets that hold them. As a kind: the wish for one, of an Issuer.
//   - Version: of a Certificate, counts those of one name from 1. To renew: to have
//     an Issuer make the next one; to rotate: to give the next one by hand.
//   - Issuer: what makes Certificates. To issue: to make one, with a new key.
//   - Authority: whose signature a certificate that we are shown needs, by a client or
//     an Endpoint. Revocations: what an Authority does not stand by any more.
//   - Listener: an address that the data plane accepts connections on.
//   - Service, Task, Node, Network, Config, Secret: Swarm's, never ours.
//   - Spec, Status, Generation, ObservedGeneration, Condition, Reason: as in
//     Kubernetes. A Generation counts the times that an object was applied.
//   - World: what Swarm was seen to be. Input: a World and the objects. Plan:
//     what follows from an Input. Action: a change to Swarm that a Plan wants.
//   - Snapshot: what the data plane serves. Table: a compiled Snapshot.
//   - Tender: our own small Service that stands where the data plane cannot: on
//     an overlay Network, or holding Secrets. Scope: whose Tenders these are.
//   - Observe, Plan, Publish, Act, Report: the steps of Reconcile.
//   - Wake: a reason to Reconcile. Settle: the pause after a Wake in which
//     more of them are gathered. Resync: a Reconcile without a Wake.
//   - Drain: to give an Endpoint or a process nothing new while it finishes.
//   - Eject: to pass over an Endpoint for a while because it failed requests.
//   - Check: to ask an Endpoint how it is. Out: an Endpoint that is ejected, or
//     fails its Checks.
//   - Lease: the right to do the work that only one instance may do.
package v1alpha1
