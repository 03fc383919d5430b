package datastore

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/fhirlake/fhirlake/internal/bundle"
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/issue"
)

// A WriteOption is a condition of a write, or says how it is checked or answered. Each
// operation takes the options that have a meaning for it, each of them once; with any
// other it does nothing and reports an [Error] of class ErrInvalid that names the option.
type WriteOption func(*writeOptions)

// writeOptions are the options of one operation.
type writeOptions struct {
	given option // the options that are set
	twice option // the options that are set again

	ifMatch     string
	ifNoneExist string
	validation  Level
	returns     string
	provenance  []byte

	check engine.Check // as they come to, once gathered
}

// An option is a bit for each WriteOption.
type option uint16

const (
	optIfMatch option = 1 << iota
	optIfNoneMatch
	optIfNoneExist
	optIfChanged
	optImported
	optKeepVersion
	optResolveReferences
	optWithProvenance
	optValidation
	optReturn
	optEnd
)

// optionNames are the names of the options, in the order of their bits.
var optionNames = [...]string{
	"IfMatch", "IfNoneMatch", "IfNoneExist", "IfChanged", "Imported", "KeepVersion", "ResolveReferences", "WithProvenance",
	"Validation", "Return",
}

// String returns the names of options.
func (o option) String() string {
	var names []string
	for ; o != 0; o &= o - 1 {
		names = append(names, optionNames[bits.TrailingZeros16(uint16(o))])
	}
	return strings.Join(names, ", ")
}

// An operation is what options are given to, and the options that it takes.
type operation struct {
	name  string
	takes option
}

// What each operation takes. Those of a transaction leave the answer to its commit.
var (
	opCreate   = operation{"a create", optIfNoneExist | optImported | optResolveReferences | optWithProvenance | optValidation | optReturn}
	opUpdate   = operation{"an update", optIfMatch | optIfNoneMatch | optIfChanged | optImported | optKeepVersion | optResolveReferences | optWithProvenance | optValidation | optReturn}
	opPatch    = operation{"a patch", optIfMatch | optWithProvenance | optValidation | optReturn}
	opDelete   = operation{"a deletion", optIfMatch | optImported}
	opTransact = operation{"a Bundle", optValidation | optReturn}
	opValidate = operation{"a validation", optValidation}

	opConditionalUpdate = operation{"a conditional update", optIfMatch | optValidation | optReturn}
	opConditionalPatch  = operation{"a conditional patch", optIfMatch | optValidation | optReturn}
	opConditionalDelete = operation{"a conditional deletion", optIfMatch}

	opCreateIn = operation{"a create in a transaction", optImported | optResolveReferences | optValidation}
	opUpdateIn = operation{"an update in a transaction", optIfMatch | optIfNoneMatch | optIfChanged | optImported | optKeepVersion | optResolveReferences | optValidation}

	opTypedCreate = operation{"a typed create", opCreate.takes &^ optReturn}
	opTypedUpdate = operation{"a typed update", opUpdate.takes &^ optReturn}
)

// set notes an option.
func (o *writeOptions) set(option option) {
	o.twice |= o.given & option
	o.given |= option
}

func (o *writeOptions) has(option option) bool { return o.given&option != 0 }

// IfMatch has the write done only if the resource's current version is the one
// named; otherwise it reports ErrPreconditionFailed.
func IfMatch(versionID string) WriteOption {
	return func(o *writeOptions) { o.set(optIfMatch); o.ifMatch = versionID }
}

// IfNoneMatch has an update done only if there is no such resource yet (the
// header If-None-Match: *); otherwise it reports ErrPreconditionFailed.
func IfNoneMatch() WriteOption { return func(o *writeOptions) { o.set(optIfNoneMatch) } }

// IfNoneExist has a create done only if the query finds no resource of its type
// (FHIR R4 §3.1.0.8.1). If it finds one, that one is returned, not created; if it
// finds several, the create reports ErrPreconditionFailed. The answer is still
// true at the moment of the write, whoever else writes. The query may have "Type?" or "?"
// before it, and must have a condition.
func IfNoneExist(query string) WriteOption {
	return func(o *writeOptions) { o.set(optIfNoneExist); o.ifNoneExist = query }
}

// IfChanged has an update write nothing where the current version holds the same: the
// same resource, whatever its meta.versionId and meta.lastUpdated. That version is
// returned, with Unchanged set.
func IfChanged() WriteOption { return func(o *writeOptions) { o.set(optIfChanged) } }

// Imported marks what is written as the work of an import: histories and changes say
// so.
func Imported() WriteOption { return func(o *writeOptions) { o.set(optImported) } }

// KeepVersion has an update keep the meta.versionId and the meta.lastUpdated that the
// resource brings from its source: reads, searches, histories, sorts and exports know the
// version by them. The store gives what is missing. The number must be higher than the
// number of the newest version in the store. The time must not be before the time of that
// version, nor more than a minute ahead of the store's clock. Otherwise the write reports
// ErrVersionOrder. A versionId that is no number from 1 to
// 1073741823 is an [Error] of class ErrInvalid. With IfChanged, a version that the store
// has, with the same number, time and content, writes nothing.
//
// Times then do not rise with sequences: a reader that follows a store by time misses
// versions written into its past. [Store.Changes] shows them.
func KeepVersion() WriteOption { return func(o *writeOptions) { o.set(optKeepVersion) } }

// ResolveReferences has a create or an update take conditional references
// ("Practitioner?identifier=system|value", FHIR R4 §3.1.0.11.3) as those of a transaction:
// each becomes a reference to the one resource that it finds while the resource is
// prepared. One that finds none, or several, is ErrPreconditionFailed.
func ResolveReferences() WriteOption { return func(o *writeOptions) { o.set(optResolveReferences) } }

// WithProvenance has a create, an update or a patch store a Provenance as well, in the
// same commit: with the resource that is written as its target, which must not be given
// (FHIR R4 provenance.html, X-Provenance). Nothing is stored where a conditional create
// finds something.
func WithProvenance(json []byte) WriteOption {
	return func(o *writeOptions) { o.set(optWithProvenance); o.provenance = json }
}

// Validation has a write checked at a level other than the store's own, which the zero
// Level stands for.
func Validation(level Level) WriteOption {
	return func(o *writeOptions) { o.set(optValidation); o.validation = level }
}

// Return says what the answer to a write has beside its status, in the words of the
// header Prefer (FHIR R4 §3.1.0.1.7): "minimal" is nothing, "representation" the resource
// together with what was found and accepted, "OperationOutcome" an outcome even where
// nothing was found. By default [Store.Transact] answers writes with what was found and
// accepted. A create, an update or a patch with "minimal" or "OperationOutcome" leaves out
// [Version.JSON], which spares the memory of large resources.
func Return(preference string) WriteOption {
	return func(o *writeOptions) { o.set(optReturn); o.returns = preference }
}

// returns are the preferences of Return.
var returns = map[string]bundle.Return{
	"minimal": bundle.Minimal, "representation": bundle.Representation, "OperationOutcome": bundle.OperationOutcome,
}

// gather collects the options of an operation.
func (s *Store) gather(opts []WriteOption, of *operation) (*writeOptions, error) {
	o := new(writeOptions)
	for _, opt := range opts {
		if opt == nil {
			return nil, refusal("a nil option does not go with %s", of.name)
		}
		opt(o)
	}
	switch _, isPreference := returns[o.returns]; {
	case o.given&^of.takes != 0:
		return nil, refusal("%s does not go with %s", o.given&^of.takes, of.name)
	case o.twice != 0:
		return nil, refusal("%s is given twice", o.twice)
	case o.has(optReturn) && !isPreference:
		return nil, refusal("Return takes minimal, representation or OperationOutcome")
	case o.validation > Minimal:
		return nil, refusal("Validation %d is no level", o.validation)
	case o.has(optIfChanged) && o.has(optWithProvenance):
		return nil, refusal("WithProvenance does not go with IfChanged")
	}
	if o.validation == 0 {
		o.validation = s.level
	}
	o.check = o.validation.check()
	o.check.Base = s.base
	return o, nil
}

func refusal(format string, args ...any) error {
	return engine.Failf(ErrInvalid, issue.Invalid, "%s", fmt.Sprintf(format, args...))
}

// condition returns the condition that the options are.
func (o *writeOptions) condition() (c engine.Condition, err error) {
	if o.has(optIfMatch) {
		n, ok := engine.ParseVersion(o.ifMatch)
		if !ok {
			return c, engine.Failf(ErrPreconditionFailed, issue.Conflict, "IfMatch names no version of this store")
		}
		c.IfMatch = n
	}
	c.MustNot, c.SkipSame = o.has(optIfNoneMatch), o.has(optIfChanged)
	return c, nil
}

// wantsJSON reports whether the answer has the resource.
func (o *writeOptions) wantsJSON() bool {
	return o.returns != "minimal" && o.returns != "OperationOutcome"
}

// by returns the interaction that the options make of another.
func (o *writeOptions) by(i engine.Interaction) engine.Interaction {
	if o.has(optImported) {
		return engine.Import
	}
	return i
}
