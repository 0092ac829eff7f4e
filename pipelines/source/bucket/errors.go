package bucket

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/tributary-data/tributary/pipelines/source"
)

// explain says what an error is about, of which kind it is, and what next.
func (b *Bucket) explain(ctx context.Context, doing, permission string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", doing, context.Cause(ctx))
	}
	var said minio.ErrorResponse
	if errors.As(err, &said) && said.StatusCode != 0 {
		hint, kind := b.refused(said, permission)
		return fmt.Errorf("%s: %w: %s (%s)", doing, kind, source.Readable([]byte(words(said))), hint)
	}
	where := "Amazon S3"
	if b.Endpoint != nil {
		where = b.Endpoint.Host
	}
	var full *url.Error
	if errors.As(err, &full) {
		err = full.Err // without the address, whose query may hold a signature
	}
	var disk *fs.PathError // ours, whose number of an error would pass for one of the network
	var network net.Error
	var certificate *x509.UnknownAuthorityError
	var name x509.HostnameError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("%s: %w: the answer of %s broke off", doing, source.ErrTransient, where)
	case errors.As(err, &certificate), errors.As(err, &name), strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return fmt.Errorf("%s: %w: %s is not reached: %w (mend `endpoint` of s3://…)", doing, source.ErrConfig, where, err)
	case errors.As(err, &disk):
	case errors.As(err, &network), full != nil:
		return fmt.Errorf("%s: %w: %s does not answer: %w (if it never does, mend `endpoint` of s3://…)", doing, source.ErrTransient, where, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// refused is what the answer of a server means.
func (b *Bucket) refused(said minio.ErrorResponse, permission string) (hint string, kind error) {
	switch said.Code {
	case minio.NoSuchBucket:
		return "mend the bucket, `region` or `endpoint` of s3://…", source.ErrConfig
	case minio.NoSuchKey, minio.PreconditionFailed:
		return "it is not landed now; run again when it is complete", source.ErrChanged
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired":
		return "look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or AWS_PROFILE", source.ErrCredentials
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "InvalidRegion", "IllegalLocationConstraintException":
		return "mend `region` of s3://…", source.ErrConfig
	}
	switch status := said.StatusCode; {
	case status == http.StatusNotFound && permission == "s3:GetObject", status == http.StatusPreconditionFailed:
		return "it is not landed now; run again when it is complete", source.ErrChanged
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return "give the login " + permission + "; without a login in the environment it is asked as anybody", source.ErrPermission
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status >= 500 && status != http.StatusNotImplemented:
		return "run again later", source.ErrTransient
	}
	return "is `endpoint` of s3://… one that speaks S3?", source.ErrConfig
}

func words(said minio.ErrorResponse) string {
	if said.Message == "" || said.Message == said.Code {
		return said.Code
	}
	return said.Code + ", " + strings.TrimSuffix(said.Message, ".")
}
