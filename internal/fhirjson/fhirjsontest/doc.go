// Package fhirjsontest has what tests of several packages do to the JSON of resources.
package fhirjsontest
