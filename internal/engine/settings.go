package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"time"

	"github.com/go-json-experiment/json"
)

// settingsState is the name under which the store keeps what its answers depended on
// when it was written last: zone and base. Both may change at any opening: values are
// stored without them and are indexed anew. Keeping them lets the log say so.
const settingsState = "settings"

type settings struct {
	Zone string `json:"zone"`
	Base string `json:"base,omitempty"`
	// Offsets tell zones of one name apart, and one from what it is after a change of
	// its rules.
	Offsets uint32 `json:"offsets"`
}

// offsetsOf returns a checksum of a zone's offsets, twice a year from 1900 to 2100.
func offsetsOf(zone *time.Location) uint32 {
	var all []byte
	for year := 1900; year <= 2100; year++ {
		for _, month := range []time.Month{time.January, time.July} {
			_, offset := time.Date(year, month, 1, 0, 0, 0, 0, zone).Zone()
			all = binary.LittleEndian.AppendUint32(all, uint32(offset))
		}
	}
	return crc32.ChecksumIEEE(all)
}

// settings returns the settings of the options.
func (o *Options) settings() []byte {
	text, err := json.Marshal(settings{Zone: o.Zone.String(), Base: o.BaseURL, Offsets: offsetsOf(o.Zone)})
	if err != nil { // the strings are what they are
		return nil
	}
	return text
}

// SettingsIn returns zone and base from the named states of a store's log: those of
// when it was written last. ok is false where they are not among them.
func SettingsIn(states map[string][]byte) (zone, base string, ok bool) {
	var kept settings
	if json.Unmarshal(states[settingsState], &kept) != nil {
		return "", "", false
	}
	return kept.Zone, kept.Base, true
}

// compareSettings notes whether the next commit has to keep other settings, and tells
// the logger that answers may differ from those of the last opening.
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
