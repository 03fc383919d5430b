package rest

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// metaOperations returns $meta, $meta-add and $meta-delete (FHIR R4
// resource-operation-meta.html and following).
func metaOperations() []Operation {
	given := Parameter{Name: "meta", Min: 1, Type: "Meta"}
	result := Parameter{Name: "return", Out: true, Min: 1, Type: "Meta"}
	return []Operation{
		{Name: "meta", URL: hl7Definition + "Resource-meta", System: true, Type: true, Instance: true, history: true, Handle: readMeta, Parameters: []Parameter{result}},
		{Name: "meta-add", URL: hl7Definition + "Resource-meta-add", Instance: true, AffectsState: true,
			Handle:     func(ctx context.Context, c *Call) (*Reply, error) { return changeMeta(ctx, c, (*labels).add) },
			Parameters: []Parameter{given, result}},
		{Name: "meta-delete", URL: hl7Definition + "Resource-meta-delete", Instance: true, AffectsState: true,
			Handle:     func(ctx context.Context, c *Call) (*Reply, error) { return changeMeta(ctx, c, (*labels).remove) },
			Parameters: []Parameter{given, result}},
	}
}

// maxSurveyed is how many resources $meta of a type or of the store reads: some seconds.
const maxSurveyed = 500_000

// readMeta answers $meta.
func readMeta(ctx context.Context, c *Call) (*Reply, error) {
	if c.Subject.ID != "" {
		var v datastore.Version
		var err error
		if c.VersionID != "" {
			v, err = c.View.ReadVersion(ctx, c.Subject, c.VersionID)
		} else {
			v, err = c.View.Read(ctx, c.Subject)
		}
		if err != nil {
			return nil, err
		}
		meta, err := metaOf(v.JSON)
		if err != nil {
			return nil, err
		}
		return replyMeta(meta), nil
	}
	types := c.View.Types()
	if c.Subject.Type != "" {
		types = []string{c.Subject.Type}
	}
	var all labels
	var resource []byte
	read := 0
	for _, typ := range types {
		current, err := c.View.Current(typ)
		if err != nil {
			return nil, err
		}
		for o := range current {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if read++; read > maxSurveyed {
				return nil, &datastore.Error{Class: datastore.ErrTooCostly, Issues: []datastore.Issue{{
					Severity: issue.Error, Code: issue.TooCostly, Offset: -1, Diagnostics: "there are too many resources to look at: ask for one type, or search by _tag, _profile and _security",
				}}}
			}
			if resource, err = c.View.AppendJSON(resource[:0], o); err != nil {
				return nil, err
			}
			meta, err := metaOf(resource)
			if err != nil {
				return nil, err
			}
			one, err := readLabels(meta)
			if err != nil {
				return nil, err
			}
			all.add(one)
		}
	}
	return replyMeta(all.meta(nil)), nil
}

// replyMeta answers with a meta. One without anything cannot be said in FHIR.
func replyMeta(meta []byte) *Reply {
	if len(meta) <= len("{}") {
		return &Reply{Parameters: []Argument{}}
	}
	return &Reply{Parameters: []Argument{{Name: "return", Type: "Meta", Value: meta}}}
}

// changeMeta answers $meta-add and $meta-delete. It writes a new version if there is
// something to change.
func changeMeta(ctx context.Context, c *Call, change func(l, by *labels) bool) (*Reply, error) {
	given, _ := c.Argument("meta")
	by, err := readLabels(given.Value)
	if err != nil {
		return nil, err
	}
	for range 16 { // others may write in between
		v, err := c.Store.Read(ctx, c.Subject)
		if err != nil {
			return nil, err
		}
		meta, err := metaOf(v.JSON)
		if err != nil {
			return nil, err
		}
		l, err := readLabels(meta)
		if err != nil {
			return nil, err
		}
		if !change(l, by) {
			return replyMeta(meta), nil
		}
		changed, err := withMember(v.JSON, "meta", l.meta(meta))
		if err != nil {
			return nil, err
		}
		written, err := c.Store.Update(ctx, changed, append(c.options[:len(c.options):len(c.options)], datastore.IfMatch(v.VersionID))...)
		if errors.Is(err, datastore.ErrPreconditionFailed) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if meta, err = metaOf(written.JSON); err != nil {
			return nil, err
		}
		return replyMeta(meta), nil
	}
	return nil, datastore.ErrConflict
}

// labels are the profiles, tags and security labels of a meta. All are sets.
type labels struct {
	profiles       []string
	tags, security []label
}

// A label is a tag or a security label: a Coding. Two with the same system and code are the
// same.
type label struct {
	System, Code string
	text         jsontext.Value
}

func (c *label) UnmarshalJSON(text []byte) error {
	type plain struct{ System, Code string }
	var p plain
	if err := json.Unmarshal(text, &p, json.MatchCaseInsensitiveNames(true)); err != nil {
		return err
	}
	c.System, c.Code, c.text = p.System, p.Code, bytes.Clone(text)
	return nil
}

// readLabels reads the labels of a meta, which may be nil.
func readLabels(meta []byte) (*labels, error) {
	if meta == nil {
		return &labels{}, nil
	}
	var m struct {
		Profile  []string `json:"profile"`
		Security []label  `json:"security"`
		Tag      []label  `json:"tag"`
	}
	if err := json.Unmarshal(meta, &m); err != nil {
		return nil, err
	}
	return &labels{m.Profile, m.Tag, m.Security}, nil
}

// add adds the labels of another meta, and reports whether there was one to add.
func (l *labels) add(other *labels) bool {
	before := len(l.profiles) + len(l.tags) + len(l.security)
	for _, p := range other.profiles {
		if p != "" && !slices.Contains(l.profiles, p) {
			l.profiles = append(l.profiles, p)
		}
	}
	l.tags = addCodings(l.tags, other.tags)
	l.security = addCodings(l.security, other.security)
	return len(l.profiles)+len(l.tags)+len(l.security) > before
}

func addCodings(list, more []label) []label {
	for _, c := range more {
		if !slices.ContainsFunc(list, c.same) {
			list = append(list, c)
		}
	}
	return list
}

func (c label) same(other label) bool { return c.System == other.System && c.Code == other.Code }

// remove removes the labels of another meta, and reports whether there was one to remove.
func (l *labels) remove(other *labels) bool {
	before := len(l.profiles) + len(l.tags) + len(l.security)
	l.profiles = slices.DeleteFunc(l.profiles, func(p string) bool { return slices.Contains(other.profiles, p) })
	l.tags = slices.DeleteFunc(l.tags, func(c label) bool { return slices.ContainsFunc(other.tags, c.same) })
	l.security = slices.DeleteFunc(l.security, func(c label) bool { return slices.ContainsFunc(other.security, c.same) })
	return len(l.profiles)+len(l.tags)+len(l.security) < before
}

// meta returns a meta with the labels in the place of its own.
func (l *labels) meta(old []byte) []byte {
	var out bytes.Buffer
	to := jsontext.NewEncoder(&out)
	// A buffer takes everything, and all texts were read as JSON.
	_ = to.WriteToken(jsontext.BeginObject)
	if old != nil {
		list, _ := membersOf(old)
		for _, m := range list {
			switch m.name {
			case "profile", "_profile", "tag", "security":
			default:
				_ = to.WriteToken(jsontext.String(m.name))
				_ = to.WriteValue(m.value)
			}
		}
	}
	if len(l.profiles) > 0 {
		_ = to.WriteToken(jsontext.String("profile"))
		_ = json.MarshalEncode(to, l.profiles)
	}
	for _, list := range []struct {
		name    string
		codings []label
	}{{"security", l.security}, {"tag", l.tags}} {
		if len(list.codings) == 0 {
			continue
		}
		_ = to.WriteToken(jsontext.String(list.name))
		_ = to.WriteToken(jsontext.BeginArray)
		for _, c := range list.codings {
			_ = to.WriteValue(c.text)
		}
		_ = to.WriteToken(jsontext.EndArray)
	}
	_ = to.WriteToken(jsontext.EndObject)
	return bytes.TrimSpace(out.Bytes())
}

// A member is a member of a JSON object.
type member struct {
	name  string
	value jsontext.Value
}

// membersOf returns the members of a JSON object, with copies of their values.
func membersOf(object []byte) (list []member, err error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(object))
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		m := member{name: name.String()}
		value, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		m.value = bytes.Clone(value)
		list = append(list, m)
	}
	return list, nil
}

// metaOf returns the meta of a resource in canonical JSON, nil if it has none. It reads no
// further than the meta.
func metaOf(resource []byte) ([]byte, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(resource))
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		if name.String() == "meta" {
			value, err := d.ReadValue()
			return bytes.Clone(value), err
		}
		if err := d.SkipValue(); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// withMember returns an object with another value of a member, nil to leave it out.
func withMember(object []byte, name string, value []byte) ([]byte, error) {
	list, err := membersOf(object)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(m member) bool { return m.name == name })
	switch {
	case i < 0:
		list = append(list, member{name, value})
	case value == nil:
		list = slices.Delete(list, i, i+1)
	default:
		list[i].value = value
	}
	out := []byte{'{'}
	for i, m := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(append(out, '"'), m.name...), `":`...), m.value...)
	}
	return append(out, '}'), nil
}
