package search

// PageParameter is the name under which a query holds a page token.
const PageParameter = "_page"
