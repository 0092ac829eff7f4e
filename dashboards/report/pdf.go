package report

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Browser finds a Chromium: the one that CHROMIUM names, else one on PATH.
func Browser() (string, error) {
	if named := os.Getenv("CHROMIUM"); named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return "", &AskedError{fmt.Sprintf("the environment's CHROMIUM is %s, which cannot be run: %v", named, err)}
		}
		return path, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", &AskedError{"a PDF is printed by Chromium or Chrome, and there is none on PATH: install one, name it in the environment's CHROMIUM, or print the HTML page from any browser"}
}

// PDF prints a page with a headless browser into the file beside it and returns its path.
func PDF(ctx context.Context, browser, page string) (_ string, err error) {
	from, err := filepath.Abs(page)
	if err != nil {
		return "", fmt.Errorf("print %s: %w", page, err)
	}
	profile, err := os.MkdirTemp("", "tributary-print-")
	if err != nil {
		return "", fmt.Errorf("print %s: %w", page, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(profile)) }()
	to := strings.TrimSuffix(page, filepath.Ext(page)) + ".pdf"
	args := []string{
		"--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--no-pdf-header-footer", "--user-data-dir=" + profile, "--print-to-pdf=" + filepath.Join(profile, "page.pdf"),
	}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // root's browser refuses to start with it; the page is ours and runs no script
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, browser, append(args, (&url.URL{Scheme: "file", Path: from}).String())...) //nolint:gosec // the browser that the user named
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &said, &said, 10*time.Second
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("print %s with %s: %w\n%s", page, browser, err, strings.TrimSpace(said.String()))
	}
	printed, err := os.ReadFile(filepath.Join(profile, "page.pdf"))
	if err != nil {
		return "", fmt.Errorf("print %s with %s: it wrote no PDF: %w", page, browser, err)
	}
	if err := os.WriteFile(to, printed, 0o644); err != nil { //nolint:gosec // beside the page, and to be read like it
		return "", fmt.Errorf("print %s: %w", page, err)
	}
	return to, nil
}
