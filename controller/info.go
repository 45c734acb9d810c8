package main

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"fairlead.dev/fairlead/controller/swarm"
	"fairlead.dev/fairlead/dataplane/proxy"
)

// info is what answers say of this data plane; nil hides it.
func (o *runOptions) info() *proxy.Info {
	if o.hideInfo {
		return nil
	}
	return &proxy.Info{
		Proxy:  proxyID(swarm.ContainerID()),
		Server: fmt.Sprintf("fairlead/%s (%s) %s/%s", version, cmp.Or(commit(), "unknown"), runtime.GOOS, runtime.GOARCH),
	}
}

// proxyID is the first twelve digits of the container's ID, as docker ps has it.
// On the host's network a container has the host's name. Without a container it
// is the host's name.
func proxyID(container string) string {
	if len(container) > 12 {
		return container[:12]
	}
	name, err := os.Hostname()
	if err != nil {
		return "fairlead"
	}
	return name
}

// commit is the first eight digits of the commit that this was built from, where
// the build knew it.
func commit() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range build.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:min(8, len(s.Value))]
		}
	}
	return ""
}
