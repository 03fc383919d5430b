package pdf

// symbols is the encoding of the font Symbol (ISO 32000-1 annex D.5) where it differs
// from ASCII in more than letters.
var symbols = map[byte]rune{
	0x22: '∀', 0x24: '∃', 0x27: '∋', 0x2a: '∗', 0x2d: '−', 0x40: '≅', 0x5c: '∴', 0x5e: '⊥', 0x7e: '∼',
	0xa2: '′', 0xa3: '≤', 0xa4: '⁄', 0xa5: '∞', 0xab: '↔', 0xac: '←', 0xad: '↑', 0xae: '→', 0xaf: '↓', 0xb0: '°',
	0xb1: '±', 0xb2: '″', 0xb3: '≥', 0xb4: '×', 0xb5: '∝', 0xb6: '∂', 0xb7: '•', 0xb8: '÷', 0xb9: '≠', 0xba: '≡',
	0xbb: '≈', 0xbc: '…', 0xc6: '∅', 0xd0: '∠', 0xd1: '∇', 0xd2: '®', 0xd3: '©', 0xd4: '™', 0xd5: '∏', 0xd6: '√',
	0xd7: '⋅', 0xd8: '¬', 0xdb: '⇔', 0xdc: '⇐', 0xdd: '⇑', 0xde: '⇒', 0xdf: '⇓', 0xe5: '∑', 0xf2: '∫',
}

// Greek letters stand in Symbol where Latin letters do elsewhere.
var (
	capitals = []rune("ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ")
	smalls   = []rune("αβχδεφγηιϕκλμνοπθρστυϖωξψζ")
)

// Symbol returns a character of the font Symbol, which has Greek letters and signs such as
// "≤".
func Symbol(c byte) rune {
	if r, ok := symbols[c]; ok {
		return r
	}
	switch {
	case 'A' <= c && c <= 'Z':
		return capitals[c-'A']
	case 'a' <= c && c <= 'z':
		return smalls[c-'a']
	}
	return rune(c)
}

// dingbats are the characters of ZapfDingbats that forms and lists use.
var dingbats = map[byte]rune{
	0x33: '✓', 0x34: '✔', 0x35: '✕', 0x36: '✖', 0x37: '✗', 0x38: '✘', 0x48: '★', 0x6c: '●', 0x6d: '❍', 0x6e: '■',
	0x6f: '❏', 0x70: '❐', 0x71: '❑', 0x72: '❒', 0x75: '◆', 0xd5: '→', 0xe8: '➨',
}
