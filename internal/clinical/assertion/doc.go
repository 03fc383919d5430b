// Package assertion decides what a note says about a mention: that it is absent,
// uncertain, hypothetical, past, somebody else's or planned.
//
// The method is ConText's (Harkema et al. 2009), the rules are our own. A cue is a
// phrase of triggers.txt such as "denies" or "was ruled out". Each cue has a scope,
// the tokens before or behind it as far as its sentence, a terminator such as "but",
// or its limit goes. A mention has the traits of the cues whose scope it stands in.
// A pseudo cue, such as "no change in", has no scope and hides the cues inside it.
// Beyond phrases, rules look at sections, at values behind a label ("Cough: none"),
// at plus and minus signs, and at list items below "Patient denies:".
//
// A scope never leaves its sentence, save for list items, and is at most 300 tokens
// long, so Parse is linear and Of takes a bounded time.
package assertion
