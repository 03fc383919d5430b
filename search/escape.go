package search

import "strings"

var escaper = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `$`, `\$`, `|`, `\|`)

// Escape puts a backslash before each character of a text that separates values or parts
// of them in a query, so that the text is one value as it is (FHIR R4 §3.1.1.4.7). The
// result still has to be percent-encoded:
//
//	"identifier=" + url.QueryEscape(search.Escape(system)+"|"+search.Escape(value))
func Escape(text string) string { return escaper.Replace(text) }
