package certificate

import (
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"strconv"
	"sync/atomic"
	"time"
)

// tickets are the session tickets of a Policy.
//
// In TLS 1.3 a resumed session makes a key exchange of its own (RFC 8446 section
// 2.2, psk_dhe_ke, the only mode that crypto/tls has), so who gets a ticket's key
// later reads nothing of what was recorded. So these keys may be derived of what
// all data planes have, the private keys of the certificates, and a client may
// resume at any of them, after a restart too. They change with time; a ticket is
// good in the period in which it was made and in the next one. Clocks that differ
// by less than a period do no harm.
//
// In TLS 1.2 a ticket holds the key of the session itself. Its keys are random,
// never leave this process and are changed by crypto/tls every day.
//
// A certificate that is replaced makes another Policy, whose sessions begin anew.
// So do another authority of clients and another list of revoked certificates: who
// was let in before is looked at again.
type tickets struct {
	policy *Policy
	// keys are those of now. What is stored twice at a time is the same.
	keys atomic.Pointer[ticketKeys]
}

// ticketKeys are good for a period and a number of loaded certificates.
type ticketKeys struct {
	period int64
	loaded int
	// config is nothing but a holder of keys; nil where none could be derived.
	config *tls.Config
}

// ticketPeriod is how long tickets are made with one key.
const ticketPeriod = 6 * time.Hour

// wrap is for tls.Config.WrapSession.
func (t *tickets) wrap(cs tls.ConnectionState, s *tls.SessionState) ([]byte, error) {
	return t.holder(cs.Version).EncryptTicket(cs, s)
}

// unwrap is for tls.Config.UnwrapSession. What is not understood is no error: the
// handshake becomes a full one.
func (t *tickets) unwrap(ticket []byte, cs tls.ConnectionState) (*tls.SessionState, error) {
	return t.holder(cs.Version).DecryptTicket(ticket, cs)
}

// holder returns what has the keys for sessions of a version of TLS. The Policy's
// own config has those that crypto/tls makes and changes.
func (t *tickets) holder(version uint16) *tls.Config {
	own := t.policy.config
	if version < tls.VersionTLS13 {
		return own
	}
	period := own.Time().Unix() / int64(ticketPeriod/time.Second)
	loaded := t.policy.loadedTickets()
	k := t.keys.Load()
	if k == nil || k.period != period || k.loaded != loaded {
		k = t.derive(period, loaded)
		t.keys.Store(k)
	}
	if k.config == nil {
		return own
	}
	return k.config
}

// derive makes the keys. The first one, with which tickets are made, is that of
// the first loaded certificate and of now. Those of the other certificates are for
// tickets of data planes that had loaded another one first.
func (t *tickets) derive(period int64, loaded int) *ticketKeys {
	var keys [][32]byte
	for _, p := range []int64{period, period - 1, period + 1} {
		for _, e := range t.policy.entries {
			if secret := e.state.Load().ticket; secret != nil {
				keys = append(keys, ticketKey(secret, t.policy.Key, p))
			}
		}
	}
	k := &ticketKeys{period: period, loaded: loaded}
	if len(keys) > 0 {
		k.config = &tls.Config{}
		k.config.SetSessionTicketKeys(keys)
	}
	return k
}

// loadedTickets is the number of Entries of which keys can be derived. An Entry
// that is one of them stays one.
func (p *Policy) loadedTickets() int {
	n := 0
	for _, e := range p.entries {
		if e.state.Load().ticket != nil {
			n++
		}
	}
	return n
}

// ticketSecret returns what the ticket keys of a certificate are derived of, by
// HKDF (RFC 5869) of its private key, or nil if the key has no form to derive of.
func ticketSecret(cert *tls.Certificate) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		return nil
	}
	secret, err := hkdf.Extract(sha256.New, der, []byte("fairlead.dev session tickets 1"))
	if err != nil {
		return nil
	}
	return secret
}

// ticketKey derives the key of a policy in a period.
func ticketKey(secret []byte, policy string, period int64) (key [32]byte) {
	b, err := hkdf.Expand(sha256.New, secret, strconv.FormatInt(period, 10)+" "+policy, len(key))
	if err != nil {
		panic("certificate: " + err.Error())
	}
	copy(key[:], b)
	return key
}
