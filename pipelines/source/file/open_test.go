package file_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/file"
)

const plainCSV = "id,name\n1,Acme\n2,Bolt\n"

const plainRows = "columns: id | name\n2: 1 | Acme\n3: 2 | Bolt\n"

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.String()
}

func zstandard(t *testing.T, text string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	return string(w.EncodeAll([]byte(text), nil))
}

func TestCompressionIsFoundOut(t *testing.T) {
	for name, content := range map[string]string{
		"a.csv.gz": gzipped(t, plainCSV), "b.csv": gzipped(t, plainCSV), "c.csv.zst": zstandard(t, plainCSV), "d.csv.gz": plainCSV,
		"two members.csv.gz": gzipped(t, plainCSV[:11]) + gzipped(t, plainCSV[11:]),
	} {
		require.Equal(t, plainRows, read(t, file.Spec{}, put(t, name, content), file.Open), name)
	}
	utf16 := "\xff\xfei\x00d\x00\n\x001\x00\n\x00"
	require.Equal(t, "columns: id\n2: 1\n", read(t, file.Spec{}, put(t, "a.csv", gzipped(t, utf16)), file.Open))
}

func TestDamagedCompression(t *testing.T) {
	long := plainCSV + strings.Repeat("3,Cola\n", 100_000)
	for name, content := range map[string]string{"gzip": gzipped(t, long), "zstd": zstandard(t, long)} {
		cut := content[:len(content)*2/3]
		got := read(t, file.Spec{}, put(t, "a.csv", cut), file.Open)
		require.Contains(t, got, "error: a.csv: its "+name+" data is damaged or cut off (", name)
		got = read(t, file.Spec{Compression: name}, put(t, "a.csv", plainCSV), file.Open)
		require.Contains(t, got, "error: a.csv: its "+name+" data is damaged or cut off (", name)
		require.Equal(t, "error: a.csv: the file is empty (an export that failed looks like this: export it again, or remove it)\n",
			read(t, file.Spec{}, put(t, "a.csv", map[string]string{"gzip": gzipped(t, ""), "zstd": "\x28\xb5\x2f\xfd\x20\x00\x01\x00\x00"}[name]), file.Open), name)
	}
}

func TestContentIsHashedAsItIsOnDisk(t *testing.T) {
	content := gzipped(t, plainCSV) + "trailing"
	f := put(t, "a.csv.gz", content)
	want := sha256.Sum256([]byte(content))
	got, err := file.Hash(context.Background(), f)
	require.NoError(t, err)
	require.Equal(t, file.Content{Size: int64(len(content)), ModTime: f.ModTime, SHA256: hex.EncodeToString(want[:])}, got)
}

// TestChangesWhileRead changes a file between two batches in every way that a file can change.
func TestChangesWhileRead(t *testing.T) {
	long := plainCSV + strings.Repeat("3,Cola\n", 500_000)
	for name, change := range map[string]func(path string) error{
		"appended": func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteString("4,Dolt\n")
			}
			return err
		},
		"cut off":   func(path string) error { return os.Truncate(path, 2_000_000) },
		"rewritten": func(path string) error { return os.WriteFile(path, []byte(strings.ReplaceAll(long, "C", "K")), 0o644) },
		"removed":   os.Remove,
		"replaced by its like": func(path string) error {
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			if err := os.WriteFile(path+".new", []byte(strings.ReplaceAll(long, "C", "K")), 0o644); err != nil {
				return err
			}
			if err := os.Chtimes(path+".new", info.ModTime(), info.ModTime()); err != nil {
				return err
			}
			return os.Rename(path+".new", path)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := put(t, "a.csv", long)
			old := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			require.NoError(t, os.Chtimes(f.Abs, old, old))
			f.ModTime = old
			in, err := file.Open(context.Background(), file.Spec{}, f)
			require.NoError(t, err)
			defer in.Close()
			var b source.Batch
			require.NoError(t, in.Next(&b))
			require.NoError(t, change(f.Abs))
			for err == nil {
				err = in.Next(&b)
			}
			if err == io.EOF {
				_, err = in.Finish()
			}
			require.ErrorIs(t, err, source.ErrChanged)
			require.ErrorContains(t, err, "a.csv")
		})
	}
}

func TestChangedBeforeItIsOpened(t *testing.T) {
	f := put(t, "a.csv", plainCSV)
	require.NoError(t, os.WriteFile(f.Abs, []byte("id\n"), 0o644))
	_, err := file.Open(context.Background(), file.Spec{}, f)
	require.ErrorIs(t, err, source.ErrChanged)
}

func TestReadingStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	f := put(t, "a.csv", plainCSV+strings.Repeat("3,Cola\n", 500_000))
	in, err := file.Open(ctx, file.Spec{}, f)
	require.NoError(t, err)
	defer in.Close()
	var b source.Batch
	require.NoError(t, in.Next(&b))
	cancel()
	for err == nil {
		err = in.Next(&b)
	}
	require.ErrorIs(t, err, context.Canceled)
}

func TestPeek(t *testing.T) {
	f := put(t, "a.csv", plainCSV+"3\n4,\n5,x\n")
	got, err := file.Peek(context.Background(), file.Spec{}, f, 3)
	require.NoError(t, err)
	require.Equal(t, []string{"id", "name"}, got.Columns)
	require.Len(t, got.Rows, 3)
	require.Equal(t, "4", *got.Rows[2][0])
	require.Nil(t, got.Rows[2][1])
	require.Equal(t, source.RaggedRow, got.Rejects[0].Rule)
	got, err = file.Peek(context.Background(), file.Spec{}, put(t, "a.csv", "id,name\n"), 3)
	require.NoError(t, err)
	require.Equal(t, []string{"id", "name"}, got.Columns)
}

// TestAnyTableComesBack writes tables of nasty values with the standard library's writers and reads them in pieces of any size.
func TestAnyTableComesBack(t *testing.T) {
	const alphabet = "ab,\"\n\r;é€😀 \t'\\{}[]:0"
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		letters := []rune(alphabet)
		columns, rows := 1+r.IntN(4), r.IntN(12)
		var names []string
		for c := range columns {
			names = append(names, "c"+strconv.Itoa(c))
		}
		table := make([][]string, rows)
		for i := range table {
			for range columns {
				value := make([]rune, 1+r.IntN(6))
				for j := range value {
					value[j] = letters[r.IntN(len(letters))]
				}
				table[i] = append(table[i], string(value))
			}
		}
		size := 1 + r.IntN(40)
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		require.NoError(t, w.Write(names))
		require.NoError(t, w.WriteAll(table))
		check(t, fmt.Sprintf("csv %d in pieces of %d", seed, size), put(t, "a.csv", text.String()), names, table, size)

		text.Reset()
		records := []map[string]string{}
		for _, row := range table {
			record := map[string]string{}
			for c, name := range names {
				record[name] = row[c]
			}
			records = append(records, record)
		}
		indented, err := json.MarshalIndent(records, "", " ")
		require.NoError(t, err)
		check(t, fmt.Sprintf("json %d in pieces of %d", seed, size), put(t, "a.json", string(indented)), names, table, size)
		for _, record := range records {
			require.NoError(t, json.NewEncoder(&text).Encode(record))
		}
		if rows > 0 {
			check(t, fmt.Sprintf("jsonl %d in pieces of %d", seed, size), put(t, "a.jsonl", text.String()), names, table, size)
		}
	}
}

func check(t *testing.T, what string, f file.Found, names []string, table [][]string, size int) {
	t.Helper()
	in, err := file.OpenInPieces(size)(context.Background(), file.Spec{}, f)
	require.NoError(t, err, what)
	defer in.Close()
	var got [][]string
	var b source.Batch
	for {
		err := in.Next(&b)
		if err == io.EOF {
			break
		}
		require.NoError(t, err, what)
		require.Empty(t, b.Rejects, what)
		for row := range b.Rows() {
			var values []string
			for column := range b.Names {
				values = append(values, string(b.Value(column, row)))
			}
			got = append(got, values)
		}
	}
	if len(table) > 0 {
		require.Equal(t, names, b.Names, what)
		require.Equal(t, table, got, what)
	}
	_, err = in.Finish()
	require.NoError(t, err, what)
}
