package syntax

import (
	"sort"
	"strings"
)

// Tables are the tables that the query reads, in the order written. A name that a WITH gives in the scope of its use is no table:
// in `WITH y AS (SELECT * FROM y) SELECT * FROM y` the inner y is one and the outer is not.
func (q *Query) Tables() []TableRef {
	var refs []TableRef
	q.tables(map[string]any(q.Root), nil, &refs)
	sort.SliceStable(refs, func(i, j int) bool { return refs[i].Line < refs[j].Line })
	return refs
}

// scope is the chain of names that WITH clauses have given so far.
type scope struct {
	name  string
	outer *scope
}

func (s *scope) has(name string) bool {
	for ; s != nil; s = s.outer {
		if s.name == name {
			return true
		}
	}
	return false
}

func (q *Query) tables(v any, names *scope, refs *[]TableRef) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			q.tables(item, names, refs)
		}
	case map[string]any:
		n := Node(v)
		if n.Str("type") == "BASE_TABLE" {
			q.baseTable(n, names, refs)
		}
		names = q.withClause(n, names, refs)
		for _, key := range sortedKeys(v) {
			if key != "cte_map" {
				q.tables(v[key], names, refs)
			}
		}
	}
}

func (q *Query) baseTable(n Node, names *scope, refs *[]TableRef) {
	ref := TableRef{Catalog: n.Str("catalog_name"), Schema: n.Str("schema_name"), Table: n.Str("table_name"), Line: q.Line(n)}
	// DuckDB writes WITH RECURSIVE's own use of its name with schema "recurring" when USING KEY is in play.
	if ref.Schema == "recurring" {
		ref.Schema = ""
	}
	if ref.Catalog == "" && ref.Schema == "" && names.has(strings.ToLower(ref.Table)) {
		return
	}
	*refs = append(*refs, ref)
}

// withClause visits the queries of a node's WITH, each seeing those before it, and gives the scope for the rest of the node.
func (q *Query) withClause(n Node, names *scope, refs *[]TableRef) *scope {
	if n.Str("type") == "RECURSIVE_CTE_NODE" {
		names = &scope{strings.ToLower(n.Str("cte_name")), names}
	}
	for _, entry := range n.Child("cte_map").Children("map") {
		q.tables(entry["value"], names, refs)
		names = &scope{strings.ToLower(entry.Str("key")), names}
	}
	return names
}
