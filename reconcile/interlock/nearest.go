package interlock

import "strings"

// far is how many letters a misspelt label may be away from the right one.
const far = 3

// suggest names the label that was probably meant, if there is one.
func suggest(name string) string {
	if label := nearest(name); label != "" {
		return "; did you mean " + label + "?"
	}
	return "; remove it, or look for the right one"
}

// nearest is the label that differs least from name, in its letters but not in
// their case; "" where none is near.
func nearest(name string) string {
	best, least := "", far+1
	for short := range known {
		label := Prefix + short
		d := distance(strings.ToLower(name), label)
		if d < least || d == least && label < best {
			best, least = label, d
		}
	}
	return best
}

// distance is how many letters have to be put in, taken out, or replaced to make
// b of a (Levenshtein's), but never more than far+1.
func distance(a, b string) int {
	if max(len(a), len(b))-min(len(a), len(b)) > far {
		return far + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, diagonal+1, row[j]+1)
		}
	}
	return min(row[len(b)], far+1)
}
