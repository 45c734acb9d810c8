//go:build !linux

package pebble

import "syscall"

// endWithParent needs Linux: elsewhere a child outlives a crash of the test.
func endWithParent() *syscall.SysProcAttr { return nil }
