package tender

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// The bounds of the protocol. A Docker secret is at most 500 KB.
const (
	maxRequest = 512
	maxAnswer  = 512 << 10
)

// MaxDir is the length that the path of the folder with the sockets may have: a
// socket's path has at most 107 bytes (unix(7)), and ours names at most 50.
const MaxDir = 107 - 1 - 50

const (
	statusDone   = 0
	statusFailed = 1
)

// NetworkSocket is the path of the socket of the Tender on a network, by ID.
func NetworkSocket(dir, network string) string {
	return filepath.Join(dir, "network-"+network+".sock")
}

// SecretsSocket is the path of the socket of a Tender with secrets.
func SecretsSocket(dir, name string) string {
	return filepath.Join(dir, "secrets-"+name+".sock")
}

// writeAnswer writes an answer, with a file descriptor where fd is not negative.
func writeAnswer(c *net.UnixConn, status byte, payload []byte, fd int) error {
	head := make([]byte, 5, 5+len(payload))
	head[0] = status
	binary.BigEndian.PutUint32(head[1:], uint32(len(payload)))
	var rights []byte
	if fd >= 0 {
		rights = syscall.UnixRights(fd)
	}
	head = append(head, payload...)
	n, _, err := c.WriteMsgUnix(head, rights, nil)
	if err == nil && n < len(head) {
		_, err = c.Write(head[n:])
	}
	return err
}

// errRefused marks an answer of a Tender that says no.
var errRefused = errors.New("tender refused")

// readAnswer reads an answer, and the file that came with it or nil.
func readAnswer(c *net.UnixConn) ([]byte, *os.File, error) {
	head := make([]byte, 5)
	rights := make([]byte, syscall.CmsgSpace(4))
	n, nrights, _, _, err := c.ReadMsgUnix(head, rights)
	if err == nil && n == 0 {
		err = io.EOF
	}
	if err != nil {
		return nil, nil, err
	}
	file, err := receivedFile(rights[:nrights])
	if err != nil {
		return nil, nil, err
	}
	payload, err := readPayload(c, head, n)
	if err != nil && file != nil {
		file.Close()
		file = nil
	}
	return payload, file, err
}

func readPayload(c io.Reader, head []byte, n int) ([]byte, error) {
	if _, err := io.ReadFull(c, head[n:]); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(head[1:])
	if length > maxAnswer {
		return nil, fmt.Errorf("answer of %d bytes", length)
	}
	payload := make([]byte, length)
	if _, err := io.ReadFull(c, payload); err != nil {
		return nil, err
	}
	if head[0] != statusDone {
		return nil, fmt.Errorf("%w: %s", errRefused, payload)
	}
	return payload, nil
}

func receivedFile(rights []byte) (*os.File, error) {
	if len(rights) == 0 {
		return nil, nil
	}
	messages, err := syscall.ParseSocketControlMessage(rights)
	if err != nil {
		return nil, fmt.Errorf("control message: %w", err)
	}
	if len(messages) != 1 {
		return nil, fmt.Errorf("%d control messages", len(messages))
	}
	fds, err := syscall.ParseUnixRights(&messages[0])
	if err != nil {
		return nil, fmt.Errorf("descriptors: %w", err)
	}
	if len(fds) != 1 {
		return nil, fmt.Errorf("%d descriptors", len(fds))
	}
	syscall.CloseOnExec(fds[0])
	return os.NewFile(uintptr(fds[0]), "tendered"), nil
}

// readRequest reads one line: a verb and its argument.
func readRequest(c io.Reader) (verb, argument string, err error) {
	line := make([]byte, 0, maxRequest)
	for len(line) < maxRequest {
		n, err := c.Read(line[len(line):maxRequest])
		line = line[:len(line)+n]
		if text, rest, ok := strings.Cut(string(line), "\n"); ok && rest == "" {
			verb, argument, _ = strings.Cut(text, " ")
			return verb, argument, nil
		} else if ok {
			return "", "", errors.New("more than one line")
		}
		if err != nil {
			return "", "", err
		}
	}
	return "", "", errors.New("the request is too long")
}
