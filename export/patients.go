package export

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/go-json-experiment/json"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A patients is the set of a scope's patients.
type patients struct {
	all bool     // of the store
	ids []string // if not all: sorted
}

func (p *patients) has(id string) bool {
	_, ok := slices.BinarySearch(p.ids, id)
	return p.all || ok
}

// patientsOf returns the patients of a scope, nil for the whole store. It reports a Group
// or a patient that is not there.
func patientsOf(ctx context.Context, from *datastore.Snapshot, o *Options) (*patients, error) {
	if o.Scope == "" {
		return nil, nil
	}
	in := &patients{all: o.Scope == patient}
	if !in.all {
		found := map[string]bool{}
		if err := members(ctx, from, strings.TrimPrefix(o.Scope, "Group/"), found, map[string]bool{}); err != nil {
			return nil, fmt.Errorf("export: Scope: the Group: %w", err)
		}
		for id := range found {
			in.ids = append(in.ids, id)
		}
		slices.Sort(in.ids)
	}
	if len(o.Patients) == 0 {
		return in, nil
	}
	var chosen []string
	for i, ref := range o.Patients {
		id := strings.TrimPrefix(ref, patient+"/")
		if !in.has(id) {
			return nil, fmt.Errorf("export: Patients: number %d is no member of the Group", i+1)
		}
		if _, err := from.Find(ctx, datastore.Ref{Type: patient, ID: id}); err != nil {
			return nil, fmt.Errorf("export: Patients: number %d: %w", i+1, err)
		}
		chosen = append(chosen, id)
	}
	slices.Sort(chosen)
	return &patients{ids: slices.Compact(chosen)}, nil
}

// A group has those elements of a Group that an export reads.
type group struct {
	Member []struct {
		Entity   reference `json:"entity"`
		Inactive bool      `json:"inactive"`
	} `json:"member"`
}

type reference struct {
	Reference string `json:"reference"`
}

// members finds the patients that are active members of a Group, and of the Groups that
// are members.
func members(ctx context.Context, from *datastore.Snapshot, id string, found, seen map[string]bool) error {
	if seen[id] {
		return nil
	}
	nested := len(seen) > 0
	seen[id] = true
	v, err := from.Read(ctx, datastore.Ref{Type: "Group", ID: id})
	if nested && (errors.Is(err, datastore.ErrNotFound) || errors.Is(err, datastore.ErrGone)) {
		return nil
	}
	if err != nil {
		return err
	}
	var g group
	if err := json.Unmarshal(v.JSON, &g); err != nil {
		return fmt.Errorf("%w: a Group cannot be read", datastore.ErrCorrupt)
	}
	for i := range g.Member {
		m := &g.Member[i]
		typ, id := splitReference(m.Entity.Reference)
		switch {
		case m.Inactive:
		case typ == patient:
			found[id] = true
		case typ == "Group":
			if err := members(ctx, from, id, found, seen); err != nil {
				return err
			}
		}
	}
	return nil
}

// splitReference returns type and id of a relative reference, "" for others.
func splitReference(text string) (typ, id string) {
	text, _, _ = strings.Cut(text, "/_history/")
	typ, id, _ = strings.Cut(text, "/")
	if strings.Contains(id, "/") {
		return "", ""
	}
	return typ, id
}

// compartmentMember returns the rule by which resources of a type belong to a patient's
// compartment, nil if they never do.
func compartmentMember(typ string) *schema.CompartmentMember {
	t, _ := schema.ResourceType(typ)
	for i := range schema.Compartments {
		c := &schema.Compartments[i]
		if c.Type.String() != patient {
			continue
		}
		for j := range c.Members {
			if c.Members[j].Type == t {
				return &c.Members[j]
			}
		}
	}
	return nil
}

// referencesAtOnce is how many patients one search names.
const referencesAtOnce = 200

// compartment returns the resources of a type in the compartments of patients: for the
// type Patient, the patients alone.
func compartment(ctx context.Context, from *datastore.Snapshot, typ string, in *patients) (*roaring.Bitmap, error) {
	set := roaring.New()
	if typ == patient {
		if in.all {
			return set, add(ctx, from, set, typ, "")
		}
		for _, id := range in.ids {
			o, err := from.Find(ctx, datastore.Ref{Type: patient, ID: id})
			switch {
			case err == nil:
				set.Add(uint32(o))
			case !errors.Is(err, datastore.ErrNotFound) && !errors.Is(err, datastore.ErrGone):
				return nil, err
			}
		}
		return set, nil
	}
	for _, param := range compartmentMember(typ).Params {
		code := param.Param().Code
		if in.all {
			if err := add(ctx, from, set, typ, code+":Patient._lastUpdated=ge0001"); err != nil {
				return nil, err
			}
			continue
		}
		for ids := range slices.Chunk(in.ids, referencesAtOnce) {
			if err := add(ctx, from, set, typ, code+"=Patient/"+strings.Join(ids, ",Patient/")); err != nil {
				return nil, err
			}
		}
	}
	return set, nil
}

// add adds the matches of a query to a set.
func add(ctx context.Context, from *datastore.Snapshot, set *roaring.Bitmap, typ, query string) error {
	found, err := from.Select(ctx, typ, query)
	if err != nil {
		return err
	}
	for o := range found {
		set.Add(uint32(o))
	}
	return nil
}
