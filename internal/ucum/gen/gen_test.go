package main

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"
)

// The committed table is what the essence gives.
func TestTableIsCurrent(t *testing.T) {
	err := run("../../../../shared/data/ucum/ucum-essence.xml", "..", true)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the UCUM essence is absent: the table cannot be made anew:", err)
	}
	require.NoError(t, err)
}

func TestSpecialDefinition(t *testing.T) {
	u := &unit{Code: "x", Special: "yes"}
	u.Value.Unit = "2lg(2 10*-5.Pa)"
	_, _, _, err := u.definition()
	require.Error(t, err, "the function's name is missing")
	u.Value.Function = &struct {
		Name string `xml:"name,attr"`
	}{"lgTimes2"}
	value, of, function, err := u.definition()
	require.NoError(t, err)
	require.Equal(t, []string{"2", "10*-5.Pa", "lgTimes2"}, []string{value, of, function})
}
