package plan

import (
	"net/http"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

func hashKey(lb *v1alpha1.LoadBalancing) *snapshot.HashKey {
	k := lb.ConsistentHash
	if k == nil || lb.Type != v1alpha1.ConsistentHash {
		return nil
	}
	return &snapshot.HashKey{ClientIP: k.ClientIP, Header: http.CanonicalHeaderKey(k.Header), Cookie: k.Cookie, Query: k.Query}
}
