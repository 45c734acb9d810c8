package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/controller/pki"
)

// pkiCommand is `fairlead pki`.
func pkiCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "pki",
		Short: "Certificates for engines and for those who talk to them",
		Long: `Certificates for engines that listen on TCP (dockerd --tlsverify), and for those
who talk to them: an authority in a folder, without any server.`,
		Example: `  fairlead pki init pki
  fairlead pki issue server engine1 --host engine1.example.com --ip 192.0.2.10
  fairlead pki issue client ops
  fairlead pki revoke pki/clients/ops/cert.pem`,
	}
	issue := &cobra.Command{Use: "issue", Short: "Issue a certificate"}
	issue.AddCommand(pkiIssueServer(), pkiIssueClient())
	c.AddCommand(pkiInit(), issue, pkiRevoke())
	return c
}

func pkiInit() *cobra.Command {
	var keyType string
	c := &cobra.Command{
		Use:   "init DIR",
		Short: "Make a root and an intermediate authority in a folder",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if _, err := pki.Init(args[0], pki.KeyType(keyType), nil); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), `authority in %s
ca.pem is what engines and clients trust. ca-key.pem is not needed to issue:
keep it elsewhere.
`, args[0])
			return nil
		},
	}
	addKeyType(c, &keyType)
	return c
}

func addKeyType(c *cobra.Command, keyType *string) {
	c.Flags().StringVar(keyType, "key-type", string(pki.P256), "type of the keys: p256 (ECDSA) or rsa2048")
}

func addDir(c *cobra.Command, dir *string) {
	c.Flags().StringVar(dir, "dir", "pki", "folder of the authority")
}

func pkiIssueServer() *cobra.Command {
	r := pki.Request{Server: true}
	c := pkiIssue(&r, sayDockerd)
	c.Use, c.Short = "server NAME --host HOST --ip ADDRESS", "Issue the certificate of an engine, and print dockerd's flags for it"
	c.Flags().StringSliceVar(&r.Hosts, "host", nil, "host name that the engine is reached at")
	c.Flags().StringSliceVar(&r.IPs, "ip", nil, "address that the engine is reached at")
	return c
}

func pkiIssueClient() *cobra.Command {
	var r pki.Request
	c := pkiIssue(&r, sayEnvironment)
	c.Use, c.Short = "client NAME", "Issue the certificate of a client, and print the environment for it"
	return c
}

// pkiIssue issues what r is to be, and says how it is used.
func pkiIssue(r *pki.Request, say func(io.Writer, string)) *cobra.Command {
	var dir, keyType string
	c := &cobra.Command{
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := pki.Open(dir, nil)
			if err != nil {
				return err
			}
			r.Name, r.KeyType = args[0], pki.KeyType(keyType)
			issued, err := a.Issue(*r)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%s in %s, serial %s, until %s\n", r.Name, issued.Dir, issued.Serial(), issued.Certificate.NotAfter.Format(time.DateOnly))
			absolute, err := filepath.Abs(issued.Dir)
			say(c.OutOrStdout(), absolute)
			return err
		},
	}
	addDir(c, &dir)
	addKeyType(c, &keyType)
	c.Flags().IntVar(&r.Days, "days", pki.DefaultDays, "days until it ends")
	c.Flags().StringVar(&r.Out, "out", "", "folder for the files (default: below --dir)")
	return c
}

func sayDockerd(w io.Writer, dir string) {
	fmt.Fprintf(w, `Copy the folder to the engine's host, and start dockerd with
  --tlsverify --tlscacert=%[1]s/ca.pem --tlscert=%[1]s/cert.pem --tlskey=%[1]s/key.pem -H unix:///var/run/docker.sock -H tcp://0.0.0.0:2376
`, dir)
}

func sayEnvironment(w io.Writer, dir string) {
	fmt.Fprintf(w, `For docker and fairlead:
  export DOCKER_HOST=tcp://ENGINE:2376 DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=%s
`, dir)
}

func pkiRevoke() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "revoke FILE|SERIAL",
		Short: "Revoke a certificate",
		Long: `Revoke a certificate, by its file or by its serial number. dockerd reads no list
of revoked certificates; fairlead does: it connects neither with nor to one that
DOCKER_CERT_PATH/crl.pem revokes. To shut out who has stolen a key, issue from a
new authority.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := pki.Open(dir, nil)
			if err != nil {
				return err
			}
			r, err := a.Revoke(args[0])
			if err != nil {
				return err
			}
			done := "revoked"
			if r.Already {
				done = "revoked before"
			}
			fmt.Fprintf(c.OutOrStdout(), "%s %s, serial %x\nwritten: %s\nCopy crl.pem to every other DOCKER_CERT_PATH.\n",
				done, r.Certificate.Subject.CommonName, r.Certificate.SerialNumber, strings.Join(r.Lists, " "))
			return nil
		},
	}
	addDir(c, &dir)
	return c
}
