package http2

import "golang.org/x/net/http2/hpack"

// statics is the static table (RFC 7541 appendix A): index i lies at i-1. It is
// what the decoder makes of the indices.
var statics = readStatics()

// staticNames is the lowest index of each name.
var staticNames = indexStatics()

func readStatics() (table []hpack.HeaderField) {
	d := hpack.NewDecoder(0, func(f hpack.HeaderField) { table = append(table, f) })
	for i := range 61 {
		if _, err := d.Write([]byte{0x80 | byte(i+1)}); err != nil {
			panic("http2: the static table has no " + err.Error())
		}
	}
	return table
}

func indexStatics() map[string]uint8 {
	names := make(map[string]uint8, len(statics))
	for i, f := range statics {
		if _, ok := names[f.Name]; !ok {
			names[f.Name] = uint8(i + 1)
		}
	}
	return names
}
