package standin_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source/salesforce/standin"
)

func TestBrokenAnswers(t *testing.T) {
	o := newOrg(t)
	o.Inject(standin.Fault{Kind: standin.Truncate, Path: "/services/data", Times: 1})
	o.Inject(standin.Fault{Kind: standin.Hang, Path: "/services/data", Times: 1})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for _, want := range []error{io.ErrUnexpectedEOF, context.DeadlineExceeded} {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, o.url+"/services/data", http.NoBody)
		require.NoError(t, err)
		answer, err := http.DefaultClient.Do(request)
		if err == nil {
			_, err = io.ReadAll(answer.Body)
			require.NoError(t, answer.Body.Close())
		}
		require.ErrorIs(t, err, want)
	}
}
