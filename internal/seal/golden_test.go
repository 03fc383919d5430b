package seal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/seal"
)

var rewrite = flag.Bool("rewrite", false, "make the golden keyset anew")

// TestGolden reads a keyset that an earlier build wrote, and writes it again: as it lies
// in stores (docs/format/keyset.md). The file has it in hexadecimal, then what it is good
// for. Its key is no secret.
func TestGolden(t *testing.T) {
	const file = "testdata/golden.txt"
	keyFile := filepath.Join(t.TempDir(), "key")
	secret := bytes.Repeat([]byte{7}, seal.KeySize)
	require.NoError(t, os.WriteFile(keyFile, []byte(base64.StdEncoding.EncodeToString(secret)+"\n"), 0o600))
	wrapper := seal.KeyFile(keyFile)
	told := func(keys *seal.Keyset) string {
		hash, err := keys.HashKey([]byte("salt"))
		require.NoError(t, err)
		return fmt.Sprintf("keys %x\nmac %x\nhash key %x\n", keys.IDs(), keys.MAC("purpose", []byte("data")), hash)
	}
	if *rewrite {
		keys, err := newKeysWith(t, wrapper).WithNewKey()
		require.NoError(t, err)
		text, err := keys.Marshal()
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, []byte(hex.EncodeToString(text)+"\n"+told(keys)), 0o644))
	}
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	line, rest, _ := strings.Cut(string(kept), "\n")
	text, err := hex.DecodeString(line)
	require.NoError(t, err)
	keys, err := seal.Unmarshal(t.Context(), text, wrapper)
	require.NoError(t, err)
	require.Equal(t, rest, told(keys))

	again, err := keys.Marshal()
	require.NoError(t, err)
	require.Len(t, again, len(text))
	head := len("FHIRLKEY") + 4 + 4 + int(text[12]) + int(text[13])<<8
	require.Equal(t, text[:head], again[:head], "what is before the nonce")
	back, err := seal.Unmarshal(t.Context(), again, wrapper)
	require.NoError(t, err)
	require.Equal(t, rest, told(back))
}
