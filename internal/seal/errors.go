package seal

import (
	"errors"
	"fmt"

	"github.com/fhirlake/fhirlake/issue"
)

var (
	// ErrWrongKey is returned when the wrapped keyset is whole and was wrapped
	// by another key than the one given.
	ErrWrongKey = errors.New("seal: wrong key")

	// ErrCorrupt is returned for bytes that this keyset has not sealed, tagged or
	// wrapped.
	ErrCorrupt = errors.New("seal: data is damaged")

	// ErrUnsupported is returned for a format of a later version.
	ErrUnsupported = issue.ErrUnsupported

	// ErrUnknownKey is returned for a data key that is not in the keyset.
	ErrUnknownKey = errors.New("seal: no such data key")

	// ErrKeySpent is returned when a data key would exceed its number of seals.
	ErrKeySpent = errors.New("seal: data key has reached its number of seals")

	// ErrKey is returned when a key cannot be had at all. ErrWrapper, ErrPassphrase,
	// ErrZeroKey and ErrKeyFile say why.
	ErrKey = errors.New("seal: the key cannot be used")

	// ErrWrapper is returned when a key wrapper panics, or ends its goroutine.
	ErrWrapper = fmt.Errorf("%w: key wrapper failed", ErrKey)

	// ErrPassphrase is returned when an empty passphrase is used.
	ErrPassphrase = fmt.Errorf("%w: passphrase is empty", ErrKey)

	// ErrZeroKey is returned when a raw key of zeros is used.
	ErrZeroKey = fmt.Errorf("%w: all bytes of the key are zero", ErrKey)

	// ErrKeyFile is returned when a key file is malformed, is no regular
	// file, or can be used by others than its owner.
	ErrKeyFile = fmt.Errorf("%w: key file refused", ErrKey)
)
