package param

// Streams returns the streams that the parts look at.
func (c *Composite) Streams() (all []*Stream) {
	for _, part := range c.Components {
		all = append(all, part.Streams...)
	}
	return all
}
