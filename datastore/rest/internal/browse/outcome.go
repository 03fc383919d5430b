package browse

// issues writes the issues of an OperationOutcome.
func (m *markup) issues(issues []any) {
	m.add(`<div class="scroll" role="region" aria-label="Issues" tabindex="0"><table><caption class="hidden">Issues</caption><thead><tr><th scope="col">Severity</th><th scope="col">Code</th><th scope="col">What</th><th scope="col">Where</th></tr></thead><tbody>` + "\n")
	for _, issue := range issues {
		if m.full() {
			m.add(`<tr><td colspan="4">More issues have no room here.</td></tr>`)
			break
		}
		severity := text(issue, "severity")
		switch severity {
		case "fatal", "error", "warning", "information":
		default:
			severity = "?"
		}
		what, _ := cut(joined(" – ", say(get(issue, "details")), text(issue, "diagnostics")), 4000)
		where := say(get(issue, "expression"))
		if where == "" {
			where = say(get(issue, "location"))
		}
		m.add(`<tr><td><span class="severity %">%</span></td><td>%</td><td class="lines">%</td><td><code>%</code></td></tr>`+"\n",
			severity, severity, short(text(issue, "code"), 64), what, short(where, 300))
	}
	m.add("</tbody></table></div>\n")
}
