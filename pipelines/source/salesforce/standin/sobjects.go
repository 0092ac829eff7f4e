package standin

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

func (s *Server) sobjects(w http.ResponseWriter, r *http.Request, version string, parts []string) {
	if len(parts) == 0 {
		list := []map[string]any{}
		for _, t := range s.objects {
			if !t.denied {
				list = append(list, t.summary(version))
			}
		}
		answer(w, http.StatusOK, map[string]any{"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": list})
		return
	}
	t := s.tables[strings.ToLower(parts[0])]
	switch {
	case t == nil || t.denied || len(parts) > 2:
		notFound(w)
	case len(parts) == 1:
		answer(w, http.StatusOK, map[string]any{"objectDescribe": t.summary(version), "recentItems": []any{}})
	case parts[1] == "describe":
		answer(w, http.StatusOK, t.describe(version))
	case parts[1] == "deleted" || parts[1] == "updated":
		s.changed(w, r, t, parts[1] == "deleted")
	default:
		s.retrieve(w, r, t, parts[1], version)
	}
}

// retrieve answers one record: all its fields, or those that the request lists.
func (s *Server) retrieve(w http.ResponseWriter, r *http.Request, t *table, id, version string) {
	v := view{at: s.options.Now()}
	found := t.byID[LongID(id)]
	switch {
	case found != nil && found.deleted() && !found.visible.After(v.at):
		fail(w, &apiError{status: http.StatusNotFound, Code: "ENTITY_IS_DELETED", Message: "entity is deleted"})
		return
	case !v.sees(found):
		notFound(w)
		return
	}
	var columns []column
	if list := r.URL.Query().Get("fields"); list != "" {
		for name := range strings.SplitSeq(list, ",") {
			c, err := s.resolve(t, token{text: strings.TrimSpace(name)})
			if err != nil {
				fail(w, err)
				return
			}
			columns = append(columns, c)
		}
		columns = append(columns, column{field: t.find("Id")})
	} else {
		for _, f := range t.fields {
			if !f.denied {
				columns = append(columns, column{field: f})
			}
		}
	}
	answer(w, http.StatusOK, s.show(t, found.row, columns, v, version))
}

// How far back the lists of changes reach, in days before the day of the call.
const updatedDays, deletedDays = 30, 15

// changed answers getUpdated and getDeleted: ids of records changed from start up to end, both to the minute. What an open transaction has stamped is not
// covered yet.
func (s *Server) changed(w http.ResponseWriter, r *http.Request, t *table, deleted bool) {
	if t.Unreplicated {
		fail(w, &apiError{status: http.StatusBadRequest, Code: "INVALID_TYPE_FOR_OPERATION", Message: "entity type " + t.Name + " does not support replicate"})
		return
	}
	now := s.options.Now().UTC()
	days := updatedDays
	if deleted {
		days = deletedDays
	}
	earliest := now.Truncate(24*time.Hour).AddDate(0, 0, -days)
	start, end, err := period(r, earliest, days)
	if err != nil {
		fail(w, err)
		return
	}
	covered := end
	if now.Before(covered) {
		covered = now
	}
	ids, gone := []any{}, []any{}
	for _, record := range t.records {
		at := record.stamp()
		switch {
		case at.Before(start) || !at.Before(end):
		case record.visible.After(now):
			if at.Before(covered) {
				covered = at
			}
		case record.deleted():
			gone = append(gone, map[string]any{"id": record.row["Id"], "deletedDate": at.UTC().Format(instant)})
		default:
			ids = append(ids, record.row["Id"])
		}
	}
	body := map[string]any{"latestDateCovered": covered.UTC().Truncate(time.Minute).Format(instant)}
	if deleted {
		body["deletedRecords"], body["earliestDateAvailable"] = gone, earliest.Format(instant)
	} else {
		body["ids"] = ids
	}
	answer(w, http.StatusOK, body)
}

// period reads start and end, cut to the minute.
func period(r *http.Request, earliest time.Time, days int) (start, end time.Time, failure *apiError) {
	refused := func(message string) (start, end time.Time, failure *apiError) {
		return start, end, &apiError{status: http.StatusBadRequest, Code: "INVALID_REPLICATION_DATE", Message: message}
	}
	var bounds [2]time.Time
	for i, name := range []string{"start", "end"} {
		// a plus that was not escaped arrives as a space
		at, err := readInstant(strings.ReplaceAll(r.URL.Query().Get(name), " ", "+"))
		if err != nil {
			return start, end, &apiError{status: http.StatusBadRequest, Code: "INVALID_FIELD", Message: name + " must be an ISO 8601 date and time"}
		}
		bounds[i] = at.Truncate(time.Minute)
	}
	switch start, end = bounds[0], bounds[1]; {
	case !start.Before(end):
		return refused("endDate must be at least one minute greater than startDate")
	case start.Before(earliest):
		return refused(fmt.Sprintf("startDate cannot be more than %d days ago", days))
	}
	return start, end, nil
}
