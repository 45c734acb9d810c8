package main

import (
	"context"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

func TestWhatMakeRunShowsWorks(t *testing.T) {
	o := options{fairlead: rig.Build(t, "./controller"), demo: rig.Build(t, "./hack/demo"), once: true}
	for _, addr := range []*string{&o.http, &o.https, &o.admin} {
		var err error
		if *addr, err = freeAddr(); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := run(ctx, o); err != nil {
		t.Fatal(err)
	}
}
