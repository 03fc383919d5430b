// Package smart reads the access tokens of SMART App Launch 2: JSON Web Tokens, whose
// scopes say what their bearer may do with a FHIR server.
//
//	config, err := smart.ParseConfig(text)
//	verifier, err := smart.NewVerifier(config, nil)
//	handler := rest.NewHandler(store, &rest.Options{Authorization: verifier.Authorization()})
//
// A [Verifier] checks signature, issuer, audience and times of a token; [ParseScopes] reads
// scopes of both versions, patient/Observation.read and patient/Observation.rs?category=x.
// [Scopes.Rights] says what they mean in the words of package access, which describes what a
// caller then sees.
//
// # Choices
//
//   - RS256, RS384, RS512, ES256 and ES384 are the signatures that are taken. A token says
//     iss, aud and exp; nbf is kept; clocks may differ by a minute.
//   - A key is found by kid. Of a token without one every key that fits its algorithm is
//     tried.
//   - A set of keys at an address is fetched when it is first needed, when a kid is unknown,
//     at most every ten seconds, and when it is fifteen minutes old. While it cannot be
//     fetched the last one stands. Who can go on with the last one does not wait for a slow
//     address. The address is https, or http on a loopback address.
//   - A verified token is remembered until it expires, or the keys are others.
//   - A scope that is malformed, or that speaks of nothing FHIR has, grants nothing. Scopes
//     of the level patient grant nothing without the claim patient.
//   - The scope system/*.cruds also permits what concerns the store as a whole.
package smart
