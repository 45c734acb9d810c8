package main

import (
	"errors"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/controller/swarm"
	"fairlead.dev/fairlead/dataplane/tender"
)

// tenderCommand is `fairlead tender`, which only the operator starts.
func tenderCommand() *cobra.Command {
	var dir, network, name string
	var secrets []string
	c := &cobra.Command{
		Use:    "tender",
		Short:  "Stand on a network, or hold secrets, for a data plane (started by the operator)",
		Args:   cobra.NoArgs,
		Hidden: true,
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := newTender(dir, network, name, secrets)
			if err != nil {
				return err
			}
			return s.Run(c.Context())
		},
	}
	f := c.Flags()
	f.StringVar(&dir, "dir", "/run/fairlead", "folder for the socket")
	f.StringVar(&network, "network", "", "ID of the network that this stands on")
	f.StringVar(&name, "name", "", "name of this tender")
	f.StringSliceVar(&secrets, "secrets", nil, "IDs of the secrets that this holds")
	return c
}

func newTender(dir, network, name string, secrets []string) (*tender.Server, error) {
	s := &tender.Server{Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	switch {
	case network != "" && len(secrets) == 0 && isPlain(network):
		s.Socket, s.Network = tender.NetworkSocket(dir, network), true
	case network == "" && len(secrets) > 0 && isPlain(name):
		s.Socket, s.Secrets = tender.SecretsSocket(dir, name), map[string]string{}
		for _, id := range secrets {
			if !isPlain(id) {
				return nil, errors.New("a secret's ID has other characters than letters, digits and dashes")
			}
			s.Secrets[id] = swarm.SecretPath(id)
		}
	default:
		return nil, errors.New("give --network, or --name and --secrets")
	}
	return s, nil
}

// isPlain guards file names.
func isPlain(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}
