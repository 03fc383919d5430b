package rest

import "github.com/go-json-experiment/json"

// The parts of CapabilityStatement.rest.security.
type (
	security struct {
		Extension   []extension `json:"extension,omitempty"`
		Service     []concept   `json:"service,omitempty"`
		Description string      `json:"description"`
	}
	extension struct {
		URL       string      `json:"url"`
		ValueURI  string      `json:"valueUri,omitempty"`
		Extension []extension `json:"extension,omitempty"`
	}
	concept struct {
		Coding []coding `json:"coding"`
		Text   string   `json:"text"`
	}
	coding struct {
		System string `json:"system"`
		Code   string `json:"code"`
	}
)

// oauthURIs is the extension by which clients of SMART App Launch 1 find the addresses of
// the authorization server, and its parts by their names in the configuration.
const oauthURIs = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"

var oauthParts = [][2]string{
	{"token", "token_endpoint"}, {"authorize", "authorization_endpoint"}, {"introspect", "introspection_endpoint"},
	{"revoke", "revocation_endpoint"}, {"register", "registration_endpoint"}, {"manage", "management_endpoint"},
}

// security says how callers are known, nil where they are not asked.
func (a *Authorization) security() *security {
	if a == nil {
		return nil
	}
	s := &security{Description: "Requests carry the credentials of their caller, and show and do what the caller may."}
	if a.Configuration == nil {
		return s
	}
	s.Description = "Requests carry a bearer token. Scopes of SMART App Launch 1 and 2 say what it shows and permits."
	s.Service = []concept{{Coding: []coding{{"http://terminology.hl7.org/CodeSystem/restful-security-service", "SMART-on-FHIR"}}, Text: "OAuth 2 with SMART on FHIR"}}
	var known map[string]any
	if json.Unmarshal(a.Configuration, &known) != nil {
		return s
	}
	var uris []extension
	for _, part := range oauthParts {
		if uri, ok := known[part[1]].(string); ok && uri != "" {
			uris = append(uris, extension{URL: part[0], ValueURI: uri})
		}
	}
	if uris != nil {
		s.Extension = []extension{{URL: oauthURIs, Extension: uris}}
	}
	return s
}
