package swarm

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// executable is an ELF file with one segment of the type, which holds content.
func executable(t *testing.T, segment elf.ProgType, content string) []byte {
	t.Helper()
	header := elf.Header64{
		Ident:   [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:    uint16(elf.ET_EXEC),
		Machine: uint16(elf.EM_X86_64),
		Version: uint32(elf.EV_CURRENT),
		Phoff:   64, Ehsize: 64, Phentsize: 56, Phnum: 1,
	}
	prog := elf.Prog64{Type: uint32(segment), Off: 64 + 56, Filesz: uint64(len(content))}
	var b bytes.Buffer
	for _, part := range []any{header, prog, []byte(content)} {
		if err := binary.Write(&b, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func TestOnlyAStaticExecutableBecomesAnImage(t *testing.T) {
	if err := checkStatic(executable(t, elf.PT_LOAD, "code")); err != nil {
		t.Errorf("a static one: %v", err)
	}
	for name, c := range map[string]struct {
		binary []byte
		want   string
	}{
		"one with a loader":    {executable(t, elf.PT_INTERP, "/lib64/ld.so\x00"), "not static, it needs /lib64/ld.so: build it with CGO_ENABLED=0, or name an image with --image"},
		"one of a Mac":         {[]byte("\xcf\xfa\xed\xfe and so on"), "not one for Linux: name an image with --image"},
		"one that is cut off":  {[]byte("\x7fELF"), "not one for Linux"},
		"nothing in it at all": {nil, "not one for Linux"},
	} {
		if err := checkStatic(c.binary); !errors.Is(err, ErrSetup) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
