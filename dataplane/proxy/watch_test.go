package proxy

import (
	"testing"
	"time"
)

// fakeConnection counts what it is told.
type fakeConnection struct{ looks, drains, cuts int }

func (f *fakeConnection) look(time.Time) { f.looks++ }
func (f *fakeConnection) drain()         { f.drains++ }
func (f *fakeConnection) cut()           { f.cuts++ }

func TestAConnectionThatComesLateIsToldWhatTheOthersWere(t *testing.T) {
	var w watch
	early, late := &fakeConnection{}, &fakeConnection{}
	w.add(early)
	w.look(time.Now())
	w.drain()
	w.cut()
	w.add(late)
	if early.looks != 1 || early.drains != 1 || early.cuts != 1 || late.drains != 1 || late.cuts != 1 {
		t.Errorf("%+v, %+v", early, late)
	}
}

func TestNoneWaitsForTheLastConnection(t *testing.T) {
	var w watch
	<-w.none()
	a, b := &fakeConnection{}, &fakeConnection{}
	w.add(a)
	w.add(b)
	none := w.none()
	w.remove(a)
	select {
	case <-none:
		t.Error("one is still there")
	default:
	}
	w.remove(b)
	<-none
}

func TestOnlyTheTryThatATimeOutIsOfIsInterrupted(t *testing.T) {
	var i interruption
	i.begin()
	first := i.nextTry()
	second := i.nextTry()
	i.interruptTry(first)
	if why := i.cause(); why != none {
		t.Error("the next try was interrupted:", why)
	}
	i.interruptTry(second)
	if why := i.cause(); why != tryTimeout {
		t.Error("it was not interrupted:", why)
	}
	i.nextTry()
	if why := i.cause(); why != none {
		t.Error("the time-out outlived its try:", why)
	}
	i.interrupt(gone)
	i.interrupt(requestTimeout)
	i.nextTry()
	if why := i.cause(); why != gone {
		t.Error("the first cause counts, not", why)
	}
	i.end()
	i.begin()
	if why := i.cause(); why != none {
		t.Error("an exchange inherited", why)
	}
}

func TestAnInterruptEndsAPause(t *testing.T) {
	var i interruption
	i.begin()
	go i.interrupt(gone)
	if i.pause(time.Hour) {
		t.Error("it was not interrupted")
	}
	if i.pause(0) {
		t.Error("an interrupted exchange pauses no more")
	}
}
