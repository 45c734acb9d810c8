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
func split(data []byte) []part {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var parts []part
	current := part{line: 1}
	line := 0
	for len(data) > 0 {
		var text []byte
		text, data = cutLine(data)
		line++
		if isMark(text) {
			parts = append(parts, current)
			current = part{line: line}
			text = append([]byte("   "), text[3:]...)
			if len(bytes.TrimSpace(text)) == 0 {
				current.line++
				continue
			}
		}
		current.text = append(current.text, text...)
	}
	return append(parts, current)
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
