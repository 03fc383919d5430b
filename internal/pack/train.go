package pack

import (
	"math"
)

// Of the built-in dictionary.
const (
	bodyText, bodyPiece     = 48 << 10, 1024
	valuesText, valuesPiece = 32 << 10, 512

	// trainingRounds is how often the codes are made: each round counts the steps that
	// are cheapest in the codes of the round before.
	trainingRounds = 3
)

// Make returns the content of a dictionary for texts like the samples. The texts are
// made of bodies and values. The codes are made from the steps that practice takes;
// these should be other bodies.
func Make(bodies, values, practice []Sample) []byte {
	m := untrained(cover(templates(bodies), bodyText, bodyPiece))
	practice = templates(practice)
	for range trainingRounds {
		m = trained(m.text, countSteps(m, practice))
	}
	d := Dictionary{bodies: newSection(m.text, m), values: newSection(cover(templates(values), valuesText, valuesPiece), nil)}
	return d.content()
}

// templates returns the samples without their fields.
func templates(samples []Sample) []Sample {
	var s splitter
	out := make([]Sample, len(samples))
	for i, sample := range samples {
		out[i].Weight = sample.Weight
		out[i].Text, _ = s.split(nil, nil, sample.Text)
	}
	return out
}

// stepCounts are how often each symbol was used.
type stepCounts struct {
	steps  [situations][stepSymbols]int
	places []int
}

func countSteps(m *model, samples []Sample) *stepCounts {
	c := &stepCounts{places: make([]int, placeSymbols(len(m.text)))}
	index := newDictIndex(m.text)
	var w denseWriter
	for _, sample := range samples {
		w.parse(m, index, sample.Text, func(at int, matched bool, k track, s step) {
			row := &c.steps[situation(sample.Text, at, matched)]
			switch {
			case s.length == 0:
				row[sample.Text[at]] += sample.Weight
			case s.raw:
				row[symbolRaw] += sample.Weight
			default:
				symbol, _ := lengthSymbol(int(s.length))
				row[symbol] += sample.Weight
				c.places[k.place(s, at).symbol] += sample.Weight
			}
		})
	}
	return c
}

// untrained returns a model whose codes know nothing but that near places are
// likelier than pages.
func untrained(text []byte) *model {
	m := &model{text: text}
	weights := make([]int, stepSymbols)
	for i := range weights {
		weights[i] = 1
	}
	code, _ := newPrefixCode(prefixLengths(weights))
	for i := range m.steps {
		m.steps[i] = code
	}
	weights = make([]int, placeSymbols(len(text)))
	for i := range weights {
		weights[i] = 1
		if i < placePage {
			weights[i] = 20
		}
	}
	m.places, _ = newPrefixCode(prefixLengths(weights))
	return m
}

// trained returns the model for counted steps.
func trained(text []byte, c *stepCounts) *model {
	m := &model{text: text}
	for i, g := range clusterSituations(c) {
		for _, s := range g.situations {
			m.code[s] = uint8(i)
		}
		weights := make([]int, stepSymbols)
		for s, n := range g.counts {
			// Symbols that other texts may need have a code even if they never came up.
			if weights[s] = n * 16; n == 0 && (s >= symbolRaw || s >= ' ' && s <= '~') {
				weights[s] = 1
			}
		}
		m.steps[i], _ = newPrefixCode(prefixLengths(weights))
	}
	weights := make([]int, len(c.places))
	for i, n := range c.places {
		weights[i] = n*2 + 1
	}
	m.places, _ = newPrefixCode(prefixLengths(weights))
	return m
}

// A cluster is the situations that share a code.
type cluster struct {
	situations []int
	counts     [stepSymbols]int
	total      int
	bits       int64 // of all its steps
}

// rare is how many steps a situation needs to be weighed alone.
const rare = 400

// clusterSituations joins the two clusters whose common code costs the least extra, until
// there are stepCodes clusters. Rare situations begin as one cluster.
func clusterSituations(c *stepCounts) []*cluster {
	rest := new(cluster)
	clusters := []*cluster{rest}
	for s := range c.steps {
		g := &cluster{situations: []int{s}, counts: c.steps[s]}
		g.weigh()
		if g.total < rare {
			rest.join(g)
		} else {
			clusters = append(clusters, g)
		}
	}
	for len(clusters) > stepCodes {
		bestA, bestB, least := 0, 0, int64(math.MaxInt64)
		for b := range clusters {
			for a := range b {
				both := *clusters[a]
				both.situations = nil
				both.join(clusters[b])
				if more := both.bits - clusters[a].bits - clusters[b].bits; more < least {
					bestA, bestB, least = a, b, more
				}
			}
		}
		clusters[bestA].join(clusters[bestB])
		clusters = append(clusters[:bestB], clusters[bestB+1:]...)
	}
	for len(clusters) < stepCodes {
		clusters = append(clusters, new(cluster))
	}
	return clusters
}

func (g *cluster) join(other *cluster) {
	g.situations = append(g.situations, other.situations...)
	for s, n := range other.counts {
		g.counts[s] += n
	}
	g.weigh()
}

func (g *cluster) weigh() {
	g.total, g.bits = 0, 0
	for _, n := range g.counts {
		g.total += n
		g.bits -= plogp(n)
	}
	g.bits += plogp(g.total)
}

// plogp returns n·log2(n), rounded, so that it is the same on all processors.
func plogp(n int) int64 {
	if n == 0 {
		return 0
	}
	return int64(math.Round(float64(n) * math.Log2(float64(n))))
}
