package pdf

// An object is one of: nil, bool, float64 (any number), text (a string), name, dict,
// array, ref, *stream.
type object any

type (
	name  string
	text  string
	array []object
	dict  map[name]object
	// A ref names an object of the file by its number.
	ref int
	// A stream is a dict and its data, still encoded.
	stream struct {
		dict dict
		data []byte
	}
	// A word is an operator or keyword.
	word string
)

// number returns an object as a number, 0 if it is none.
func number(o object) float64 {
	n, _ := o.(float64)
	return n
}

// integer returns an object as a whole number, 0 if it is none that is small.
func integer(o object) int {
	n, ok := o.(float64)
	if !ok || n < -1<<31 || n > 1<<31 || n != n {
		return 0
	}
	return int(n)
}
