package bar_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/examples/internal/bar"
)

// Nothing is written where nobody looks.
func TestNobodyLooks(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer file.Close()
	var buffer bytes.Buffer
	for _, b := range []*bar.Bar{bar.New(file, "importing", "bytes"), bar.New(&buffer, "importing", "resources")} {
		for i := range int64(5) {
			b.Set(i, 4)
			b.Describe("quickly")
		}
		b.End()
		b.End()
	}
	info, err := file.Stat()
	require.NoError(t, err)
	require.Zero(t, info.Size())
	require.Empty(t, buffer.String())
}

// A device of characters is taken for a terminal, and takes any order of calls.
func TestSomebodyLooks(t *testing.T) {
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer device.Close()
	b := bar.New(device, "exporting", "resources")
	b.Describe("first")
	for _, done := range [][2]int64{{0, 0}, {0, -1}, {0, 10}, {3, 10}, {12, 10}, {2, 20}, {20, 20}} {
		b.Set(done[0], done[1])
	}
	b.End()
	b.Set(1, 2)
	b.End()
}
