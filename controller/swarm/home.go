package swarm

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/errdefs"

	"fairlead.dev/fairlead/reconcile/plan"
)

// Home is what this process has to know of the place that it runs in.
type Home struct {
	// NodeID is the swarm node's.
	NodeID string
	// TaskID is the swarm task that this process is; "" where it is none.
	TaskID string
	// Tenders is where and how the Tenders beside this process run.
	Tenders plan.TenderSpec
	// Attached are the IDs of the networks that this process's own container is
	// on; none where it is no container or is on the host's network.
	Attached []string
}

// FindHome looks where this process runs: straight on a manager, or as the task
// of a service. stateDir is the folder of the sockets as this process sees it;
// imageName overrides the image that Tenders run.
func (c *Client) FindHome(ctx context.Context, stateDir, imageName string) (Home, error) {
	info, err := call(ctx, c, "info", func(ctx context.Context) (system.Info, error) { return c.docker.Info(ctx) })
	if err != nil {
		return Home{}, err
	}
	if !info.Swarm.ControlAvailable {
		return Home{}, fmt.Errorf("this engine (%s) is no swarm manager: run Fairlead on one, or make this one with docker swarm init", info.Name)
	}
	home := Home{NodeID: info.Swarm.NodeID}
	own, err := c.ownContainer(ctx)
	if err != nil {
		return Home{}, fmt.Errorf("own container: %w", err)
	}
	if own == nil {
		home.Tenders, err = c.processTenders(ctx, info.Swarm.NodeID, stateDir, imageName)
		return home, err
	}
	home.TaskID = own.Config.Labels["com.docker.swarm.task.id"]
	for _, n := range own.NetworkSettings.Networks {
		home.Attached = append(home.Attached, n.NetworkID)
	}
	slices.Sort(home.Attached)
	home.Tenders, err = c.containerTenders(ctx, *own, info.Swarm.NodeID, stateDir, imageName)
	return home, err
}

// processTenders is for a process straight on a manager: Tenders run on this
// node only, and share a folder of the host.
func (c *Client) processTenders(ctx context.Context, nodeID, stateDir, imageName string) (plan.TenderSpec, error) {
	dir, err := filepath.Abs(stateDir)
	if err != nil {
		return plan.TenderSpec{}, err
	}
	if imageName == "" {
		if imageName, err = c.imageOfSelf(ctx); err != nil {
			return plan.TenderSpec{}, fmt.Errorf("make an image of this executable for tenders: %w", err)
		}
	}
	return plan.TenderSpec{
		Scope: nodeID, Image: imageName, Constraints: []string{"node.id==" + nodeID}, MountType: string(mount.TypeBind), MountSource: dir,
	}, nil
}

// containerTenders is for a container: Tenders share the mount that the folder
// stands on. Those of a service's tasks run where the service does.
func (c *Client) containerTenders(ctx context.Context, own container.InspectResponse, nodeID, stateDir, imageName string) (plan.TenderSpec, error) {
	spec := plan.TenderSpec{Scope: nodeID, Image: cmp.Or(imageName, own.Image), Constraints: []string{"node.id==" + nodeID}}
	i := slices.IndexFunc(own.Mounts, func(m container.MountPoint) bool { return m.Destination == filepath.Clean(stateDir) })
	if i < 0 {
		return spec, fmt.Errorf("%w: no volume is mounted on %s in this container: tenders share it", ErrSetup, stateDir)
	}
	m := own.Mounts[i]
	spec.MountType, spec.MountSource = string(m.Type), m.Source
	if m.Type == mount.TypeVolume {
		spec.MountSource = m.Name
	}
	serviceID := own.Config.Labels["com.docker.swarm.service.id"]
	if serviceID == "" {
		return spec, nil
	}
	service, err := call(ctx, c, "inspect service", func(ctx context.Context) (swarm.Service, error) {
		s, _, err := c.docker.ServiceInspectWithRaw(ctx, serviceID, swarm.ServiceInspectOptions{})
		return s, err
	})
	if err != nil {
		return spec, fmt.Errorf("own service: %w", err)
	}
	template := service.Spec.TaskTemplate
	spec.Scope, spec.Constraints = serviceID, nil
	if template.Placement != nil {
		spec.Constraints = template.Placement.Constraints
	}
	if imageName == "" && template.ContainerSpec != nil {
		spec.Image = template.ContainerSpec.Image
	}
	return spec, nil
}

// A container's own files are mounted from the folder of its ID.
var containerFile = regexp.MustCompile(`/containers/([0-9a-f]{64})/(?:hostname|hosts|resolv\.conf)`)

// ContainerID is the ID of the container that this process runs in, of whatever
// engine; "" where it is in none.
func ContainerID() string {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	return containerOf(mounts)
}

func containerOf(mounts []byte) string {
	if m := containerFile.FindSubmatch(mounts); m != nil {
		return string(m[1])
	}
	return ""
}

// ownContainer is the container of this engine that this process runs in, or
// nil. A container of another engine, such as one that holds the whole node, is
// none.
func (c *Client) ownContainer(ctx context.Context) (*container.InspectResponse, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	id := containerOf(mounts)
	if id == "" {
		return nil, nil
	}
	own, err := call(ctx, c, "inspect container", func(ctx context.Context) (container.InspectResponse, error) {
		return c.docker.ContainerInspect(ctx, id)
	})
	if errdefs.IsNotFound(err) {
		return nil, nil
	}
	return &own, err
}

// labelExecutable marks an image made of an executable with this SHA-256.
const labelExecutable = "fairlead.dev/executable"

// imageOfSelf makes an image of this executable and returns its ID; one that
// was made of the same bytes before is used again.
func (c *Client) imageOfSelf(ctx context.Context) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		return "", err
	}
	if err := checkStatic(binary); err != nil {
		return "", err
	}
	label := fmt.Sprintf("%s=%x", labelExecutable, sha256.Sum256(binary))
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	made, err := c.docker.ImageList(ctx, image.ListOptions{Filters: filters.NewArgs(filters.Arg("label", label))})
	if err != nil {
		return "", fmt.Errorf("list images: %w", err)
	}
	if len(made) > 0 {
		return made[0].ID, nil
	}
	layer, err := tarOf(filepath.Base(binaryPath), binary)
	if err != nil {
		return "", err
	}
	stream, err := c.docker.ImageImport(ctx, image.ImportSource{Source: layer, SourceName: "-"}, "", image.ImportOptions{
		Message: "fairlead", Changes: []string{`ENTRYPOINT ["` + binaryPath + `"]`, "LABEL " + label},
	})
	if err != nil {
		return "", fmt.Errorf("import image: %w", err)
	}
	defer stream.Close()
	return importedID(stream)
}

func tarOf(name string, data []byte) (io.Reader, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	header := &tar.Header{Name: name, Mode: 0o755, Size: int64(len(data)), Typeflag: tar.TypeReg}
	if err := w.WriteHeader(header); err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	return &b, w.Close()
}

// importedID is the last status of the stream: the image's ID.
func importedID(stream io.Reader) (string, error) {
	var id string
	for d := json.NewDecoder(stream); ; {
		var m struct{ Status, Error string }
		err := d.Decode(&m)
		switch {
		case errors.Is(err, io.EOF) && id != "":
			return id, nil
		case err != nil:
			return "", fmt.Errorf("import image: %w", err)
		case m.Error != "":
			return "", errors.New(m.Error)
		case m.Status != "":
			id = m.Status
		}
	}
}
