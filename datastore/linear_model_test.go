package datastore_test

import (
	"cmp"
	"slices"

	"github.com/anishathalye/porcupine"
)

// A linearOp is an operation on one resource type, as it was called.
type linearOp struct {
	kind    string // "read", "search", "update", "new", "delete", "create"
	id      int    // the cell of the resource; -1 where none is known
	ifMatch int    // the version that has to be current; 0 for no condition
	value   byte   // the identifier that is written or searched
	tag     int    // the text that is written, of this operation alone
}

// A linearResult is what the operation answered.
type linearResult struct {
	cell    linearCell   // what was read or written
	id      int          // the cell that "create" made or found
	made    bool         // "create" made it
	found   []linearCell // what "search" found, by id
	refused bool         // nothing was done, since a condition does not hold
	none    bool         // nothing was done, whatever holds
}

// A linearCell is the state of a resource: version 0 is absent, value 0 deleted.
type linearCell struct {
	id, version int
	value       byte
	tag         int
}

// linearCells is how many resources a history may have.
const linearCells = 48

type linearState [linearCells]linearCell

// holding returns what is current and has an identifier, by id.
func (s *linearState) holding(value byte) (cells []linearCell) {
	for id, c := range s {
		if c.value == value {
			c.id = id
			cells = append(cells, c)
		}
	}
	return cells
}

// put returns the state after one more version of a resource.
func (s linearState) put(id int, op linearOp) linearState {
	s[id] = linearCell{version: s[id].version + 1, value: op.value, tag: op.tag}
	return s
}

// step returns the state after an operation, and whether the operation can have given
// its answer.
func (s linearState) step(op linearOp, r linearResult) (bool, linearState) {
	var now linearCell
	if op.id >= 0 {
		now = s[op.id]
	}
	allowed := op.ifMatch == 0 || op.ifMatch == now.version && now.value != 0
	switch op.kind {
	case "read":
		return r.refused == (now.value == 0) && (r.refused || r.cell == now), s
	case "search":
		return slices.Equal(r.found, s.holding(op.value)), s
	case "create":
		return s.create(op, r)
	case "new":
		allowed = now.value == 0
	case "delete":
		allowed = allowed && now.value != 0
	}
	if r.refused {
		return !allowed, s
	}
	after := s.put(op.id, op)
	return allowed && (op.kind == "delete" || r.cell.version == after[op.id].version), after
}

// create is the step of a create with If-None-Exist.
func (s linearState) create(op linearOp, r linearResult) (bool, linearState) {
	holding := s.holding(op.value)
	switch {
	case r.made:
		return len(holding) == 0 && s[r.id].version == 0, s.put(r.id, op)
	case r.refused:
		return len(holding) > 1, s
	}
	return len(holding) == 1 && holding[0].id == r.id && holding[0].version == r.cell.version, s
}

// linearModel is the model of all resources of a type.
func linearModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return linearState{} },
		Step: func(state, input, output any) (bool, any) {
			r := output.(linearResult)
			if r.none {
				return true, state
			}
			ok, after := state.(linearState).step(input.(linearOp), r)
			return ok, after
		},
	}
}

// linearModelOfOne is the model of each resource for itself, without searches.
func linearModelOfOne() porcupine.Model {
	model := linearModel()
	model.Partition = func(history []porcupine.Operation) [][]porcupine.Operation {
		of := map[int][]porcupine.Operation{}
		for _, o := range history {
			switch op := o.Input.(linearOp); op.kind {
			case "search":
			case "create": // only the resource that a create made tells its partition
				if r := o.Output.(linearResult); r.made {
					o.Input = linearOp{kind: "new", id: r.id, value: op.value, tag: op.tag}
					r.cell.version = 1
					o.Output = r
					of[r.id] = append(of[r.id], o)
				}
			default:
				of[op.id] = append(of[op.id], o)
			}
		}
		var parts [][]porcupine.Operation
		for _, part := range of {
			parts = append(parts, part)
		}
		slices.SortFunc(parts, func(a, b []porcupine.Operation) int { return cmp.Compare(len(b), len(a)) })
		return parts
	}
	return model
}
