package file

import "context"

// OpenInPieces is Open with so little text at a time that every record is cut somewhere.
func OpenInPieces(size int) func(context.Context, Spec, Found) (*Input, error) {
	return func(ctx context.Context, s Spec, f Found) (*Input, error) {
		return open(ctx, s, f, sizes{look: 24, batch: size, jsonFirst: size})
	}
}
