package source

import "bytes"

// part is the text of one document.
type part struct {
	text []byte
	line int // of its first line in the whole, from 1
}

// split cuts data at the lines that start with "---". YAML allows such a line
// nowhere inside a document, not even inside a text (YAML 1.2 §9.1.2), so no
// parsing is needed. What follows the mark on its line belongs to the document.
// The parts stand in data, but for those.
func split(data []byte) []part {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var parts []part
	first, line, start, marked := 1, 0, 0, false
	end := func(at int) {
		text := data[start:at:at]
		if marked {
			text = append([]byte("   "), text[3:]...)
		}
		parts = append(parts, part{text, first})
	}
	for at := 0; at < len(data); {
		text, _ := cutLine(data[at:])
		line++
		if isMark(text) {
			end(at)
			first, start, marked = line, at, true
			if len(bytes.TrimSpace(text[3:])) == 0 {
				first, start, marked = line+1, at+len(text), false
			}
		}
		at += len(text)
	}
	end(len(data))
	return parts
}

// cutLine returns the first line, with its end, and the rest.
func cutLine(data []byte) (line, rest []byte) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return data[:i+1], data[i+1:]
	}
	return data, nil
}

func isMark(line []byte) bool {
	return bytes.HasPrefix(line, []byte("---")) && (len(line) == 3 || bytes.IndexByte([]byte(" \t\r\n"), line[3]) >= 0)
}
