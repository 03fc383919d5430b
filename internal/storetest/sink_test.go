package storetest_test

import (
	"io"
	"testing"

	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

func TestSink(t *testing.T) {
	var s storetest.Sink
	w, err := s.Create("a/b")
	require.NoError(t, err)
	_, err = io.WriteString(w, "text")
	require.NoError(t, err)
	require.Nil(t, s.File("a/b"))
	require.NoError(t, w.Close())
	require.Equal(t, []string{"a/b"}, s.Names())
	require.Equal(t, "text", string(s.File("a/b")))
}
