// Package urlquery reads queries of URLs part by part, as FHIR's need it: their order
// counts, names may come again, and a semicolon is part of a value, where package url
// drops the part that has one.
package urlquery
