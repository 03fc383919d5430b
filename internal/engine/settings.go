package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/fhirlake/fhirlake/internal/search/param"
)

// settingsState is the name of the state that keeps the zone and base of the last
// write: answers depend on them. Both may change at any opening, since values are
// stored without them and are indexed anew. The kept settings let the logger report a
// change.
const settingsState = "settings"

type settings struct {
	Zone string `json:"zone"`
	Base string `json:"base,omitempty"`
	// Offsets tell zones of one name apart, also after a change of a zone's rules.
	Offsets uint32 `json:"offsets"`
}

// offsetsOf returns a checksum of a zone's rules: of each change of its offset up to the
// year 2200. Bounds between which the offset stays are none: they depend on how the
// system's tables are written.
func offsetsOf(zone *time.Location) uint32 {
	at := time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC).In(zone)
	_, before := at.Zone()
	all := binary.LittleEndian.AppendUint32(nil, uint32(before))
	for {
		_, end := at.ZoneBounds()
		if end.IsZero() || end.Year() > 2200 {
			return crc32.ChecksumIEEE(all)
		}
		if !end.After(at) { // package time gives such an end on the last day of a leap year
			end = at.Add(24 * time.Hour)
		}
		at = end
		if _, offset := at.Zone(); offset != before {
			all = binary.LittleEndian.AppendUint64(all, uint64(at.Unix()))
			all = binary.LittleEndian.AppendUint32(all, uint32(offset))
			before = offset
		}
	}
}

// settings returns the settings of the options.
func (o *Options) settings() []byte { return o.settingsOf(o.BaseURL) }

// meaning returns what values in the index depend on of the settings.
func (o *Options) meaning() []byte { return o.settingsOf(param.NormalBase(o.BaseURL)) }

func (o *Options) settingsOf(base string) []byte {
	text, err := json.Marshal(settings{Zone: o.Zone.String(), Base: base, Offsets: offsetsOf(o.Zone)})
	if err != nil { // the strings are what they are
		return nil
	}
	return text
}

// SettingsIn returns zone and base of the last write from the named states of a store's
// log. ok is false if they are not among the states.
func SettingsIn(states map[string][]byte) (zone, base string, ok bool) {
	var kept settings
	if json.Unmarshal(states[settingsState], &kept) != nil {
		return "", "", false
	}
	return kept.Zone, kept.Base, true
}

// compareSettings compares the settings with those of the last write. If they differ,
// the next commit stores the new ones, and the logger is told that answers may differ.
func (e *Engine) compareSettings(ctx context.Context) {
	now := e.options.settings()
	before, err := e.State(ctx, settingsState)
	if err == nil && bytes.Equal(before, now) {
		return
	}
	e.unsettled = now
	if before == nil {
		return
	}
	var was settings
	if json.Unmarshal(before, &was) == nil {
		e.options.Logger.Info("datastore: zone or base changed since the store was written; values were indexed anew",
			"zone", e.options.Zone.String(), "zone before", was.Zone, "base", e.options.BaseURL, "base before", was.Base)
	}
}
