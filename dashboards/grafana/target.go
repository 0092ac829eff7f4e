package grafana

import (
	"reflect"

	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
)

// target is a query of the PostgreSQL data source, which the SDK does not have.
type target struct {
	RefID      string                `json:"refId"`
	Datasource *common.DataSourceRef `json:"datasource,omitempty"`
	Format     string                `json:"format"` // table or time_series
	RawQuery   bool                  `json:"rawQuery"`
	EditorMode string                `json:"editorMode"`
	RawSQL     string                `json:"rawSql"`
}

// ImplementsDataqueryVariant marks it as a query.
func (t target) ImplementsDataqueryVariant() {}

// Equals compares two queries.
func (t target) Equals(other variants.Dataquery) bool { return reflect.DeepEqual(t, other) }

// DataqueryType is the data source's plugin.
func (t target) DataqueryType() string { return DatasourceType }

// Validate finds nothing wrong: the queries are run by the panels' tests.
func (t target) Validate() error { return nil }
