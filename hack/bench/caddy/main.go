// Command caddy is Caddy with its standard modules, for `make bench` to compare
// with. It is a module of its own, so that the product depends on none of it.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	_ "github.com/caddyserver/caddy/v2/modules/standard" // the modules of a stock Caddy
)

func main() { caddycmd.Main() }
