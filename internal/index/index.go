package index

// An Index is the search index and the resource table of one store.
//
// Apply is called by one goroutine at a time; everything else is safe for any
// number of goroutines.
type Index struct{ terms Terms }

// New returns an empty index whose terms are hashed under key.
func New(key [16]byte) *Index { return &Index{terms: newTerms(key)} }

// Terms computes terms under the index's key.
func (x *Index) Terms() Terms { return x.terms }
