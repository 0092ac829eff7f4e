// Package generator invents a vendor's channel program and writes it down, either the way the vendor's systems would
// export it (Generate: the demo vendor, warts included) or in the shape of the contracts (WriteClean: for benchmarks and
// for comparing with an independent computation).
//
// The same seed and number of leads always give the same bytes. Rows are written as they are made: memory grows with the
// number of partners, never with the number of leads. The package reads no clock and knows nothing of the engine.
package generator
