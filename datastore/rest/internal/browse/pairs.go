package browse

import (
	"net/url"
	"strings"

	"github.com/fhirlake/fhirlake/internal/urlquery"
)

// pairs are the names and values of a query, in their order.
type pairs [][2]string

// add adds a pair, unless it has neither name nor value.
func (p *pairs) add(name, value string) {
	if name != "" || value != "" {
		*p = append(*p, [2]string{name, value})
	}
}

// encode returns the pairs as a query.
func (p pairs) encode() string {
	parts := make([]string, len(p))
	for i, pair := range p {
		parts[i] = tame.Replace(url.QueryEscape(pair[0])) + "=" + tame.Replace(url.QueryEscape(pair[1]))
	}
	return strings.Join(parts, "&")
}

// tame leaves what people write in a query as they wrote it.
var tame = strings.NewReplacer("%3A", ":", "%2C", ",", "%2F", "/", "%24", "$", "%40", "@")

// pairsOf reads a query. What is not percent-encoded is left out.
func pairsOf(query string) (p pairs) {
	for part := range strings.SplitSeq(query, "&") {
		if name, value, ok := urlquery.Cut(part); ok {
			p.add(name, value)
		}
	}
	return p
}

// without returns the pairs but those of some names.
func (p pairs) without(names ...string) (rest pairs) {
next:
	for _, pair := range p {
		for _, name := range names {
			if pair[0] == name {
				continue next
			}
		}
		rest = append(rest, pair)
	}
	return rest
}

// value returns the first value of a name, "" for none.
func (p pairs) value(name string) string {
	for _, pair := range p {
		if pair[0] == name {
			return pair[1]
		}
	}
	return ""
}
