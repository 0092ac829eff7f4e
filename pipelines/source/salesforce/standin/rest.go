package standin

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const largestBatch = 2000

func (s *Server) query(w http.ResponseWriter, r *http.Request, version string, parts []string) {
	if len(parts) > 1 {
		s.page(w, r, version, parts[1])
		return
	}
	res, err := s.run(r.URL.Query().Get("q"), parts[0] == "queryAll")
	if err != nil {
		fail(w, err)
		return
	}
	s.sequence++
	id := makeID("01g", s.sequence)
	s.cursors[id] = res
	s.page(w, r, version, id+"-0")
}

// page answers the rows of a cursor from an offset on; the last page ends it.
func (s *Server) page(w http.ResponseWriter, r *http.Request, version, locator string) {
	id, from, _ := strings.Cut(locator, "-")
	res := s.cursors[id]
	start, err := strconv.Atoi(from)
	if res == nil || err != nil || start < 0 || start > len(res.rows) {
		fail(w, &apiError{status: http.StatusBadRequest, Code: "INVALID_QUERY_LOCATOR", Message: "invalid query locator"})
		return
	}
	size := largestBatch
	if _, asked, ok := strings.Cut(r.Header.Get("Sforce-Query-Options"), "batchSize="); ok {
		if n, err := strconv.Atoi(strings.TrimSpace(asked)); err == nil {
			size = min(max(n, 200), largestBatch)
		}
	}
	end := min(start+size, len(res.rows))
	records := []any{}
	for _, row := range res.rows[start:end] {
		records = append(records, s.record(row, res, version))
	}
	body := map[string]any{"totalSize": res.total, "done": end == len(res.rows), "records": records}
	if end < len(res.rows) {
		body["nextRecordsUrl"] = fmt.Sprintf("/services/data/%s/query/%s-%d", version, id, end)
	} else {
		delete(s.cursors, id)
	}
	answer(w, http.StatusOK, body)
}

// record is a row as REST shows it: attributes first, parents nested, null where there is no parent.
func (s *Server) record(row Row, res *result, version string) map[string]any {
	out := map[string]any{"attributes": attributes(res.table, row, version)}
	for _, c := range res.columns {
		into, current := out, row
		for _, f := range c.path {
			parent := s.tables[strings.ToLower(f.ReferenceTo)]
			id, _ := current[f.Name].(string)
			found := parent.find(id)
			if found == nil {
				into[f.RelationshipName] = nil
				into = nil
				break
			}
			nested, ok := into[f.RelationshipName].(map[string]any)
			if !ok {
				nested = map[string]any{"attributes": attributes(parent, found.row, version)}
				into[f.RelationshipName] = nested
			}
			into, current = nested, found.row
		}
		if into != nil {
			into[c.field.Name] = current[c.field.Name]
		}
	}
	return out
}

func attributes(t *table, row Row, version string) map[string]string {
	return map[string]string{"type": t.name, "url": fmt.Sprintf("/services/data/%s/sobjects/%s/%s", version, t.name, row["Id"])}
}

func (s *Server) sobjects(w http.ResponseWriter, r *http.Request, version string, parts []string) {
	if len(parts) == 0 {
		list := []map[string]any{}
		for _, name := range s.names {
			if t := s.tables[name]; !t.denied {
				list = append(list, t.summary(version))
			}
		}
		answer(w, http.StatusOK, map[string]any{"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": list})
		return
	}
	t := s.tables[strings.ToLower(parts[0])]
	if t == nil || t.denied {
		notFound(w)
		return
	}
	switch {
	case len(parts) == 1:
		answer(w, http.StatusOK, map[string]any{"objectDescribe": t.summary(version), "recentItems": []any{}})
	case parts[1] == "describe":
		answer(w, http.StatusOK, t.describe(version))
	case parts[1] == "deleted" || parts[1] == "updated":
		s.changed(w, r, t, parts[1] == "deleted")
	default:
		found := t.find(parts[1])
		if found == nil || found.row["IsDeleted"] == true || found.visible.After(s.options.Now()) {
			notFound(w)
			return
		}
		res := &result{table: t}
		for i := range t.fields {
			if !t.fields[i].hidden {
				res.columns = append(res.columns, column{field: &t.fields[i]})
			}
		}
		answer(w, http.StatusOK, s.record(found.row, res, version))
	}
}

// changed answers getDeleted and getUpdated: ids of records changed from start up to end.
func (s *Server) changed(w http.ResponseWriter, r *http.Request, t *table, deleted bool) {
	start, errStart := time.Parse(time.RFC3339, r.URL.Query().Get("start"))
	end, errEnd := time.Parse(time.RFC3339, r.URL.Query().Get("end"))
	if errStart != nil || errEnd != nil || !start.Before(end) {
		fail(w, &apiError{status: http.StatusBadRequest, Code: "INVALID_REPLICATION_DATE", Message: "startDate must be before endDate"})
		return
	}
	ids, gone := []any{}, []any{}
	for _, record := range t.records {
		stamp, _ := record.row["SystemModstamp"].(string)
		at, err := readInstant(stamp)
		if err != nil || at.Before(start) || !at.Before(end) || record.visible.After(s.options.Now()) {
			continue
		}
		if record.row["IsDeleted"] == true {
			gone = append(gone, map[string]any{"id": record.row["Id"], "deletedDate": stamp})
		} else {
			ids = append(ids, record.row["Id"])
		}
	}
	covered := end.UTC().Format(instant)
	if deleted {
		earliest := start.UTC().Format(instant)
		answer(w, http.StatusOK, map[string]any{"deletedRecords": gone, "earliestDateAvailable": earliest, "latestDateCovered": covered})
		return
	}
	answer(w, http.StatusOK, map[string]any{"ids": ids, "latestDateCovered": covered})
}
