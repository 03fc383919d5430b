package issue

import (
	"unicode/utf8"
)

// AppendOutcome appends the issues as a FHIR R4 OperationOutcome in JSON. With
// no issues it says that all is well, since OperationOutcome.issue is required.
// Pointer and offset go into diagnostics, and the pointer's FHIRPath form into
// expression.
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
			dst = appendString(dst, text)
		}
		if path := expression(i.Pointer); path != "" {
			dst = append(dst, `,"expression":[`...)
			dst = append(appendString(dst, path), ']')
		}
		dst = append(dst, '}')
	}
	return append(dst, `]}`...)
}

// expression writes a JSON Pointer as a path of FHIRPath: /name/0/given is
// name[0].given.
func expression(pointer string) string {
	var out []byte
	for rest := pointer; rest != ""; {
		rest = rest[1:]
		end := 0
		for end < len(rest) && rest[end] != '/' {
			end++
		}
		step := rest[:end]
		rest = rest[end:]
		switch {
		case step != "" && step[0] >= '0' && step[0] <= '9':
			out = append(append(append(out, '['), step...), ']')
		case len(out) > 0:
			out = append(append(out, '.'), step...)
		default:
			out = append(out, step...)
		}
	}
	return string(out)
}

// appendString appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}
