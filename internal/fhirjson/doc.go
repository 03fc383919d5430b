// Package fhirjson reads FHIR R4 JSON into a tape tied to the schema tables, and
// writes it back in canonical form.
//
// # The tape
//
// [Parse] goes over the bytes once and yields a [Document]: the source and a flat
// list of [Node]s in document order, a parent before its children. There is one
// node for each object and each primitive value that stands for an element; an
// array has no node of its own, its items are adjacent nodes of one field. A
// node refers to its text by offsets and owns no memory.
//
// The order of the source does not matter. On the tape
//   - the fields of a node stand in the order of the specification, and the
//     items of an array in their own order;
//   - a primitive element is one node: its value, and as children the id and
//     extensions of its underscore twin (_birthDate); a primitive that has only
//     the twin has kind Null;
//   - resourceType is no node: the type of a resource's node says it.
//
// So every reader (validation, FHIRPath, search, writer) sees one shape.
//
// # Strictness
//
// Unknown elements, duplicate names, wrong JSON kinds, malformed primitives, two
// alternatives of one choice, objects and arrays that are empty, and nesting beyond
// [MaxDepth] are errors, each with JSON Pointer and byte offset, as [Error]. The parse
// finds these in one pass; a walk over the tape then checks references, contained
// resources, extensions, bindings of concepts and bundles. A [Level] says which of
// these rules a source must keep to be accepted.
//
// The tape is sound even if faults were found. A property that has no place on it is
// loose: it is kept as text and only the writer sees it.
//
// Values are held to the regular expressions of R4 and to the calendar, elements
// to their cardinality, codes to their required value sets. A string of white
// space alone is allowed, as R4 allows it; control characters are not, though R4
// only advises against them, since XML cannot carry them. A code has no white space but
// single spaces, as R4's text has it; its regular expression would allow a tab.
//
// Names and values may be written with escapes: they are the same names and values.
//
// Where R4 leaves a choice:
//   - A narrative is well-formed XHTML of the elements and attributes of txt-1, whose
//     root is a div that declares the namespace, with no event attributes and no links
//     that run a program. Its text (txt-2) may be a no-break space; an image has a
//     source. [StructureOnly] refuses what is broken or unsafe and no more.
//   - A contained resource that a link of a narrative refers to (href or src, #id) is
//     referred to (dom-3).
//   - Ids of elements are unique in their resource. Contained resources and resources
//     of entries are apart, and so are snapshot and differential, which repeat each
//     other's ids.
//
// [Options] bound bytes and values. [ParseContext] ends soon after its context does.
//
// # Writing
//
// [AppendCanonical] writes the one text that all sources with the same values share.
// [AppendStored] writes it as a store keeps it, [AppendVersioned] adds the version and
// the time, and [Edits] changes a source. docs/format/canonical.md describes the form.
//
// The package does not resolve references beyond the source, know terminology
// beyond R4's required value sets or evaluate invariants: package fhirpath does.
package fhirjson
