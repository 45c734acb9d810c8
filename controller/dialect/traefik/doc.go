// Package traefik reads the labels of Traefik 2 and 3: traefik.*.
//
// Labels describe objects: routers, middlewares and services, each with a name
// and options (package object). All services of the swarm are read at once,
// because a router may name a middleware or a service that stands elsewhere. A
// router becomes Routes in four steps: its rule becomes hosts and Matches
// (package rule), its middlewares become Filters (package middleware), its
// service a Backend (service.go), and router.go and group.go put it all together.
// Routers of TCP are in tcp.go.
//
// What Traefik decides by priority, Routes decide by how specific they are. What
// Traefik takes from its static configuration (entry points, certificate
// resolvers, the file provider) cannot be seen in labels: an entry point is taken
// for one of TLS by its name, certificates for Docker secrets named after the
// hosts, and a middleware from a file for one that kept requests out.
package traefik
