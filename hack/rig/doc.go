// Package rig starts real swarms on one machine, for tests and for people: one
// dockerd per node, each in a network namespace of its own.
//
//	func TestMain(m *testing.M) { os.Exit(rig.Main(m, rig.Nodes(3))) }
//
//	func TestSomething(t *testing.T) {
//		r := rig.Shared(t) // starts with the first test that asks
//		r.Reset(t)
//		image := r.Image(t, "demo", rig.Build(t, "./hack/demo"))
//		r.Node(0).Docker(t, "service", "create", "--detach", "--name", "demo", image)
//		tasks := r.WaitTasks(t, "demo", 1)
//		…
//	}
//
// # The picture
//
//	namespace <rig>-fabric: bridge br0 198.18.0.1/24 ──┬── veth ── namespace <rig>-n1: 198.18.0.11, dockerd
//	                                                   ├── veth ── namespace <rig>-n2: 198.18.0.12, dockerd
//	                                                   └── veth ── …
//
// Nothing of a rig is in the root network namespace, where the engine's own
// packet filter would see the bridge. So every rig uses the same addresses, and
// a node is reached from a Place: the Fabric (a client outside of the swarm) or
// a Node. A Place runs commands and dials. The engine's socket is a file, which
// is reached from anywhere (Node.Host).
//
// A node has a mount namespace too, with a /run of its own, so that the engine's
// socket is at its usual place in there, and a host name. Both are kept by a
// process that only sleeps, so that they outlive dockerd. There is no default
// route: a look-up at a registry fails at once instead of after 20 s. So images
// are made from our own binaries (Rig.Image) and named by ID.
//
// # Who ends what
//
// Everything lives as long as the process that made the rig, unless the rig is
// Detached. The kernel tells each child when that process is gone
// (PR_SET_PDEATHSIG), and Rig.Close ends everything before that. What is left
// after a crash is found at the next start, by what it carries and by nothing
// else: processes by the variable FAIRLEAD_RIG in their environment or by the
// rig's cgroup, namespaces and files by the rig's name. A rig is locked as long
// as it lives, so what belongs to a living one is never taken for a leftover.
//
// A rig's name is that of the package under test and the count of nodes; a
// second start of the same waits for the first to end.
//
// # Without root
//
// New and Shared skip the test, with the reason, where a rig cannot run. With
// CI=true in the environment they fail it instead.
//
// The kernel of a test machine may lack ip_vs: virtual IPs and the ingress mesh
// may not work. Use task addresses, --endpoint-mode dnsrr and host-mode ports.
package rig
