//go:build !linux

package dataplane

func tune(int)    {}
func tuneTLS(int) {}
