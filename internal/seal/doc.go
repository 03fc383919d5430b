// Package seal holds the keys of a store and their uses: sealing and opening the parts
// of items, tagging records and small files, and wrapping the keys by a key of the
// caller.
//
// # Terms
//
//   - A data key is 32 random bytes with a [KeyID]. From it come, by HKDF, an
//     AES-256-GCM key that seals parts and an AES-256-GMAC key that tags
//     records.
//   - The [Keyset] is the list of a store's data keys and one authentication
//     key. That one gives the HMAC key of the store's small files and the key
//     of its search hashes.
//   - A rotation replaces all of these keys. While it is under way the keyset
//     has the old keys as well: data keys that are retired, and the
//     authentication key before.
//   - A [KeyWrapper] is the caller's key: it encrypts the [FileKey] of the
//     keyset's file, and nothing else. [KeyFile], [Passphrase], [RawKey] and
//     [RandomKey] are built in; any key management service fits behind its two
//     methods.
//   - A part is one half of an item, its values or its body, or the annotation
//     of a commit. It is sealed with additional data that says what it is a part
//     of ([PartID]), and not where it lies.
//
// # Invariants
//
//   - Nonces are random, 96 bits, and never derived from a position: a torn
//     record that is written again, or a segment that is rewritten, would
//     repeat them.
//   - No key seals more than [MaxSeals] times; [Key.Reserve] counts before
//     the fact. A process seals with keys that it made itself, so that the count
//     need not outlive it.
//   - A wrong key is told apart from damage: see [ErrWrongKey].
//   - A Keyset and its keys are immutable but for the counts, and safe for use
//     by many goroutines. Ciphers are set up once for each key.
//
// The package does no input or output but for [KeyFile]; where the wrapped
// keyset is kept is the caller's affair. Formats: docs/format/keyset.md.
package seal
