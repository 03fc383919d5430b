package issue

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// AppendOutcome appends the issues as a FHIR R4 OperationOutcome in JSON. With
// no issues it says that all is well, since OperationOutcome.issue is required.
// Pointer and offset go into diagnostics, and their FHIRPath form, which begins with
// the type of the resource, into expression.
func AppendOutcome(dst []byte, issues ...Issue) []byte {
	if len(issues) == 0 {
		issues = []Issue{{Severity: Information, Code: Informational, Offset: -1, Diagnostics: "no issues"}}
	}
	dst = append(dst, `{"resourceType":"OperationOutcome","issue":[`...)
	for n, i := range issues {
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"severity":"`...)
		dst = append(dst, i.Severity...)
		dst = append(dst, `","code":"`...)
		dst = append(dst, i.Code...)
		dst = append(dst, '"')
		if text := i.String(); text != "" {
			dst = append(dst, `,"diagnostics":`...)
			dst = quote.Append(dst, text)
		}
		if path := Path(i.Root, i.Pointer); path != "" {
			dst = append(dst, `,"expression":[`...)
			dst = append(quote.Append(dst, path), ']')
		}
		dst = append(dst, '}')
	}
	return append(dst, `]}`...)
}

// Path writes a JSON Pointer into a resource of type root as a path of FHIRPath: in a
// Patient /contact/1/name is Patient.contact[1].name, and /_birthDate/extension/0 is
// Patient.birthDate.extension[0]. It is "" without a root. A choice has its name in
// FHIRPath, deceased, if the type around it is known; inside a contained resource it is
// not.
func Path(root, pointer string) string {
	if root == "" {
		return ""
	}
	out := []byte(root)
	around, _ := schema.TypeOf(root)
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		switch {
		case step == "":
		case step[0] >= '0' && step[0] <= '9':
			out = append(append(append(out, '['), step...), ']')
		default:
			field := schema.Lookup(around, strings.TrimPrefix(step, "_"))
			if row := field.Field(); field != 0 {
				step, around = row.Element, row.Type
			} else {
				around = 0
			}
			out = append(append(out, '.'), step...)
		}
	}
	return string(out)
}
