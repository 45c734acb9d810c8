package plan

import (
	"fmt"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// issuerStatuses makes one Status for each Issuer, sorted by key: whether it is
// as it should be, and whether the secrets of its authority are there. That they
// are good is found out where it makes a certificate.
func issuerStatuses(in *Input, world *index) []Status {
	var out []Status
	for i := range in.Issuers {
		o := &in.Issuers[i]
		next := o.Status.WithTransitions(v1alpha1.Status{Conditions: issuerConditions(o, world)}, in.Now)
		out = append(out, Status{
			Kind: v1alpha1.KindIssuer, Key: o.Key, Generation: o.Generation, Status: next,
			Changed: o.Status == nil || !slices.Equal(o.Status.Conditions, next.Conditions),
		})
	}
	slices.SortFunc(out, func(a, b Status) int { return strings.Compare(a.Key, b.Key) })
	return out
}

func issuerConditions(o *IssuerObject, world *index) []v1alpha1.Condition {
	accepted := finding{v1alpha1.ReasonAccepted, ""}
	ready := finding{v1alpha1.ReasonReady, ""}
	switch {
	case o.Issuer == nil || len(o.Problems) > 0:
		accepted = refusal(o.Problems)
		ready = finding{accepted.reason, "the Issuer is not accepted"}
	case o.Issuer.Spec.CA != nil:
		if missing := missingSecret(o.Issuer, world); missing != "" {
			ready = finding{v1alpha1.ReasonSecretNotFound, missing}
		}
	}
	return []v1alpha1.Condition{
		condition(v1alpha1.Accepted, accepted, v1alpha1.ReasonAccepted, o.Generation),
		condition(v1alpha1.Ready, ready, v1alpha1.ReasonReady, o.Generation),
	}
}

// condition is True where the finding's reason is the good one.
func condition(kind string, f finding, good string, generation int64) v1alpha1.Condition {
	status := v1alpha1.False
	if f.reason == good {
		status = v1alpha1.True
	}
	return v1alpha1.Condition{Type: kind, Status: status, Reason: f.reason, Message: f.message, ObservedGeneration: generation}
}

// missingSecret says which secret of an Issuer's authority is not there, or "".
func missingSecret(i *v1alpha1.Issuer, world *index) string {
	ref := i.Spec.CA.SecretRef
	if ref.Certificate != "" {
		switch pairs := Pairs(world.labelled[ref.Certificate]); {
		case len(pairs) == 0:
			return fmt.Sprintf("no secret has the label %s=%s", LabelCertificate, ref.Certificate)
		case pairs[0].Cert.Issued.Issuer != "":
			return fmt.Sprintf("secret %q was made by an Issuer, so it is no authority: name the secrets of one", pairs[0].Cert.Name)
		}
		return ""
	}
	for _, name := range []string{ref.Cert, ref.Key} {
		if _, ok := find(world.secrets, i.Metadata.Namespace, name); !ok {
			return fmt.Sprintf("secret %q does not exist: create it with docker secret create", name)
		}
	}
	return ""
}
