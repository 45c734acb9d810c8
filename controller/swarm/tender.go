package swarm

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/errdefs"

	"fairlead.dev/fairlead/reconcile/plan"
)

// Where a Tender finds things inside its container.
const (
	binaryPath  = "/fairlead"
	socketsPath = "/run/fairlead"
	secretsPath = "/run/secrets/"
)

// Act carries one Action out. What is done already is no error.
func (c *Client) Act(ctx context.Context, a plan.Action) error {
	switch {
	case a.CreateSecret != nil:
		return c.createSecret(ctx, a.CreateSecret)
	case a.CreateTender != nil:
		return c.createTender(ctx, a.CreateTender)
	case a.RemoveTender != nil:
		return c.removeTender(ctx, a.RemoveTender)
	case a.RemoveSecret != nil:
		return c.removeSecret(ctx, a.RemoveSecret)
	}
	panic("swarm: an Action with nothing in it")
}

func (c *Client) createTender(ctx context.Context, t *plan.Tender) error {
	spec := tenderService(t)
	_, err := call(ctx, c, "create service", func(ctx context.Context) (swarm.ServiceCreateResponse, error) {
		return c.docker.ServiceCreate(ctx, spec, swarm.ServiceCreateOptions{})
	})
	if errdefs.IsConflict(err) || err != nil && strings.Contains(err.Error(), "name conflicts") {
		return nil
	}
	if err != nil {
		return fmt.Errorf("tender %s: %w", t.Name, err)
	}
	return nil
}

func (c *Client) removeTender(ctx context.Context, t *plan.TenderRef) error {
	err := call0(ctx, c, "remove service", func(ctx context.Context) error { return c.docker.ServiceRemove(ctx, t.ServiceID) })
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("tender %s: %w", t.Name, err)
	}
	return nil
}

// tenderService is the service of a Tender: global, read-only, without
// capabilities, on its one network or with its secrets, and the folder with the
// sockets.
func tenderService(t *plan.Tender) swarm.ServiceSpec {
	ids := make([]string, len(t.Secrets))
	for i, s := range t.Secrets {
		ids[i] = s.ID
	}
	labels := map[string]string{plan.LabelTender: t.Spec.Scope, plan.LabelTenderPlace: t.Spec.Place(), plan.LabelTenderImage: t.Spec.Image}
	grace, delay := time.Second, 100*time.Millisecond
	container := &swarm.ContainerSpec{
		Image:           t.Spec.Image,
		Command:         []string{binaryPath},
		ReadOnly:        true,
		CapabilityDrop:  []string{"ALL"},
		StopGracePeriod: &grace,
		Mounts:          []mount.Mount{{Type: mount.Type(t.Spec.MountType), Source: t.Spec.MountSource, Target: socketsPath}},
	}
	template := swarm.TaskSpec{
		ContainerSpec: container,
		RestartPolicy: &swarm.RestartPolicy{Condition: swarm.RestartPolicyConditionAny, Delay: &delay},
		Placement:     &swarm.Placement{Constraints: t.Spec.Constraints},
	}
	if t.Network != "" {
		labels[plan.LabelTenderNetwork] = t.Network
		template.Networks = []swarm.NetworkAttachmentConfig{{Target: t.Network}}
		container.Args = []string{"tender", "--dir", socketsPath, "--network", t.Network}
	} else {
		labels[plan.LabelTenderSecrets] = strings.Join(ids, ",")
		container.Secrets = secretReferences(t.Secrets)
		container.Args = []string{"tender", "--dir", socketsPath, "--name", t.Name, "--secrets", strings.Join(ids, ",")}
	}
	return swarm.ServiceSpec{
		Annotations:  swarm.Annotations{Name: t.Name, Labels: labels},
		TaskTemplate: template,
		Mode:         swarm.ServiceMode{Global: &swarm.GlobalService{}},
		EndpointSpec: &swarm.EndpointSpec{Mode: swarm.ResolutionModeDNSRR}, // nothing asks for the VIP
	}
}

// secretReferences mounts each secret under its ID, for root only.
func secretReferences(secrets []plan.Secret) []*swarm.SecretReference {
	refs := make([]*swarm.SecretReference, len(secrets))
	for i, s := range secrets {
		refs[i] = &swarm.SecretReference{
			SecretID: s.ID, SecretName: s.Name,
			File: &swarm.SecretReferenceFileTarget{Name: s.ID, UID: "0", GID: "0", Mode: os.FileMode(0o400)},
		}
	}
	return refs
}

// SecretPath is where a Tender finds the secret with this ID.
func SecretPath(id string) string { return secretsPath + id }
