package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
)

const (
	// PlanePrefix starts the name of a config that a data plane's Report stands in.
	PlanePrefix = "fairlead.plane."
	// LeaseName is the name of the Lease's config.
	LeaseName = leaseName
	// LabelPlane marks the config of a data plane's Report; its value is the
	// data plane's name.
	LabelPlane = "fairlead.dev/plane"
	// LabelPlaneTask is the Swarm task that the data plane is; "" for a process.
	LabelPlaneTask = "fairlead.dev/plane-task"
	// LabelPlaneCluster is the service cluster that the data plane serves; absent
	// for the one without a name.
	LabelPlaneCluster = "fairlead.dev/plane-cluster"
	// LabelPlaneReport is the Report in JSON, without Certificates that are
	// Loaded: there may be thousands.
	LabelPlaneReport = "fairlead.dev/plane-report"
	// LabelPlaneBeat counts the times that the Report was written.
	LabelPlaneBeat = "fairlead.dev/plane-beat"
)

// Planes keeps the Reports of the data planes of one service cluster, so that
// its leader can say what all of them have acknowledged. Each stands in the
// labels of a config of its own, which only its data plane writes.
type Planes struct {
	api     API
	cluster string
}

// NewPlanes returns the Reports behind api of a cluster, which may have no name.
func NewPlanes(api API, cluster string) *Planes { return &Planes{api, cluster} }

// PlaneRecord is a stored Report.
type PlaneRecord struct {
	// Version changes with every write.
	Version uint64
	// Node is the ID of the node that the data plane is on, Task its Swarm task
	// or "".
	Node, Task string
	Report     snapshot.Report
}

// List returns the stored Reports, sorted by name. One that cannot be read,
// such as a later version's, is left out.
func (p *Planes) List(ctx context.Context) ([]PlaneRecord, error) {
	configs, err := p.api.ListConfigs(ctx, LabelPlane)
	if err != nil {
		return nil, fmt.Errorf("list reports: %w", err)
	}
	var out []PlaneRecord
	for _, c := range configs {
		if c.Labels[LabelPlaneCluster] != p.cluster {
			continue
		}
		r := PlaneRecord{Version: c.Version, Node: c.Labels[LabelPlane], Task: c.Labels[LabelPlaneTask]}
		if json.Unmarshal([]byte(c.Labels[LabelPlaneReport]), &r.Report) == nil {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b PlaneRecord) int { return cmp.Compare(a.Node, b.Node) })
	return out, nil
}

// Write stores the Report of the data plane on a node.
func (p *Planes) Write(ctx context.Context, node, task string, report snapshot.Report) error {
	report.Certificates = slices.DeleteFunc(slices.Clone(report.Certificates), func(c snapshot.CertificateReport) bool {
		return c.State == snapshot.CertificateLoaded
	})
	data, err := json.Marshal(report)
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	current, err := p.find(ctx, node)
	if err != nil {
		return err
	}
	labels := map[string]string{LabelPlane: node, LabelPlaneTask: task, LabelPlaneReport: string(data), LabelPlaneBeat: "0"}
	if p.cluster != "" {
		labels[LabelPlaneCluster] = p.cluster
	}
	if current == nil {
		_, err = p.api.CreateConfig(ctx, p.name(node), labels, []byte("The report of a data plane of Fairlead, in the labels.\n"))
	} else {
		labels[LabelPlaneBeat] = fmt.Sprint(number(current.Labels[LabelPlaneBeat]) + 1)
		err = p.api.UpdateConfigLabels(ctx, current.ID, current.Version, labels)
	}
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// Remove removes the Report of a data plane that ends.
func (p *Planes) Remove(ctx context.Context, node string) error {
	current, err := p.find(ctx, node)
	if current == nil || err != nil {
		return err
	}
	err = p.api.RemoveConfig(ctx, current.ID)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

func (p *Planes) find(ctx context.Context, node string) (*Config, error) {
	configs, err := p.api.ListConfigs(ctx, LabelPlane)
	if err != nil {
		return nil, fmt.Errorf("find report: %w", err)
	}
	for i := range configs {
		if configs[i].Name == p.name(node) {
			return &configs[i], nil
		}
	}
	return nil, nil
}

func (p *Planes) name(node string) string {
	return PlanePrefix + inCluster(strings.ToLower(node), p.cluster)
}

// inCluster is the name of what each service cluster has its own of. The name of
// a cluster is hashed, for a config's may have 64 characters.
func inCluster(name, cluster string) string {
	if cluster == "" {
		return name
	}
	sum := sha256.Sum256([]byte(cluster))
	return name + "." + hex.EncodeToString(sum[:4])
}
