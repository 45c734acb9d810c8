package store

// Labels of the configs that objects stand in.
const (
	// LabelKind marks a config that holds an object; its value is the kind.
	LabelKind = "fairlead.dev/kind"
	// LabelName and LabelNamespace are the object's.
	LabelName      = "fairlead.dev/name"
	LabelNamespace = "fairlead.dev/namespace"
	// LabelGeneration is the generation that the config holds, from 1.
	LabelGeneration = "fairlead.dev/generation"
	// LabelCreated is when the first generation was applied (RFC 3339).
	LabelCreated = "fairlead.dev/created"
	// LabelAppliedAt is when this generation was applied (RFC 3339), LabelAppliedBy by whom.
	LabelAppliedAt = "fairlead.dev/applied-at"
	LabelAppliedBy = "fairlead.dev/applied-by"
	// LabelOrigin is what owns the object, where it was not a person.
	LabelOrigin = "fairlead.dev/origin"
	// LabelStatus is the object's Status in JSON, on the newest generation.
	LabelStatus = "fairlead.dev/status"
	// LabelStack is set by docker stack deploy: the stack that ships the config.
	LabelStack = "com.docker.stack.namespace"
)
