package passthrough

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
)

func TestASideThatEndsItsSendingStillHears(t *testing.T) {
	each(t, func(b *bench) {
		client, server, ended := b.link("hello")
		_ = client.CloseWrite()
		b.end(server)
		_, _ = io.WriteString(server, "answer")
		b.read(client, "answer")
		_, _ = io.WriteString(server, "more")
		_ = server.CloseWrite()
		b.read(client, "more")
		b.end(client)
		b.counted(ended, counts{5, 10})
	})
	each(t, func(b *bench) {
		client, server, ended := b.link("")
		_, _ = io.WriteString(server, "banner")
		_ = server.CloseWrite()
		b.read(client, "banner")
		b.end(client)
		_, _ = io.WriteString(client, "still here")
		b.read(server, "still here")
		_ = client.CloseWrite()
		b.end(server)
		b.counted(ended, counts{10, 6})
	})
}

func TestAResetOfOneSideEndsTheOther(t *testing.T) {
	each(t, func(b *bench) {
		for _, first := range []string{"client", "server"} {
			client, server, ended := b.link(first)
			from, other := client, server
			if first == "server" {
				from, other = server, client
			}
			_ = from.SetLinger(0)
			from.Close()
			if n, err := other.Read(make([]byte, 1)); n != 0 || err == nil {
				b.Errorf("%d bytes, %v", n, err)
			}
			b.counted(ended, counts{6, 0})
		}
	})
}

func TestWhenItIsStoppedBothSidesEnd(t *testing.T) {
	each(t, func(b *bench) {
		client, server, ended := b.link("x")
		b.stop()
		for _, c := range []net.Conn{client, server} {
			if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
				b.Errorf("%d bytes, %v", n, err)
			}
		}
		b.counted(ended, counts{1, 0})
	})
}

// noise returns bytes that no two callers share.
func noise(seed uint64, n int) []byte {
	p := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(p)
	return p
}

func TestManyConnectionsGetTheirOwnBytes(t *testing.T) {
	each(t, func(b *bench) {
		const n = 200
		var all sync.WaitGroup
		for i := range n {
			client, server, ended := b.link(fmt.Sprintf("%03d", i))
			size := 1 << (i % 21) // up to 1 MiB
			all.Go(func() {
				sent := noise(uint64(i), size)
				go func() {
					_, _ = server.Write(sent)
					_, _ = io.Copy(server, server) // what comes goes back
					_ = server.CloseWrite()
				}()
				go func() {
					_, _ = client.Write(sent)
					_ = client.CloseWrite()
				}()
				got, err := io.ReadAll(client)
				if err != nil || !bytes.Equal(got, append(sent, sent...)) {
					b.Errorf("connection %d: %d bytes of %d, %v", i, len(got), 2*size, err)
				}
				b.counted(ended, counts{int64(3 + size), int64(2 * size)})
			})
		}
		all.Wait()
	})
}

// A reader that is slow leaves bytes in a pipe. When it goes away they must not
// come to anybody else.
func TestBytesThatNobodyReadComeToNobody(t *testing.T) {
	each(t, func(b *bench) {
		for range 3 {
			var abandoned []<-chan counts
			for range 20 {
				client, server, ended := b.link("")
				go func() {
					_, _ = server.Write(bytes.Repeat([]byte("secret"), 4<<20))
					_ = server.CloseWrite()
				}()
				b.read(client, "secret")
				_ = client.SetLinger(0)
				client.Close()
				abandoned = append(abandoned, ended)
			}
			for _, ended := range abandoned {
				<-ended
			}
			client, server, ended := b.link("")
			sent := noise(1, 8<<20)
			go func() {
				_, _ = server.Write(sent)
				server.Close()
			}()
			got, err := io.ReadAll(client)
			if err != nil || !bytes.Equal(got, sent) {
				b.Errorf("%d bytes, %v: not what was sent", len(got), err)
			}
			client.Close()
			<-ended
		}
	})
}
