package access

import (
	"errors"
	"strings"
)

// ErrForbidden is returned for an operation that a caller may not do, on any resource of
// the type or on this one. The error says which permission is missing.
var ErrForbidden = errors.New("access: not permitted")

// A Permission is a kind of interaction with resources, as a letter of SMART App Launch 2.
type Permission byte

// The permissions.
const (
	Create Permission = 'c'
	Read   Permission = 'r' // reads, also of versions, and the history of a resource
	Update Permission = 'u' // updates and patches
	Delete Permission = 'd'
	Search Permission = 's' // searches, conditions of writes, and the histories of types and of the store
)

// Permissions are all letters, in their order.
const Permissions = "cruds"

// String returns the name of a permission: "search".
func (p Permission) String() string {
	switch p {
	case Create:
		return "create"
	case Read:
		return "read"
	case Update:
		return "update"
	case Delete:
		return "delete"
	case Search:
		return "search"
	}
	return ""
}

// A Grant permits some interactions with some resources of a type.
type Grant struct {
	// Type is a resource type, or "*" for every type.
	Type string
	// Permissions are letters: "rs" permits reading and searching.
	Permissions string
	// Query restricts the grant to the resources that it finds, as a search would:
	// category=laboratory. "" is no restriction. A query that is none permits nothing, and
	// with Type "*" nothing of the types that lack its parameters.
	Query string
	// Patient is the id of a patient, "" for no restriction. If the type belongs to the
	// compartments of patients (FHIR R4 §3.3), the grant reaches the compartment of this
	// patient. If another type has the search parameter "patient", the grant reaches the
	// resources about this patient and about no patient. The grant reaches all resources
	// of other types. But "*" does not stand for types that may tell of a patient without
	// saying of whom: Binary, Bundle, EnrollmentResponse, Linkage, MessageHeader,
	// Parameters, PaymentNotice, PaymentReconciliation, Subscription and
	// VerificationResult.
	Patient string
}

// Permits reports whether the grant has a permission on some resources of a type.
func (g *Grant) Permits(p Permission, resourceType string) bool {
	return (g.Type == "*" || g.Type == resourceType && resourceType != "") && strings.IndexByte(g.Permissions, byte(p)) >= 0
}

// Rights are what one caller may see and do. They must not be changed once they are in use.
type Rights struct {
	// Caller tells callers apart: a page token is good for the caller who got it. It is in
	// no answer.
	Caller string
	Grants []Grant
	// Admin permits what concerns a store as a whole, such as backups, the feed of changes,
	// compacting and erasing.
	Admin bool
}

// Any reports whether the rights permit anything.
func (r *Rights) Any() bool { return r != nil && (r.Admin || len(r.Grants) > 0) }

// May reports whether a grant has a permission on some resources of a type; of any type
// for "". Which resources these are the store decides.
func (r *Rights) May(p Permission, resourceType string) bool {
	if r == nil {
		return false
	}
	for i := range r.Grants {
		g := &r.Grants[i]
		if g.Permits(p, resourceType) || resourceType == "" && strings.IndexByte(g.Permissions, byte(p)) >= 0 {
			return true
		}
	}
	return false
}
