package main

import (
	"fairlead.dev/fairlead/api/v1alpha1"
)

// objectView is an object as the admin interface shows it.
type objectView struct {
	Key        string           `json:"key"`
	Kind       string           `json:"kind"`
	Generation int64            `json:"generation"`
	Hosts      []string         `json:"hosts,omitempty"`
	Problems   []string         `json:"problems,omitempty"`
	Status     *v1alpha1.Status `json:"status,omitempty"`
}

// viewObjects are the objects as listed last; o is nil before the first list.
func viewObjects(o *objects) []objectView {
	views := []objectView{}
	if o == nil {
		return views
	}
	for _, object := range o.all() {
		v := objectView{Key: object.Key, Kind: v1alpha1.KindRoute, Generation: object.Generation, Status: object.Status}
		if object.Route != nil {
			v.Hosts = object.Route.Spec.Hosts
		}
		for _, p := range object.Problems {
			v.Problems = append(v.Problems, p.String())
		}
		views = append(views, v)
	}
	return views
}
