package query

// Where returns the path of the search: a compartment and a type.
func (q *Query) Where() string {
	where := ""
	if q.in != (Compartment{}) {
		where = q.in.Type.String() + "/" + q.in.ID + "/"
	}
	if len(q.Searched) == 1 && !q.named {
		where += q.Searched[0].String()
	}
	return where
}
