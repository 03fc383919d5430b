package etag_test

import (
	"encoding/json"
	"testing"

	"github.com/fhirlake/fhirlake/internal/etag"
	"github.com/stretchr/testify/require"
)

func TestVersion(t *testing.T) {
	for tag, want := range map[string]string{`W/"3"`: "3", `"3"`: "3", ` W/"a-1.b" `: "a-1.b", `W/""`: "", `3`: "", `W/3`: "", `"3`: "", `"3", "4"`: "", `w/"3"`: "", `*`: "", ``: ""} {
		version, ok := etag.Version(tag)
		require.Equal(t, want, version, tag)
		require.Equal(t, want != "", ok, tag)
	}
}

func TestAppendIsOf(t *testing.T) {
	var tag string
	require.NoError(t, json.Unmarshal(etag.Append(nil, "7"), &tag))
	require.Equal(t, etag.Of("7"), tag)
}
