package rest

import (
	"context"
	"encoding/base64"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/go-json-experiment/json"
)

// The parts of an AuditEvent, in FHIR's order.
type (
	auditEvent struct {
		ResourceType string        `json:"resourceType"`
		Type         auditCoding   `json:"type"`
		Subtype      []auditCoding `json:"subtype,omitempty"`
		Action       string        `json:"action"`
		Recorded     string        `json:"recorded"`
		Outcome      string        `json:"outcome"`
		OutcomeDesc  string        `json:"outcomeDesc,omitempty"`
		Agent        []auditAgent  `json:"agent"`
		Source       auditSource   `json:"source"`
		Entity       []auditEntity `json:"entity,omitempty"`
	}
	auditCoding struct {
		System string `json:"system"`
		Code   string `json:"code"`
	}
	auditAgent struct {
		Who       *auditWho     `json:"who,omitempty"`
		Requestor bool          `json:"requestor"`
		Network   *auditNetwork `json:"network,omitempty"`
	}
	auditWho struct {
		Reference  string           `json:"reference,omitempty"`
		Identifier *auditIdentifier `json:"identifier,omitempty"`
		Display    string           `json:"display,omitempty"`
	}
	auditIdentifier struct {
		Value string `json:"value"`
	}
	auditNetwork struct {
		Address string `json:"address"`
		Type    string `json:"type"`
	}
	auditSource struct {
		Observer auditWho `json:"observer"`
	}
	auditEntity struct {
		What        *auditWho     `json:"what,omitempty"`
		Type        *auditCoding  `json:"type,omitempty"`
		Role        *auditCoding  `json:"role,omitempty"`
		Description string        `json:"description,omitempty"`
		Query       string        `json:"query,omitempty"`
		Detail      []auditDetail `json:"detail,omitempty"`
	}
	auditDetail struct {
		Type        string `json:"type"`
		ValueString string `json:"valueString"`
	}
)

// AuditEvents returns a function for Options.Audit that stores each access as an AuditEvent
// (FHIR R4 auditevent.html), as any resource is stored: before the request ends, but perhaps
// after its client has the answer. If that fails the logger is told, without what the
// access was; nil tells nobody.
//
// An AuditEvent lies in the compartments of its patients, so an erasure of a patient takes
// it along. Who must keep more sends accesses elsewhere too.
func AuditEvents(store *datastore.Store, logger *slog.Logger) func(context.Context, *Access) {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return func(ctx context.Context, a *Access) {
		text, err := json.Marshal(a.event())
		if err == nil {
			// Nothing that a client writes may keep an access out of the store.
			_, err = store.Create(ctx, text, datastore.Validation(datastore.Minimal), datastore.Return("minimal"))
		}
		if err != nil {
			logger.ErrorContext(ctx, "rest: an AuditEvent could not be stored", "request", a.ID, "error", err)
		}
	}
}

// Code systems of AuditEvents.
const (
	auditTypes   = "http://terminology.hl7.org/CodeSystem/audit-event-type"
	interactions = "http://hl7.org/fhir/restful-interaction"
	entityTypes  = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
	entityRoles  = "http://terminology.hl7.org/CodeSystem/object-role"
	networkByIP  = "2"
)

// event returns the AuditEvent of an access.
func (a *Access) event() *auditEvent {
	e := &auditEvent{
		ResourceType: "AuditEvent", Type: auditCoding{auditTypes, "rest"},
		Action: a.action(), Recorded: a.Start.UTC().Format(time.RFC3339Nano), Outcome: a.outcome(),
		Agent:  []auditAgent{{Requestor: true}},
		Source: auditSource{auditWho{Display: "fhirlake"}},
	}
	if a.Interaction != "" {
		e.Subtype = []auditCoding{{interactions, a.Interaction}}
	}
	if e.Outcome != "0" {
		e.OutcomeDesc = http.StatusText(a.Status)
	}
	if a.Caller != "" {
		e.Agent[0].Who = &auditWho{Identifier: &auditIdentifier{clean(a.Caller)}}
	}
	if host, _, err := net.SplitHostPort(a.Remote); err == nil && host != "" {
		e.Agent[0].Network = &auditNetwork{host, networkByIP}
	}
	e.Entity = a.entities()
	return e
}

// action returns the code of http://hl7.org/fhir/audit-event-action.
func (a *Access) action() string {
	switch a.Interaction {
	case "create":
		return "C"
	case "update", "patch":
		if a.Status == http.StatusCreated {
			return "C"
		}
		return "U"
	case "delete":
		return "D"
	case "read", "vread":
		return "R"
	}
	return "E"
}

// outcome returns the code of http://hl7.org/fhir/audit-event-outcome.
func (a *Access) outcome() string {
	switch {
	case a.Status >= 500 || a.Status == 0:
		return "8"
	case a.Status >= 400 || a.Aborted:
		return "4"
	}
	return "0"
}

// entities returns the resource, the query, the entries and the patients of an access.
func (a *Access) entities() (list []auditEntity) {
	resource := auditEntity{Type: &auditCoding{entityTypes, "2"}, Detail: []auditDetail{{"X-Request-Id", a.ID}}}
	if _, ok := schema.ResourceType(a.Type); ok && a.ResourceID != "" && fhirjson.ValidID(a.ResourceID) {
		reference := a.Type + "/" + a.ResourceID
		if a.VersionID != "" && fhirjson.ValidID(a.VersionID) {
			reference += "/_history/" + a.VersionID
		}
		resource.What = &auditWho{Reference: reference}
		resource.Role = &auditCoding{entityRoles, "4"}
	}
	resource.Description = strings.TrimSpace(a.Method + " " + a.Route)
	if a.Query != "" {
		resource.Role = &auditCoding{entityRoles, "24"}
		resource.Query = base64.StdEncoding.EncodeToString([]byte(a.Query))
	}
	list = append(list, resource)
	for _, entry := range a.Entries {
		e := auditEntity{Type: &auditCoding{entityTypes, "2"}, Description: clean(strings.TrimSpace(entry.Method + " " + entry.Status))}
		e.Query = base64.StdEncoding.EncodeToString([]byte(entry.URL))
		if entry.Location != "" {
			e.What = &auditWho{Reference: clean(entry.Location)}
		}
		list = append(list, e)
	}
	for _, patient := range a.Patients {
		who := &auditWho{Reference: patient}
		if id, local := strings.CutPrefix(patient, patientPath); local && !fhirjson.ValidID(id) {
			who = &auditWho{Display: clean(patient)} // a path that names no patient
		}
		list = append(list, auditEntity{What: who, Type: &auditCoding{entityTypes, "1"}, Role: &auditCoding{entityRoles, "1"}})
	}
	return list
}

// clean makes a text fit for a string of FHIR.
func clean(text string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return -1
		}
		return c
	}, strings.ToValidUTF8(text, "?"))
}
