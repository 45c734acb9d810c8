package doctor

import (
	"bufio"
	"net"
	"runtime"
	"strings"
	"testing"
)

func TestAPortIsFreeOrSomebodyHasIt(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	held := Look("http", address)
	if held.Err == nil || held.Number != l.Addr().(*net.TCPAddr).Port {
		t.Errorf("held: %+v", held)
	}
	if runtime.GOOS == "linux" && (held.Holder != ownName() || !held.Ours) {
		t.Errorf("this test has it, not %q", held.Holder)
	}
	l.Close()
	if free := Look("http", address); free.Err != nil {
		t.Errorf("free: %+v", free)
	}
}

func TestTheKernelsTableIsRead(t *testing.T) {
	const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0
   1: 0100007F:0050 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0
   2: 00000000:5000 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0
   3: short
`
	got := map[string]bool{}
	addListening(got, bufio.NewScanner(strings.NewReader(table)), 80)
	if len(got) != 1 || !got["socket:[4711]"] {
		t.Errorf("got %v", got)
	}
}
