package report

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBrowserIsNamedOrOnPath(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	t.Setenv("CHROMIUM", "")
	_, err := Browser()
	var asked *AskedError
	require.ErrorAs(t, err, &asked)
	require.ErrorContains(t, err, "there is none on PATH: install one, name it in the environment's CHROMIUM")

	chrome := filepath.Join(dir, "google-chrome")
	require.NoError(t, os.WriteFile(chrome, []byte("#!/bin/sh\n"), 0o700)) //nolint:gosec // a program
	path, err := Browser()
	require.NoError(t, err)
	require.Equal(t, chrome, path)

	t.Setenv("CHROMIUM", filepath.Join(dir, "other"))
	_, err = Browser()
	require.ErrorContains(t, err, "which cannot be run")
}

func TestPDFSaysWhatTheBrowserSaid(t *testing.T) {
	dir := t.TempDir()
	browser, page := filepath.Join(dir, "browser"), filepath.Join(dir, "page.html")
	require.NoError(t, os.WriteFile(browser, []byte("#!/bin/sh\necho no display >&2\nexit 3\n"), 0o700)) //nolint:gosec // a program
	_, err := PDF(t.Context(), browser, page)
	require.ErrorContains(t, err, "exit status 3\nno display")

	require.NoError(t, os.WriteFile(browser, []byte("#!/bin/sh\nexit 0\n"), 0o700)) //nolint:gosec // a program
	_, err = PDF(t.Context(), browser, page)
	require.ErrorContains(t, err, "it wrote no PDF")
	require.NoFileExists(t, filepath.Join(dir, "page.pdf"))
}
