package index

// Payload returns the payload of the values added since the last Reset, without
// compression. It is valid until the Builder is used again.
func (b *Builder) Payload() []byte { return b.payload }
