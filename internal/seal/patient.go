package seal

import (
	"crypto/rand"
	"fmt"
	"slices"
)

// Patients is the kind of the one part that no item has: the keys of patients.
const Patients PartKind = 5

// A PatientKey is the secret of a key slot: parts of the slot open with it and with their
// data key, and with neither alone. The zero PatientKey is that of a slot that was erased.
type PatientKey [KeySize]byte

// NewPatientKey returns a random secret.
func NewPatientKey() (p PatientKey) {
	rand.Read(p[:])
	return p
}

// ForPatient returns the key that seals and opens the parts of a key slot under the
// data key k. It has k's id and tags no records; seals are reserved with k.
func (k *Key) ForPatient(p *PatientKey) (*Key, error) {
	if *p == (PatientKey{}) {
		return nil, fmt.Errorf("%w: of a patient", ErrUnknownKey)
	}
	parts, err := derivedGCM(p[:], k.patientInfo)
	if err != nil {
		return nil, err
	}
	return &Key{id: k.id, parts: parts}, nil
}

// WithSideKey returns a keyset that has one more data key, which is not the current one.
func (s *Keyset) WithSideKey() (*Keyset, *Key, error) {
	with, err := s.WithNewKey()
	if err != nil {
		return nil, nil, err
	}
	// The retired keys come first, and the current one last.
	key := with.Current()
	return s.with(slices.Insert(slices.Clone(s.keys), s.retired, key)), key, nil
}
