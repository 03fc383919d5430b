package seal

import "errors"

var (
	// ErrWrongKey is returned when the wrapped keyset is whole and was wrapped
	// by another key than the one given.
	ErrWrongKey = errors.New("seal: wrong key")

	// ErrCorrupt is returned when bytes are not what this keyset once sealed,
	// tagged or wrapped.
	ErrCorrupt = errors.New("seal: data is damaged")

	// ErrUnsupported is returned for a format of a later version.
	ErrUnsupported = errors.New("seal: format is not supported")

	// ErrUnknownKey is returned for a data key that is not in the keyset.
	ErrUnknownKey = errors.New("seal: no such data key")

	// ErrKeySpent is returned when a data key would exceed its number of seals.
	ErrKeySpent = errors.New("seal: data key has reached its number of seals")

	// ErrKeyFile is returned when a key file is malformed or can be read by
	// others than its owner.
	ErrKeyFile = errors.New("seal: key file refused")
)
