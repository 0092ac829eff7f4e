// Package bucket is object storage that speaks S3: it lists objects, fetches and stores them, and knows nothing of what
// is in an object.
package bucket

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// attempts of each request, with growing waits in between; a download that broke off is an error at once.
const attempts = 5

// metadataPatience is how long the service may take that gives machines in a cloud their login. Elsewhere nobody answers.
const metadataPatience = 3 * time.Second

// Bucket is a location that can be read. It may be used by several goroutines.
type Bucket struct {
	Location

	client *minio.Client
}

// Object is an object as it was listed.
type Object struct {
	Key     string
	Size    int64
	ModTime time.Time // UTC, mostly to the second
	ETag    string    // changes with the content
}

// Open prepares to read a location, with the login that the environment has; without one as anybody. Nothing is asked yet.
func Open(root string) (*Bucket, error) {
	l, err := Parse(root)
	if err != nil {
		return nil, err
	}
	host, secure := "s3.amazonaws.com", true
	if l.Endpoint != nil {
		host, secure = l.Endpoint.Host, l.Endpoint.Scheme == "https"
	}
	client, err := minio.New(host, &minio.Options{
		Creds: login(), Secure: secure, MaxRetries: attempts,
		Region: cmp.Or(l.Region, os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION")),
	})
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", l, err)
	}
	return &Bucket{Location: l, client: client}, nil
}

// login looks where every tool for S3 looks: variables, the file of profiles, the role of the machine or container.
func login() *credentials.Credentials {
	providers := []credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}}
	if !strings.EqualFold(os.Getenv("AWS_EC2_METADATA_DISABLED"), "true") {
		providers = append(providers, &credentials.IAM{Client: &http.Client{Timeout: metadataPatience}})
	}
	return credentials.NewChainCredentials(providers)
}

// List lists the objects whose keys begin with a prefix, in the order of their keys; shallow passes over those below a further slash.
// It ends at the first error.
func (b *Bucket) List(ctx context.Context, prefix string, shallow bool) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		for info := range b.client.ListObjectsIter(ctx, b.Bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: !shallow}) {
			if info.Err != nil {
				yield(Object{}, b.explain(ctx, "listing "+b.URL(prefix), "s3:ListBucket", info.Err))
				return
			}
			if strings.HasSuffix(info.Key, "/") {
				continue // stands for a folder
			}
			if !yield(Object{Key: info.Key, Size: info.Size, ModTime: info.LastModified.UTC(), ETag: info.ETag}, nil) {
				return
			}
		}
	}
}

// Fetch writes an object to a file, which then has its modification time. One that is no longer as it was listed is source.ErrChanged.
func (b *Bucket) Fetch(ctx context.Context, o Object, to string) error {
	var opts minio.GetObjectOptions
	if err := opts.SetMatchETag(o.ETag); err != nil {
		return fmt.Errorf("fetching %s: %w", b.URL(o.Key), err)
	}
	if err := b.client.FGetObject(ctx, b.Bucket, o.Key, to, opts); err != nil {
		return b.explain(ctx, "fetching "+b.URL(o.Key), "s3:GetObject", err)
	}
	if err := os.Chtimes(to, o.ModTime, o.ModTime); err != nil {
		return fmt.Errorf("fetching %s: %w", b.URL(o.Key), err)
	}
	return nil
}

// Check finds out whether the location can be listed and its first object read. Empty tells that there is none.
func (b *Bucket) Check(ctx context.Context) (empty bool, err error) {
	for o, err := range b.List(ctx, b.Prefix, false) {
		if err != nil {
			return false, err
		}
		if _, err := b.client.StatObject(ctx, b.Bucket, o.Key, minio.StatObjectOptions{}); err != nil {
			return false, b.explain(ctx, "looking at "+b.URL(o.Key), "s3:GetObject", err)
		}
		return false, nil
	}
	return true, nil
}
