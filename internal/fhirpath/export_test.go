package fhirpath

// Format parses an expression, supported or not, and prints it.
func Format(expr string) (string, error) {
	tree, err := parse(expr)
	if err != nil {
		return "", err
	}
	return format(tree), nil
}

// CompareNumbers is compareNumbers.
var CompareNumbers = compareNumbers
