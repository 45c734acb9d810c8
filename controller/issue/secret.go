package issue

import (
	"context"
	"fmt"
	"maps"

	"fairlead.dev/fairlead/reconcile/plan"
)

// Secret makes the certificate that a secret is to hold, and the labels by which
// the secret says what it is. fetch gives the bytes of a secret by its ID.
func Secret(ctx context.Context, s *plan.NewSecret, fetch func(context.Context, string) ([]byte, error)) (bundle []byte, labels map[string]string, err error) {
	w := s.Certificate
	var by *Authority
	if w.CACert != "" {
		by = &Authority{}
		if by.Chain, err = fetch(ctx, w.CACert); err == nil {
			by.Key, err = fetch(ctx, w.CAKey)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("issuer %s: %w", w.Issued.Issuer, err)
		}
	}
	bundle, made, err := Make(w, by)
	if err != nil {
		return nil, nil, fmt.Errorf("issuer %s: %w", w.Issued.Issuer, err)
	}
	labels = made.Labels()
	maps.Copy(labels, map[string]string{plan.LabelSecret: s.Name, plan.LabelCertificate: w.Certificate})
	if s.Cluster != "" {
		labels[plan.LabelCluster] = s.Cluster
	}
	return bundle, labels, nil
}
