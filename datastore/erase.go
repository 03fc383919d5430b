package datastore

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/issue"
)

// ErrErased is returned for a resource that was erased with its patient ([Store.Erase]).
// It is an ErrGone.
var ErrErased = engine.ErrErased

// Erase makes the store forget a patient for good. It takes every version, superseded
// ones and deletions included, whose only patient is the one with the id, by the
// compartment of patients (FHIR R4 §3.3); of a resource that went from one patient to
// another, each version by itself. With them go Binary, Bundle, Linkage and
// DocumentReference resources that are about nobody by themselves and are reached only
// from erased resources, and the resources that were derived from erased documents.
//
// The erasure is one commit: from it on nobody finds any of it, and [Store.Changes] shows
// deletions with the interaction "erasure", or a commit without versions to who comes
// later. Then snapshots, searches and exports that began before have three seconds to end;
// one that lasts longer reports ErrStalePage. The keys under which the patient's versions
// lie are destroyed, and what lies under other keys is written anew without them. When
// Erase returns nil, no key that there is opens any of it in the store's files, and no
// index has a text of it. If the process ends before, the next opening finishes it.
//
// It returns the resources that name the patient, or a resource that is gone, and stay,
// because they are about somebody else as well or about nobody: a Group of patients, say.
// What these say about the patient is the caller's to change.
//
// Keyed hashes of the erased resources' ids remain: reading such a resource reports ErrErased. An id may
// be written again, and is another resource's then. What is written for the patient while
// Erase works is not erased.
//
// Files outside the store are not reached, but what they have under the patient's keys
// cannot be opened with the keys that the store has from then on: copies of the folder
// that were made with their keys, and what the disk keeps of bytes that were overwritten,
// are not promised (docs/storage.md).
//
// Erase reports ErrNotFound for a patient that the store knows nothing of, ErrErased for
// one that was erased before and has nothing new, an [Error] of class ErrInvalid for what
// is no id, and otherwise what Compact reports. After an error it may be called again: an
// erasure that is in the feed already is finished by the next call, for whichever patient.
func (s *Store) Erase(ctx context.Context, patientID string) (others []Ref, err error) {
	if err := s.admin("erase"); err != nil {
		return nil, err
	}
	if !fhirjson.ValidID(patientID) {
		return nil, engine.Failf(ErrInvalid, issue.Value, "the id of the patient is none: 1 to 64 of A-Z, a-z, 0-9, '-' and '.'")
	}
	stay, err := s.engine.Erase(ctx, patientID)
	for i := range stay {
		others = append(others, publicVersion(&stay[i]).Ref)
	}
	return others, err
}
