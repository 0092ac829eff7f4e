package recompute

func (c *calc) accruals() {}
func (c *calc) sources()  {}
