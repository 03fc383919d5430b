package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"regexp"
)

// An essence is the part of the UCUM essence that the table holds.
type essence struct {
	Version   string   `xml:"version,attr"`
	Prefixes  []prefix `xml:"prefix"`
	BaseUnits []base   `xml:"base-unit"`
	Units     []unit   `xml:"unit"`
}

type prefix struct {
	Code  string `xml:"Code,attr"`
	Value struct {
		Value string `xml:"value,attr"`
	} `xml:"value"`
}

type base struct {
	Code string `xml:"Code,attr"`
}

type unit struct {
	Code      string `xml:"Code,attr"`
	Metric    string `xml:"isMetric,attr"`
	Special   string `xml:"isSpecial,attr"`
	Arbitrary string `xml:"isArbitrary,attr"`
	Value     struct {
		Unit     string `xml:"Unit,attr"`
		Value    string `xml:"value,attr"`
		Function *struct {
			Name string `xml:"name,attr"`
		} `xml:"function"`
	} `xml:"value"`
}

func load(path string) (*essence, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d := xml.NewDecoder(f)
	// ASCII, which the file declares, is UTF-8 already.
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	e := new(essence)
	if err := d.Decode(e); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return e, nil
}

// application is how the essence writes the definition of a special unit:
// degf(5 K/9) applies a function to the quantity 5 K/9.
var application = regexp.MustCompile(`^[^( ]+\((\S+) (.+)\)$`)

// definition returns the number and the unit that define u and, for a special
// unit, the name of the function between them.
//
// For a special unit it takes the quantity from the text and not from the
// function's attributes: these give degrees for [p'diop] and %[slope], where the
// text gives radians, by which alone a slope of 100 % is 45 degrees.
func (u *unit) definition() (value, of, function string, err error) {
	if u.Special != "yes" {
		return u.Value.Value, u.Value.Unit, "", nil
	}
	m := application.FindStringSubmatch(u.Value.Unit)
	if m == nil || u.Value.Function == nil {
		return "", "", "", fmt.Errorf("special unit %s: no function in %q", u.Code, u.Value.Unit)
	}
	return m[1], m[2], u.Value.Function.Name, nil
}

// independent says whether u is a dimension of its own. An arbitrary unit is
// commensurable with no other (UCUM §25); one that the essence defines by
// another, as [IU] by [iU], is that one.
func (u *unit) independent() bool {
	return u.Arbitrary == "yes" && u.Value.Unit == "1"
}
