package session

import "testing"

func BenchmarkOpen(b *testing.B) {
	r, s, room := ringOf(b, "a"), Session{Backend: 1}, new(Room)
	text := string(r.Seal(room, "shop/web", &s))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := r.Open(room, "shop/web", text); !ok {
			b.Fatal("not opened")
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	r, s, room := ringOf(b, "a"), Session{Backend: 1}, new(Room)
	b.ReportAllocs()
	for b.Loop() {
		r.Seal(room, "shop/web", &s)
	}
}
