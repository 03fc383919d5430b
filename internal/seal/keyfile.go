package seal

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/fhirlake/fhirlake/internal/durable"
)

type keyFile string

// KeyFile returns a wrapper whose key is in a file: one line, the base64 of 32 bytes.
// The file is made, with a random key and mode 0600, when a keyset is made; it is never
// made to unwrap one. A file that group or others can read is refused with ErrKeyFile,
// except on Windows, whose files have no such mode. Keep the file apart from the store
// and its backups: none is made in the folder of a store.
func KeyFile(path string) KeyWrapper { return keyFile(path) }

func (f keyFile) Encrypt(ctx context.Context, plaintext []byte) ([]byte, error) {
	key, err := f.read()
	if errors.Is(err, fs.ErrNotExist) {
		if err := f.create(); err != nil {
			return nil, err
		}
		key, err = f.read()
	}
	if err != nil {
		return nil, err
	}
	return key.Encrypt(ctx, plaintext)
}

func (f keyFile) Decrypt(ctx context.Context, blob []byte) ([]byte, error) {
	key, err := f.read()
	if err != nil {
		return nil, err
	}
	return key.Decrypt(ctx, blob)
}

func (f keyFile) read() (*rawKey, error) {
	// A FIFO would let Open wait for a writer for ever.
	file, err := os.OpenFile(string(f), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("seal: key file: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("seal: key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is no regular file", ErrKeyFile, string(f))
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%w: %s has mode %04o, others can use it: chmod 600", ErrKeyFile, string(f), mode)
	}
	// A line of 32 bytes in base64 has 44 characters and its end.
	text := make([]byte, 64)
	n, err := file.Read(text)
	if err != nil && n == 0 {
		return nil, fmt.Errorf("%w: %s cannot be read or is empty", ErrKeyFile, string(f))
	}
	key, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(text[:n])))
	if err != nil || len(key) != KeySize {
		return nil, fmt.Errorf("%w: %s is not one line of %d bytes in base64", ErrKeyFile, string(f), KeySize)
	}
	f.removeLeftovers()
	raw := rawKey(key)
	return &raw, nil
}

// temp returns the prefix of the temporary files that may become this key file.
func (f keyFile) temp() string { return "." + filepath.Base(string(f)) + ".making-" }

// removeLeftovers removes keys that a crash left behind while the key file was
// being made. The key file is there, so none of them can become it.
func (f keyFile) removeLeftovers() {
	folder := filepath.Dir(string(f))
	entries, err := os.ReadDir(folder)
	if err != nil {
		return // a folder that cannot be listed is one that we made no key in
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), f.temp()) {
			os.Remove(filepath.Join(folder, e.Name()))
		}
	}
}

// create writes a new key to a temporary file and links it into place. A link
// does not replace, as a rename would: of two stores that make the same key
// file at once, the second must not take the key of the first away.
func (f keyFile) create() (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("seal: make key file: %w", err)
		}
	}()
	folder := filepath.Dir(string(f))
	if isStore(folder) {
		return fmt.Errorf("%w: its folder is that of a store, which holds nothing else: keep the key apart", ErrKeyFile)
	}
	temp, err := os.CreateTemp(folder, f.temp()+"*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	key := make([]byte, KeySize)
	rand.Read(key)
	_, err = temp.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err == nil {
		err = temp.Sync()
	}
	if closeErr := temp.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if err := os.Link(temp.Name(), string(f)); err != nil {
		// Another has made the key file, and may have removed our temporary one.
		if _, statErr := os.Stat(string(f)); statErr != nil {
			return err
		}
	}
	return durable.SyncFolder(folder)
}

// isStore reports whether a folder has the files by which a store is known. It would not
// open with a file more.
func isStore(folder string) bool {
	for _, name := range []string{"header", "keyset"} {
		if _, err := os.Lstat(filepath.Join(folder, name)); err != nil {
			return false
		}
	}
	return true
}
