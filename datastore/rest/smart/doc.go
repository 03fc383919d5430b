// Package smart reads the access tokens of SMART App Launch 2: JSON Web Tokens, whose
// scopes say what their bearer may do with a FHIR server.
//
//	verifier, err := smart.NewVerifier(config, nil)
//	token, err := verifier.Verify(ctx, bearer)
//	token.Scopes.Grants("Observation", smart.Search)
//
// A [Verifier] checks signature, issuer, audience and times of a token; [ParseScopes] reads
// scopes of both versions, patient/Observation.read and patient/Observation.rs?category=x.
// What a grant lets a caller see is for package rest to enforce.
//
// # Choices
//
//   - RS256, RS384, RS512, ES256 and ES384 are the signatures that are taken. A token says
//     iss, aud and exp; nbf is kept; clocks may differ by a minute.
//   - A key is found by kid. Of a token without one every key that fits its algorithm is
//     tried.
//   - A set of keys at an address is fetched when it is first needed, when a kid is unknown,
//     at most every ten seconds, and when it is fifteen minutes old. While it cannot be
//     fetched the last one stands. The address is https, or http on a loopback address.
//   - A scope that is malformed, or that speaks of nothing FHIR has, grants nothing.
package smart
