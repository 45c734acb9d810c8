package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func (c *client) newCertificate() *cobra.Command {
	command := &cobra.Command{
		Use:   "certificate",
		Short: "List, inspect, renew and rotate certificates",
		Long: `List, inspect, renew and rotate certificates: those that Issuers make for Routes
and Certificates, and those that were given by hand as Docker secrets.

A certificate is named by the key of its Certificate, by "route/NAME" where the
Issuer of a Route makes it, by the label fairlead.dev/certificate of secrets that
were given by hand, or by the secret with its chain.`,
	}
	command.AddCommand(c.newCertificateList(), c.newCertificateInspect(), c.newCertificateRenew(), c.newCertificateRotate())
	return command
}

func (c *client) newCertificateList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List all certificates: who makes them, when they end, who uses them",
		Example: `  fairlead certificate list
  fairlead certificate list -o wide`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			format, err := c.format(command, formatTable, formatWide, formatJSON, formatYAML, formatName)
			if err != nil {
				return err
			}
			return c.with(command.Context(), func(cluster Cluster) error {
				held, err := c.holdings(command.Context(), cluster)
				if err != nil {
					return err
				}
				held = slices.DeleteFunc(held, func(h heldCertificate) bool { return c.namespace != "" && !h.isOf(c.namespace) })
				return c.printCertificates(held, format)
			})
		},
	}
}

// isOf says whether the object that wants it, or a Route that uses it, is of a
// namespace.
func (h *heldCertificate) isOf(namespace string) bool {
	isOf := func(key string) bool { return strings.HasPrefix(key, namespace+"/") }
	return h.object != nil && h.object.Namespace == namespace || slices.ContainsFunc(h.Routes, isOf)
}

func (c *client) printCertificates(held []heldCertificate, format string) error {
	switch format {
	case formatName:
		for _, h := range held {
			c.printf("%s\n", h.Name)
		}
		return nil
	case formatJSON, formatYAML:
		return c.print(format, map[string]any{"certificates": held})
	}
	if len(held) == 0 {
		c.warnf("No certificates. Routes with tls.mode Terminate have some.\n")
		return nil
	}
	t := table{{"NAME", "ISSUER", "HOSTS", "VERSION", "ENDS IN", "RENEWAL", "SECRET", "USED BY"}}
	if format == formatWide {
		t[0] = append(t[0], "ENDS", "NOT KNOWN")
	}
	for i := range held {
		t.add(c.certificateCells(&held[i], format)...)
	}
	t.write(c.Out, "")
	return nil
}

func (c *client) certificateCells(h *heldCertificate, format string) []string {
	hosts, version := dash(strings.Join(h.Hosts, ",")), "-"
	if len(h.Hosts) > 2 && format != formatWide {
		hosts = fmt.Sprintf("%s +%d", strings.Join(h.Hosts[:2], ","), len(h.Hosts)-2)
	}
	if h.Version > 0 {
		version = fmt.Sprint(h.Version)
	}
	cells := []string{h.Name, cmp.Or(h.Issuer, byHand), hosts, version, c.left(h.NotAfter, "ended"), c.renewal(h), dash(h.Secret), dash(strings.Join(h.users(), ", "))}
	if format == formatWide {
		cells = append(cells, clockTime(h.NotAfter), dash(h.Unknown))
	}
	return cells
}

const byHand = "by hand"

// users are the Routes and services that use it.
func (h *heldCertificate) users() []string {
	var users []string
	for _, r := range h.Routes {
		users = append(users, routeRef(r))
	}
	for _, s := range h.Services {
		users = append(users, "service/"+s)
	}
	return users
}

// renewal says when an Issuer makes the next one.
func (c *client) renewal(h *heldCertificate) string {
	switch {
	case h.Issuer == "":
		return "-"
	case h.Asked != nil:
		return "asked for"
	case h.Renewal == nil:
		return "now"
	}
	return c.left(h.Renewal, "now")
}

// left is the time until t, or over where that is over.
func (c *client) left(t *time.Time, over string) string {
	switch {
	case t == nil:
		return "-"
	case !t.After(c.Now()):
		return over
	}
	return span(t.Sub(c.Now()))
}

func clockTime(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.Format(time.RFC3339)
}

func (c *client) newCertificateInspect() *cobra.Command {
	return &cobra.Command{
		Use:   "inspect NAME",
		Short: "Show all about a certificate: its versions, who uses which, Conditions",
		Example: `  fairlead certificate inspect mail
  fairlead certificate inspect route/demo -o json`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: c.completeCertificates,
		RunE: func(command *cobra.Command, args []string) error {
			format, err := c.format(command, formatTable, formatJSON, formatYAML)
			if err != nil {
				return err
			}
			return c.with(command.Context(), func(cluster Cluster) error {
				held, err := c.holdings(command.Context(), cluster)
				if err != nil {
					return err
				}
				h, err := c.pickCertificate(held, args[0])
				if err != nil {
					return err
				}
				if format != formatTable {
					return c.print(format, h)
				}
				c.inspect(c.Out, &h)
				return nil
			})
		},
	}
}

func (c *client) inspect(w io.Writer, h *heldCertificate) {
	t := table{}
	t.add("Name:", h.Name)
	if h.label != "" {
		t.add("Label:", labelWords(h.label))
	}
	t.add("Issuer:", cmp.Or(h.Issuer, byHand))
	t.add("Hosts:", dash(strings.Join(h.Hosts, ", ")))
	t.add("Secret:", dash(h.Secret))
	t.add("Ends:", fmt.Sprintf("%s (%s)", clockTime(h.NotAfter), c.left(h.NotAfter, "ended")))
	if h.Issuer != "" {
		t.add("Renewal:", fmt.Sprintf("%s (%s)", clockTime(h.Renewal), c.renewal(h)))
	}
	if h.Asked != nil {
		t.add("Asked for:", fmt.Sprintf("%s ago by %s, another one than version %d", c.age(h.Asked.At), dash(h.Asked.By), h.Asked.Version))
	}
	t.add("Used by:", dash(strings.Join(h.users(), ", ")))
	if h.Unknown != "" {
		t.add("Not known:", h.Unknown)
	}
	t.write(w, "")
	if len(h.Versions) > 0 {
		fmt.Fprintf(w, "Versions:\n")
		c.versions(h).write(w, "  ")
	}
	if h.object != nil {
		d := description{client: c, object: *h.object}
		d.writeConditions(w)
	}
}

func (c *client) versions(h *heldCertificate) table {
	t := table{{"VERSION", "SECRET", "AGE", "ENDS", "SERVES", "MOUNTED BY", "TROUBLE"}}
	for _, v := range h.Versions {
		version, secret, age := "-", v.Secret, "-"
		if v.Version > 0 {
			version = fmt.Sprint(v.Version)
		}
		if v.Key != "" {
			secret += ", " + v.Key
		}
		if v.Created != nil {
			age = c.age(*v.Created)
		}
		if h.Issuer != "" && v.Issuer == "" {
			version = byHand
		}
		t.add(version, secret, age, clockTime(v.NotAfter), dash(strings.Join(v.Serving, ", ")), dash(strings.Join(v.Services, ", ")), dash(v.Trouble))
	}
	return t
}

// completeCertificates completes the name of a certificate for the shell.
func (c *client) completeCertificates(command *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	err := c.with(command.Context(), func(cluster Cluster) error {
		held, err := c.holdings(command.Context(), cluster)
		for _, h := range held {
			names = append(names, h.Name)
		}
		return err
	})
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
