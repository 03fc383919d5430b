package main

import (
	"math"
	"slices"
	"strconv"
)

// An axis puts the values from low to high onto the pixels from start to end.
type axis struct{ low, high, start, end float64 }

func (a axis) at(v float64) float64 {
	return a.start + (v-a.low)/(a.high-a.low)*(a.end-a.start)
}

// ticks returns about n round values on the axis, at least a smallest step apart.
func (a axis) ticks(n, smallest float64) (values []float64) {
	step := math.Pow(10, math.Floor(math.Log10((a.high-a.low)/n)))
	for _, f := range []float64{1, 2, 5, 10} {
		if (a.high-a.low)/(step*f) <= n {
			step *= f
			break
		}
	}
	step = max(step, smallest)
	for i := math.Ceil(a.low/step - 1e-9); i*step <= a.high+step*1e-9 && len(values) < 50; i++ {
		values = append(values, i*step)
	}
	return values
}

// axisOf returns an axis for sorted values, without a hundredth of them at each end, and
// without values that are out of all proportion.
func axisOf(sorted []float64, start, end float64) axis {
	low, high := quantile(sorted, 0.01), quantile(sorted, 0.99)
	middle := quantile(sorted, 0.5)
	if far := 20 * max(quantile(sorted, 0.75)-quantile(sorted, 0.25), math.Abs(middle)); far > 0 {
		low, high = max(low, middle-far), min(high, middle+far)
	}
	room := (high - low) * 0.06
	if room == 0 {
		room = max(math.Abs(high)*0.1, 1)
	}
	if low >= 0 {
		return axis{max(low-room, 0), high + room, start, end}
	}
	return axis{low - room, high + room, start, end}
}

// quantile returns the value that a share of some sorted values is below.
func quantile(sorted []float64, share float64) float64 {
	at := share * float64(len(sorted)-1)
	low := sorted[int(at)]
	return low + (sorted[min(int(at)+1, len(sorted)-1)]-low)*(at-math.Floor(at))
}

// brief writes a value at a tick.
func brief(v float64) string {
	suffix := ""
	if v == 0 {
		return "0" // not -0
	}
	for _, unit := range []string{"k", "M", "G"} {
		if math.Abs(v) < 10_000 {
			break
		}
		v, suffix = v/1000, unit
	}
	return strconv.FormatFloat(v, 'g', 4, 64) + suffix
}

// count writes a number with commas.
func count(n int) string {
	digits := []byte(strconv.Itoa(n))
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = slices.Insert(digits, i, ',')
	}
	return string(digits)
}

// rough writes a number with two digits, and all of one that has three.
func rough(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	v, unit := float64(n), 0
	for v >= 999.5 && unit < 3 {
		v, unit = v/1000, unit+1
	}
	if v < 9.95 {
		return strconv.FormatFloat(v, 'f', 1, 64) + "kMG"[unit-1:unit]
	}
	return strconv.FormatFloat(v, 'f', 0, 64) + "kMG"[unit-1:unit]
}

// many writes a number of things.
func many(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return count(n) + " " + thing
}
