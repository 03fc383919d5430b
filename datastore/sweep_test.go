package datastore_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
)

// patientVersion is a patient whose values change with each version.
func patientVersion(id, version int) []byte {
	return fmt.Appendf(nil, `{"resourceType":"Patient","id":"p%03d","identifier":[{"system":"urn:x","value":"%d-%d"}],"birthDate":"19%02d-01-01","gender":"%s"}`,
		id, id, version, 10+version%80, []string{"male", "female"}[(id+version)%2])
}

func TestSweepKeepsWhatIsAsked(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	store := storetest.Open(t, &datastore.Options{Now: func() time.Time { return now }})
	const patients = 40
	writeAll := func(version int) {
		_, err := store.Write(ctx, func(tx *datastore.Transaction) error {
			for id := range patients {
				if _, err := tx.Update(ctx, patientVersion(id, version)); err != nil {
					return err
				}
			}
			return nil
		})
		require.NoError(t, err)
	}
	writeAll(1)
	first, err := store.Search(ctx, "Patient", "gender=female&_sort=_id&_count=5")
	require.NoError(t, err)
	snapshot := store.Snapshot()
	now = now.Add(time.Hour)
	for version := 2; version <= 5; version++ {
		writeAll(version)
	}

	// Superseded just now: pages fit on.
	store.SweepOld()
	require.Zero(t, store.Swept())
	second, err := store.Search(ctx, "Patient", first.Next)
	require.NoError(t, err)
	require.Equal(t, first.Total, second.Total)
	require.Equal(t, "1", second.Matches[0].VersionID)

	// Long ago: a snapshot that is open keeps it all the same.
	now = now.Add(datastore.PageGrace() + time.Second)
	store.SweepOld()
	require.Zero(t, store.Swept())
	page, err := snapshot.Search(ctx, "Patient", "gender=male&identifier=urn:x%7C1-1")
	require.NoError(t, err)
	require.Equal(t, 1, page.Total)

	snapshot.Close()
	snapshot.Close()
	store.SweepOld()
	require.Equal(t, 4*patients, store.Swept())
	_, err = store.Search(ctx, "Patient", first.Next)
	require.ErrorIs(t, err, datastore.ErrStalePage)
	_, err = snapshot.Search(ctx, "Patient", "gender=female")
	require.ErrorIs(t, err, datastore.ErrStalePage)

	// Searches are as before; versions and histories are all there.
	page, err = store.Search(ctx, "Patient", "birthdate=1915-01-01&_count=100")
	require.NoError(t, err)
	require.Equal(t, patients, page.Total)
	page, err = store.Search(ctx, "Patient", "identifier=urn:x%7C1-1")
	require.NoError(t, err)
	require.Zero(t, page.Total)
	for _, ref := range []datastore.Ref{{}, {Type: "Patient"}, {Type: "Patient", ID: "p001"}} {
		versions := 0
		for v, err := range store.History(ctx, ref, nil) {
			require.NoError(t, err)
			require.True(t, strings.Contains(string(v.JSON), "-"+v.VersionID+`"`))
			versions++
		}
		if ref.ID == "" {
			require.Equal(t, 5*patients, versions)
		} else {
			require.Equal(t, 5, versions)
		}
	}
	old, err := snapshot.Read(ctx, datastore.Ref{Type: "Patient", ID: "p001"})
	require.NoError(t, err)
	require.Equal(t, "1", old.VersionID)
	require.NoError(t, store.Verify(ctx))
}

// Searches, snapshots and conditional writes are exact while sweeps run.
func TestSearchesDuringSweeps(t *testing.T) {
	store := storetest.Open(t, nil)
	const patients = 20
	write := func(version int) error {
		_, err := store.Write(ctx, func(tx *datastore.Transaction) error {
			for id := range patients {
				if _, err := tx.Update(ctx, patientVersion(id, version)); err != nil {
					return err
				}
			}
			return nil
		})
		return err
	}
	require.NoError(t, write(0))
	done := make(chan struct{})
	var others sync.WaitGroup
	fail := make(chan error, 3)
	loop := func(f func() error) {
		others.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := f(); err != nil {
					fail <- err
					return
				}
			}
		})
	}
	loop(store.SweepAll)
	loop(func() error {
		page, err := store.Search(ctx, "Patient", "gender=female&_sort=-birthdate,_id")
		if err == nil && page.Total != patients/2 {
			err = fmt.Errorf("%d found", page.Total)
		}
		return err
	})
	loop(func() error {
		now := store.Snapshot()
		defer now.Close()
		for range 3 {
			page, err := now.Search(ctx, "Patient", "birthdate=ge1910&_count=100")
			if err != nil {
				return err
			}
			if page.Total != patients || page.Matches[0].VersionID != page.Matches[patients-1].VersionID {
				return fmt.Errorf("%d found", page.Total)
			}
		}
		return nil
	})
	for version := 1; version <= 60; version++ {
		require.NoError(t, write(version))
		_, err := store.Create(ctx, patientVersion(0, version), datastore.IfNoneExist(fmt.Sprintf("identifier=urn:x%%7C3-%d", version)))
		require.NoError(t, err)
	}
	close(done)
	others.Wait()
	close(fail)
	for err := range fail {
		require.NoError(t, err)
	}
	require.NoError(t, store.SweepAll())
	require.Equal(t, 60*patients, store.Swept())
}
