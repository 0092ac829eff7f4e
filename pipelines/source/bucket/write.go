package bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/minio/minio-go/v7"
)

// After lists the objects below a prefix whose keys come after another one, in the order of their keys.
func (b *Bucket) After(ctx context.Context, prefix, after string) ([]string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var keys []string
	for info := range b.client.ListObjectsIter(ctx, b.Bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true, StartAfter: after}) {
		if info.Err != nil {
			return nil, b.explain(ctx, "listing "+b.URL(prefix), "s3:ListBucket", info.Err)
		}
		if info.Key > after {
			keys = append(keys, info.Key)
		}
	}
	return keys, nil
}

// Get writes an object to a file, whatever it is now; the error is fs.ErrNotExist when there is none.
func (b *Bucket) Get(ctx context.Context, key, to string) error {
	err := b.client.FGetObject(ctx, b.Bucket, key, to, minio.GetObjectOptions{})
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return fmt.Errorf("%s: %w", b.URL(key), fs.ErrNotExist)
	}
	if err != nil {
		return b.explain(ctx, "fetching "+b.URL(key), "s3:GetObject", err)
	}
	return nil
}

// Put stores a file, over what has the key.
func (b *Bucket) Put(ctx context.Context, key, from string) error {
	return b.put(ctx, key, from, minio.PutObjectOptions{})
}

// PutNew stores a file under a key that nothing has; the error is fs.ErrExist when something has it, or when somebody else is just storing it.
func (b *Bucket) PutNew(ctx context.Context, key, from string) error {
	opts := minio.PutObjectOptions{DisableMultipart: true}
	opts.SetMatchETagExcept("*")
	err := b.put(ctx, key, from, opts)
	var said minio.ErrorResponse
	if errors.As(err, &said) && (said.StatusCode == http.StatusPreconditionFailed || said.StatusCode == http.StatusConflict) {
		return fmt.Errorf("%s: %w", b.URL(key), fs.ErrExist)
	}
	return err
}

func (b *Bucket) put(ctx context.Context, key, from string, opts minio.PutObjectOptions) error {
	_, err := b.client.FPutObject(ctx, b.Bucket, key, from, opts)
	var said minio.ErrorResponse
	if errors.As(err, &said) && (said.StatusCode == http.StatusPreconditionFailed || said.StatusCode == http.StatusConflict) {
		return said
	}
	if err != nil {
		return b.explain(ctx, "storing "+b.URL(key), "s3:PutObject", err)
	}
	return nil
}

// Remove removes an object; one that is not there is no error.
func (b *Bucket) Remove(ctx context.Context, key string) error {
	if err := b.client.RemoveObject(ctx, b.Bucket, key, minio.RemoveObjectOptions{}); err != nil {
		return b.explain(ctx, "removing "+b.URL(key), "s3:DeleteObject", err)
	}
	return nil
}
