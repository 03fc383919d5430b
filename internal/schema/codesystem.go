package schema

import "slices"

// CaseSensitive reports whether R4 defines the code system with the given URL
// and says that its codes differ by case. Codes of other systems are compared
// without regard to case (FHIR R4 §3.1.1.4.10: when in doubt, insensitive).
func CaseSensitive(system string) bool {
	_, found := slices.BinarySearch(caseSensitiveSystems[:], system)
	return found
}
