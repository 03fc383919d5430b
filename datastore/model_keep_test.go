package datastore_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/datastore"
)

// stamp notes the times that the stores say versions have, once each. Whatever is written
// later, they stay.
func (p *pair) stamp(t require.TestingT) {
	for i := range p.model {
		m := &p.model[i]
		if !m.time.IsZero() {
			continue
		}
		for _, s := range p.stores {
			for v, err := range s.History(ctx, m.ref, nil) {
				require.NoError(t, err)
				if v.VersionID == fmt.Sprint(m.number) {
					require.True(t, m.time.IsZero() || m.time.Equal(v.LastUpdated))
					m.time = v.LastUpdated
				}
			}
		}
		require.False(t, m.time.IsZero())
	}
}

// kept are the number and the time that a version is to have: 0, and the zero time, if
// the store gives them.
type keptVersion struct {
	number int
	time   time.Time
}

func (k keptVersion) versionID() string {
	if k.number == 0 {
		return ""
	}
	return fmt.Sprint(k.number)
}

// json returns a thing with the version in its meta.
func (k keptVersion) json(x thing) []byte {
	var meta []string
	if k.number != 0 {
		meta = append(meta, fmt.Sprintf(`"versionId":"%d"`, k.number))
	}
	if !k.time.IsZero() {
		meta = append(meta, k.time.Format(`"lastUpdated":"2006-01-02T15:04:05.000000Z"`))
	}
	if meta == nil {
		return x.json()
	}
	return []byte(strings.Replace(string(x.json()), `{`, `{"meta":{`+strings.Join(meta, ",")+`},`, 1))
}

// follows reports whether a version may follow the newest one.
func (k keptVersion) follows(old modelVersion) bool {
	return (k.number == 0 || k.number > old.number) && !k.time.After(time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC)) &&
		(k.time.IsZero() || old.number == 0 || !k.time.Before(old.time))
}

// isThere reports whether the resource has a version already that holds the same.
func (m storeModel) isThere(x thing, k keptVersion) bool {
	newest, ok := m.newest(len(m), x.ref)
	if k.number == 0 {
		return ok && !newest.deleted && newest.thing == x
	}
	return slices.ContainsFunc(m, func(v modelVersion) bool {
		return v.ref == x.ref && v.number == k.number && !v.deleted && v.thing == x && (k.time.IsZero() || k.time.Equal(v.time))
	})
}

// keepVersion writes or deletes a resource as a version that it was elsewhere.
func (p *pair) keepVersion(t *rapid.T) {
	p.stamp(t)
	x := drawThing(t)
	old, _ := p.model.newest(len(p.model), x.ref)
	var k keptVersion
	if rapid.IntRange(0, 3).Draw(t, "numbered") > 0 {
		k.number = rapid.IntRange(max(1, old.number-1), old.number+3).Draw(t, "number")
	}
	switch rapid.IntRange(0, 5).Draw(t, "time") {
	case 0:
	case 1:
		k.time = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	case 2:
		k.time = time.Date(1990, 1, rapid.IntRange(1, 3).Draw(t, "day"), 0, 0, 0, 0, time.UTC)
	default:
		k.time = old.time.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "later")) * time.Microsecond)
		if old.number == 0 {
			k.time = time.Date(1995, 1, 1, 0, 0, 0, rapid.IntRange(0, 2).Draw(t, "instant")*1000, time.UTC)
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "delete") == 0 {
		p.deleteAs(t, x.ref, old, k)
		return
	}
	opts := []datastore.WriteOption{datastore.KeepVersion()}
	there, inOrder := false, rapid.Bool().Draw(t, "in order")
	if rapid.Bool().Draw(t, "IfChanged") {
		opts = append(opts, datastore.IfChanged())
		if there = p.model.isThere(x, k); !there && old.number > 0 && rapid.Bool().Draw(t, "again") {
			x = old.thing // the same content
			there = p.model.isThere(x, k)
		}
	}
	if x == (thing{ref: x.ref}) && x.ref.Type == "Observation" {
		return // it was deleted, and has no content
	}
	before := len(p.model)
	if !there && k.follows(old) {
		p.put(x, false, k)
	}
	versions, err := both(t, p, func(s *datastore.Store) ([]datastore.Version, error) {
		return s.Write(ctx, func(tx *datastore.Transaction) error {
			if inOrder {
				tx.SkipOutOfOrder()
			}
			_, err := tx.Update(ctx, k.json(x), opts...)
			return err
		})
	})
	switch {
	case there:
		require.NoError(t, err)
		require.True(t, versions[0].Unchanged)
		require.Equal(t, fmt.Sprint(cmp.Or(k.number, old.number)), versions[0].VersionID)
	case len(p.model) == before && inOrder:
		require.NoError(t, err)
		require.ErrorIs(t, versions[0].Refused, datastore.ErrVersionOrder)
	case len(p.model) == before:
		require.ErrorIs(t, err, datastore.ErrVersionOrder)
	default:
		require.NoError(t, err)
		require.False(t, versions[0].Unchanged)
		require.True(t, k.time.IsZero() || k.time.Equal(versions[0].LastUpdated))
		p.wrote(t, versions)
	}
}

// deletedAs reports whether the resource has that version already, as a deletion.
func (m storeModel) deletedAs(ref datastore.Ref, k keptVersion) bool {
	return k.number != 0 && slices.ContainsFunc(m, func(v modelVersion) bool {
		return v.ref == ref && v.number == k.number && v.deleted && (k.time.IsZero() || k.time.Equal(v.time))
	})
}

// deleteAs deletes a resource as a version that it was elsewhere.
func (p *pair) deleteAs(t *rapid.T, ref datastore.Ref, old modelVersion, k keptVersion) {
	absent := p.model.absent(len(p.model), ref) != nil || p.model.deletedAs(ref, k)
	versions, err := both(t, p, func(s *datastore.Store) ([]datastore.Version, error) {
		return s.Write(ctx, func(tx *datastore.Transaction) error { return tx.DeleteAs(ref, k.versionID(), k.time) })
	})
	if !absent && !k.follows(old) {
		require.ErrorIs(t, err, datastore.ErrVersionOrder)
		return
	}
	require.NoError(t, err)
	if absent {
		require.Empty(t, versions[0].VersionID, "nothing was written")
		return
	}
	p.put(thing{ref: ref}, true, k)
	p.stamp(t)
	require.True(t, k.time.IsZero() || k.time.Equal(p.model[len(p.model)-1].time))
}

// put adds a version with a number and a time.
func (p *pair) put(x thing, deleted bool, k keptVersion) {
	p.model.put(x, deleted)
	v := &p.model[len(p.model)-1]
	v.number = cmp.Or(k.number, v.number)
}

// lookAtHistory wants a history, by pages as well and since a time, to be of the given
// versions, which come in the order in which they were written.
func lookAtHistory(t *rapid.T, from datastore.Reader, ref datastore.Ref, versions []modelVersion) {
	slices.Reverse(versions)
	slices.SortStableFunc(versions, func(a, b modelVersion) int { return b.time.Compare(a.time) })
	list := func(versions []modelVersion) []string {
		all := []string{}
		for _, v := range versions {
			all = append(all, fmt.Sprint(v.number, v.json))
		}
		return all
	}
	require.Equal(t, list(versions), history(t, from, ref, datastore.HistoryOptions{}), ref.String())
	opts := datastore.HistoryOptions{Count: rapid.IntRange(1, 4).Draw(t, "history count")}
	paged := []string{}
	for {
		page, next, err := from.HistoryPage(ctx, ref, &opts)
		require.NoError(t, err)
		for _, v := range page {
			paged = append(paged, v.VersionID+string(v.JSON))
		}
		if opts.Page = next; opts.Page == "" {
			break
		}
	}
	require.Equal(t, list(versions), paged, ref.String())
	since := rapid.SampledFrom(versions).Draw(t, "since").time
	end := slices.IndexFunc(versions, func(v modelVersion) bool { return v.time.Before(since) })
	if end < 0 {
		end = len(versions)
	}
	require.Equal(t, list(versions[:end]), history(t, from, ref, datastore.HistoryOptions{Since: since}), ref.String())
}

func history(t require.TestingT, from datastore.Reader, ref datastore.Ref, opts datastore.HistoryOptions) []string {
	all := []string{}
	for v, err := range from.History(ctx, ref, &opts) {
		require.NoError(t, err)
		all = append(all, v.VersionID+string(v.JSON))
	}
	return all
}

// lookAtTimes wants searches and sorts by time to know the times of versions.
func lookAtTimes(t *rapid.T, from datastore.Reader, m storeModel, at int) {
	for _, typ := range []string{"Patient", "Observation"} {
		all := m.current(at)
		all = slices.DeleteFunc(all, func(v modelVersion) bool { return v.ref.Type != typ })
		if len(all) == 0 {
			continue
		}
		pick := rapid.SampledFrom(all).Draw(t, "_lastUpdated").time
		text := pick.Format("2006-01-02T15:04:05.000000Z")
		for prefix, holds := range map[string]func(c int) bool{
			"ge": func(c int) bool { return c >= 0 }, "lt": func(c int) bool { return c < 0 }, "": func(c int) bool { return c == 0 }, "ne": func(c int) bool { return c != 0 },
		} {
			want := slices.DeleteFunc(slices.Clone(all), func(v modelVersion) bool { return !holds(v.time.Compare(pick)) })
			texts := []string{}
			for _, v := range want {
				texts = append(texts, v.json)
			}
			require.Equal(t, texts, pages(t, from, typ, "_lastUpdated="+prefix+text), prefix)
		}
		for _, sort := range []string{"_lastUpdated", "-_lastUpdated"} {
			want := slices.Clone(all)
			slices.SortStableFunc(want, func(a, b modelVersion) int {
				if sort[0] == '-' {
					a, b = b, a
				}
				return a.time.Compare(b.time)
			})
			texts := []string{}
			for _, v := range want {
				texts = append(texts, v.json)
			}
			require.Equal(t, texts, pages(t, from, typ, "_sort="+sort), sort)
		}
	}
}
