package generator

import "time"

// halves writes opportunities as two exports: one as things stood on the day of the first, one with all that changed since.
type halves struct {
	cut           instant
	first, second *sheet[deal]
}

func (h *halves) put(d *deal) {
	if d.Created < h.cut {
		old := asOf(*d, h.cut)
		h.first.put(&old)
	}
	if d.Modified >= h.cut {
		h.second.put(d)
	}
}

func (h *halves) close() error {
	if err := h.first.close(); err != nil {
		return err
	}
	return h.second.close()
}

// asOf is the opportunity as it was then.
func asOf(d deal, cut instant) deal {
	if d.Closed >= cut {
		d.Closed, d.Outcome, d.LossReason = 0, open, ""
	}
	if d.Modified >= cut {
		d.Modified = d.Created + (cut-d.Created)/2
		d.Deleted, d.MergedInto = false, ""
	}
	return d
}

func (d *vendor) opportunities() sink[deal] {
	cash := func(name string, get func(*deal) money) column[deal] {
		return amount(name, func(x *deal) (money, string) { return get(x), x.Currency })
	}
	columns := stamped([]column[deal]{
		text("Id", func(x *deal) string { return x.ID }), text("Name", func(x *deal) string { return x.Name }),
		text("AccountId", func(x *deal) string { return x.AccountID }), text("Account_Name__c", func(x *deal) string { return x.Account }),
		text("Partner_Account__c", func(x *deal) string { return x.Partner }), text("Lead__c", func(x *deal) string { return x.Lead }),
		text("Route_to_Market__c", func(x *deal) string { return x.Route }), coded("Motion__c", motionNames(), func(x *deal) string { return x.Motion }),
		text("Engagement__c", func(x *deal) string { return x.Engagement }), maybe("Competitive__c", "true", "false", func(x *deal) flag { return x.Competitive }),
		cash("Amount", func(x *deal) money { return x.Amount }), cash("ARR__c", func(x *deal) money { return x.ARR }), cash("ACV__c", func(x *deal) money { return x.ACV }),
		text("CurrencyIsoCode", func(x *deal) string { return x.Currency }), sf("CreatedDate", func(x *deal) instant { return x.Created }),
		at("CloseDate", time.DateOnly, d.home, func(x *deal) instant { return x.CloseDate }), sf("Closed_At__c", func(x *deal) instant { return x.Closed }),
		truth("IsClosed", "true", "false", func(x *deal) bool { return x.Outcome != open }), truth("IsWon", "true", "false", func(x *deal) bool { return x.Outcome == won }),
		text("Loss_Reason__c", func(x *deal) string { return x.LossReason }),
		coded("Type", map[string]string{"new_logo": "New Business", "expansion": "Existing Business", "renewal": "Renewal"}, func(x *deal) string { return x.OrderType }),
		text("Product_Line__c", func(x *deal) string { return x.Product }), text("Sales_Region__c", func(x *deal) string { return x.Region }),
		text("Owner_Name", func(x *deal) string { return x.Owner }), text("Marketplace__c", func(x *deal) string { return x.Marketplace }),
		text("MasterRecordId", func(x *deal) string { return x.MergedInto }), truth("Test__c", "true", "false", func(x *deal) bool { return x.Test }),
	}, func(x *deal) mark { return x.mark })
	broken := func(id, created, amount string) string {
		return raw(",", columns, map[string]string{
			"Id": id, "Name": "Broken export", "AccountId": "ACC0001", "Route_to_Market__c": "direct", "Amount": `"` + amount + `"`, "CurrencyIsoCode": "EUR",
			"CreatedDate": created, "CloseDate": "2026-08-31", "IsClosed": "false", "IsWon": "false", "Test__c": "false", "IsDeleted": "false",
			"SystemModstamp": "2026-07-01T09:00:00.000Z",
		})
	}
	cut := moment(time.Date(2026, 4, 1, 0, 0, 0, 0, d.home))
	return &halves{
		cut:   cut,
		first: newSheet(d.utf8("crm/opportunity_2026-04-01.csv"), comma(130), d.dirt, columns),
		second: newSheet(d.utf8("crm/opportunity_2026-10-01.csv"), comma(90), d.dirt, columns,
			plant{110, broken("D999901", "2026-13-45T09:00:00.000Z", "18000.00"), "CreatedDate is no date"},
			plant{210, broken("D999902", "2026-06-30T09:00:00.000Z", "2,024,994.5.1"), "Amount is no number"}),
	}
}
