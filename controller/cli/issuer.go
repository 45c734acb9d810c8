package cli

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/source"
)

var issuerKind = &kind{
	name: v1alpha1.KindIssuer, singular: "issuer", plural: "issuers",
	columns: []string{"NAME", "TYPE", columnStatus, "ROUTES", "ORIGIN", columnAge},
	widths:  []int{20, 10, 20, 6, 6},
	row:     (*client).issuerRow,
	decode:  decodeIssuer,
	whole:   wholeIssuer,
	head:    issuerHead,
	body:    (*description).writeIssuer,
}

func decodeIssuer(o *object) {
	o.Issuer, o.Problems = source.DecodeIssuer(o.Source, o.Data)
	if o.Issuer != nil {
		o.Issuer.Metadata.Namespace = o.Namespace
	}
}

func (c *client) issuerRow(o object, _ string) []string {
	status, _ := o.verdict()
	return []string{o.Key(), issuerType(o.Issuer), status, fmt.Sprint(len(o.routes)), dash(o.origin()), c.age(o.Created)}
}

func issuerType(i *v1alpha1.Issuer) string {
	switch {
	case i == nil:
		return "-"
	case i.Spec.SelfSigned != nil:
		return "selfSigned"
	case i.Spec.CA != nil:
		return "ca"
	}
	return "-"
}

func wholeIssuer(o object) any {
	i := &v1alpha1.Issuer{TypeMeta: o.typeMeta(), Metadata: v1alpha1.ObjectMeta{Name: o.Name, Namespace: o.Namespace}}
	if o.Issuer != nil {
		*i = *o.Issuer
	}
	o.stamp(&i.Metadata)
	i.Status = o.Status
	return i
}

func issuerHead(o object, t *table) {
	if o.Issuer != nil {
		spec := &o.Issuer.Spec
		t.addLabels(o.Issuer.Metadata.Labels)
		t.add("Signs:", signsWords(spec))
		t.add("Certificates:", fmt.Sprintf("last %s, made anew %s before the end, with a new %s key", *spec.Duration, *spec.RenewBefore, spec.PrivateKey.Algorithm))
	}
	t.add("Routes:", dash(strings.Join(o.routes, ", ")))
	if len(o.certificates) > 0 {
		t.add("Objects:", strings.Join(object{certificates: o.certificates}.naming(), ", "))
	}
}

// signsWords says with what certificates are signed.
func signsWords(spec *v1alpha1.IssuerSpec) string {
	switch {
	case spec.SelfSigned != nil:
		return "each certificate with its own key"
	case spec.CA != nil && spec.CA.SecretRef.Certificate != "":
		return "with the authority in the secrets labelled " + spec.CA.SecretRef.Certificate
	case spec.CA != nil:
		return fmt.Sprintf("with the authority in the secrets %s and %s", spec.CA.SecretRef.Cert, spec.CA.SecretRef.Key)
	}
	return "-"
}

// writeIssuer writes what an Issuer's description has below its head.
func (d *description) writeIssuer(w io.Writer) {
	d.writeProblems(w)
	d.writeConditions(w)
	mentioned := map[string]bool{}
	if d.object.Issuer != nil && d.object.Issuer.Spec.CA != nil {
		ref := d.object.Issuer.Spec.CA.SecretRef
		for _, name := range []string{ref.Cert, ref.Key} {
			mentioned["secret "+name], mentioned["secret "+d.object.Namespace+"_"+name] = true, true
		}
	}
	d.writeEvents(w, mentioned)
}

// noteIssuers notes at each Issuer the Routes and Certificates that name it.
func noteIssuers(objects []object) {
	find := lookup(objects, issuerKind)
	for _, o := range objects {
		switch {
		case o.Certificate != nil:
			if issuer := find(o.Namespace, o.Certificate.Spec.IssuerRef); issuer != nil {
				issuer.certificates = append(issuer.certificates, o.Key())
			}
		case o.Route != nil && o.Route.Spec.TLS != nil && o.Route.Spec.TLS.IssuerRef != "":
			if issuer := find(o.Namespace, o.Route.Spec.TLS.IssuerRef); issuer != nil {
				issuer.routes = append(issuer.routes, o.Key())
			}
		}
	}
}

// lookup finds an object of a kind by a name in a namespace: one of the namespace
// comes before one without.
func lookup(objects []object, k *kind) func(namespace, name string) *object {
	byKey := map[string]*object{}
	for i := range objects {
		if o := &objects[i]; o.kind == k {
			byKey[o.Key()] = o
		}
	}
	return func(namespace, name string) *object {
		return cmp.Or(byKey[v1alpha1.ObjectMeta{Namespace: namespace, Name: name}.Key()], byKey[name])
	}
}

// naming are the objects that name an Issuer or a Certificate.
func (o object) naming() []string {
	var refs []string
	for _, key := range o.certificates {
		refs = append(refs, refOf(v1alpha1.KindCertificate, key))
	}
	return append(refs, o.routes...)
}
