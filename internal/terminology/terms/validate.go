package terms

import "strconv"

// A Coding is a code that is to be validated.
type Coding struct {
	System  string `json:"system"`
	Version string `json:"version"`
	Code    string `json:"code"`
	Display string `json:"display"`
}

// A Verdict says whether a code is in a value set or a code system.
type Verdict struct {
	Result  bool
	Message string // why not
	Display string // the preferred one, "" if the code is not known
}

// Judge compares a coding with the entry that was found for it, nil for none. where names
// the value set or the code system. Abstract codes are taken if that is asked for.
func (e *Entry) Judge(c Coding, where, language string, abstract bool) Verdict {
	shown := strconv.Quote(c.Code)
	if c.System != "" {
		shown = "'" + c.System + "#" + c.Code + "'"
	}
	switch {
	case e == nil:
		return Verdict{Message: "The provided code " + shown + " was not found in " + where}
	case e.Abstract && !abstract:
		return Verdict{Message: "The code " + shown + " is abstract, and not allowed in this context", Display: e.DisplayIn(language)}
	case c.Display != "" && !e.named(c.Display):
		return Verdict{
			Message: "Wrong Display Name '" + c.Display + "' for " + shown + ". Valid display is '" + e.DisplayIn(language) + "'", Display: e.DisplayIn(language),
		}
	}
	return Verdict{Result: true, Display: e.DisplayIn(language)}
}

// Entry returns the entry of a code of the system, nil for none.
func (s *System) Entry(code string) *Entry {
	c := s.Concept(code)
	if c == nil {
		return nil
	}
	e := s.entry(c)
	return &e
}
