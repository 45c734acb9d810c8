package source

import (
	"fmt"
	"slices"
	"strings"
	"unique"

	syaml "sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// Validate returns what v1alpha1 says of the object, with its place.
func (d *Document) Validate() Mistakes {
	var out Mistakes
	for _, p := range d.problems() {
		out = append(out, Mistake{Source: d.Source, Line: d.LineOf(p.Path), Path: p.Path, Message: p.Message})
	}
	out.sort()
	return out
}

// problems are what is not valid in the object.
func (d *Document) problems() []v1alpha1.Problem {
	switch {
	case d.Route != nil:
		return v1alpha1.Validate(d.Route)
	case d.Issuer != nil:
		return v1alpha1.ValidateIssuer(d.Issuer)
	case d.Certificate != nil:
		return v1alpha1.ValidateCertificate(d.Certificate)
	}
	return nil
}

// DecodeRoute reads a stored manifest of one document. Where it does not
// decode, the Route is nil and the Problems say why; else they are what is not
// valid in it.
func DecodeRoute(name string, data []byte) (*v1alpha1.Route, []v1alpha1.Problem) {
	d, problems := decodeOne(name, v1alpha1.KindRoute, data)
	return d.Route, problems
}

// DecodeIssuer reads a stored manifest of one document, as DecodeRoute does.
func DecodeIssuer(name string, data []byte) (*v1alpha1.Issuer, []v1alpha1.Problem) {
	d, problems := decodeOne(name, v1alpha1.KindIssuer, data)
	return d.Issuer, problems
}

// DecodeCertificate reads a stored manifest of one document, as DecodeRoute does.
func DecodeCertificate(name string, data []byte) (*v1alpha1.Certificate, []v1alpha1.Problem) {
	d, problems := decodeOne(name, v1alpha1.KindCertificate, data)
	return d.Certificate, problems
}

// decodeOne reads a manifest of one document, which must be of that kind.
func decodeOne(name, kind string, data []byte) (Document, []v1alpha1.Problem) {
	documents, _ := Decode(name, data)
	if len(documents) != 1 {
		m := Mistake{Message: fmt.Sprintf("holds %d documents, must hold exactly one", len(documents))}
		return Document{}, []v1alpha1.Problem{m.problem()}
	}
	d := documents[0]
	if len(d.Mistakes) == 0 && d.Kind != kind {
		d.mistake(d.LineOf("kind"), "kind", "is %q, must be %s", d.Kind, kind)
	}
	if len(d.Mistakes) == 0 {
		return d, d.problems()
	}
	var problems []v1alpha1.Problem
	for _, m := range d.Mistakes {
		problems = append(problems, m.problem())
	}
	return Document{}, problems
}

// fill decodes Raw into the object, now that its shape is known to be right.
func (d *Document) fill() {
	if err := kinds[d.Kind].fill(d); err != nil {
		d.mistake(d.Line, "", "does not decode: %s", strings.ReplaceAll(err.Error(), "\n", " "))
	}
}

func fillRoute(d *Document) error {
	r := &v1alpha1.Route{}
	if err := syaml.UnmarshalStrict(d.Raw, r); err != nil {
		return err
	}
	r.Status, r.Metadata.Generation, r.Metadata.CreationTimestamp = nil, 0, nil
	v1alpha1.Default(r)
	compact(r)
	d.Route = r
	return nil
}

func fillIssuer(d *Document) error {
	i := &v1alpha1.Issuer{}
	if err := syaml.UnmarshalStrict(d.Raw, i); err != nil {
		return err
	}
	i.Status, i.Metadata.Generation, i.Metadata.CreationTimestamp = nil, 0, nil
	v1alpha1.DefaultIssuer(i)
	d.Issuer = i
	return nil
}

func fillCertificate(d *Document) error {
	c := &v1alpha1.Certificate{}
	if err := syaml.UnmarshalStrict(d.Raw, c); err != nil {
		return err
	}
	c.Status, c.Metadata.Generation, c.Metadata.CreationTimestamp = nil, 0, nil
	v1alpha1.DefaultCertificate(c)
	d.Certificate = c
	return nil
}

// compact lets go of memory that a Route does not need: there may be ten
// thousand, and decoding leaves room for four in each list of one.
func compact(r *v1alpha1.Route) {
	r.APIVersion, r.Kind = v1alpha1.GroupVersion, v1alpha1.KindRoute
	r.Spec.Hosts = slices.Clone(r.Spec.Hosts)
	if b := r.Spec.Backend; b != nil {
		b.Addresses = slices.Clone(b.Addresses)
		for i := range b.Addresses {
			b.Addresses[i] = unique.Make(b.Addresses[i]).Value() // many Routes name one
		}
	}
}
