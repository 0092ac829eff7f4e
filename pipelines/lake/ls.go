package lake

import (
	"context"
	"time"
)

// Listing is an overview of a lake.
type Listing struct {
	Dir     string          `json:"dir"`
	Commits int             `json:"commits"`
	Newest  time.Time       `json:"newest_commit_at,omitzero"`
	Streams []StreamListing `json:"streams"`
	Publish *Manifest       `json:"publish,omitempty"`    // the current one; nil when nothing was published
	Writer  *Holder         `json:"writer,omitempty"`     // who has the turn now; nil when nobody has
	Lease   time.Time       `json:"lease_until,omitzero"` // until when, at least
}

// StreamListing is an overview of a stream.
type StreamListing struct {
	StreamName
	Mode            string    `json:"mode"`
	Loads           int       `json:"loads"`
	Files           int       `json:"files"` // input files whose last delivery counts
	Parts           int       `json:"parts"` // that count
	Rows            int64     `json:"rows"`
	Bytes           int64     `json:"bytes"`
	Superseded      int       `json:"superseded_parts"` // that no longer count
	SupersededBytes int64     `json:"superseded_bytes"`
	Quarantined     int64     `json:"quarantined"` // rows
	Columns         int       `json:"columns"`
	LastCommit      int64     `json:"last_commit"`
	LastAt          time.Time `json:"last_commit_at"`
}

// Ls describes the lake as it was known by a moment (zero: now). The current publish and the writer are always today's.
func (l *Lake) Ls(ctx context.Context, knownAt time.Time) (Listing, error) {
	out := Listing{Dir: l.String()}
	all, err := l.Manifests(ctx)
	if err != nil {
		return out, err
	}
	log := KnownBy(all, knownAt)
	out.Commits = len(log)
	if len(log) > 0 {
		out.Newest = log[len(log)-1].At
	}
	for i := range all {
		if all[i].Kind == KindPublish {
			out.Publish = &all[i]
		}
	}
	if holder, lease, ok := l.LockHolder(all); ok {
		out.Writer, out.Lease = &holder, lease
	}
	names, err := l.Streams(ctx, knownAt)
	if err != nil {
		return out, err
	}
	for _, name := range names {
		s, err := l.listStream(ctx, name, knownAt)
		if err != nil {
			return out, err
		}
		out.Streams = append(out.Streams, s)
	}
	return out, nil
}

func (l *Lake) listStream(ctx context.Context, name StreamName, knownAt time.Time) (StreamListing, error) {
	s := StreamListing{StreamName: name}
	parts, err := l.Parts(ctx, name.Source, name.Stream, knownAt)
	if err != nil {
		return s, err
	}
	loads, _, err := l.loads(ctx, name, knownAt)
	if err != nil {
		return s, err
	}
	s.Mode, s.Loads, s.Columns = parts.Mode, len(loads), len(parts.Columns)
	files := map[string]bool{}
	for _, p := range parts.Current {
		files[p.SourceFile] = true
		s.Parts++
		s.Rows += p.Rows
		s.Bytes += p.Bytes
	}
	s.Files = len(files)
	for _, p := range parts.Superseded {
		s.Superseded++
		s.SupersededBytes += p.Bytes
	}
	for _, p := range parts.Quarantine {
		s.Quarantined += p.Rows
	}
	last := loads[len(loads)-1]
	s.LastCommit, s.LastAt = last.Number, last.At
	return s, nil
}
