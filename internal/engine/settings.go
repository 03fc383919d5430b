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

// offsetsOf returns a checksum of a zone's rules: of each change of its offset up to the
// year 2200.
func offsetsOf(zone *time.Location) uint32 {
	var all []byte
	at := time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC).In(zone)
	for {
		_, offset := at.Zone()
		all = binary.LittleEndian.AppendUint32(all, uint32(offset))
		_, end := at.ZoneBounds()
		if end.IsZero() || end.Year() > 2200 {
			return crc32.ChecksumIEEE(all)
		}
		all = binary.LittleEndian.AppendUint64(all, uint64(end.Unix()))
		at = end
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
