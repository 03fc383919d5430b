package rest

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/internal/terminology/terms"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/go-json-experiment/json"
)

// maxUnpaged is how many codes an expansion has at most without count.
const maxUnpaged = 50_000

// expand answers $expand.
func expand(ctx context.Context, c *Call) (*Reply, error) {
	definition, _, err := c.definition(ctx, "valueSet", "valueSetVersion")
	if err != nil {
		return nil, err
	}
	if definition == nil {
		return nil, parameterError(issue.Required, "", "one of the parameters url and valueSet is required")
	}
	count, err := c.whole("count", -1)
	if err != nil {
		return nil, err
	}
	offset, err := c.whole("offset", 0)
	if err != nil {
		return nil, err
	}
	set, err := terms.ReadSet(definition)
	if err != nil {
		return nil, asked(err)
	}
	service := c.service()
	for _, v := range []struct {
		name string
		to   *map[string]string
	}{{"system-version", &service.Default}, {"check-system-version", &service.Check}, {"force-system-version", &service.Force}} {
		for _, a := range c.Arguments(v.name) {
			system, version, ok := strings.Cut(a.Text(), "|")
			if !ok {
				return nil, wrongArgument(a, "must be a code system and a version, as url|version")
			}
			if *v.to == nil {
				*v.to = map[string]string{}
			}
			(*v.to)[system] = version
		}
	}
	for _, a := range c.Arguments("exclude-system") {
		system, _, _ := strings.Cut(a.Text(), "|")
		service.Excluded = append(service.Excluded, system)
	}
	codes, err := service.Expand(ctx, set)
	if err != nil {
		return nil, asked(err)
	}
	e := &expansionWriter{call: c, language: c.Text("displayLanguage")}
	e.entries = slices.DeleteFunc(codes.Entries, func(entry terms.Entry) bool {
		return c.Text("activeOnly") == "true" && entry.Inactive || !matchesFilter(&entry, c.Text("filter"), e.language)
	})
	total := len(e.entries)
	if count < 0 && total > maxUnpaged {
		return nil, asked(&terms.Error{Code: issue.TooCostly, Reason: "the value set has too many codes for one answer: ask with count and offset"})
	}
	paged := count >= 0 || offset > 0
	if !paged && c.Text("excludeNested") != "true" && c.Text("filter") == "" && total == len(codes.Entries) {
		codes.Nest()
		e.entries = codes.Entries
	}
	if offset = min(offset, total); count < 0 {
		count = total
	}
	e.entries = e.entries[offset:min(total, offset+count)]
	e.offset, e.paged, e.total = offset, paged, total
	text, err := e.valueSet(definition, service)
	return &Reply{Resource: text}, err
}

// whole returns an argument that is a whole number, 0 or more.
func (c *Call) whole(name string, otherwise int) (int, error) {
	a, ok := c.Argument(name)
	if !ok {
		return otherwise, nil
	}
	n, err := strconv.Atoi(a.Text())
	if err != nil || n < 0 {
		return 0, wrongArgument(a, "must be a whole number, 0 or more")
	}
	return n, nil
}

// matchesFilter reports whether every word of a filter is part of the code or of one of its
// texts.
func matchesFilter(e *terms.Entry, filter, language string) bool {
	for _, word := range strings.Fields(strings.ToLower(filter)) {
		has := func(text string) bool { return strings.Contains(strings.ToLower(text), word) }
		if !has(e.Display) && !has(e.DisplayIn(language)) && !has(e.Code) && !slices.ContainsFunc(e.Designations, func(d terms.Designation) bool { return has(d.Value) }) {
			return false
		}
	}
	return true
}

// An expansionWriter writes the answer to $expand.
type expansionWriter struct {
	call     *Call
	language string
	entries  []terms.Entry
	offset   int
	total    int
	paged    bool
}

// valueSet returns the value set with its expansion.
func (e *expansionWriter) valueSet(definition []byte, service *terms.Service) ([]byte, error) {
	list, err := membersOf(definition)
	if err != nil {
		return nil, err
	}
	out := []byte{'{'}
	for _, m := range list {
		switch m.name {
		case "text", "expansion":
			continue
		case "compose":
			if e.call.Text("includeDefinition") != "true" {
				continue
			}
		}
		out = append(append(append(append(append(out, '"'), m.name...), `":`...), m.value...), ',')
	}
	var id [16]byte
	rand.Read(id[:]) // never fails
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	out = fmt.Appendf(out, `"expansion":{"identifier":"urn:uuid:%x-%x-%x-%x-%x","timestamp":"`, id[:4], id[4:6], id[6:8], id[8:10], id[10:])
	out = time.Now().UTC().AppendFormat(out, time.RFC3339)
	out = strconv.AppendInt(append(out, `","total":`...), int64(e.total), 10)
	if e.paged {
		out = strconv.AppendInt(append(out, `,"offset":`...), int64(e.offset), 10)
	}
	out = e.appendParameters(out, service)
	if len(e.entries) > 0 {
		at := 0
		out = e.appendEntries(append(out, `,"contains":`...), &at, -1)
	}
	return append(out, "}}"...), nil
}

// appendParameters appends what was asked for, and what the expansion was made of.
func (e *expansionWriter) appendParameters(dst []byte, service *terms.Service) []byte {
	var list [][]byte
	for _, a := range e.call.arguments {
		switch a.Name {
		case "url", "valueSet", "valueSetVersion", "includeDefinition":
			continue
		}
		typ := a.Type
		if typ == "canonical" {
			typ = "uri"
		}
		p := quote.Append([]byte(`{"name":`), a.Name)
		list = append(list, append(append(p, `,"value`+strings.ToUpper(typ[:1])+typ[1:]+`":`...), append(slices.Clip(a.Value), '}')...))
	}
	for _, used := range service.Used() {
		p := quote.Append([]byte(`{"name":`), used[0])
		list = append(list, append(quote.Append(append(p, `,"valueUri":`...), used[1]), '}'))
	}
	if list == nil {
		return dst
	}
	return append(append(append(dst, `,"parameter":[`...), bytes.Join(list, []byte{','})...), ']')
}

// appendEntries appends the entries from *at on that lie directly below a parent.
func (e *expansionWriter) appendEntries(dst []byte, at *int, parent int) []byte {
	dst = append(dst, '[')
	for first := true; *at < len(e.entries) && e.entries[*at].Parent == parent; first = false {
		if !first {
			dst = append(dst, ',')
		}
		self, entry := *at, &e.entries[*at]
		*at++
		dst = append(dst, '{')
		if entry.System != "" {
			dst = append(quote.Append(append(dst, `"system":`...), entry.System), ',')
		}
		if entry.Abstract {
			dst = append(dst, `"abstract":true,`...)
		}
		if entry.Inactive {
			dst = append(dst, `"inactive":true,`...)
		}
		dst = quote.Append(append(dst, `"code":`...), entry.Code)
		if display := entry.DisplayIn(e.language); display != "" {
			dst = quote.Append(append(dst, `,"display":`...), display)
		}
		dst = e.appendDesignations(dst, entry)
		if *at < len(e.entries) && e.entries[*at].Parent == self {
			dst = e.appendEntries(append(dst, `,"contains":`...), at, self)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// appendDesignations appends the designations of an entry that are wanted.
func (e *expansionWriter) appendDesignations(dst []byte, entry *terms.Entry) []byte {
	wanted := e.call.Arguments("designation")
	if e.call.Text("includeDesignations") != "true" && wanted == nil {
		return dst
	}
	var list []terms.Designation
	for _, d := range entry.Designations {
		if wanted == nil || slices.ContainsFunc(wanted, func(a Argument) bool { return designated(d, a.Text()) }) {
			list = append(list, d)
		}
	}
	if list == nil {
		return dst
	}
	text, _ := json.Marshal(list) // what was read as JSON
	return append(append(dst, `,"designation":`...), text...)
}

// designated reports whether a designation is of a language, or of a use system|code.
func designated(d terms.Designation, wanted string) bool {
	system, code, isUse := strings.Cut(wanted, "|")
	if !isUse {
		return d.Language == wanted || strings.HasPrefix(d.Language, wanted+"-")
	}
	if system == "urn:ietf:bcp:47" {
		return d.Language == code
	}
	var use terms.Coding
	return d.Use != nil && json.Unmarshal(d.Use, &use) == nil && use.System == system && use.Code == code
}
