// Package certificate turns the Certificates of a Snapshot, which only name
// secrets, into what a TLS handshake needs, with clients and with Endpoints.
//
// A Store has one Entry for each Certificate ID. An Entry is loaded in the
// background: the bytes of a secret may come late, and no publish waits for
// them. An ID stands for certain bytes, so an Entry that is Loaded or Invalid
// stays so, and one that is Pending is tried again and again.
//
// A Policy is the tls.Config for a set of Entries. It asks them at each
// handshake, so an Entry that is loaded late needs no new Policy. Each Policy
// has session ticket keys of its own, which keeps a session from being resumed
// under another Policy. Those of TLS 1.3 are the same in all data planes that
// have the certificates.
//
// Where clients have to show certificates, nobody gets in until all authorities and
// revocation lists are loaded. What is verified is part of the Policy's Key, so no
// session is resumed that began under another authority or list.
//
// A Trust is the tls.Config for connections to the Endpoints of one Backend: whom
// they have to prove to be, by which authorities, and what they are shown. It waits
// for its Entries for a while, as a connect does.
package certificate

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
)

// The pauses between two attempts to get a secret, and the longest attempt.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = time.Second
	longest    = 5 * time.Second
	// atOnce is the number of secrets that are asked for at one time.
	atOnce = 16
)

// Fetch returns the bytes of a secret. An error means not yet. It is called by
// several goroutines.
type Fetch func(ctx context.Context, id string) ([]byte, error)

// Store holds the Entries of the last Snapshot.
type Store struct {
	fetch   Fetch
	changed func()
	log     *slog.Logger
	now     func() time.Time // the clock of sessions
	slots   chan struct{}

	mu      sync.Mutex // guards following
	entries map[string]*Entry
	// running is the context of Run, nil outside.
	running context.Context
	loaders sync.WaitGroup
}

// NewStore returns an empty Store. changed is called after an Entry changes its
// state; it must not block.
func NewStore(fetch Fetch, changed func(), log *slog.Logger) *Store {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Store{fetch: fetch, changed: changed, log: log, now: time.Now, slots: make(chan struct{}, atOnce), entries: map[string]*Entry{}}
}

// Entry is one Certificate.
type Entry struct {
	spec  snapshot.Certificate
	state atomic.Pointer[state]
	// settled is closed when it is Loaded or Invalid.
	settled chan struct{}
	// stop ends the attempts to load it; nil before they begin.
	stop context.CancelFunc
}

// state is what became of an Entry.
type state struct {
	report snapshot.CertificateReport
	content
	ticket []byte // of which ticket keys are derived, where there is a key
}

// Sync makes the Entries those of certs. Entries that stay keep what they have.
func (s *Store) Sync(certs []snapshot.Certificate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := make(map[string]*Entry, len(certs))
	for _, c := range certs {
		e := s.entries[c.ID]
		if e == nil {
			e = newEntry(c)
			s.start(e)
		}
		next[c.ID] = e
	}
	for id, e := range s.entries {
		if next[id] == nil && e.stop != nil {
			e.stop()
		}
	}
	s.entries = next
}

func newEntry(c snapshot.Certificate) *Entry {
	e := &Entry{spec: c, settled: make(chan struct{})}
	e.set(snapshot.CertificatePending, "the secrets have not been asked for yet", content{})
	return e
}

func (e *Entry) set(to snapshot.CertificateState, message string, c content) {
	st := &state{report: snapshot.CertificateReport{ID: e.spec.ID, Name: e.spec.Name, State: to, Message: message}, content: c}
	st.report.NotAfter = c.notAfter()
	if c.cert != nil {
		st.report.Names = c.cert.Leaf.DNSNames
		st.ticket = ticketSecret(c.cert)
	}
	e.state.Store(st)
	if to != snapshot.CertificatePending {
		close(e.settled)
	}
}

// Certificate returns what is loaded, or nil.
func (e *Entry) Certificate() *tls.Certificate { return e.state.Load().cert }

// Entry returns the Entry of an ID, or nil.
func (s *Store) Entry(id string) *Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.entries[id]
}

// Reports returns what became of each Certificate, sorted by ID.
func (s *Store) Reports() []snapshot.CertificateReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	reports := make([]snapshot.CertificateReport, 0, len(s.entries))
	for _, e := range s.entries {
		reports = append(reports, e.state.Load().report)
	}
	slices.SortFunc(reports, func(a, b snapshot.CertificateReport) int { return cmp.Compare(a.ID, b.ID) })
	return reports
}

// Run loads what is not loaded until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	s.mu.Lock()
	s.running = ctx
	for _, e := range s.entries {
		s.start(e)
	}
	s.mu.Unlock()
	<-ctx.Done()
	s.mu.Lock()
	s.running = nil
	s.mu.Unlock()
	s.loaders.Wait()
	return nil
}

// start begins to load an Entry, where Run is running.
func (s *Store) start(e *Entry) {
	if s.running == nil || e.state.Load().report.State != snapshot.CertificatePending {
		return
	}
	ctx, cancel := context.WithCancel(s.running)
	e.stop = cancel
	s.loaders.Go(func() {
		defer cancel()
		s.load(ctx, e)
	})
}

// load tries until the Entry is Loaded or Invalid, or nobody wants it any more.
func (s *Store) load(ctx context.Context, e *Entry) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		if s.try(ctx, e) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// try makes one attempt, and says whether another one is useless.
func (s *Store) try(ctx context.Context, e *Entry) bool {
	chain, key, err := s.secrets(ctx, e)
	if ctx.Err() != nil {
		return true
	}
	if err != nil {
		if message := err.Error(); message != e.state.Load().report.Message {
			e.set(snapshot.CertificatePending, message, content{})
			s.changed()
		}
		return false
	}
	c, err := e.parse(chain, key)
	if err != nil {
		e.set(snapshot.CertificateInvalid, err.Error(), content{})
		s.log.Warn("certificate is invalid", "certificate", e.spec.Name, "certificate_id", e.spec.ID, "error", err)
	} else {
		e.set(snapshot.CertificateLoaded, "", c)
		s.log.Info("certificate loaded", "certificate", e.spec.Name, "certificate_id", e.spec.ID, "not_after", c.notAfter())
	}
	s.changed()
	return true
}

func (s *Store) secrets(ctx context.Context, e *Entry) (chain, key []byte, err error) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	if e.spec.CertSecret == "" {
		return nil, nil, nil
	}
	if chain, err = s.fetch(ctx, e.spec.CertSecret); err != nil {
		return nil, nil, fmt.Errorf("secret %s with the chain: %w", e.spec.CertSecret, err)
	}
	for _, id := range e.spec.Signers {
		issuer, err := s.fetch(ctx, id)
		if err != nil {
			return nil, nil, fmt.Errorf("secret %s with an authority: %w", id, err)
		}
		key = append(append(key, issuer...), '\n')
	}
	if e.spec.KeySecret == "" {
		return chain, key, nil
	}
	if key, err = s.fetch(ctx, e.spec.KeySecret); err != nil {
		return nil, nil, fmt.Errorf("secret %s with the key: %w", e.spec.KeySecret, err)
	}
	return chain, key, nil
}
