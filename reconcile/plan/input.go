package plan

import (
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

// Input is everything that a Plan depends on.
type Input struct {
	// Now is the time that the Plan is made for; plan reads no clock.
	Now time.Time
	// Objects are the Routes, in any order.
	Objects []*Object
	// Issuers are those that Routes and Certificates may name, in any order.
	Issuers []IssuerObject
	// Certificates are those of all service clusters, in any order.
	Certificates []CertificateObject
	// World is what Swarm was last seen to be.
	World World
	// Reports are what the live data planes say, in any order.
	Reports []snapshot.Report
	// Cluster is the service cluster of the data planes, which may have no name.
	// Objects of others are not looked at.
	Cluster string
	// Tenders says where and how Tenders run; nil where none can be (standalone).
	Tenders *TenderSpec
}

// Object is a Route as it is stored.
type Object struct {
	// Key is the object's identity, known even where the Route does not decode.
	Key string
	// Generation and Created are the store's; Created is the first generation's time.
	Generation int64
	Created    time.Time
	// FromLabels: the Route was made of a service's com.docker.lb.* labels. Where
	// it claims what a Route claims that was applied, that one goes before it, and
	// those that claim the same share it, task by task.
	FromLabels bool
	// Cluster is the service cluster that serves the Route.
	Cluster string
	// Notes are told with the Route's acceptance.
	Notes []string
	// Ignored are parts that do not count because of a mistake, while the rest of
	// the Route is served.
	Ignored []v1alpha1.Problem
	// Route is decoded and has its defaults; nil where decoding failed.
	Route *v1alpha1.Route
	// Problems are what validation says of the Route, or why it did not decode.
	Problems []v1alpha1.Problem
	// LastGood is an earlier generation that is served while Route is nil; nil
	// where there is none.
	LastGood *Object
	// Status is the one that is stored now, for transition times.
	Status *v1alpha1.Status
}

// World is what Swarm was seen to be, in no particular order. The zero World is
// that of a standalone data plane.
type World struct {
	// Swarm is false where there is no swarm at all: no Service can be found then.
	Swarm    bool
	Services []Service
	// Tasks are those whose desired state is running.
	Tasks    []Task
	Networks []Network
	Secrets  []Secret
	Nodes    []Node
	// Moving: something happened a moment ago, so more may follow.
	Moving bool
	// Attached are the IDs of the Networks that the data plane can reach
	// without a Tender, because its own container is on them.
	Attached []string
}

// Service is a swarm service.
type Service struct {
	ID, Name string
	Labels   map[string]string
	// Networks are the IDs of the overlay networks that its tasks are attached
	// to, without the ingress network.
	Networks []string
	// VirtualIPs are its addresses on its networks, behind which Swarm balances;
	// none with the endpoint mode dnsrr.
	VirtualIPs []TaskAddress
	// HostPorts are the ports of its tasks that are published on the node of each.
	HostPorts []int
	// Updating: an update or a rollback of it is under way.
	Updating bool
	// Desired is how many tasks it should have; -1 for a global service.
	Desired int
	// Secrets are the IDs of those that its tasks mount; not known of Tenders, whose
	// labels say it.
	Secrets []string
	// TaskError is why no task of it runs, as Swarm says it; known of Tenders
	// only, and only after a while.
	TaskError string
}

// Task is a swarm task.
type Task struct {
	ID, ServiceID, NodeID string
	// Slot is what the task's successor takes over: its number in a replicated
	// service, its node in a global one.
	Slot string
	// Created is when it was made, in microseconds of Unix time.
	Created int64
	// Running: the task runs, and is wanted to run. Only then is it an Endpoint.
	Running bool
	// Addresses are the task's address on each of its networks.
	Addresses []TaskAddress
	// HostPorts are its ports that are published on its node.
	HostPorts []HostPort
}

// HostPort is a TCP port of a Task and the one that it is published at.
type HostPort struct{ Target, Published int }

// TaskAddress is a Task's address on one Network: an IP address without a mask.
type TaskAddress struct {
	Network string
	IP      string
}

// Network is an overlay network.
type Network struct {
	ID, Name string
	Labels   map[string]string
	// Ingress: it is the routing mesh, on which nothing is dialled.
	Ingress bool
}

// Secret is a secret. Its bytes are never here.
type Secret struct {
	ID, Name string
	// Certificate is the value of its label LabelCertificate, and Created when it
	// was made; both only where it has that label.
	Certificate string
	Created     time.Time
	// Issued is of a certificate that an Issuer made, Cluster the service cluster
	// for whose Route. Of one that was given by hand Issued may say all but the
	// Issuer.
	Issued  Issued
	Cluster string
}

// LabelCertificate marks the secrets of one certificate, of which the newest
// that is good serves.
const LabelCertificate = "fairlead.dev/certificate"

// Node is a swarm node.
type Node struct {
	ID, Hostname string
	// Address is the IP address by which the other nodes know it.
	Address string
	Ready   bool
}

// TenderSpec says where and how Tenders run. Two data planes with equal specs
// share their Tenders.
type TenderSpec struct {
	// Scope names the data planes that share Tenders: a node's or a service's ID.
	Scope string
	// Image is named by ID, or by a reference that every node can get.
	Image string
	// Constraints are Swarm placement constraints that select the data planes' nodes.
	Constraints []string
	// MountType is "volume" or "bind", MountSource the volume's name or the
	// folder on the host that the sockets stand in.
	MountType, MountSource string
}

// Place is where the sockets stand, as a label says it.
func (s *TenderSpec) Place() string { return s.MountType + " " + s.MountSource }
