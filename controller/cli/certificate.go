package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/source"
	"fairlead.dev/fairlead/reconcile/plan"
)

var certificateKind = &kind{
	name: v1alpha1.KindCertificate, singular: "certificate", plural: "certificates",
	columns: []string{"NAME", "HOSTS", "ISSUER", columnStatus, "ROUTES", "ORIGIN", columnAge},
	widths:  []int{20, 28, 12, 20, 6, 6},
	row:     (*client).certificateRow,
	decode:  decodeCertificate,
	whole:   wholeCertificate,
	head:    certificateHead,
	body:    (*description).writeCertificate,
}

func decodeCertificate(o *object) {
	o.Certificate, o.Problems = source.DecodeCertificate(o.Source, o.Data)
	if o.Certificate != nil {
		o.Certificate.Metadata.Namespace = o.Namespace
	}
}

func (c *client) certificateRow(o object, format string) []string {
	status, _ := o.verdict()
	issuer := ""
	if o.Certificate != nil {
		issuer = o.Certificate.Spec.IssuerRef
	}
	return []string{o.Key(), c.hostCell(o, format), dash(issuer), status, fmt.Sprint(len(o.routes)), dash(o.origin()), c.age(o.Created)}
}

func wholeCertificate(o object) any {
	w := &v1alpha1.Certificate{TypeMeta: o.typeMeta(), Metadata: v1alpha1.ObjectMeta{Name: o.Name, Namespace: o.Namespace}}
	if o.Certificate != nil {
		*w = *o.Certificate
	}
	o.stamp(&w.Metadata)
	w.Status = o.Status
	return w
}

func certificateHead(o object, t *table) {
	if o.Certificate != nil {
		spec := &o.Certificate.Spec
		t.addLabels(o.Certificate.Metadata.Labels)
		t.add("Hosts:", strings.Join(spec.DNSNames, ", "))
		t.add("Issuer:", spec.IssuerRef)
		t.add("Made:", madeWords(spec))
	}
	t.add("Secrets:", fmt.Sprintf("%s, and so on, with the label %s=%s", plan.SecretName(o.Key(), 1), plan.LabelCertificate, o.Key()))
	t.add("Routes:", dash(strings.Join(o.routes, ", ")))
}

// madeWords says how a certificate is made, where the Issuer does not say it.
func madeWords(spec *v1alpha1.CertificateSpec) string {
	var words []string
	if spec.Duration != nil {
		words = append(words, "lasts "+spec.Duration.String())
	}
	if spec.RenewBefore != nil {
		words = append(words, "made anew "+spec.RenewBefore.String()+" before the end")
	}
	if spec.PrivateKey != nil && spec.PrivateKey.Algorithm != "" {
		words = append(words, "with a new "+spec.PrivateKey.Algorithm+" key")
	}
	if len(words) == 0 {
		return "as the Issuer says"
	}
	return strings.Join(words, ", ")
}

// writeCertificate writes what a Certificate's description has below its head.
func (d *description) writeCertificate(w io.Writer) {
	d.writeProblems(w)
	d.writeConditions(w)
	mentioned := map[string]bool{}
	for _, e := range d.events {
		version, err := strconv.Atoi(e.Name[strings.LastIndexByte(e.Name, '.')+1:])
		if e.Kind == "secret" && err == nil && e.Name == plan.SecretName(d.object.Key(), version) {
			mentioned["secret "+e.Name] = true
		}
	}
	d.writeEvents(w, mentioned)
}

// noteCertificates notes at each Certificate the Routes that name it.
func noteCertificates(objects []object) {
	find := lookup(objects, certificateKind)
	for _, o := range objects {
		if o.Route == nil || o.Route.Spec.TLS == nil {
			continue
		}
		for _, ref := range o.Route.Spec.TLS.SecretRefs {
			if ref.Certificate == "" {
				continue
			}
			if certificate := find(o.Namespace, ref.Certificate); certificate != nil {
				certificate.routes = append(certificate.routes, o.Key())
			}
		}
	}
}
