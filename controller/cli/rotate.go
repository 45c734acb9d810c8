package cli

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/dataplane/certificate"
	"fairlead.dev/fairlead/reconcile/plan"
)

// rotateFlags are those of rotate.
type rotateFlags struct {
	cert, key    string
	dryRun, wait bool
	timeout      time.Duration
}

func (c *client) newCertificateRotate() *cobra.Command {
	var f rotateFlags
	command := &cobra.Command{
		Use:   "rotate NAME --cert FILE --key FILE",
		Short: "Give the next certificate by hand, as a Docker secret that is labelled",
		Long: `Give the next certificate by hand: a Docker secret with the chain and the key is
created, with the label fairlead.dev/certificate=NAME, and the Routes that name
the label in secretRefs serve it. Before, it is checked: the chain and the key
parse and belong together, it is in its time, and it is for the hosts of those
Routes. A chain in another order than it should be is put in order.`,
		Example: `  fairlead certificate rotate shop --cert shop.crt --key shop.key --wait
  fairlead certificate rotate shop --cert shop.pem --key shop.pem --dry-run`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: c.completeCertificates,
		RunE: func(command *cobra.Command, args []string) error {
			if f.cert == "" || f.key == "" {
				return usage(command, "name the files with --cert and --key; they may be one")
			}
			return c.with(command.Context(), func(cluster Cluster) error { return c.rotate(command.Context(), cluster, args[0], f) })
		},
	}
	flags := command.Flags()
	flags.StringVar(&f.cert, "cert", "", "file with the chain in PEM")
	flags.StringVar(&f.key, "key", "", "file with the key in PEM")
	flags.BoolVar(&f.dryRun, "dry-run", false, "only check, and say what would happen")
	flags.BoolVar(&f.wait, "wait", false, "return when it serves")
	flags.DurationVar(&f.timeout, "timeout", time.Minute, "with --wait: how long at most")
	return command
}

func (c *client) rotate(ctx context.Context, cluster Cluster, name string, f rotateFlags) error {
	pair, bundle, err := readPair(f.cert, f.key)
	if err != nil {
		return err
	}
	objects, err := listAll(ctx, cluster)
	if err != nil {
		return err
	}
	label, err := c.labelToRotate(objects, name)
	if err != nil {
		return err
	}
	if cluster.Secrets == nil {
		return errors.New("there is no swarm to create a secret in: replace the file in the folder of secrets")
	}
	in, err := c.input(ctx, cluster, objects)
	if err != nil {
		return err
	}
	if err := c.checkLeaf(pair.Leaf, label, routesWith(objects, label)); err != nil {
		return err
	}
	secret := nextSecret(in.World.Secrets, label)
	if f.dryRun {
		c.printf("secret %s created, with the label %s (dry run)\n", secret, labelWords(label))
		return nil
	}
	issued := plan.Issued{Version: versionOf(secret), Begins: pair.Leaf.NotBefore, Ends: pair.Leaf.NotAfter}
	labels := issued.Labels()
	labels[plan.LabelCertificate] = label
	if err := cluster.Secrets.CreateSecret(ctx, secret, labels, bundle); err != nil {
		if errors.Is(err, store.ErrConflict) {
			return fmt.Errorf("somebody else created the secret %s at the same moment: look at it with fairlead certificate inspect %s: %w", secret, label, err)
		}
		return err
	}
	c.printf("secret %s created, with the label %s\n", secret, labelWords(label))
	if !f.wait {
		return nil
	}
	return c.awaitCertificate(ctx, cluster, awaited{name: label, secret: secret, timeout: f.timeout})
}

func labelWords(label string) string { return plan.LabelCertificate + "=" + label }

// readPair reads a chain and its key, and makes of them what goes into one secret.
// What is wrong with them is the answer no.
func readPair(certFile, keyFile string) (pair *tls.Certificate, bundle []byte, err error) {
	chain, err := os.ReadFile(certFile)
	if err != nil {
		return nil, nil, err
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, nil, err
	}
	if pair, err = certificate.ParsePair(chain, key); err != nil {
		return nil, nil, no("%s and %s: %w", certFile, keyFile, err)
	}
	var out bytes.Buffer
	for _, der := range pair.Certificate {
		_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: der}) // never fails
	}
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", keyFile, err)
	}
	_ = pem.Encode(&out, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return pair, out.Bytes(), nil
}

// labelToRotate is the label that a name means; that of an Issuer's is none.
func (c *client) labelToRotate(objects []object, name string) (string, error) {
	label := name
	if o := lookup(objects, certificateKind)(c.namespace, name); o != nil {
		return "", no("%s: Issuer %s makes it: use fairlead certificate renew, or delete %s to give it by hand", o.ref(), issuerOf(o), o.ref())
	}
	for i := range objects {
		if o := &objects[i]; o.kind == routeKind && issuerOf(o) != "" && slices.Contains([]string{o.ref(), plan.RouteLabel(o.Key())}, name) {
			return "", no("%s: Issuer %s makes its certificate: use fairlead certificate renew, or write secretRefs: [{certificate: LABEL}] in the Route", o.ref(), issuerOf(o))
		}
	}
	if strings.HasPrefix(label, plan.RouteLabel("")) || strings.ContainsAny(label, "/ ") {
		return "", no("%s cannot be the label of certificates that are given by hand: use letters, digits, -, _ and .", label)
	}
	return label, nil
}

// routesWith are the Routes that name a label, which is no Certificate's for them.
func routesWith(objects []object, label string) []*object {
	find := lookup(objects, certificateKind)
	var found []*object
	for i := range objects {
		o := &objects[i]
		if o.Route == nil || o.Route.Spec.TLS == nil || find(o.Namespace, label) != nil {
			continue
		}
		if slices.ContainsFunc(o.Route.Spec.TLS.SecretRefs, func(ref v1alpha1.SecretRef) bool { return ref.Certificate == label }) {
			found = append(found, o)
		}
	}
	return found
}

// checkLeaf says why a certificate should not be given. For a Route with other
// certificates it need be for one of the hosts only.
func (c *client) checkLeaf(leaf *x509.Certificate, label string, routes []*object) error {
	now := c.Now()
	switch {
	case !leaf.NotAfter.After(now):
		return no("the certificate ended at %s", leaf.NotAfter.UTC().Format(time.RFC3339))
	case leaf.NotBefore.After(now):
		return no("the certificate begins at %s only", leaf.NotBefore.UTC().Format(time.RFC3339))
	case len(leaf.DNSNames) == 0:
		return no("the certificate is for no host: clients want a DNS name in it (subjectAltName)")
	}
	if len(routes) == 0 {
		c.warnf("warning: no Route names %s: write secretRefs: [{certificate: %s}] in one\n", label, label)
	}
	var errs []error
	for _, o := range routes {
		isMissing := func(host string) bool {
			return !slices.ContainsFunc(leaf.DNSNames, func(name string) bool { return plan.Covers(name, host) })
		}
		hosts := slices.DeleteFunc(slices.Clone(o.hosts()), func(host string) bool { return !isMissing(host) })
		some := len(o.Route.Spec.TLS.SecretRefs) > 1 && len(hosts) < len(o.hosts())
		if len(hosts) > 0 && !some {
			errs = append(errs, no("%s has the hosts %s, and the certificate is for %s", o.ref(), strings.Join(hosts, ", "), strings.Join(leaf.DNSNames, ", ")))
		}
	}
	return errors.Join(errs...)
}

// nextSecret is the name for the next secret with a label: the label and a number
// that is greater than that of any.
func nextSecret(secrets []plan.Secret, label string) string {
	taken := map[string]bool{}
	newest := 0
	for _, s := range secrets {
		taken[s.Name] = true
		if s.Certificate == label {
			newest = max(newest, versionOf(s.Name), s.Issued.Version)
		}
	}
	for {
		newest++
		if name := label + "." + strconv.Itoa(newest); !taken[name] {
			return name
		}
	}
}

// versionOf is the number at the end of a secret's name, or 0.
func versionOf(name string) int {
	n, _ := strconv.Atoi(name[strings.LastIndexAny(name, ".-_")+1:])
	return max(0, n)
}
