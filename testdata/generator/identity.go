package generator

// benchDetours gives 2 M stage rows to 300 k deals.
const benchDetours = 4.2

func writeIdentity(dir string) error { return nil }
