package schema

// An Invariant is a constraint that the specification writes in FHIRPath.
type Invariant struct {
	Key        string // "obs-6"
	Warning    bool   // severity warning; otherwise error
	Expression string // FHIRPath, over the element or type it stands on
}
