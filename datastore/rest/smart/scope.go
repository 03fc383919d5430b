package smart

import (
	"net/url"
	"strings"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A Level is whose resources a scope speaks of.
type Level string

// The levels.
const (
	Patient Level = "patient" // resources of the patient whom the token names
	User    Level = "user"    // resources that the user may see
	System  Level = "system"  // all resources
)

// A Grant is one scope on resources.
type Grant struct {
	Level       Level
	Type        string // a resource type, "*" for every one
	Permissions string // letters of package access, in their order
	// Query restricts the grant to the resources that it finds, as category=laboratory
	// does; "" is no restriction. A type that lacks its parameters is not granted.
	Query string
}

// Scopes are the grants of a token.
type Scopes []Grant

// ParseScopes reads the claim scope: scopes that are separated by spaces. Scopes on
// anything but resources (openid, launch/patient) and malformed scopes are left out.
func ParseScopes(text string) Scopes {
	var all Scopes
	for one := range strings.FieldsSeq(text) {
		if g, ok := parseScope(one); ok {
			all = append(all, g)
		}
	}
	return all
}

func parseScope(text string) (g Grant, ok bool) {
	level, rest, found := strings.Cut(text, "/")
	switch g.Level = Level(level); g.Level {
	case Patient, User, System:
	default:
		return g, false
	}
	rest, query, restricted := strings.Cut(rest, "?")
	name, permissions, dotted := strings.Cut(rest, ".")
	if !found || !dotted {
		return g, false
	}
	if _, known := schema.ResourceType(name); !known && name != "*" {
		return g, false
	}
	g.Type = name
	switch permissions {
	case "read":
		g.Permissions = "rs"
	case "write":
		g.Permissions = "cud"
	case "*":
		g.Permissions = access.Permissions
	default:
		g.Permissions = permissions
		if restricted {
			g.Query = query
		}
		return g, ordered(permissions) && (!restricted || sound(query))
	}
	return g, !restricted // version 1 has no restrictions
}

// ordered reports whether permissions are some of c, r, u, d, s in this order.
func ordered(permissions string) bool {
	last := -1
	for i := range len(permissions) {
		at := strings.IndexByte(access.Permissions, permissions[i])
		if at <= last {
			return false
		}
		last = at
	}
	return last >= 0
}

// sound reports whether a text is a query that restricts a search. Parameters that shape
// an answer make it unsound.
func sound(query string) bool {
	values, err := url.ParseQuery(query)
	if err != nil || len(values) == 0 {
		return false
	}
	for name := range values {
		switch name {
		case "", "_sort", "_page", "_query", "_type", "_explain", "_format", "_pretty", "_count", "_include", "_revinclude", "_summary", "_total", "_elements", "_contained", "_containedType":
			return false
		}
	}
	return true
}

// Rights returns what scopes mean for a caller whose token speaks of a patient, "" for none.
// What scopes of the level user may see the server does not know: they are as those of the
// level system, but for Admin.
func (s Scopes) Rights(caller, patient string) *access.Rights {
	r := &access.Rights{Caller: caller}
	for i := range s {
		g := access.Grant{Type: s[i].Type, Permissions: s[i].Permissions, Query: s[i].Query}
		if s[i].Level == Patient {
			if g.Patient = patient; patient == "" {
				continue
			}
		}
		r.Grants = append(r.Grants, g)
		r.Admin = r.Admin || s[i].Level == System && g == access.Grant{Type: "*", Permissions: access.Permissions}
	}
	return r
}
