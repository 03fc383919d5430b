package fhirpath

// CompareNumbers is compareNumbers.
var CompareNumbers = compareNumbers
