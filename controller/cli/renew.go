package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/store"
)

func (c *client) newCertificateRenew() *cobra.Command {
	var wait bool
	var timeout time.Duration
	command := &cobra.Command{
		Use:   "renew NAME",
		Short: "Have the Issuer make a certificate anew now",
		Long: `Have the Issuer make a certificate anew now. What is asked for stands in the status
of the Certificate, or of the Route, until there is a newer version: no process
has to be there when it is asked, and asking twice makes one.`,
		Example: `  fairlead certificate renew mail
  fairlead certificate renew route/demo --wait`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: c.completeCertificates,
		RunE: func(command *cobra.Command, args []string) error {
			return c.with(command.Context(), func(cluster Cluster) error {
				asked, err := c.renew(command.Context(), cluster, args[0])
				if err != nil || !wait {
					return err
				}
				return c.awaitCertificate(command.Context(), cluster, awaited{
					name: args[0], newer: asked.Version, timeout: timeout,
				})
			})
		},
	}
	command.Flags().BoolVar(&wait, "wait", false, "return when the new one serves, or is there where no Route uses it")
	command.Flags().DurationVar(&timeout, "timeout", time.Minute, "with --wait: how long at most")
	return command
}

// tries is how often a write that somebody else was first with is tried.
const tries = 10

// renew asks for another version than the newest, in the status of the object that
// wants it. The operator writes there, too: whoever is second looks again.
func (c *client) renew(ctx context.Context, cluster Cluster, name string) (asked v1alpha1.Renewal, err error) {
	for range tries {
		held, err := c.holdings(ctx, cluster)
		if err != nil {
			return asked, err
		}
		h, err := c.pickCertificate(held, name)
		switch {
		case err != nil:
			return asked, err
		case h.object == nil:
			return asked, no("%s: no Issuer makes it: it was given by hand, so use fairlead certificate rotate", h.Name)
		}
		asked = v1alpha1.Renewal{Version: h.newestIssued(), By: c.User, At: c.Now().UTC().Truncate(time.Second)}
		next := v1alpha1.Status{}
		if s := h.object.Status; s != nil {
			next = *s
		}
		next.Certificate = &v1alpha1.CertificateStatus{Serving: servingOf(h.object.Status), Renew: &asked}
		err = cluster.Store.WriteStatus(ctx, &h.object.Record, next)
		switch {
		case err == nil:
			c.printf("%s: asked %s for version %d\n", h.Name, h.Issuer, asked.Version+1)
			return asked, nil
		case !errors.Is(err, store.ErrConflict):
			return asked, fmt.Errorf("%s: %w", h.object.ref(), err)
		}
	}
	return asked, fmt.Errorf("%s: somebody else wrote its status each time: try again: %w", name, store.ErrConflict)
}

func servingOf(s *v1alpha1.Status) []v1alpha1.ServingCertificate {
	if s == nil || s.Certificate == nil {
		return nil
	}
	return s.Certificate.Serving
}

// newestIssued is the newest version that an Issuer made; 0 is none.
func (h *heldCertificate) newestIssued() int {
	newest := 0
	for _, v := range h.Versions {
		if v.Issuer != "" {
			newest = max(newest, v.Version)
		}
	}
	return newest
}

// awaited is what awaitCertificate waits for.
type awaited struct {
	name string
	// secret is what is to serve; where it is "", a version after newer.
	secret  string
	newer   int
	timeout time.Duration
}

// awaitCertificate returns when a certificate serves all Routes that use it.
func (c *client) awaitCertificate(parent context.Context, cluster Cluster, a awaited) error {
	ctx, cancel := context.WithTimeout(parent, a.timeout)
	defer cancel()
	var failed error
	said := ""
	done := false
	err := poll(ctx, c.Every, func() (bool, error) {
		var held []heldCertificate
		if held, failed = c.holdings(ctx, cluster); failed != nil {
			return false, nil //nolint:nilerr // it is asked again, and told of at the end
		}
		h, err := c.pickCertificate(held, a.name)
		if err != nil {
			return false, err
		}
		var why string
		if done, why = h.serves(a); done {
			c.printf("%s\n", why)
			return true, nil
		}
		if why != said && c.Terminal {
			c.warnf("%s: %s\n", h.Name, why)
		}
		said = why
		return false, nil
	})
	switch {
	case err != nil || done:
		return err
	case parent.Err() != nil:
		return parent.Err()
	case failed != nil && !errors.Is(failed, context.DeadlineExceeded):
		return failed
	}
	return no("%s does not serve after %s: %s", a.name, a.timeout, said)
}

// serves says whether what is awaited is there and serves, or what is missing.
func (h *heldCertificate) serves(a awaited) (done bool, why string) {
	at := slices.IndexFunc(h.Versions, func(v heldVersion) bool {
		return v.Secret == a.secret || a.secret == "" && v.Issuer != "" && v.Version > a.newer
	})
	if at < 0 {
		return false, "the next one has not been made yet" + h.verdict()
	}
	v := &h.Versions[at]
	isMissing := func(route string) bool { return !slices.Contains(v.Serving, route) }
	if missing := slices.DeleteFunc(slices.Clone(h.Routes), func(r string) bool { return !isMissing(r) }); len(missing) > 0 {
		why = fmt.Sprintf("%s does not serve %s yet", v.Secret, strings.Join(missing, ", "))
		if v.Trouble != "" {
			why += ": " + v.Trouble
		}
		return false, why
	}
	if len(h.Routes) == 0 {
		return true, fmt.Sprintf("%s is there, until %s", v.Secret, clockTime(v.NotAfter))
	}
	return true, fmt.Sprintf("%s serves %s, until %s", v.Secret, strings.Join(h.Routes, ", "), clockTime(v.NotAfter))
}

// verdict is what the object that wants it says, where that is not that all is well.
func (h *heldCertificate) verdict() string {
	if h.object == nil {
		return ""
	}
	for _, c := range h.Conditions {
		if wrong(c) {
			return ": " + complaint(c)
		}
	}
	return ""
}
