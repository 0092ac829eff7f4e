// Package outside has programs that nobody here wrote look at what Tributary makes: datacontract-cli at the contracts and the built
// warehouse (make test-contracts), openlineage-python at the events of a night (make test-lineage), versitygw, a server of S3, be where files come from (make test-s3), Chromium at the reports (make test-browser,
// make report-images). Its tests need these programs and stand behind build tags.
// In npm, clients of vendors' APIs that others wrote talk to our test servers (make test-npm-clients).
package outside
