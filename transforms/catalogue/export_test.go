package catalogue

// WorkInPieces makes Store treat facts of so many rows as large.
func (c *Catalogue) WorkInPieces(rows int64) { c.largeFact = rows }
