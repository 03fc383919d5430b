package nlp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
)

// An Annotator reads documents and returns the extensions and resources that the store
// keeps for them.
//
// Annotate is called by many goroutines at once, and its context ends after the store's
// limit of time. It must not keep doc or anything that doc refers to. The annotation must
// follow from the document alone: the same document, annotated again, makes no new version.
type Annotator interface {
	Annotate(ctx context.Context, doc *Document) (*Annotation, error)
}

// A BatchAnnotator is an Annotator to which several documents at once cost less, such as
// one that asks a service. Documents that are annotated in the background come in batches.
// It returns an Annotation or an error for each document, in their order.
type BatchAnnotator interface {
	Annotator
	AnnotateBatch(ctx context.Context, docs []*Document) ([]*Annotation, []error)
}

// A Document is a DocumentReference and what is attached to it.
type Document struct {
	// Resource is the DocumentReference as canonical JSON, without the extensions of
	// [Owned].
	Resource []byte
	// ID is the id of the DocumentReference; "" outside a store.
	ID string
	// Subject is its subject.reference, "" if it has none.
	Subject string
	// Attachments are those of its content, in order.
	Attachments []Attachment
}

// An Attachment is a text or a file that belongs to a document.
type Attachment struct {
	Content     int    // index in DocumentReference.content
	ContentType string // media type with parameters; "" where nothing is said
	Data        []byte // decoded; nil with Err
	// Err is why there is no Data: the text is no base64, or [ErrElsewhere].
	Err error
}

// ErrElsewhere is the error of an attachment whose data does not lie in the store.
var ErrElsewhere = errors.New("nlp: the attachment's data does not lie in the store")

// An Annotation is what an Annotator made of a document.
type Annotation struct {
	// Extensions are JSON objects with a url (FHIR R4 Extension). They replace the
	// document's extensions with one of the urls of [Owned].
	Extensions [][]byte
	// Derived are resources in JSON, of the types of [DerivedTypes], with the ids of
	// [Document.DerivedID] and the document's subject.
	Derived [][]byte
}

// The extensions of a document's annotation, with the names that AWS HealthLake uses.
const (
	RootURL      = "http://healthlake.amazonaws.com/aws-cm/"
	StatusURL    = RootURL + "status/"
	MessageURL   = RootURL + "message/"
	GeneratedURL = "http://healthlake.amazonaws.com/system-generated-resources/"
)

// Owned reports whether extensions with this url at the root of a DocumentReference are
// the annotator's own: the store drops them from written documents, and an Annotator
// may return no others.
func Owned(url string) bool { return url == RootURL || url == GeneratedURL }

// DerivedTypes are the types of resources that may be derived from a document.
var DerivedTypes = [...]string{"AllergyIntolerance", "Condition", "Linkage", "MedicationStatement", "Observation", "Procedure"}

// MaxDerived is how many resources may be derived from a document.
const MaxDerived = 10_000

// DerivedID returns the id of the nth resource of each type that is derived from the
// document, n from 0. The store takes derived resources with these ids alone, numbered
// without gaps within their type.
func (d *Document) DerivedID(n int) string { return DerivedPrefix(d.ID) + strconv.Itoa(n) }

// DerivedPrefix returns the beginning of the ids of all resources that are derived from a
// document.
func DerivedPrefix(documentID string) string {
	sum := sha256.Sum256([]byte("DocumentReference/" + documentID))
	return "nlp-" + hex.EncodeToString(sum[:16]) + "-"
}
