package index

// rows reads where a section of rows begins, how many it has, and their fields. It
// reports how many rows there are in all, from first on.
func (to *Restorer) rows(r *imageReader, what int, first, all uint32, fields ...*[]uint32) (from, n uint32) {
	from, n = r.uint32(), r.uint32()
	if from < first || uint64(from)+uint64(n) > uint64(first)+uint64(all) || n > 1<<20 {
		r.failed = true
		return 0, 0
	}
	for _, f := range fields {
		*f = make([]uint32, n)
		r.words(*f)
	}
	if r.failed {
		return 0, 0
	}
	to.mu.Lock()
	to.mu.rows[what] += int(n)
	to.mu.Unlock()
	return from, n
}

func (to *Restorer) commits(r *imageReader) {
	var f [6][]uint32
	from, n := to.rows(r, 0, 0, to.state.records, &f[0], &f[1], &f[2], &f[3], &f[4], &f[5])
	for i := range n {
		*to.x.records.at(from + i) = record{
			uint64(f[1][i])<<32 | uint64(f[0][i]), int64(uint64(f[3][i])<<32 | uint64(f[2][i])), Ordinal(f[4][i]), f[5][i],
		}
	}
}

func (to *Restorer) versions(r *imageReader) {
	var f [4][]uint32
	from, n := to.rows(r, 1, 1, uint32(to.state.last), &f[0], &f[1], &f[2], &f[3])
	for i := range n {
		v := to.x.versions.at(from + i)
		v.entity, v.previous, v.number = Entity(f[0][i]), Ordinal(f[1][i]), f[2][i]
		v.next.Store(f[3][i])
	}
}

func (to *Restorer) entities(r *imageReader) {
	var f [4][]uint32
	from, n := to.rows(r, 2, 1, to.x.entities.n.Load(), &f[0], &f[1], &f[2], &f[3])
	for i := range n {
		e := to.x.entities.records.at(from + i)
		e.key, e.typ, e.tag = f[0][i], TypeID(f[2][i]), uint16(f[3][i])
		e.newest.Store(f[1][i])
	}
}

func (to *Restorer) ids(r *imageReader) {
	at := int(r.uint32())
	for ; len(r.rest) > 0 && !r.failed; at++ {
		if at >= len(to.arena) {
			r.failed = true
			return
		}
		block := new([arenaBlock]byte)
		copy(block[:], r.bytes(min(len(r.rest), arenaBlock)))
		to.mu.Lock()
		to.arena[at] = block
		to.mu.ids++
		to.mu.Unlock()
	}
}

func (to *Restorer) slots(r *imageReader) {
	p := to.x.entities.slots.Load()
	if p == nil {
		r.failed = true
		return
	}
	var words []uint32
	from, _ := to.rows(r, 3, 0, uint32(len(*p)), &words)
	for i, e := range words {
		(*p)[int(from)+i].Store(e)
	}
}
