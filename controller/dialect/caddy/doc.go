// Package caddy reads the labels of caddy-docker-proxy: caddy, caddy.* and
// caddy_N.*, which are a Caddyfile written as labels.
//
// Labels become a tree of blocks (package block), whose roots are sites, snippets or
// global options. A site has addresses (site.go) and directives. Those that only
// change requests or answers (modifier.go) count for the whole block that they
// stand in; those that end a request (ending.go: reverse_proxy, redir, and the
// containers handle, handle_path and route) become Rules, each with the matchers
// of all blocks around it (matcher.go). Where a matcher names hosts, as in sites
// of a wildcard certificate, they become the hosts of a Route of their own.
//
// In Caddy the order of directives decides; here the more specific match does.
// For containers side by side this is the same.
package caddy
