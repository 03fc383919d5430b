package attachment_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/nlp/attachment"
	"github.com/stretchr/testify/require"
)

var rewrite = flag.Bool("rewrite", false, "write the texts of testdata anew")

// The documents of testdata have the texts that stand beside them.
func TestDocuments(t *testing.T) {
	types := map[string]string{".html": "text/html", ".rtf": "text/rtf", ".xml": "application/hl7-cda+xml", ".pdf": "application/pdf"}
	files, err := filepath.Glob("testdata/*")
	require.NoError(t, err)
	read := 0
	for _, file := range files {
		contentType, ok := types[filepath.Ext(file)]
		if !ok {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			text, err := attachment.Text(t.Context(), contentType, data, nil)
			if strings.HasPrefix(filepath.Base(file), "encrypted") {
				require.ErrorIs(t, err, attachment.ErrEncrypted)
				return
			}
			require.NoError(t, err)
			if *rewrite {
				require.NoError(t, os.WriteFile(file+".txt", []byte(text+"\n"), 0o644))
			}
			want, err := os.ReadFile(file + ".txt")
			require.NoError(t, err)
			require.Equal(t, string(want), text+"\n")
		})
		read++
	}
	require.GreaterOrEqual(t, read, 5)
}
