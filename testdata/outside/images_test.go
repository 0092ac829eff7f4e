//go:build images

package outside_test

import (
	"fmt"
	"html"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestImages draws the pictures of the reports in docs/images again.
func TestImages(t *testing.T) {
	const images = "../../docs/images"
	d := newDemo(t)
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(images, 0o755)) //nolint:gosec // pictures of the documentation
	for name, args := range map[string][]string{"cfo": {"report", "cfo"}, "qbr": {"report", "qbr", "--partner", "P0044"}} {
		page := filepath.Join(dir, name+".html")
		d.tributary(t, append(args, "--out", page)...)
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		phone := filepath.Join(dir, name+"-phone.html")
		require.NoError(t, os.WriteFile(phone, fmt.Appendf(nil, `<!doctype html><body style="margin: 0; background: #cbd5e1; display: grid; place-items: center">
<iframe style="width: 390px; height: 844px; margin: 20px; border: 8px solid #0f172a; border-radius: 28px" srcdoc="%s"></iframe>`, html.EscapeString(string(text))), 0o600))
		for suffix, shot := range map[string][2]string{"": {page, "1280,1180"}, "-phone": {phone, "500,900"}} {
			to, err := filepath.Abs(filepath.Join(images, "report-"+name+suffix+".png"))
			require.NoError(t, err)
			chromium(t, "--window-size="+shot[1], "--screenshot="+to, "file://"+shot[0])
			info, err := os.Stat(to)
			require.NoError(t, err)
			require.Less(t, info.Size(), int64(300_000), to)
		}
	}
}
