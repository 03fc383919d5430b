package pdf

import "math"

// A matrix maps (x, y) to (a·x + c·y + e, b·x + d·y + f).
type matrix struct{ a, b, c, d, e, f float64 }

var identity = matrix{a: 1, d: 1}

// times returns the mapping of m followed by n.
func (m matrix) times(n matrix) matrix {
	return matrix{
		m.a*n.a + m.b*n.c, m.a*n.b + m.b*n.d,
		m.c*n.a + m.d*n.c, m.c*n.b + m.d*n.d,
		m.e*n.a + m.f*n.c + n.e, m.e*n.b + m.f*n.d + n.f,
	}
}

// at maps a point.
func (m matrix) at(x, y float64) (float64, float64) {
	return m.a*x + m.c*y + m.e, m.b*x + m.d*y + m.f
}

// sound reports whether all numbers are finite.
func (m matrix) sound() bool {
	sum := m.a + m.b + m.c + m.d + m.e + m.f
	return !math.IsNaN(sum) && !math.IsInf(sum, 0)
}

// matrixOf returns six numbers as a matrix.
func matrixOf(numbers []object) (matrix, bool) {
	if len(numbers) != 6 {
		return identity, false
	}
	m := matrix{number(numbers[0]), number(numbers[1]), number(numbers[2]), number(numbers[3]), number(numbers[4]), number(numbers[5])}
	return m, m.sound()
}
