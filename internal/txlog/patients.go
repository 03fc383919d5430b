package txlog

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io/fs"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// Layout of the file of patients' keys.
const (
	patientsMagic = "FLPATNTS"
	patientsHead  = 8 + 4 + 4 + 8 + 4 + 4 // magic, version, generation, data key, slots, 0

	patientsVersion = 2

	// patientsMost bounds the file: 16 million slots.
	patientsMost = 512 << 20
)

// A slotTable has the secrets of key slots, from slot 1 on. It does not change.
type slotTable struct {
	generation uint32 // of the file
	key        seal.KeyID
	secrets    []seal.PatientKey
}

// secret returns the secret of a slot. It reports ErrErased, or ErrCorrupt for a slot
// that the store does not have.
func (t *slotTable) secret(slot uint32) (*seal.PatientKey, error) {
	if slot == 0 || int64(slot) > int64(len(t.secrets)) {
		return nil, corruptf("key slot %d is missing", slot)
	}
	if p := &t.secrets[slot-1]; *p != (seal.PatientKey{}) {
		return p, nil
	}
	return nil, ErrErased
}

func (t *slotTable) marshal(keys *seal.Keyset, lineage [16]byte) ([]byte, error) {
	key, err := keys.Key(t.key)
	if err != nil {
		return nil, err
	}
	if err := key.Reserve(1, 0); err != nil {
		return nil, err
	}
	file := append([]byte(nil), patientsMagic...)
	file = binary.LittleEndian.AppendUint32(file, patientsVersion)
	file = binary.LittleEndian.AppendUint32(file, t.generation)
	file = binary.LittleEndian.AppendUint64(file, uint64(t.key))
	file = binary.LittleEndian.AppendUint32(file, uint32(len(t.secrets)))
	file = binary.LittleEndian.AppendUint32(file, 0)
	plain := make([]byte, 0, len(t.secrets)*seal.KeySize)
	for i := range t.secrets {
		plain = append(plain, t.secrets[i][:]...)
	}
	defer clear(plain)
	var nonce [seal.NonceSize]byte
	rand.Read(nonce[:])
	return key.SealPart(file, plain, &nonce, t.part(lineage)), nil
}

// part says what is sealed: the keys of a generation.
func (t *slotTable) part(lineage [16]byte) seal.PartID {
	return seal.PartID{Lineage: lineage, Number: uint64(t.generation), Slot: uint32(len(t.secrets)), Kind: seal.Patients}
}

// unmarshalSlots reads a file of patients' keys.
func unmarshalSlots(file []byte, keys *seal.Keyset, lineage [16]byte) (*slotTable, error) {
	if len(file) < patientsHead || string(file[:8]) != patientsMagic {
		return nil, corruptf("the file of patients' keys is none")
	}
	if v := binary.LittleEndian.Uint32(file[8:]); v != patientsVersion {
		return nil, Unsupported("file of patients' keys", uint64(v), patientsVersion)
	}
	t := &slotTable{generation: binary.LittleEndian.Uint32(file[12:]), key: seal.KeyID(binary.LittleEndian.Uint64(file[16:]))}
	n := int64(binary.LittleEndian.Uint32(file[24:]))
	if binary.LittleEndian.Uint32(file[28:]) != 0 || int64(len(file)) != patientsHead+n*seal.KeySize+seal.Overhead {
		return nil, corruptf("the file of patients' keys has %d bytes for %d slots", len(file), n)
	}
	key, err := keys.Key(t.key)
	if err != nil {
		return nil, corruptf("the file of patients' keys is an old one: %v", err)
	}
	t.secrets = make([]seal.PatientKey, n)
	plain, err := key.OpenPart(nil, file[patientsHead:], t.part(lineage))
	if err != nil {
		return nil, sealError(err)
	}
	defer clear(plain)
	for i := range t.secrets {
		copy(t.secrets[i][:], plain[i*seal.KeySize:])
	}
	return t, nil
}

// loadSlots reads the file of patients' keys and holds it against the manifest. Every
// slot that it has counts as given.
func (l *Log) loadSlots(m *manifest) error {
	file, err := readUpTo(l.folder, namePatients, patientsMost)
	if errors.Is(err, fs.ErrNotExist) {
		if m.patients > 0 {
			return corruptf("%s is missing", namePatients)
		}
		return nil
	}
	if err != nil {
		return openError(err)
	}
	t, err := unmarshalSlots(file, l.keys.Load(), l.header.lineage)
	if err != nil {
		return err
	}
	if t.generation < m.patients {
		return corruptf("the file of patients' keys is of generation %d, the manifest names %d", t.generation, m.patients)
	}
	l.slots.Store(t)
	l.patients.used = len(t.secrets)
	return nil
}
