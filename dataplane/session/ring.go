package session

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// Ring is some keys. The first seals, all open. It never changes.
type Ring struct{ keys []cipher.AEAD }

// leastSecret is the length of the shortest secret that a key is derived of.
const leastSecret = 16

// newKey derives a key of a secret. Nonces are random and there may be billions of
// Sessions, so they have to be the long ones of XChaCha20-Poly1305.
func newKey(secret []byte) (cipher.AEAD, error) {
	if len(secret) < leastSecret {
		return nil, fmt.Errorf("it has %d bytes, must have at least %d", len(secret), leastSecret)
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "fairlead.dev sessions 1", chacha20poly1305.KeySize)
	if err != nil {
		return nil, err
	}
	return chacha20poly1305.NewX(key)
}

// Room is what Seal and Open need of memory, so that neither allocates.
type Room struct {
	bytes, plain [chacha20poly1305.NonceSizeX + size + chacha20poly1305.Overhead]byte
	text         [textSize]byte
	route        []byte
}

// textSize is the length of a sealed Session as text.
const textSize = (chacha20poly1305.NonceSizeX + size + chacha20poly1305.Overhead) * 4 / 3

// Seal returns s as text for the client of a Route. It is good until the Room is
// used again.
func (r *Ring) Seal(room *Room, route string, s *Session) []byte {
	nonce := room.bytes[:chacha20poly1305.NonceSizeX]
	_, _ = rand.Read(nonce) // never fails
	s.put(room.plain[:])
	room.route = append(room.route[:0], route...)
	sealed := r.keys[0].Seal(nonce, nonce, room.plain[:size], room.route)
	base64.RawURLEncoding.Encode(room.text[:], sealed)
	return room.text[:]
}

// Open returns the Session that a text is for a Route, if it is one.
func (r *Ring) Open(room *Room, route, text string) (Session, bool) {
	var s Session
	if len(text) != textSize {
		return s, false
	}
	copy(room.text[:], text)
	// The decoder passes over line breaks, and then the room has old bytes at its end.
	if n, err := base64.RawURLEncoding.Decode(room.bytes[:], room.text[:]); err != nil || n != len(room.bytes) {
		return s, false
	}
	nonce, sealed := room.bytes[:chacha20poly1305.NonceSizeX], room.bytes[chacha20poly1305.NonceSizeX:]
	room.route = append(room.route[:0], route...)
	for _, key := range r.keys {
		if plain, err := key.Open(room.plain[:0], nonce, sealed, room.route); err == nil {
			s.get(plain)
			return s, true
		}
	}
	return s, false
}
