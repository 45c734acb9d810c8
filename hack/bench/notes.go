package main

import (
	"fmt"
	"strings"
)

// notes are what a reader of the report has to know beside the figures.
func (s *suite) notes() []string {
	all := []string{
		"The origin is nginx with one worker; origin, servers and load generators share the machine, on loopback. The CPU time of origin and generators is not counted.",
		"S1, S2: wrk, 64 connections. S3, S4 connections: 8 workers, a connection and a full TLS 1.3 handshake for each request, X25519 only, as not all servers have X25519MLKEM768. S4 bytes, S6 100 MiB: one download at a time. S5: h2load, 8 connections of 32 streams. S6 1 MiB: wrk, 8 connections.",
		"S7: wrk, 64 connections, hosts in random order, against the same with one host; then a host is added, which is a reload for nginx and HAProxy, a POST to the admin API for Caddy, a file in the folder of manifests for Fairlead.",
		"S8: 64 connections; the latency of a request counts from when it was due, not from when it could be sent.",
		"nginx buffers as it does by default. HAProxy has one thread, hosts in a map, and splices what it passes through. Programs in Go use all CPUs.",
		"PSS divides pages that processes share, here with the other server of the same kind too; RSS counts them in each process, so that it is too high for servers of several processes.",
	}
	for _, p := range s.peers {
		if len(p.Skips) > 0 {
			all = append(all, fmt.Sprintf("%s takes no part in %s.", p.Name, strings.Join(p.Skips, ", ")))
		}
	}
	return all
}
