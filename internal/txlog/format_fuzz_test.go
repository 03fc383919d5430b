package txlog

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// typedError reports whether an error is one that a decoder may give.
func typedError(err error) bool {
	return errors.Is(err, ErrCorrupt) || errors.Is(err, ErrUnsupported)
}

// FuzzManifest decodes any bytes as a manifest: what it accepts it writes again,
// byte for byte.
func FuzzManifest(f *testing.F) {
	keys, err := seal.NewKeyset(f.Context(), seal.RandomKey())
	require.NoError(f, err)
	m := manifest{generation: 3, nextName: 4, cut: true,
		dictionaries: []dictionaryEntry{{number: 1, size: 5}},
		terms:        []termEntry{{term: 1, first: 1}},
		segments: []segmentEntry{
			{name: 1, firstSequence: 1, firstNumber: 1, lastSequence: 2, lastNumber: 4, items: 4, records: 2, keys: []seal.KeyID{7, 8}},
			{name: 3, firstSequence: 3, firstNumber: 5},
		}}
	file := m.marshal(keys)
	f.Add(file[:len(file)-seal.TagSize])
	f.Add(file[:manifestFixed])
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := decodeManifest(data)
		if err != nil {
			require.True(t, typedError(err), "%v", err)
			return
		}
		if m.check() != nil || m.segments[len(m.segments)-1].lastSequence != 0 {
			return
		}
		again := m.marshal(keys)
		read, err := unmarshalManifest(again, keys)
		require.NoError(t, err)
		require.Equal(t, again, read.marshal(keys))
	})
}

// FuzzHeader decodes any bytes as a header.
func FuzzHeader(f *testing.F) {
	keys, err := seal.NewKeyset(f.Context(), seal.RandomKey())
	require.NoError(f, err)
	h := storeHeader{lineage: [16]byte{1}, store: [16]byte{2}, salt: [16]byte{3}, created: 4}
	f.Add(h.marshal(keys))
	f.Add([]byte(oldMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := decodeHeader(data)
		if err != nil {
			require.True(t, typedError(err), "%v", err)
			return
		}
		read, err := unmarshalHeader(h.marshal(keys), keys)
		require.NoError(t, err)
		require.Equal(t, h, read)
	})
}

// FuzzHead decodes any bytes as a slot of head, and finds the newer of two.
func FuzzHead(f *testing.F) {
	keys, err := seal.NewKeyset(f.Context(), seal.RandomKey())
	require.NoError(f, err)
	h := head{generation: 1, sequence: 2, next: 3, end: 4, term: 5}
	f.Add(h.marshal(keys))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < headSlotSize {
			return
		}
		h := decodeHead(data)
		again, ok := unmarshalHead(h.marshal(keys), keys)
		require.True(t, ok)
		require.Equal(t, h, again)
		file := newHeadFile(h, keys)
		copy(file[headBlock:], make([]byte, headSlotSize))
		found, slot, err := unmarshalHeads(file, keys)
		require.NoError(t, err)
		require.Zero(t, slot)
		require.Equal(t, h, found)
	})
}

// FuzzPatients decodes any bytes as a file of patients' keys.
func FuzzPatients(f *testing.F) {
	keys, err := seal.NewKeyset(f.Context(), seal.RandomKey())
	require.NoError(f, err)
	keys, key, err := keys.WithSideKey()
	require.NoError(f, err)
	t := slotTable{generation: 1, key: key.ID(), secrets: []seal.PatientKey{seal.NewPatientKey(), {}}}
	file, err := t.marshal(keys, [16]byte{1})
	require.NoError(f, err)
	f.Add(file)
	f.Add(file[:patientsHead])
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := unmarshalSlots(data, keys, [16]byte{1})
		if err != nil {
			require.True(t, typedError(err), "%v", err)
			return
		}
		require.Equal(t, file[:patientsHead], data[:patientsHead])
		require.Len(t, table.secrets, 2)
	})
}

// FuzzCheckpointHeader decodes any bytes as the header of a checkpoint.
func FuzzCheckpointHeader(f *testing.F) {
	keys, err := seal.NewKeyset(f.Context(), seal.RandomKey())
	require.NoError(f, err)
	h := checkpointHeader{store: [16]byte{1}, id: [16]byte{2}, key: 3, last: Last{4, 5, 6}, segments: 7, parts: 8, directory: 9, size: 10}
	f.Add(h.marshal(keys))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := decodeCheckpointHeader(data)
		if err != nil {
			require.True(t, typedError(err), "%v", err)
			return
		}
		again, err := decodeCheckpointHeader(h.marshal(keys))
		require.NoError(t, err)
		require.Equal(t, h, again)
	})
}
