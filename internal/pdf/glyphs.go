package pdf

import (
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// glyphNames are the names of glyphs that are no letters with an accent: name and
// character, in turn.
var glyphNames = pairs(`space   exclam ! quotedbl " numbersign # dollar $ percent % ampersand & quotesingle '
quoteright ’ quoteleft ‘ parenleft ( parenright ) asterisk * plus + comma , hyphen - minus − period . slash /
zero 0 one 1 two 2 three 3 four 4 five 5 six 6 seven 7 eight 8 nine 9 colon : semicolon ; less < equal =
greater > question ? at @ bracketleft [ backslash \ bracketright ] asciicircum ^ underscore _ grave ` + "`" + `
braceleft { bar | braceright } asciitilde ~ exclamdown ¡ cent ¢ sterling £ currency ¤ yen ¥ brokenbar ¦
section § dieresis ¨ copyright © ordfeminine ª guillemotleft « logicalnot ¬ registered ® macron ¯ degree °
plusminus ± acute ´ mu µ paragraph ¶ periodcentered · cedilla ¸ ordmasculine º guillemotright » onequarter ¼
onehalf ½ threequarters ¾ questiondown ¿ AE Æ Oslash Ø germandbls ß ae æ oslash ø Thorn Þ thorn þ Eth Ð eth ð
multiply × divide ÷ OE Œ oe œ dotlessi ı Lslash Ł lslash ł Dcroat Đ dcroat đ florin ƒ circumflex ˆ caron ˇ
breve ˘ dotaccent ˙ ring ˚ ogonek ˛ tilde ˜ hungarumlaut ˝ endash – emdash — quotesinglbase ‚ quotedblleft “
quotedblright ” quotedblbase „ dagger † daggerdbl ‡ bullet • ellipsis … perthousand ‰ guilsinglleft ‹
guilsinglright › fraction ⁄ Euro € trademark ™ partialdiff ∂ Delta Δ product ∏ summation ∑ radical √ infinity ∞
integral ∫ approxequal ≈ notequal ≠ lessequal ≤ greaterequal ≥ lozenge ◊ arrowleft ← arrowup ↑ arrowright →
arrowdown ↓ arrowboth ↔ checkmark ✓ ff ff fi fi fl fl ffi ffi ffl ffl onesuperior ¹ twosuperior ² threesuperior ³
Alpha Α Beta Β Gamma Γ Epsilon Ε Zeta Ζ Eta Η Theta Θ Iota Ι Kappa Κ Lambda Λ Mu Μ Nu Ν Xi Ξ Omicron Ο Pi Π
Rho Ρ Sigma Σ Tau Τ Upsilon Υ Phi Φ Chi Χ Psi Ψ Omega Ω alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η
theta θ iota ι kappa κ lambda λ nu ν xi ξ omicron ο pi π rho ρ sigma σ tau τ upsilon υ phi φ chi χ psi ψ omega ω`)

// accents are the names of accents, which follow the letter, and their combining characters.
var accents = pairs("grave \u0300 acute \u0301 circumflex \u0302 tilde \u0303 macron \u0304 breve \u0306 dotaccent \u0307 " +
	"dieresis \u0308 ring \u030a hungarumlaut \u030b caron \u030c commaaccent \u0326 cedilla \u0327 ogonek \u0328")

// pairs returns the words of a list as keys and values in turn.
func pairs(list string) map[string]string {
	found := map[string]string{}
	words := strings.Fields(list)
	if len(words)%2 == 1 { // "space" stands for itself
		found[words[0]] = " "
		words = words[1:]
	}
	for i := 0; i+1 < len(words); i += 2 {
		found[words[i]] = words[i+1]
	}
	return found
}

// glyph returns the text of a glyph's name (Adobe Glyph List specification), "" if the name
// is unknown.
func glyph(name string) string {
	name, _, _ = strings.Cut(name, ".") // a variant
	if s, ok := glyphNames[name]; ok {
		return s
	}
	if len(name) == 1 {
		return name
	}
	if len(name) > 2 {
		if accent, ok := accents[name[1:]]; ok {
			return norm.NFC.String(name[:1] + accent)
		}
	}
	if first, rest, more := strings.Cut(name, "_"); more && len(name) < 64 { // a ligature
		return glyph(first) + glyph(rest)
	}
	for _, prefix := range []string{"uni", "u"} {
		if digits, ok := strings.CutPrefix(name, prefix); ok && len(digits) >= 4 && len(digits) <= 6 {
			if c, err := strconv.ParseUint(digits, 16, 32); err == nil {
				return string(rune(c))
			}
		}
	}
	return ""
}
