package rig

import (
	"context"
	"net"
	"net/http"
	"os/exec"
	"time"
)

// Place is somewhere in a rig's network: the fabric, or a node.
type Place struct {
	// Name is the host name, Addr the address in 198.18.0.0/24.
	Name string `json:"name"`
	Addr string `json:"addr"`
	// NetNS is the file of the network namespace.
	NetNS string `json:"netns"`
	// Holder is the process that keeps the mount namespace, 0 for the fabric.
	Holder int `json:"holder,omitempty"`
}

// Command is exec.CommandContext in the place: its network, and on a node its
// mounts and host name. The process is the command itself, so its process ID and
// its signals are; it is killed when this process ends.
func (p *Place) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, "nsenter", append(p.enter(), append([]string{"--", name}, args...)...)...)
	c.SysProcAttr = childAttr(killWithParent)
	// A child of the command's that keeps its output open must not keep Wait.
	c.WaitDelay = 5 * time.Second
	return c
}

// enter is how nsenter gets to the place. It goes by files, not by
// `ip netns exec`, which hides the cgroup mounts.
func (p *Place) enter() []string {
	args := []string{"--net=" + p.NetNS}
	if p.Holder != 0 {
		args = append(args, "--mount="+procNS(p.Holder, "mnt"), "--uts="+procNS(p.Holder, "uts"))
	}
	return args
}

// Dial connects from the place to an IP address and port. It fits
// http.Transport.DialContext.
func (p *Place) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	var c net.Conn
	err := inNetNS(p.NetNS, func() (err error) {
		var d net.Dialer
		c, err = d.DialContext(ctx, network, addr)
		return err
	})
	return c, err
}

// Listen listens in the place.
func (p *Place) Listen(network, addr string) (net.Listener, error) {
	var l net.Listener
	err := inNetNS(p.NetNS, func() (err error) {
		l, err = net.Listen(network, addr)
		return err
	})
	return l, err
}

// HTTP is a client whose connections come from the place and go to addr,
// whatever the URL's host is; an empty addr goes where the URL says, which is an
// IP address. Redirects are not followed.
func (p *Place) HTTP(addr string) *http.Client {
	t := &http.Transport{
		DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
			if addr != "" {
				to = addr
			}
			return p.Dial(ctx, network, to)
		},
		MaxIdleConnsPerHost: 64,
	}
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

// ListenPacket takes a UDP port in the place.
func (p *Place) ListenPacket(network, addr string) (net.PacketConn, error) {
	var c net.PacketConn
	err := inNetNS(p.NetNS, func() (err error) {
		c, err = net.ListenPacket(network, addr)
		return err
	})
	return c, err
}
