package browse

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/search"
)

// start answers with the page of the base: what the store holds, as far as the caller may
// see it.
func (v *visit) start() {
	p := &page{title: "Store"}
	m := &p.body
	type held struct {
		typ   string
		count int
	}
	counts := map[string]int{}
	var some []held
	var none []string
	total := 0
	sizes := v.sizes() // before the counts, which grow meanwhile
	for _, typ := range typeNames {
		a := v.ask(typ, "_summary=count")
		switch {
		case a.status == http.StatusOK:
		case a.status == http.StatusForbidden:
			continue // the caller may not see resources of this type
		default:
			v.name()
			v.failed(a, a.resource())
			return
		}
		n, _ := strconv.Atoi(text(a.resource(), "total"))
		if n == 0 {
			none = append(none, typ)
			continue
		}
		counts[typ] = n
		some = append(some, held{typ, n})
		total += n
	}
	m.add("<h1>What the store holds</h1>\n<dl class=\"facts big\">")
	fact := func(name literal, value string) { m.add("<div><dt>"+name+"</dt><dd>%</dd></div>", value) }
	fact("Resources", grouped(strconv.Itoa(total)))
	fact("Types", strconv.Itoa(len(some)))
	seesAll := sizes.Types != nil
	for _, t := range sizes.Types {
		seesAll = seesAll && counts[t.Type] >= t.Resources
	}
	if seesAll {
		fact("Versions", grouped(strconv.Itoa(sizes.Versions)))
		b := sizes.Bytes
		fact("Memory of the index", size(b.Resources+b.Terms+b.Postings+b.Texts+b.Columns))
		if sizes.Checkpoint.Bytes > 0 {
			fact("Checkpoint on disk", size(sizes.Checkpoint.Bytes))
		}
		fact("Limit used", strconv.FormatFloat(sizes.Limit*100, 'f', 1, 64)+" %")
	}
	m.add("</dl>\n")
	if len(some) > 0 {
		m.narrow("held", "Only types with")
		m.add(`<div class="scroll" role="region" aria-label="Types" tabindex="0"><table><caption>Types with resources, the most first</caption><thead><tr><th scope="col">Type</th><th scope="col" class="number">Resources</th><th scope="col">Share</th><th scope="col" class="number">Search parameters</th><th scope="col">More</th></tr></thead><tbody id="held">` + "\n")
		slices.SortStableFunc(some, func(a, b held) int { return b.count - a.count })
		for _, h := range some {
			share := 100 * float64(h.count) / float64(some[0].count)
			m.add(`<tr><th scope="row"><a href="%">%</a></th><td class="number">%</td>`, v.to(h.typ, ""), h.typ, grouped(strconv.Itoa(h.count)))
			m.add(`<td><svg viewBox="0 0 100 8" preserveAspectRatio="none" height="8" aria-hidden="true"><rect class="dot" width="%" height="8" rx="1"/></svg></td>`, strconv.FormatFloat(max(share, 0.5), 'f', 1, 64))
			m.add(`<td class="number">%</td><td><a href="%" aria-label="History of %">History</a></td></tr>`+"\n", strconv.Itoa(len(v.options.Parameters(h.typ))), v.to(h.typ+"/_history", ""), h.typ)
		}
		m.add("</tbody></table></div>\n")
	} else {
		m.add("<p>Nothing yet, or nothing that you may see.</p>\n")
	}
	if len(none) > 0 {
		m.add("<details><summary>% types without resources</summary><p>", strconv.Itoa(len(none)))
		for i, typ := range none {
			if i > 0 {
				m.add(", ")
			}
			m.add(`<a href="%">%</a>`, v.to(typ, ""), typ)
		}
		m.add("</p></details>\n")
	}
	if seesAll {
		m.memory(sizes.Parameters)
	}
	m.add("<h2>Search all types</h2>\n")
	v.form(m)
	v.send(http.StatusOK, p)
}

// sizes returns the sizes of the store, nothing where they are not to be had. They are shown
// to a caller who sees every resource: to others they would tell what is hidden.
func (v *visit) sizes() (sizes datastore.Stats) {
	if v.options.Stats != nil {
		sizes, _ = v.options.Stats() // of a closed store the counts tell
	}
	return sizes
}

// maxParameters is how many search parameters the start page lists by memory.
const maxParameters = 40

// memory writes which search parameters take the most memory.
func (m *markup) memory(parameters []search.ParameterMemory) {
	if len(parameters) == 0 {
		return
	}
	m.add(`<details><summary>Search parameters by memory</summary><div class="scroll" role="region" aria-label="Search parameters" tabindex="0"><table><caption class="hidden">Search parameters by memory, the largest first</caption><thead><tr><th scope="col">Type</th><th scope="col">Parameters</th><th scope="col" class="number">Versions with a value</th><th scope="col" class="number">Values</th><th scope="col" class="number">Memory</th></tr></thead><tbody>` + "\n")
	for _, p := range parameters[:min(len(parameters), maxParameters)] {
		m.add(`<tr><td>%</td><th scope="row">%</th><td class="number">%</td><td class="number">%</td><td class="number">%</td></tr>`+"\n",
			p.Type, short(strings.Join(p.Codes, ", "), 200), grouped(strconv.Itoa(p.Versions)), grouped(strconv.Itoa(p.Values)), size(p.Bytes))
	}
	m.add("</tbody></table></div></details>\n")
}

// size writes a number of bytes.
func size(n int64) string {
	v, units := float64(n), []string{"B", "KB", "MB", "GB", "TB"}
	for v >= 1000 && len(units) > 1 {
		v, units = v/1000, units[1:]
	}
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0") + " " + units[0]
}
