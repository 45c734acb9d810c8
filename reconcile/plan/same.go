package plan

import (
	"maps"
	"slices"

	"fairlead.dev/fairlead/api/snapshot"
)

// Same says whether in and other give the same Plan, but for what time does:
// whether all but Now is equal. Objects count as equal where they point to the
// same values, which nobody edits. Where the order differs it says false.
func (in *Input) Same(other *Input) bool {
	return in.Tenders == other.Tenders && in.Cluster == other.Cluster &&
		sameObjects(in.Objects, other.Objects) && same(in.Issuers, other.Issuers, sameIssuer) &&
		same(in.Certificates, other.Certificates, sameCertificateObject) &&
		same(in.Reports, other.Reports, sameReport) &&
		sameWorld(&in.World, &other.World)
}

func sameWorld(a, b *World) bool {
	return a.Swarm == b.Swarm && a.Moving == b.Moving &&
		slices.Equal(a.Attached, b.Attached) &&
		same(a.Services, b.Services, sameService) &&
		same(a.Tasks, b.Tasks, sameTask) &&
		same(a.Networks, b.Networks, sameNetwork) &&
		slices.Equal(a.Secrets, b.Secrets) && slices.Equal(a.Nodes, b.Nodes)
}

// same compares items, unless they are the very same.
func same[T any](a, b []T, equal func(a, b *T) bool) bool {
	if len(a) != len(b) {
		return false
	}
	if len(a) == 0 || &a[0] == &b[0] {
		return true
	}
	for i := range a {
		if !equal(&a[i], &b[i]) {
			return false
		}
	}
	return true
}

func sameObjects(a, b []*Object) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0] || slices.EqualFunc(a, b, sameObject))
}

func sameObject(a, b *Object) bool {
	return a == b || a.Key == b.Key && a.Cluster == b.Cluster && a.Generation == b.Generation && a.Created.Equal(b.Created) && a.FromLabels == b.FromLabels &&
		a.Route == b.Route && a.LastGood == b.LastGood && a.Status == b.Status &&
		slices.Equal(a.Problems, b.Problems) && slices.Equal(a.Ignored, b.Ignored) && slices.Equal(a.Notes, b.Notes)
}

func sameIssuer(a, b *IssuerObject) bool {
	return a.Key == b.Key && a.Generation == b.Generation && a.Issuer == b.Issuer && a.Status == b.Status &&
		slices.Equal(a.Problems, b.Problems)
}

func sameCertificateObject(a, b *CertificateObject) bool {
	return a.Key == b.Key && a.Generation == b.Generation && a.Certificate == b.Certificate && a.Status == b.Status &&
		slices.Equal(a.Problems, b.Problems)
}

func sameReport(a, b *snapshot.Report) bool {
	return a.Plane == b.Plane && a.Version == b.Version && a.Sessions == b.Sessions &&
		same(a.Certificates, b.Certificates, sameCertificate) && slices.Equal(a.Ejected, b.Ejected)
}

func sameCertificate(a, b *snapshot.CertificateReport) bool {
	return a.ID == b.ID && a.Name == b.Name && a.State == b.State && a.Message == b.Message &&
		a.NotAfter.Equal(b.NotAfter) && slices.Equal(a.Names, b.Names)
}

func sameService(a, b *Service) bool {
	return a.ID == b.ID && a.Name == b.Name && a.Updating == b.Updating && a.Desired == b.Desired &&
		a.TaskError == b.TaskError && slices.Equal(a.Networks, b.Networks) && slices.Equal(a.Secrets, b.Secrets) &&
		slices.Equal(a.VirtualIPs, b.VirtualIPs) && slices.Equal(a.HostPorts, b.HostPorts) && maps.Equal(a.Labels, b.Labels)
}

func sameTask(a, b *Task) bool {
	return a.ID == b.ID && a.ServiceID == b.ServiceID && a.NodeID == b.NodeID && a.Slot == b.Slot && a.Created == b.Created && a.Running == b.Running &&
		slices.Equal(a.Addresses, b.Addresses) && slices.Equal(a.HostPorts, b.HostPorts)
}

func sameNetwork(a, b *Network) bool {
	return a.ID == b.ID && a.Name == b.Name && a.Ingress == b.Ingress && maps.Equal(a.Labels, b.Labels)
}
