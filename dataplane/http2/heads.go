package http2

// sendBlock sends a field block as HEADERS, and CONTINUATION where it is larger
// than a frame. Nothing is sent if encode fails. The mutex is held.
func (l *link) sendBlock(id uint32, end bool, encode func(*encoder, []byte) ([]byte, error)) error {
	flags := byte(flagEndHeaders)
	if end {
		flags |= flagEndStream
	}
	out := l.room()
	start := len(out)
	out = appendFrame(out, 0, frameHeaders, flags, id)
	table := l.enc.next
	out, err := encode(&l.enc, l.enc.begin(out))
	n := len(out) - start - frameHeader
	if err != nil {
		out = out[:start]
		if l.enc.next != table || n > 0 {
			l.enc.forget()
		}
		l.out = out
		return err
	}
	out[start], out[start+1], out[start+2] = byte(n>>16), byte(n>>8), byte(n)
	if n > l.maxFrame {
		out = split(out, start, l.maxFrame)
	}
	l.out = out
	l.poke()
	return nil
}

// split cuts the block at the end of out, whose HEADERS begin at start.
func split(out []byte, start, limit int) []byte {
	block := append([]byte(nil), out[start+frameHeader:]...)
	flags, id := out[start+4], uint32(out[start+5])<<24|uint32(out[start+6])<<16|uint32(out[start+7])<<8|uint32(out[start+8])
	out = append(appendFrame(out[:start], limit, frameHeaders, flags&^flagEndHeaders, id), block[:limit]...)
	for block = block[limit:]; len(block) > 0; {
		n := min(len(block), limit)
		flags = 0
		if n == len(block) {
			flags = flagEndHeaders
		}
		out = append(appendFrame(out, n, frameContinuation, flags, id), block[:n]...)
		block = block[n:]
	}
	return out
}
