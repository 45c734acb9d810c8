package swarm

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrSetup is wrapped by errors that no second try mends: something has to be
// built, mounted or named in another way.
var ErrSetup = errors.New("wrong set-up")

// checkStatic says why an executable cannot be all there is in an image: it is
// for another system, or it wants a loader and libraries, without which the
// engine says no more than "no such file or directory".
func checkStatic(binary []byte) error {
	file, err := elf.NewFile(bytes.NewReader(binary))
	if err != nil {
		return fmt.Errorf("%w: this executable is not one for Linux: name an image with --image", ErrSetup)
	}
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP {
			loader, _ := io.ReadAll(p.Open()) // its name is for the message only
			return fmt.Errorf("%w: this executable is not static, it needs %s: build it with CGO_ENABLED=0, or name an image with --image",
				ErrSetup, strings.TrimRight(string(loader), "\x00"))
		}
	}
	return nil
}
