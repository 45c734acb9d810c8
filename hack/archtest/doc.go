// Package archtest holds the tests of the project's shape: who imports whom,
// that every package says what it is for, that PROJECT lists the kinds that
// exist, that nothing new stands at the root.
//
// It parses the sources in this process. A test that called `go list` would be
// cached as passing: the test cache does not see what a child process reads.
package archtest
