package proxy

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestTheEndpointsTimeIsNotTheClients(t *testing.T) {
	limits := &Limits{BodyRate: 100, BodyGrace: 30 * time.Second}
	synctest.Test(t, func(t *testing.T) {
		var p pace
		p.begin()
		time.Sleep(29 * time.Second)
		if p.tooSlow(time.Now(), limits) {
			t.Error("it has its grace")
		}
		p.end(1)
		time.Sleep(time.Hour) // the Endpoint takes its time
		if p.tooSlow(time.Now(), limits) {
			t.Error("the client was not waited for")
		}
		p.begin()
		time.Sleep(2 * time.Second)
		if !p.tooSlow(time.Now(), limits) {
			t.Error("a byte in half a minute is enough")
		}
		p.end(31 * 100)
		if p.tooSlow(time.Now(), limits) {
			t.Error("a hundred bytes a second are enough")
		}
		limits.BodyRate = -1
		p.reset()
		p.begin()
		time.Sleep(time.Hour)
		if p.tooSlow(time.Now(), limits) {
			t.Error("there is no bound")
		}
	})
}
