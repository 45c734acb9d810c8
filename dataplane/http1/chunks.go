package http1

import (
	"bytes"

	"fairlead.dev/fairlead/dataplane/message"
)

// The bounds of a chunked body's framing: a chunk's line with its extensions,
// and all trailers together.
const (
	maxChunkLine = 256
	maxTrailers  = 8 << 10
)

// Chunks follows a chunked body through the pieces in which it arrives. Its zero
// value is at the start of a body.
type Chunks struct {
	state chunkState
	left  int64 // data bytes of this chunk that have not come
	line  []byte
	// Trailers are the trailer fields once Done.
	Trailers []Field
	used     int // bytes of trailers so far
}

type chunkState uint8

const (
	inSize chunkState = iota
	inData
	afterData
	inTrailers
	done
)

// Done says that the body has ended.
func (c *Chunks) Done() bool { return c.state == done }

// Next takes the framing at the start of buf off. It returns how many bytes of
// framing it took, and how many bytes of data follow those in buf; the caller
// takes both and calls again with what is left. Where both are 0, more bytes are
// needed, or the body is Done. Framing that is cut off between two pieces is
// kept in c.
func (c *Chunks) Next(buf []byte) (framing, data int, err error) {
	for at := 0; ; {
		switch c.state {
		case done:
			return at, 0, nil
		case inData:
			n := int(min(c.left, int64(len(buf)-at)))
			c.left -= int64(n)
			if c.left == 0 {
				c.state = afterData
			}
			if n > 0 || at == len(buf) {
				return at, n, nil
			}
		default:
			n, err := c.takeLine(buf[at:])
			at += n
			if err != nil || n == 0 || !c.whole() {
				return at, 0, err
			}
			if err := c.readLine(); err != nil {
				return at, 0, err
			}
		}
	}
}

// takeLine adds what buf has of a line to c.line.
func (c *Chunks) takeLine(buf []byte) (int, error) {
	if c.whole() {
		c.line = c.line[:0]
	}
	n := bytes.IndexByte(buf, '\n') + 1
	if n == 0 {
		n = len(buf)
	}
	limit, tooLong := maxChunkLine, errChunkLine
	if c.state == inTrailers {
		limit, tooLong = maxTrailers-c.used, errTrailerLength
	}
	if len(c.line)+n > limit {
		return 0, tooLong
	}
	c.line = append(c.line, buf[:n]...)
	return n, nil
}

func (c *Chunks) whole() bool { return len(c.line) > 0 && c.line[len(c.line)-1] == '\n' }

func (c *Chunks) readLine() error {
	if len(c.line) < 2 || c.line[len(c.line)-2] != '\r' {
		if c.state == afterData {
			return errChunkEnd
		}
		return errLineEnd
	}
	line := c.line[:len(c.line)-2]
	switch c.state {
	case inSize:
		return c.readSize(line)
	case afterData:
		if len(line) > 0 {
			return errChunkEnd
		}
		c.state = inSize
		return nil
	}
	return c.readTrailer(line)
}

// readSize reads chunk-size and chunk-ext. Extensions are checked and ignored.
func (c *Chunks) readSize(line []byte) error {
	size, digits := int64(0), 0
	for digits < len(line) {
		v := hexValue(line[digits])
		if v < 0 {
			break
		}
		if digits++; digits > 15 {
			return errChunkLength
		}
		size = size<<4 | int64(v)
	}
	if digits == 0 {
		return errChunkSize
	}
	if ext := trim(line[digits:]); len(ext) > 0 && (ext[0] != ';' || !message.Only(ext, message.Value)) {
		return errChunkSize
	}
	c.left = size
	c.state = inData
	if size == 0 {
		c.state = inTrailers
	}
	return nil
}

func hexValue(b byte) int {
	switch {
	case b >= '0' && b <= '9':
		return int(b - '0')
	case b >= 'a' && b <= 'f':
		return int(b-'a') + 10
	case b >= 'A' && b <= 'F':
		return int(b-'A') + 10
	}
	return -1
}

// readTrailer reads one trailer field; the empty line ends the body. Fields that
// frame, route or authenticate must not come late (RFC 9110 section 6.5.1).
func (c *Chunks) readTrailer(line []byte) error {
	if len(line) == 0 {
		c.state = done
		return nil
	}
	c.used += len(c.line)
	f, err := parseField(bytes.Clone(line))
	if err != nil {
		return err
	}
	for _, forbidden := range [...]string{"content-length", "transfer-encoding", "host", "trailer", "connection", "te", "content-encoding", "content-type", "content-range", "authorization", "set-cookie", "cookie", "upgrade", "expect"} {
		if f.Is(forbidden) {
			return errTrailer
		}
	}
	c.Trailers = append(c.Trailers, f)
	return nil
}
