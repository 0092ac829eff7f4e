package panel

// mayBeEmpty names panels that have no rows on the demo vendor, as dashboard/title, and why that is right.
func mayBeEmpty() map[string]string {
	return map[string]string{
		"sample/Nothing here":                              "it shows how an empty panel looks",
		"tributary-engineering/Missed in the last 30 days": "its nights are of September 2026, and today may be any day",
	}
}

// MayBeEmpty says why a panel has no rows on the demo vendor; empty when it must have some.
func MayBeEmpty(d Dashboard, p Panel) string { return mayBeEmpty()[d.UID+"/"+p.Title] }

// Variables by which a dashboard offers a range that fits what is chosen; a link on it sets the range to them.
const rangeFrom, rangeTo = "range_from", "range_to"

// InRange is the dashboard in the range that it offers, for the data may end long before now.
func InRange(d Dashboard, values Values) Dashboard {
	from, to := values[rangeFrom], values[rangeTo]
	if len(from.Values) == 1 && len(to.Values) == 1 && from.Values[0] != "" && to.Values[0] != "" {
		d.Time.From, d.Time.To = from.Values[0], to.Values[0]
	}
	return d
}
