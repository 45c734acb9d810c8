// Package rule reads the rules of Traefik's routers, in the syntax of version 2
// and 3: Host(`demo.local`) && (PathPrefix(`/api`) || Method(`GET`)).
//
// A rule is parsed (parse.go), multiplied out into alternatives that must each
// hold as a whole (&& goes into ||, ! goes down to the matchers), and each
// alternative becomes hosts and one Match (alternative.go). What a Match cannot
// say is an error: two paths at once, a header that must not be there, hosts by
// an expression that is no list and no suffix (regexp.go).
package rule
