package seal_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/longrun"
	"github.com/fhirlake/fhirlake/internal/seal"
)

func newKeys(t testing.TB) *seal.Keyset {
	return newKeysWith(t, seal.RandomKey())
}

func newKeysWith(t testing.TB, w seal.KeyWrapper) *seal.Keyset {
	keys, err := seal.NewKeyset(t.Context(), w)
	require.NoError(t, err)
	keys, err = keys.WithNewKey()
	require.NoError(t, err)
	return keys
}

func nonce() (n [seal.NonceSize]byte) {
	rand.Read(n[:])
	return n
}

func TestPartOpensAsItselfOnly(t *testing.T) {
	keys := newKeys(t)
	key := keys.Current()
	more, err := keys.WithNewKey()
	require.NoError(t, err)
	home := seal.PartID{Lineage: [16]byte{1}, Number: 2, Slot: 5, Kind: seal.Values}
	n := nonce()
	sealed := key.SealPart(nil, []byte("secret"), &n, home)
	require.Len(t, sealed, len("secret")+seal.Overhead)

	got, err := key.OpenPart([]byte("before "), sealed, home)
	require.NoError(t, err)
	require.Equal(t, "before secret", string(got))

	for name, move := range map[string]func(*seal.PartID){
		"lineage": func(id *seal.PartID) { id.Lineage[15]++ },
		"number":  func(id *seal.PartID) { id.Number++ },
		"slot":    func(id *seal.PartID) { id.Slot++ },
		"kind":    func(id *seal.PartID) { id.Kind = seal.Body },
	} {
		other := home
		move(&other)
		got, err := key.OpenPart([]byte("before"), sealed, other)
		require.ErrorIs(t, err, seal.ErrCorrupt, name)
		require.Equal(t, "before", string(got), name)
	}
	_, err = more.Current().OpenPart(nil, sealed, home)
	require.ErrorIs(t, err, seal.ErrCorrupt)
	for i := range sealed {
		damaged := bytes.Clone(sealed)
		damaged[i] ^= 1
		_, err := key.OpenPart(nil, damaged, home)
		require.ErrorIs(t, err, seal.ErrCorrupt)
		_, err = key.OpenPart(nil, sealed[:i], home)
		require.ErrorIs(t, err, seal.ErrCorrupt)
	}
}

func TestPartsRoundTrip(t *testing.T) {
	key := newKeys(t).Current()
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.SliceOf(rapid.Byte()).Draw(t, "before")
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		id := seal.PartID{
			Number: rapid.Uint64().Draw(t, "number"),
			Slot:   rapid.Uint32().Draw(t, "slot"),
			Kind:   seal.Body,
		}
		n := nonce()
		all := key.SealPart(bytes.Clone(before), plain, &n, id)
		// In place: the sealed part lies right behind dst.
		got, err := key.OpenPart(all[:len(before)], all[len(before):], id)
		require.NoError(t, err)
		require.Equal(t, string(before)+string(plain), string(got))
	})
}

func TestOpenDoesNotAllocate(t *testing.T) {
	key := newKeys(t).Current()
	n := nonce()
	sealed := key.SealPart(nil, make([]byte, 1000), &n, seal.PartID{})
	dst := make([]byte, 0, 1000)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := key.OpenPart(dst, sealed, seal.PartID{}); err != nil {
			t.Fatal(err)
		}
	}))
}

func TestManyGoroutinesOpen(t *testing.T) {
	key := newKeys(t).Current()
	var wg sync.WaitGroup
	for w := range uint32(4) {
		wg.Go(func() {
			for i := range uint32(200) {
				id := seal.PartID{Number: uint64(i), Slot: w}
				n := nonce()
				got, err := key.OpenPart(nil, key.SealPart(nil, []byte{byte(i), byte(w)}, &n, id), id)
				if !assert.NoError(t, err) || !assert.Equal(t, []byte{byte(i), byte(w)}, got) {
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestTags(t *testing.T) {
	keys := newKeys(t)
	key := keys.Current()
	n := nonce()
	tag := key.TagRecord([]byte("record"), &n)
	require.NoError(t, key.VerifyRecord([]byte("record"), n[:], tag[:]))
	require.ErrorIs(t, key.VerifyRecord([]byte("Record"), n[:], tag[:]), seal.ErrCorrupt)
	require.ErrorIs(t, newKeys(t).Current().VerifyRecord([]byte("record"), n[:], tag[:]), seal.ErrCorrupt)

	mac := keys.MAC("head", []byte("x"))
	require.True(t, keys.VerifyMAC("head", []byte("x"), mac[:]))
	require.False(t, keys.VerifyMAC("head", []byte("y"), mac[:]))
	require.False(t, keys.VerifyMAC("header", []byte("x"), mac[:]))
	require.False(t, keys.VerifyMAC("hea", []byte("dx"), mac[:]))
	require.False(t, keys.VerifyMAC("head", []byte("x"), mac[:8]))
}

func TestReserve(t *testing.T) {
	keys := newKeys(t)
	key := keys.Current()
	require.NoError(t, key.Reserve(7, 10))
	require.ErrorIs(t, key.Reserve(4, 10), seal.ErrKeySpent)
	require.NoError(t, key.Reserve(3, 10))
	require.ErrorIs(t, key.Reserve(1, 10), seal.ErrKeySpent)

	require.ErrorIs(t, key.Reserve(seal.MaxSeals, 1<<40), seal.ErrKeySpent, "MaxSeals is the most")
	require.NoError(t, key.Reserve(seal.MaxSeals-11, 0))
	require.ErrorIs(t, key.Reserve(2, 0), seal.ErrKeySpent)
	require.NoError(t, key.Reserve(1, 0))
	require.ErrorIs(t, key.Reserve(1<<62, 0), seal.ErrKeySpent)

	next, err := keys.WithNewKey()
	require.NoError(t, err)
	require.NotEqual(t, key.ID(), next.Current().ID())
	require.NoError(t, next.Current().Reserve(seal.MaxSeals, 0), "a new key has made no seals")
	require.Same(t, key, keys.Current(), "the keyset it comes from stays")
}

// wrappers gives pairs of wrappers of each kind with different keys.
func wrappers(t *testing.T) map[string][2]seal.KeyWrapper {
	folder := t.TempDir()
	return map[string][2]seal.KeyWrapper{
		"raw":        {seal.RawKey([32]byte{1}), seal.RawKey([32]byte{2})},
		"random":     {seal.RandomKey(), seal.RandomKey()},
		"file":       {seal.KeyFile(filepath.Join(folder, "a")), seal.KeyFile(filepath.Join(folder, "b"))},
		"passphrase": {seal.Passphrase([]byte("correct horse")), seal.Passphrase([]byte("correct horsf"))},
	}
}

func TestKeysetRoundTrip(t *testing.T) {
	for name, pair := range wrappers(t) {
		t.Run(name, func(t *testing.T) {
			keys, err := newKeysWith(t, pair[0]).WithNewKey()
			require.NoError(t, err)
			file, err := keys.Marshal()
			require.NoError(t, err)
			again, err := seal.Unmarshal(t.Context(), file, pair[0])
			require.NoError(t, err)

			require.Equal(t, keys.IDs(), again.IDs())
			require.Equal(t, keys.Current().ID(), again.Current().ID())
			require.Equal(t, keys.MAC("p", nil), again.MAC("p", nil))
			first, err := keys.HashKey([]byte("salt"))
			require.NoError(t, err)
			second, err := again.HashKey([]byte("salt"))
			require.NoError(t, err)
			require.Equal(t, first, second)
			for _, id := range keys.IDs() {
				old, err := keys.Key(id)
				require.NoError(t, err)
				now, err := again.Key(id)
				require.NoError(t, err)
				n := nonce()
				_, err = now.OpenPart(nil, old.SealPart(nil, []byte("x"), &n, seal.PartID{}), seal.PartID{})
				require.NoError(t, err)
			}
			_, err = again.Key(0)
			require.ErrorIs(t, err, seal.ErrUnknownKey)
			info, err := seal.InspectFile(file)
			require.NoError(t, err)
			require.Equal(t, 2, info.Keys)
		})
	}
}

func TestKeep(t *testing.T) {
	keys, err := newKeys(t).WithNewKey()
	require.NoError(t, err)
	first := keys.IDs()[0]
	kept := keys.Keep(func(id seal.KeyID) bool { return id == first })
	require.Equal(t, []seal.KeyID{first}, kept.IDs())
	_, err = kept.Key(keys.Current().ID())
	require.ErrorIs(t, err, seal.ErrUnknownKey)
	require.Len(t, keys.IDs(), 2, "the keyset it comes from stays")
	require.Nil(t, keys.Keep(func(seal.KeyID) bool { return false }).Current())
}

func TestWrongKey(t *testing.T) {
	pairs := wrappers(t)
	for name, pair := range pairs {
		t.Run(name, func(t *testing.T) {
			newKeysWith(t, pair[1]) // makes the second key file
			file, err := newKeysWith(t, pair[0]).Marshal()
			require.NoError(t, err)
			_, err = seal.Unmarshal(t.Context(), file, pair[1])
			require.ErrorIs(t, err, seal.ErrWrongKey)
			if name != "passphrase" {
				_, err = seal.Unmarshal(t.Context(), file, pairs["passphrase"][0])
				require.ErrorIs(t, err, seal.ErrWrongKey)
			}
		})
	}
}

// plainWrapper is a caller's wrapper that does not authenticate: the wrong key
// gives noise.
type plainWrapper byte

func (w plainWrapper) Encrypt(_ context.Context, b []byte) ([]byte, error) {
	out := bytes.Clone(b)
	for i := range out {
		out[i] ^= byte(w)
	}
	return out, nil
}

func (w plainWrapper) Decrypt(ctx context.Context, b []byte) ([]byte, error) {
	return w.Encrypt(ctx, b)
}

type failingWrapper struct{ err error }

func (w failingWrapper) Encrypt(context.Context, []byte) ([]byte, error) { return nil, w.err }
func (w failingWrapper) Decrypt(context.Context, []byte) ([]byte, error) { return nil, w.err }

func TestForeignWrapper(t *testing.T) {
	file, err := newKeysWith(t, plainWrapper(3)).Marshal()
	require.NoError(t, err)
	_, err = seal.Unmarshal(t.Context(), file, plainWrapper(3))
	require.NoError(t, err)
	_, err = seal.Unmarshal(t.Context(), file, plainWrapper(4))
	require.ErrorIs(t, err, seal.ErrWrongKey)

	down := errors.New("service is down")
	_, err = seal.NewKeyset(t.Context(), failingWrapper{down})
	require.ErrorIs(t, err, down)
	_, err = seal.Unmarshal(t.Context(), file, failingWrapper{down})
	require.ErrorIs(t, err, down)
	require.NotErrorIs(t, err, seal.ErrWrongKey)
}

// wrapperFunc does the same to encrypt and to decrypt.
type wrapperFunc func(ctx context.Context, b []byte) ([]byte, error)

func (f wrapperFunc) Encrypt(ctx context.Context, b []byte) ([]byte, error) { return f(ctx, b) }
func (f wrapperFunc) Decrypt(ctx context.Context, b []byte) ([]byte, error) { return f(ctx, b) }

// TestWrapperMisbehaves: a wrapper that panics, ends its goroutine or never
// returns takes nobody with it.
func TestWrapperMisbehaves(t *testing.T) {
	file, err := newKeys(t).Marshal()
	require.NoError(t, err)
	forever := make(chan struct{})
	defer close(forever)
	ctx, cancel := context.WithCancel(t.Context())
	for name, wrapper := range map[string]wrapperFunc{
		"panics": func(context.Context, []byte) ([]byte, error) { panic("no") },
		"ends":   func(context.Context, []byte) ([]byte, error) { runtime.Goexit(); return nil, nil },
	} {
		_, err := seal.NewKeyset(ctx, wrapper)
		require.ErrorIs(t, err, seal.ErrWrapper, name)
		_, err = seal.Unmarshal(ctx, file, wrapper)
		require.ErrorIs(t, err, seal.ErrWrapper, name)
	}
	_, err = seal.NewKeyset(ctx, wrapperFunc(func(context.Context, []byte) ([]byte, error) {
		cancel()
		<-forever
		return nil, nil
	}))
	require.ErrorIs(t, err, context.Canceled)
}

// TestWrapperSeesLittle: key services take no more than 4 KiB, however many
// data keys there are, and are not asked for each.
func TestWrapperSeesLittle(t *testing.T) {
	calls, most := 0, 0
	keys, err := seal.NewKeyset(t.Context(), wrapperFunc(func(_ context.Context, b []byte) ([]byte, error) {
		calls, most = calls+1, max(most, len(b))
		return b, nil
	}))
	require.NoError(t, err)
	for range 200 {
		keys, err = keys.WithNewKey()
		require.NoError(t, err)
		_, err = keys.Marshal()
		require.NoError(t, err)
	}
	require.Equal(t, 2, calls, "to wrap, and to see that it unwraps")
	require.LessOrEqual(t, most, 100)
}

func TestEmptyPassphrase(t *testing.T) {
	file, err := newKeys(t).Marshal()
	require.NoError(t, err)
	_, err = seal.NewKeyset(t.Context(), seal.Passphrase(nil))
	require.ErrorIs(t, err, seal.ErrPassphrase)
	_, err = seal.Unmarshal(t.Context(), file, seal.Passphrase([]byte{}))
	require.ErrorIs(t, err, seal.ErrPassphrase)
}

func TestDamagedKeyset(t *testing.T) {
	wrapper := seal.RandomKey()
	file, err := newKeysWith(t, wrapper).Marshal()
	require.NoError(t, err)
	for i := range file {
		for bit := range 8 {
			damaged := bytes.Clone(file)
			damaged[i] ^= 1 << bit
			_, err := seal.Unmarshal(t.Context(), damaged, wrapper)
			require.ErrorIs(t, err, seal.ErrCorrupt)
		}
		_, err := seal.Unmarshal(t.Context(), file[:i], wrapper)
		require.ErrorIs(t, err, seal.ErrCorrupt)
	}
}

func TestKeysetHoldsNoPlainKey(t *testing.T) {
	var plain []byte
	file, err := newKeysWith(t, recorder{seal.RandomKey(), &plain}).Marshal()
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(plain), seal.KeySize)
	for i := 0; i+8 <= len(plain); i++ {
		require.False(t, bytes.Contains(file, plain[i:i+8]))
	}
}

type recorder struct {
	seal.KeyWrapper
	plain *[]byte
}

func (r recorder) Encrypt(ctx context.Context, b []byte) ([]byte, error) {
	*r.plain = bytes.Clone(b)
	return r.KeyWrapper.Encrypt(ctx, b)
}

func TestKeyFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "key")
	wrapper := seal.KeyFile(path)
	_, err := wrapper.Decrypt(t.Context(), nil)
	require.ErrorIs(t, err, fs.ErrNotExist, "a key is never made to unwrap")
	require.NoFileExists(t, path)

	blob, err := wrapper.Encrypt(t.Context(), []byte("keys"))
	require.NoError(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	key, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(string(text), "\n"))
	require.NoError(t, err)
	require.Len(t, key, seal.KeySize)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 1, "no temporary file is left")

	for mode, refused := range map[fs.FileMode]bool{0o640: true, 0o604: true, 0o620: true, 0o400: false, 0o600: false} {
		require.NoError(t, os.Chmod(path, mode))
		_, err = wrapper.Decrypt(t.Context(), blob)
		require.Equal(t, refused, errors.Is(err, seal.ErrKeyFile), "mode %o: %v", mode, err)
	}
	for _, bad := range []string{"", "\n", "short", strings.Repeat("A", 200), string(text[:43]), string(text) + string(text)} {
		require.NoError(t, os.WriteFile(path, []byte(bad), 0o600))
		_, err = wrapper.Decrypt(t.Context(), blob)
		require.ErrorIs(t, err, seal.ErrKeyFile)
		_, err = wrapper.Encrypt(t.Context(), blob)
		require.ErrorIs(t, err, seal.ErrKeyFile, "a bad file is not replaced")
	}
}

// A key file with a flipped bit, or that is cut anywhere, is none, is another key, or is
// the same key.
func TestKeyFileDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	wrapper := seal.KeyFile(path)
	file, err := newKeysWith(t, wrapper).Marshal()
	require.NoError(t, err)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	var counts longrun.Counts
	try := func(content []byte) {
		require.NoError(t, os.WriteFile(path, content, 0o600))
		_, err := seal.Unmarshal(t.Context(), file, wrapper)
		if err == nil {
			counts.Add("harmless")
			return
		}
		require.True(t, errors.Is(err, seal.ErrKeyFile) || errors.Is(err, seal.ErrWrongKey), "%v", err)
		counts.Add("damages noticed")
	}
	for i := range whole {
		try(whole[:i])
		for bit := range 8 {
			damaged := bytes.Clone(whole)
			damaged[i] ^= 1 << bit
			try(damaged)
		}
	}
	require.Less(t, counts.Of("harmless"), 10, "the end of the line, and bits that base64 leaves over")
	counts.Tell(t)
}

// TestKeyFileLeftovers: what a crash left while a key file was made goes when the
// key is next used.
func TestKeyFileLeftovers(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "key")
	left := filepath.Join(folder, ".key.making-1234")
	other := filepath.Join(folder, ".other.making-1")
	for _, name := range []string{left, other} {
		require.NoError(t, os.WriteFile(name, []byte("secret"), 0o600))
	}
	_, err := seal.KeyFile(path).Encrypt(t.Context(), []byte("keys"))
	require.NoError(t, err)
	require.NoFileExists(t, left)
	require.FileExists(t, other)
}

func TestKeyFileIsNoFile(t *testing.T) {
	folder := t.TempDir()
	_, err := seal.KeyFile(folder).Decrypt(t.Context(), nil)
	require.ErrorIs(t, err, seal.ErrKeyFile)
	_, err = seal.KeyFile(os.DevNull).Encrypt(t.Context(), nil)
	require.ErrorIs(t, err, seal.ErrKeyFile)
}

// TestKeyFileMadeOnce lets several stores make the same key file at once: all
// must end with the same key.
func TestKeyFileMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	blobs := make([][]byte, 8)
	var wg sync.WaitGroup
	for i := range blobs {
		wg.Go(func() {
			var err error
			blobs[i], err = seal.KeyFile(path).Encrypt(t.Context(), []byte{byte(i)})
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	for i, blob := range blobs {
		plain, err := seal.KeyFile(path).Decrypt(t.Context(), blob)
		require.NoError(t, err)
		require.Equal(t, []byte{byte(i)}, plain)
	}
}

func TestTamperedPassphraseCost(t *testing.T) {
	wrapper := seal.Passphrase([]byte("p"))
	blob, err := wrapper.Encrypt(t.Context(), []byte("keys"))
	require.NoError(t, err)
	for _, i := range []int{4, 8, 9} { // time, memory, threads
		damaged := bytes.Clone(blob)
		damaged[i] = 0xff
		if i == 9 {
			damaged[i] = 0
		}
		_, err := wrapper.Decrypt(t.Context(), damaged)
		require.ErrorIs(t, err, seal.ErrCorrupt)
	}
}

func FuzzUnmarshal(f *testing.F) {
	wrapper := seal.RandomKey()
	file, err := newKeysWith(f, wrapper).Marshal()
	require.NoError(f, err)
	f.Add(file)
	f.Add(file[:40])
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := seal.Unmarshal(context.Background(), data, wrapper); err != nil {
			require.True(t, errors.Is(err, seal.ErrCorrupt) || errors.Is(err, seal.ErrWrongKey) ||
				errors.Is(err, seal.ErrUnsupported), "%v", err)
		}
	})
}

func BenchmarkOpenPart(b *testing.B) {
	key := newKeys(b).Current()
	n := nonce()
	for name, size := range map[string]int{"150B": 150, "1KB": 1 << 10, "64KB": 64 << 10} {
		b.Run(name, func(b *testing.B) {
			sealed := key.SealPart(nil, make([]byte, size), &n, seal.PartID{})
			dst := make([]byte, 0, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := key.OpenPart(dst, sealed, seal.PartID{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerifyRecord(b *testing.B) {
	key := newKeys(b).Current()
	n := nonce()
	record := make([]byte, 1<<20)
	tag := key.TagRecord(record, &n)
	b.SetBytes(int64(len(record)))
	b.ReportAllocs()
	for b.Loop() {
		if err := key.VerifyRecord(record, n[:], tag[:]); err != nil {
			b.Fatal(err)
		}
	}
}
