package fhirpath

import (
	"hash/maphash"
	"strconv"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
)

// fewItems is how many items are compared one with another; above it distinct
// uses hashes.
const fewItems = 16

// distinct removes from the stack, above base, each item that equals an earlier
// one (FHIRPath N1 §5.1.11). The order of the others stays.
func (v *Evaluator) distinct(base, pos int) error {
	items := v.stack[base:]
	if len(items) > fewItems {
		return v.distinctByHash(base, pos)
	}
	kept := 0
	for _, it := range items {
		if err := v.visit(kept, pos); err != nil {
			return err
		}
		if !v.among(items[:kept], it) {
			items[kept] = it
			kept++
		}
	}
	v.stack = v.stack[:base+kept]
	return nil
}

// among reports whether one of a few items equals it. The next visit ends the
// evaluation if that was too much work.
func (v *Evaluator) among(items []item, it item) bool {
	for _, other := range items {
		if v.equal(other, it) == yes {
			return true
		}
	}
	return false
}

// holds reports whether one of the items equals it.
func (v *Evaluator) holds(items []item, it item, pos int) (bool, error) {
	for _, other := range items {
		if v.equal(other, it) == yes {
			return true, nil
		}
		if err := v.visit(1, pos); err != nil {
			return false, err
		}
	}
	return false, nil
}

func (v *Evaluator) distinctByHash(base, pos int) error {
	items := v.stack[base:]
	set := newItemSet(0) // many are often few that are distinct
	kept := 0
	for _, it := range items {
		hash, found, err := set.find(v, items, it, pos)
		if err != nil {
			return err
		}
		if !found {
			items[kept] = it
			set.add(hash, kept)
			kept++
		}
	}
	v.stack = v.stack[:base+kept]
	return nil
}

// hash returns a number that equal items share.
func (v *Evaluator) hash(it item, seed maphash.Seed) uint64 {
	c := v.classOf(it)
	switch c {
	case classString:
		return maphash.Bytes(seed, v.text(it, &v.buffers[0]))
	case classNumber:
		value, _ := strconv.ParseFloat(string(v.text(it, &v.buffers[0])), 64)
		return maphash.Comparable(seed, value+0) // + 0 makes one of the two zeros
	case classTemporal, classTime:
		m, _ := v.momentOf(it, c)
		low, _ := m.Range(nil)
		return maphash.Comparable(seed, low)
	case classBoolean:
		return maphash.Comparable(seed, v.truthOf(it))
	case classType:
		return maphash.Comparable(seed, *v.value(it))
	case classQuantity:
		return 0 // a quantity may equal one in another unit, a number or a FHIR Quantity
	}
	nodes := v.document(it.doc).Nodes
	v.left -= int(nodes[it.ref].Next - it.ref)
	var h maphash.Hash
	h.SetSeed(seed)
	for i := it.ref + 1; i < nodes[it.ref].Next; i++ {
		node := &nodes[i]
		maphash.WriteComparable(&h, node.Field)
		if node.Kind >= fhirjson.String {
			maphash.WriteComparable(&h, v.hash(item{ref: i, doc: it.doc}, seed))
		}
	}
	return h.Sum64()
}
