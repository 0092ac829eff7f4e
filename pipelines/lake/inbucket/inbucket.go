// Package inbucket lets a lake live in object storage that speaks S3.
package inbucket

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/source/bucket"
)

// Open prepares a lake's place at a location, such as s3://bucket/prefix. Nothing is asked yet.
func Open(location string) (lake.Remote, error) {
	b, err := bucket.Open(location)
	if err != nil {
		return nil, err
	}
	return remote{b}, nil
}

// CopyName is the name of the folder of the working copy of a lake at a location: other places have other folders.
func CopyName(location string) string {
	sum := sha256.Sum256([]byte(location))
	return "lake-" + hex.EncodeToString(sum[:6])
}

type remote struct{ bucket *bucket.Bucket }

func (r remote) String() string { return r.bucket.String() }

// Names lists names; those of the bucket begin with the location's prefix.
func (r remote) Names(ctx context.Context, prefix, after string) ([]string, error) {
	if after != "" {
		after = r.bucket.Prefix + after
	}
	keys, err := r.bucket.After(ctx, r.bucket.Prefix+prefix, after)
	for i, key := range keys {
		keys[i] = strings.TrimPrefix(key, r.bucket.Prefix)
	}
	return keys, err
}

// Get fetches an object into a file.
func (r remote) Get(ctx context.Context, name, to string) error {
	return r.bucket.Get(ctx, r.bucket.Prefix+name, to)
}

// Put stores a file.
func (r remote) Put(ctx context.Context, name, from string) error {
	return r.bucket.Put(ctx, r.bucket.Prefix+name, from)
}

// PutNew stores a file under a new name.
func (r remote) PutNew(ctx context.Context, name, from string) error {
	return r.bucket.PutNew(ctx, r.bucket.Prefix+name, from)
}

// Remove removes an object.
func (r remote) Remove(ctx context.Context, name string) error {
	return r.bucket.Remove(ctx, r.bucket.Prefix+name)
}
