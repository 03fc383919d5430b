package index

// A Batch is the memory of [Prepared] values that are made, applied and forgotten
// together, such as the values of a log record. They lie one behind the other in few
// large arrays. It may be used again after [Batch.Reset]. The zero Batch is ready.
//
// A Batch must not be used by several goroutines at once.
type Batch struct {
	// memory has payloads and texts made from them, to which the strings below refer.
	memory arena

	terms     []preparedTerm
	tokens    []preparedToken
	counts    []preparedCount
	dates     []preparedDate
	numbers   []preparedNumber
	texts     []preparedText
	edges     []preparedEdge
	targets   []preparedTarget
	keys      []byte // of targets
	units     []preparedUnit
	foreign   int // references that some base URL makes local
	addresses int // those of them that are no canonicals
}

// Reset forgets all values: values prepared in b must not be used any more.
func (b *Batch) Reset() {
	b.memory.reset()
	b.keys = b.keys[:0]
	b.cut(batchEnd{})
}

// A batchEnd has the lengths of a batch's arrays.
type batchEnd struct {
	terms, tokens, counts, dates, numbers, texts, edges, targets, units, foreign, addresses int
}

func (b *Batch) end() batchEnd {
	return batchEnd{
		len(b.terms), len(b.tokens), len(b.counts), len(b.dates), len(b.numbers),
		len(b.texts), len(b.edges), len(b.targets), len(b.units), b.foreign, b.addresses,
	}
}

// cut forgets the values behind an end.
func (b *Batch) cut(e batchEnd) {
	b.terms = b.terms[:e.terms]
	b.tokens = b.tokens[:e.tokens]
	b.counts = b.counts[:e.counts]
	b.dates = b.dates[:e.dates]
	b.numbers = b.numbers[:e.numbers]
	b.texts = b.texts[:e.texts]
	b.edges = b.edges[:e.edges]
	b.targets = b.targets[:e.targets]
	b.units = b.units[:e.units]
	b.foreign, b.addresses = e.foreign, e.addresses
}

// A Prepared is the values of one version, ready to be applied: its terms and
// its entries of columns. The zero Prepared has no values.
type Prepared struct {
	in        *Batch // nil if there are no values
	from, end batchEnd
	own       *Batch // that of Prepare, which uses it again
}

// A preparedTerm is a term that stands for itself.
type preparedTerm struct {
	hash  termHash
	param Param
}

// A preparedToken is a code and its system.
type preparedToken struct {
	param        Param
	full         termHash // of both
	system, code digest
}

// A preparedCount is a run of values of one param and kind.
type preparedCount struct {
	param Param
	kind  Kind
	n     uint32
}

type preparedDate struct {
	param Param
	value dateRange
}

type preparedNumber struct {
	param     Param
	low, high image
	inexact   bool
	unit      int // in the batch's units, -1 for none
}

type preparedText struct {
	param Param
	term  termHash
	text  string
}

type preparedEdge struct {
	param  Param
	target int // in the version's targets
}

// A preparedTarget is a resource to which edges lead. Its key lies in keys.
type preparedTarget struct {
	typ       TypeID
	id        string
	digest    digest
	from, end int
}

type preparedUnit struct {
	key                digest
	system, code, text string
}

func (p *Prepared) terms() []preparedTerm     { return p.in.terms[p.from.terms:p.end.terms] }
func (p *Prepared) tokens() []preparedToken   { return p.in.tokens[p.from.tokens:p.end.tokens] }
func (p *Prepared) counts() []preparedCount   { return p.in.counts[p.from.counts:p.end.counts] }
func (p *Prepared) dates() []preparedDate     { return p.in.dates[p.from.dates:p.end.dates] }
func (p *Prepared) numbers() []preparedNumber { return p.in.numbers[p.from.numbers:p.end.numbers] }
func (p *Prepared) texts() []preparedText     { return p.in.texts[p.from.texts:p.end.texts] }
func (p *Prepared) edges() []preparedEdge     { return p.in.edges[p.from.edges:p.end.edges] }
func (p *Prepared) targets() []preparedTarget { return p.in.targets[p.from.targets:p.end.targets] }
