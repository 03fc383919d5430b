package exec_test

import "fmt"

// codeSystem draws a CodeSystem with every code of the world in some hierarchy. Two
// ids have one url, and the newest of them counts.
func (w world) codeSystem(id string) object {
	var roots []any
	concepts := map[string]object{}
	for i := range worldCodes {
		code := worldCodes[i : i+1]
		c := object{"code": code}
		concepts[code] = c
		if up := w.n(i + 2); up < i { // nested below one before
			parent := concepts[worldCodes[up:up+1]]
			children, _ := parent["concept"].([]any)
			parent["concept"] = append(children, c)
		} else {
			roots = append(roots, c)
		}
		if w.n(4) == 0 { // which may close a circle
			c["property"] = []any{object{"code": w.pick("parent", "child", "subsumedBy"), "valueCode": w.code()}}
		}
	}
	return object{"url": fmt.Sprint("urn:cs", int(id[0]-'0')%2), "status": "active", "content": "complete", "concept": roots}
}

// valueSet draws a ValueSet that includes lists of codes, parts of hierarchies, all of
// an open system, and ValueSets before it.
func (w world) valueSet(id string) object {
	number := int(id[0] - '0')
	set := object{"url": "http://x.org/a/vs" + id, "status": "active", "version": w.pick("1", "2")}
	if w.n(5) == 0 {
		set["expansion"] = object{"timestamp": "2020-01-01T00:00:00Z", "contains": []any{
			object{"system": w.system(), "code": w.code(), "abstract": w.n(2) == 0, "contains": []any{object{"system": w.system(), "code": w.code()}}},
		}}
		return set
	}
	compose := object{"include": []any{w.component(number, true)}}
	if w.n(2) == 0 {
		compose["include"] = []any{w.component(number, true), w.component(number, true)}
	}
	if w.n(2) == 0 {
		compose["exclude"] = []any{w.component(number, false)}
	}
	set["compose"] = compose
	return set
}

func (w world) system() string { return fmt.Sprint("urn:cs", w.n(2)) }

func (w world) component(number int, open bool) any {
	kind := w.n(6)
	switch {
	case kind == 0 && number > 0:
		return object{"valueSet": []any{w.earlier(number)}}
	case kind == 1 && open:
		return object{"system": "urn:open"}
	case kind == 2:
		return object{"system": w.system()}
	}
	c := object{"system": w.system()}
	if kind == 3 {
		c["concept"] = []any{object{"code": w.code()}, object{"code": w.code()}}
	} else {
		var filters []any
		for range 1 + w.n(2) {
			filters = append(filters, w.filter())
		}
		c["filter"] = filters
	}
	if number > 0 && w.n(4) == 0 {
		c["valueSet"] = []any{w.earlier(number)}
	}
	return c
}

func (w world) earlier(number int) string {
	return fmt.Sprint("http://x.org/a/vs", w.n(number))
}

func (w world) filter() any {
	switch op := w.pick("is-a", "descendent-of", "is-not-a", "generalizes", "in", "parent"); op {
	case "in":
		return object{"property": "concept", "op": "in", "value": w.code() + "," + w.code()}
	case "parent":
		return object{"property": "parent", "op": "=", "value": w.code()}
	default:
		return object{"property": "concept", "op": op, "value": w.code()}
	}
}
