package lexicon

import (
	"slices"

	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
)

// uncover looks for conditions such as "history of breast cancer" and "status post
// mastectomy". The note speaks of the condition inside, which takes the place of the longer
// match; the meanings of the longer match come after its own. So does a procedure inside,
// but after "history of" both are kept.
func (f *finder) uncover(matches []Match) {
	for i := range matches {
		w := &matches[i]
		lead := f.d.skip(f.ids[w.First])
		if lead&skipLead == 0 || w.Senses[0].Entry.Kind != vocabulary.Condition {
			continue
		}
		for j := i + 1; j < len(matches) && matches[j].First < w.Last; j++ {
			m := &matches[j]
			if m.Last < w.Last || m.Last > w.Last {
				continue
			}
			switch kind := m.Senses[0].Entry.Kind; {
			case kind == vocabulary.Condition:
				m.Senses = slices.Concat(m.Senses, w.Senses)
				w.Senses = nil
			case kind == vocabulary.Procedure && lead&skipHistory != 0:
				m.nested = true
			case kind == vocabulary.Procedure || kind == vocabulary.Medication: // "on warfarin"
				w.Senses = nil
			default:
				continue
			}
			break
		}
	}
}

// resolve drops the weaker one of matches that overlap, which lie in order, and returns
// how many are left.
func (f *finder) resolve(matches []Match) int {
	order := make([]int, 0, len(matches))
	low, high := matches[0].First, 0
	for i := range matches {
		if matches[i].Senses != nil {
			order = append(order, i)
			high = max(high, matches[i].Last)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return matches[b].weight() - matches[a].weight() })
	taken := make([]int, high-low) // by token: 1 more than the index of the match
	for _, i := range order {
		m := &matches[i]
		over := 0
		for _, t := range taken[m.First-low : m.Last-low] {
			over = max(over, t)
		}
		if over > 0 && !m.nested && !f.isSite(m, &matches[over-1]) {
			m.Senses = nil
			continue
		}
		if over == 0 {
			for j := m.First; j < m.Last; j++ {
				taken[j-low] = i + 1
			}
		}
	}
	kept := 0
	for _, m := range matches {
		if m.Senses != nil {
			matches[kept] = m
			kept++
		}
	}
	return kept
}

// isSite reports whether a match is the part of the body at the end of another term: after
// a preposition, articles and sides aside.
func (f *finder) isSite(m, of *Match) bool {
	if m.Senses[0].Entry.Kind != vocabulary.Anatomy || m.First <= of.First || m.Last != of.Last {
		return false
	}
	i := m.First - 1
	for i > of.First && f.d.skip(f.ids[i])&skipArticle != 0 {
		i--
	}
	return f.d.skip(f.ids[i])&skipPreposition != 0
}

// weight orders matches that overlap: longer ones first, then by kind, and anatomy last.
func (m *Match) weight() int {
	w := 8 * (m.Last - m.First)
	switch m.Senses[0].Entry.Kind {
	case vocabulary.Procedure:
		w += 4
	case vocabulary.Medication:
		w += 3
	case vocabulary.Test:
		w += 2
	case vocabulary.Condition:
		w++
	case vocabulary.Anatomy:
		w -= 1000
	}
	return w
}
