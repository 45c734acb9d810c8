package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// maxName is the longest name that Swarm gives a config.
const maxName = 64

// configName is the name of the config that holds a generation:
// fairlead.<kind>.[<namespace>.]<name>.<generation>. Two who write one
// generation meet in this name, so it depends on nothing else.
//
// A name that would be too long is cut and told apart by a hash, after an
// underscore, which stands in no object's name.
func configName(kind, namespace, name string, generation int64) string {
	object := name
	if namespace != "" {
		object = namespace + "." + name
	}
	before, after := "fairlead."+strings.ToLower(kind)+".", fmt.Sprintf(".%d", generation)
	if room := maxName - len(before) - len(after); len(object) > room {
		sum := sha256.Sum256([]byte(object))
		hash := "_" + hex.EncodeToString(sum[:6])
		object = object[:max(0, room-len(hash))] + hash
	}
	return before + object + after
}
