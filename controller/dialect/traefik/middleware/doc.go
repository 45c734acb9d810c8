// Package middleware reads Traefik's middlewares: what those of one router do,
// taken together, and what that is in a Rule.
//
// Three sorts are told apart (middleware.go): simple ones, which become Filters
// and the like; guards, which keep requests out and have no counterpart, so that
// a Route without them is open; and others without a counterpart. A middleware
// that stands in no label may have been a guard.
package middleware
