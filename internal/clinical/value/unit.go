package value

import "github.com/fhirlake/fhirlake/internal/clinical/note"

// maxUnit is the number of tokens of the longest unit.
const maxUnit = 12

// unitAt returns the end of the unit of measurement at token i, or i.
func unitAt(n *note.Note, i, last int) int {
	last = max(i, min(last, i+maxUnit))
	return min(last, unitEnd(n, i, last))
}

// unitEnd is unitAt for a unit that may reach beyond last.
func unitEnd(n *note.Note, i, last int) int {
	at := func(j int) string {
		if j < last {
			return n.Word(j)
		}
		return ""
	}
	end := i
	switch at(i) {
	case "%":
		return i + 1
	case "°", "º":
		if at(i+1) == "f" || at(i+1) == "c" {
			return i + 2
		}
		return i + 1
	case "degrees", "degree", "deg":
		switch at(i + 1) {
		case "f", "c", "fahrenheit", "celsius":
			return i + 2
		}
		return i + 1
	case "f", "c": // a letter of its own: "98.6 F."
		if i+1 >= last || n.Tokens[i+1].Kind == note.Punct {
			return i + 1
		}
		return i
	case "mm":
		if at(i+1) == "hg" {
			return i + 2
		}
	case "beats", "breaths":
		if at(i+1) == "per" || at(i+1) == "/" {
			return i + 3
		}
		return i
	case "10":
		// UCUM's "10*3/uL"
		if w := at(i + 1); w != "*" && w != "^" {
			return i
		}
		end = i + 3
	case "x":
		// "x 10^3/uL", "x10(9)/L"
		if at(i+1) != "10" {
			return i
		}
		end = i + 2
		if at(end) == "^" || at(end) == "(" || at(end) == "*" || at(end) == "e" {
			end += 2
			if at(end) == ")" {
				end++
			}
		}
	case "x10", "x103", "x109", "x106":
		end = i + 1
		if at(end) == "^" {
			end += 2
		}
	case "/":
		// "18/min", "5/hpf"
		if n.Tokens[i].Flags&note.Space != 0 || !isUnit(at(i+1)) {
			return i
		}
	}
	if end == i && at(i) != "/" {
		if !isUnit(at(i)) {
			return i
		}
		end = i + 1
		if at(end) == "." && i+2 < last && n.Tokens[end+1].Flags&note.Space == 0 && isUnit(at(end+1)) {
			end += 2
		}
	}
	for end+1 < last {
		if w := at(end); w != "/" && w != "per" && w != "^" {
			break
		}
		after := at(end + 1)
		if !isUnit(after) && n.Tokens[end+1].Kind != note.Number {
			break
		}
		if at(end) == "/" && n.Tokens[end+1].Flags&note.Space != 0 && n.Tokens[end].Flags&note.Space != 0 {
			break
		}
		end += 2
		if n.Tokens[end-1].Kind == note.Number && isUnit(at(end)) { // "mL/min/1.73 m2"
			end++
		}
	}
	return end
}

// isUnit reports whether a word is a unit or a part of one.
func isUnit(word string) bool {
	switch word {
	case "mmhg", "mm", "hg", "cm", "m", "m2", "mg", "g", "gm", "gram", "grams", "kg", "lb", "lbs", "pounds", "oz", "mcg", "ug", "μg", "ng", "pg", "fl",
		"dl", "l", "ml", "ul", "μl", "mm3", "meq", "mmol", "μmol", "umol", "nmol", "pmol", "mol", "mosm", "mosmol", "u", "iu", "miu", "uiu", "μiu", "units", "k", "cells", "copies",
		"bpm", "min", "minute", "hr", "hour", "sec", "secs", "second", "seconds", "msec", "ms", "hpf", "lpf", "in", "inches", "ft", "feet", "kpa", "cmh2o", "torr",
		"thousand", "million", "percent", "ratio", "mmhg's", "kcal", "watts", "mets", "meters", "cc", "au", "eu", "fahrenheit", "celsius", "cel", "day":
		return true
	}
	return false
}
