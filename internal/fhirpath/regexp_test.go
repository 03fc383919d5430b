package fhirpath_test

import "regexp"

// replaceAll is what replaceMatches must give.
func replaceAll(pattern, text, to string) string {
	return regexp.MustCompile("(?s)"+pattern).ReplaceAllString(text, to)
}

func matchesAny(pattern, text string) bool {
	return regexp.MustCompile("(?s)" + pattern).MatchString(text)
}
