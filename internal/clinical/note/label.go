package note

// label sets Value behind the label that begins at token i, if there is one, and
// returns the token from which to go on, or i.
func (c *cutter) label(i int) int {
	end := c.labelEnd(i)
	if end > i {
		c.value = end
	}
	return end
}

// labelEnd returns the token after the label and colon that begin at token i, or i
// if there is no label.
func (c *cutter) labelEnd(i int) int {
	for j := i; j < min(i+labelWidth, len(c.Tokens)); j++ {
		t := &c.Tokens[j]
		if j > i && t.Flags&Line != 0 {
			return i
		}
		if t.Kind == Punct {
			switch c.Word(j) {
			case ":":
				if j == i || j+1 < len(c.Tokens) && c.Tokens[j+1].Flags&Space == 0 && c.Tokens[j+1].Kind == Number {
					return i // a time or a ratio
				}
				return j + 1
			case "/", "-", "&", "(", ")", "#", "*", "**", "'":
			default:
				return i
			}
		}
	}
	return i
}
