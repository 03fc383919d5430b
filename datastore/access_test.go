package datastore_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"testing"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/nlp/clinical"
	"github.com/stretchr/testify/require"
)

func of(patient, permissions string) *access.Rights {
	return &access.Rights{Caller: "me", Grants: []access.Grant{{Type: "*", Permissions: permissions, Patient: patient}}}
}

// What concerns the store as a whole wants Admin, whatever the grants are.
func TestAdmin(t *testing.T) {
	store := filled(t, nil, `{"resourceType":"Patient","id":"p"}`, `{"resourceType":"Patient","id":"q"}`)
	firstOf := func(s *datastore.Store) error {
		for _, err := range s.Changes(ctx, 0) {
			return err
		}
		return nil
	}
	for name, do := range map[string]func(s *datastore.Store) error{
		"Changes": firstOf,
		"ChangesAfter": func(s *datastore.Store) error {
			for _, err := range s.ChangesAfter(ctx, datastore.Head{}) {
				return err
			}
			return nil
		},
		"of a snapshot": func(s *datastore.Store) error {
			for _, err := range s.Snapshot().Changes(ctx, 0) {
				return err
			}
			return nil
		},
		"State": func(s *datastore.Store) error { _, err := s.State(ctx, "x"); return err },
		"SetState": func(s *datastore.Store) error {
			tx := s.Begin()
			_ = tx.SetState("x", []byte("y"))
			_, err := tx.Commit(ctx)
			return err
		},
		"Stats":  func(s *datastore.Store) error { _, err := s.Stats(); return err },
		"Backup": func(s *datastore.Store) error { _, err := s.Backup(ctx, io.Discard, 0); return err },
		"BackupApart": func(s *datastore.Store) error {
			_, err := s.BackupApart(ctx, io.Discard, new(bytes.Buffer), 0)
			return err
		},
		"Compact":   func(s *datastore.Store) error { return s.Compact(ctx, nil, nil) },
		"Purge":     func(s *datastore.Store) error { return s.Purge(ctx, datastore.Ref{Type: "Patient", ID: "q"}) },
		"Erase":     func(s *datastore.Store) error { _, err := s.Erase(ctx, "q"); return err },
		"Verify":    func(s *datastore.Store) error { return s.Verify(ctx) },
		"RotateKey": func(s *datastore.Store) error { return s.RotateKey(ctx, nil) },
		"Rewrap":    func(s *datastore.Store) error { return s.Rewrap(ctx, datastore.RawKey([32]byte{1})) },
		"_explain":  func(s *datastore.Store) error { _, err := s.Search(ctx, "Patient", "_explain=true"); return err },
	} {
		all := access.Rights{Grants: []access.Grant{{Type: "*", Permissions: access.Permissions}}}
		require.ErrorIs(t, do(store.For(&all)), access.ErrForbidden, name)
		require.Equal(t, 403, datastore.Status(do(store.For(nil))), name)
		all.Admin = true
		require.NotErrorIs(t, do(store.For(&all)), access.ErrForbidden, name)
	}
	require.Empty(t, store.For(of("p", "r")).StateNames(""))
}

// A snapshot shows what the caller may find.
func TestSnapshotOfCaller(t *testing.T) {
	store := filled(t, nil,
		`{"resourceType":"Patient","id":"p"}`, `{"resourceType":"Patient","id":"q"}`, `{"resourceType":"Encounter","id":"p","status":"finished","class":{"code":"x"},"subject":{"reference":"Patient/q"}}`,
		`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/q"}}`,
		`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"}}`,
	)
	now := store.For(of("p", "rs")).Snapshot()
	defer now.Close()
	require.Equal(t, []string{"Observation", "Patient"}, now.Types())
	refs := func(typ string) (all []string) {
		of, err := now.Current(typ)
		require.NoError(t, err)
		for o := range of {
			all = append(all, now.Describe(o).Ref.String())
		}
		return all
	}
	require.Equal(t, []string{"Patient/p"}, refs("Patient"))
	require.Empty(t, refs("Encounter"))
	_, err := now.Current("Binary")
	require.ErrorIs(t, err, access.ErrForbidden)
	versions, err := now.Versions("Observation")
	require.NoError(t, err)
	var ids []string
	for v, err := range versions {
		require.NoError(t, err)
		ids = append(ids, v.VersionID)
	}
	require.Equal(t, []string{"2"}, ids)
	require.Equal(t, []datastore.Ref{{Type: "Patient", ID: "p"}}, now.WithID("p"))
	o, err := now.Find(ctx, datastore.Ref{Type: "Observation", ID: "o"})
	require.NoError(t, err)
	_, more := now.Previous(o)
	require.False(t, more)
	_, err = now.Find(ctx, datastore.Ref{Type: "Encounter", ID: "p"})
	require.ErrorIs(t, err, datastore.ErrNotFound)
	found, err := now.Select(ctx, "Patient", "")
	require.NoError(t, err)
	n := 0
	for range found {
		n++
	}
	require.Equal(t, 1, n)
	then, err := store.For(of("p", "rs")).SnapshotAt(now.Sequence())
	require.NoError(t, err)
	page, err := then.Search(ctx, "", "")
	require.NoError(t, err)
	require.Equal(t, 2, page.Total)
}

// A version is judged by its own content, and a deletion by the version before it.
func TestVersionsOfCaller(t *testing.T) {
	observation := func(patient string) string {
		return `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/` + patient + `"}}`
	}
	ref := datastore.Ref{Type: "Observation", ID: "o"}
	store := filled(t, nil, observation("p"), observation("q"), observation("p"), observation("q"))
	require.NoError(t, store.Delete(ctx, ref))
	for patient, want := range map[string][]string{"p": {"3", "1"}, "q": {"5", "4", "2"}, "r": nil} {
		mine := store.For(of(patient, "rs"))
		var seen []string
		for v, err := range mine.History(ctx, ref, nil) {
			if want == nil {
				require.ErrorIs(t, err, datastore.ErrNotFound)
				break
			}
			require.NoError(t, err)
			seen = append(seen, v.VersionID)
		}
		require.Equal(t, want, seen, patient)
		for _, whole := range []datastore.Ref{{}, {Type: "Observation"}} {
			page, _, err := mine.HistoryPage(ctx, whole, nil)
			require.NoError(t, err)
			require.Len(t, page, len(want))
		}
		for _, id := range []string{"1", "2", "3", "4", "5", "6"} {
			_, err := mine.ReadVersion(ctx, ref, id)
			switch {
			case id == "5" && patient == "q":
				require.ErrorIs(t, err, datastore.ErrGone)
			case contains(want, id):
				require.NoError(t, err)
			default:
				require.ErrorIs(t, err, datastore.ErrNotFound, "%s %s", patient, id)
				require.Equal(t, "datastore: resource not found: Observation", err.Error(), "the same for all that are not there")
			}
		}
		_, err := mine.Read(ctx, ref)
		if patient == "q" {
			require.ErrorIs(t, err, datastore.ErrGone)
		} else {
			require.ErrorIs(t, err, datastore.ErrNotFound)
		}
		_, err = store.For(of(patient, "u")).Update(ctx, []byte(observation(patient)), datastore.IfMatch("5"))
		require.ErrorIs(t, err, datastore.ErrPreconditionFailed)
		_, err = store.For(of(patient, "u")).Update(ctx, []byte(observation("q")))
		if patient == "q" {
			require.NoError(t, err)
			require.NoError(t, store.Delete(ctx, ref))
		} else {
			require.ErrorIs(t, err, access.ErrForbidden)
		}
	}
}

func contains(all []string, one string) bool {
	for _, x := range all {
		if x == one {
			return true
		}
	}
	return false
}

// Nobody learns that a patient was erased who could not have seen the patient.
func TestErasedForCaller(t *testing.T) {
	store := filled(t, nil, `{"resourceType":"Patient","id":"p"}`, `{"resourceType":"Patient","id":"q"}`)
	_, err := store.Erase(ctx, "q")
	require.NoError(t, err)
	gone := datastore.Ref{Type: "Patient", ID: "q"}
	_, err = store.Read(ctx, gone)
	require.ErrorIs(t, err, datastore.ErrErased)
	_, err = store.For(&access.Rights{Grants: []access.Grant{{Type: "Patient", Permissions: "r"}}}).Read(ctx, gone)
	require.ErrorIs(t, err, datastore.ErrErased)
	for _, id := range []string{"q", "never"} {
		ref := datastore.Ref{Type: "Patient", ID: id}
		_, err = store.For(of("p", "ru")).Read(ctx, ref)
		require.Equal(t, "datastore: resource not found: Patient", err.Error())
		_, err = store.For(of("p", "ru")).Patch(ctx, ref, []byte(`[]`))
		require.Equal(t, "datastore: resource not found", err.Error())
	}
}

// A caller who may write documents does not get at Binaries through the annotator.
func TestAnnotatorReadsWhatTheCallerMay(t *testing.T) {
	notes, err := clinical.Annotator(nil, nil)
	require.NoError(t, err)
	for name, later := range map[string]bool{"in the write": false, "in the background": true} {
		t.Run(name, func(t *testing.T) {
			note := base64.StdEncoding.EncodeToString([]byte("Assessment: asthma."))
			store := filled(t, &datastore.Options{Annotator: notes, AnnotateLater: later}, `{"resourceType":"Binary","id":"b","contentType":"text/plain","data":"`+note+`"}`)
			document := func(id, binary string) string {
				return `{"resourceType":"DocumentReference","id":"` + id + `","status":"current","subject":{"reference":"Patient/p"},"content":[{"attachment":{"contentType":"text/plain","url":"Binary/` + binary + `"}}]}`
			}
			read := func(mine *datastore.Store, id, binary string) string {
				_, err := mine.Update(ctx, []byte(document(id, binary)))
				require.NoError(t, err)
				require.NoError(t, store.WaitAnnotated(ctx))
				v, err := store.Read(ctx, datastore.Ref{Type: "DocumentReference", ID: id})
				require.NoError(t, err)
				return string(v.JSON)
			}
			mine := of("p", access.Permissions)
			require.NotContains(t, read(store.For(mine), "d", "b"), "asthma")
			require.Contains(t, read(store.For(mine), "d", "b"), "not in the store")
			require.Contains(t, read(store.For(mine), "e", "none"), "not in the store", "as if it were not there")
			mine.Grants = append(mine.Grants, access.Grant{Type: "Binary", Permissions: "r"})
			require.Contains(t, read(store.For(mine), "f", "b"), "asthma")
		})
	}
}

// Who may change a resource and not see it gets no resource back.
func TestAnswersAreWithheld(t *testing.T) {
	store := filled(t, nil, `{"resourceType":"Patient","id":"p","gender":"male","name":[{"family":"Secret"}]}`)
	ref := datastore.Ref{Type: "Patient", ID: "p"}
	patch := []byte(`[{"op":"replace","path":"/gender","value":"female"}]`)
	v, err := store.For(of("p", "u")).Patch(ctx, ref, patch)
	require.NoError(t, err)
	require.Equal(t, "2", v.VersionID)
	require.Empty(t, v.JSON)
	for _, permissions := range []string{"ru", "us"} {
		v, err = store.For(of("p", permissions)).Patch(ctx, ref, patch)
		require.NoError(t, err)
		require.Contains(t, string(v.JSON), "Secret")
	}
	_, err = store.For(of("p", "u")).ConditionalPatch(ctx, "Patient", "_id=p", patch)
	require.ErrorIs(t, err, access.ErrForbidden, "a condition is a search")
	bundle := `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Patient.gender"},{"name":"value","valueCode":"male"}]}]},"request":{"method":"PATCH","url":"Patient/p"}}]}`
	for permissions, shown := range map[string]bool{"u": false, "ru": true} {
		answer, err := store.For(of("p", permissions)).Transact(ctx, []byte(bundle), datastore.Return("representation"))
		require.NoError(t, err)
		require.Equal(t, shown, bytes.Contains(answer, []byte("Secret")))
	}
}

// Conditional references, Provenances and conditions of writes are searches of the caller.
func TestWritesOfCaller(t *testing.T) {
	store := filled(t, nil, `{"resourceType":"Patient","id":"p","gender":"male"}`, `{"resourceType":"Patient","id":"q","gender":"female"}`,
		`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/q"}}`)
	mine := store.For(of("p", access.Permissions))
	observation := func(criteria string) []byte {
		return []byte(`{"resourceType":"Observation","id":"new","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"},"focus":[{"reference":"Patient?` + criteria + `"}]}`)
	}
	_, err := mine.Update(ctx, observation("gender=female"), datastore.ResolveReferences())
	require.ErrorIs(t, err, datastore.ErrPreconditionFailed)
	_, err = mine.Update(ctx, observation("gender=male,female"), datastore.ResolveReferences())
	require.NoError(t, err)
	_, err = store.For(of("p", "cru")).Update(ctx, observation("gender=male"), datastore.ResolveReferences())
	require.ErrorIs(t, err, access.ErrForbidden)

	provenance := []byte(`{"resourceType":"Provenance","recorded":"2024-01-01T00:00:00Z","agent":[{"who":{"display":"x"}}]}`)
	_, err = mine.Update(ctx, []byte(`{"resourceType":"Patient","id":"p"}`), datastore.WithProvenance(provenance))
	require.NoError(t, err)
	_, err = store.For(&access.Rights{Grants: []access.Grant{{Type: "Patient", Permissions: access.Permissions}}}).Update(ctx, []byte(`{"resourceType":"Patient","id":"p"}`), datastore.WithProvenance(provenance))
	require.ErrorIs(t, err, access.ErrForbidden)

	// What a chain decides cannot be promised of a write.
	chained := store.For(&access.Rights{Grants: []access.Grant{{Type: "Observation", Permissions: access.Permissions, Query: "subject:Patient.gender=female"}}})
	page, err := chained.Search(ctx, "Observation", "")
	require.NoError(t, err)
	require.Equal(t, 1, page.Total)
	_, err = chained.Update(ctx, []byte(`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"y"},"subject":{"reference":"Patient/q"}}`))
	require.ErrorIs(t, err, access.ErrForbidden)
	require.NoError(t, chained.Delete(ctx, datastore.Ref{Type: "Observation", ID: "o"}))
}
