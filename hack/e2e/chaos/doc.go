// Package chaos holds what a suspicious operator would try on a real swarm:
// many Routes at once, secrets that change again and again, things that are
// removed and come back under the same name, killed engines, lost managers. Each
// test says in its name what must hold all the same.
//
// As in package e2e, figures that depend on the machine are logged, not
// asserted, but for a bound that only a hang exceeds.
package chaos
