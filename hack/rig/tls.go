package rig

import (
	"path/filepath"
	"syscall"
	"testing"
)

// TLSAddress is where ServeTLS serves: in the node's own network only.
const TLSAddress = "127.0.0.1:2376"

// ServeTLS restarts dockerd so that its API is at TLSAddress as well, with
// --tlsverify and the files ca.pem, cert.pem and key.pem of a folder. The test's
// end restarts it without.
func (n *Node) ServeTLS(t testing.TB, certs string) {
	t.Helper()
	file := func(name string) string { return filepath.Join(certs, name) }
	n.restart(t, "--tlsverify", "--tlscacert="+file("ca.pem"), "--tlscert="+file("cert.pem"), "--tlskey="+file("key.pem"), "--host=tcp://"+TLSAddress)
	t.Cleanup(func() { n.restart(t) })
}

// restart starts dockerd with flags beside its usual ones.
func (n *Node) restart(t testing.TB, flags ...string) {
	t.Helper()
	n.StopDocker(t, syscall.SIGTERM)
	n.flags = flags
	n.StartDocker(t)
}
