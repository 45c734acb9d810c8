package labels

import (
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// Service is what labels are read from: a service of a swarm, or of a compose
// file.
type Service struct {
	// Name is the whole name, Namespace the stack or empty.
	Name, Namespace string
	// Labels are those of the service (deploy.labels), Container those of its
	// containers (labels).
	Labels, Container map[string]string
	// Networks are the names of the networks that it is attached to.
	Networks []string
	// Ports are those that its containers are known to listen on.
	Ports []int
	// Replicas is how many tasks it has; 0 where that is not known.
	Replicas int
}

// Short is the name without that of the stack.
func (s *Service) Short() string {
	if short, ok := strings.CutPrefix(s.Name, s.Namespace+"_"); ok && s.Namespace != "" && short != "" {
		return short
	}
	return s.Name
}

// Backend is the service as a Backend.
func (s *Service) Backend(port int) v1alpha1.Backend {
	return v1alpha1.Backend{Service: s.Short(), Port: port}
}

// OnlyPort is the port that the containers listen on, if it is the only one.
func (s *Service) OnlyPort() (port int, ok bool) {
	if len(s.Ports) != 1 {
		return 0, false
	}
	return s.Ports[0], true
}

// Shares says whether the service is attached to the network, whose name may
// lack the stack's. Where the networks are not known it is.
func (s *Service) Shares(network string) bool {
	for _, n := range s.Networks {
		if n == network || s.Namespace != "" && n == s.Namespace+"_"+network {
			return true
		}
	}
	return len(s.Networks) == 0
}
