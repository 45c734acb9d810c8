package doctor

import (
	"slices"

	"fairlead.dev/fairlead/api/v1alpha1"
)

func secrets(f Facts) Result {
	found := unresolved(f, v1alpha1.ReasonSecretNotFound, v1alpha1.ReasonInvalidCertificateRef)
	return all("secrets", Fail, found, "docker secret create NAME FILE, or name another in the Route", "all that Routes name are there")
}

func networks(f Facts) Result {
	found := unresolved(f, v1alpha1.ReasonNoSharedNetwork, v1alpha1.ReasonNetworkAmbiguous)
	return all("networks", Fail, found, "attach the service to an overlay network (docker service update --network-add), and name it in the Route", "all that Routes need are there")
}

func services(f Facts) Result {
	found := unresolved(f, v1alpha1.ReasonBackendNotFound)
	return all("services", Fail, found, "docker service create, or name another in the Route", "all that Routes name are there")
}

// unresolved are the Routes whose references are not there for one of reasons.
func unresolved(f Facts, reasons ...string) []string {
	var found []string
	for _, r := range f.Routes {
		c, _ := r.Status.Get(v1alpha1.ResolvedRefs)
		if c.Status == v1alpha1.False && slices.Contains(reasons, c.Reason) {
			found = append(found, "route/"+r.Key+": "+c.Message)
		}
	}
	return found
}

// routeCertificates are those that the data planes say end soon.
func routeCertificates(f Facts) Result {
	level := Warn
	var found []string
	for _, r := range f.Reported {
		if r.Status == nil {
			continue
		}
		c, _ := r.Status.Get(v1alpha1.CertificateExpiring)
		if c.Status != v1alpha1.True {
			continue
		}
		found = append(found, "route/"+r.Key+": "+c.Message)
		if c.Reason == v1alpha1.ReasonExpired {
			level = Fail
		}
	}
	return all("certificates", level, found, "create secrets with a new certificate and its key, and name them in the Route", "none that is served ends soon")
}
