package generator

import "time"

func partnerTypeNames() map[string]string {
	return map[string]string{
		"reseller": "Reseller", "var": "Value Added Reseller", "msp": "MSP", "affiliate": "Affiliate",
		"distributor": "Distributor", "si": "System Integrator", "referral": "Referral Partner",
	}
}

func levelCodes() map[string]string {
	return map[string]string{"platinum": "P", "gold": "G", "silver": "S"}
}

// crmPartners: accounts, their histories and people, as a CRM's data export writes them.
func (d *vendor) crmPartners(o *outputs) {
	o.partner = &stale[partner]{newSheet(d.utf8("crm/account.csv"), comma(37), d.dirt, stamped([]column[partner]{
		text("Id", func(p *partner) string { return p.ID }), text("ERP_Customer_No__c", func(p *partner) string { return customerNumber(p.ID) }),
		text("Name", func(p *partner) string { return p.Name }), coded("Type", partnerTypeNames(), func(p *partner) string { return p.Type }),
		coded("Partner_Level__c", levelCodes(), func(p *partner) string { return p.Tier }),
		text("Distributor__c", func(p *partner) string { return p.Parent }), text("BillingCountryCode", func(p *partner) string { return p.Country }),
		text("Sales_Region__c", func(p *partner) string { return p.Region }), text("OwnerId", func(p *partner) string { return p.CAM }),
		text("Office_Hours__c", func(p *partner) string { return p.Calendar }), text("CurrencyIsoCode", func(p *partner) string { return p.Currency }),
		text("Engagement__c", func(p *partner) string { return p.Engagement }),
		sf("Contract_Signed__c", func(p *partner) instant { return p.Signed }), sf("Enrolled__c", func(p *partner) instant { return p.Enrolled }),
		sf("Onboarded__c", func(p *partner) instant { return p.Onboarded }), at("Terminated__c", time.DateOnly, d.home, func(p *partner) instant { return p.Terminated }),
		text("MasterRecordId", func(p *partner) string { return p.MergedInto }), truth("Test__c", "true", "false", func(p *partner) bool { return p.Test }),
	}, func(p *partner) mark { return p.mark })), 15, func(p partner) partner {
		p.CAM, p.Engagement, p.Deleted = "CAM01", "digital", false
		p.Modified -= 70 * day
		return p
	}}
	history := func(file, value string, codes map[string]string) sink[span] {
		return newSheet(d.utf8("crm/"+file), comma(0), d.dirt, stamped([]column[span]{
			text("AccountId", func(s *span) string { return s.Partner }), coded(value, codes, func(s *span) string { return s.Value }),
			at("Valid_From__c", time.DateOnly, d.home, func(s *span) instant { return s.From }),
			lastDay("Valid_Until__c", time.DateOnly, d.home, func(s *span) instant { return s.To }),
		}, func(s *span) mark { return s.mark }))
	}
	o.partnerType = history("account_type_history.csv", "Type", partnerTypeNames())
	o.partnerTier = history("account_level_history.csv", "Level__c", levelCodes())
	o.partnerStatus = newSheet(d.utf8("crm/account_status.csv"), comma(0), d.dirt, stamped([]column[span]{
		text("AccountId", func(s *span) string { return s.Partner }), text("Status__c", func(s *span) string { return s.Value }),
		sf("Since__c", func(s *span) instant { return s.From }), sf("Until__c", func(s *span) instant { return s.To }),
	}, func(s *span) mark { return s.mark }))
	people := stamped([]column[contact]{
		text("Id", func(c *contact) string { return c.ID }), text("AccountId", func(c *contact) string { return c.Partner }),
		text("Name", func(c *contact) string { return c.Name }), text("Email", func(c *contact) string { return c.Email }),
		text("Role__c", func(c *contact) string { return c.Role }), sf("CreatedDate", func(c *contact) instant { return c.Created }),
		truth("Active__c", "true", "false", func(c *contact) bool { return c.Active }),
	}, func(c *contact) mark { return c.mark })
	o.contact = newSheet(d.utf8("crm/contact.csv"), comma(0), d.dirt, people, plant{120, raw(",", people, map[string]string{
		"Id": "CT999901", "AccountId": "P0042", "Name": "Bro\x00ken Cable", "CreatedDate": "2025-05-05T08:00:00.000Z", "SystemModstamp": "2025-05-05T08:00:00.000Z",
	}), "a NUL byte in the name"})
}

// customerNumber is the number that the ERP knows a partner by.
func customerNumber(partner string) string {
	if partner == "" {
		return ""
	}
	return "00000" + "7" + partner[1:]
}

// crmLeads: leads from the CRM; assignments from the routing tool, which writes local times into TSV; the rest from marketing.
func (d *vendor) crmLeads(o *outputs) {
	state := func(name string, get func(*lead) flag) column[lead] { return maybe(name, "true", "false", get) }
	leads := stamped([]column[lead]{
		text("Id", func(l *lead) string { return l.ID }), coded("Direction__c", map[string]string{
			"vendor_to_partner": "To partner", "partner_to_vendor": "From partner", "affiliate": "Affiliate",
		}, func(l *lead) string { return l.Direction }),
		text("Partner_Account__c", func(l *lead) string { return l.Partner }), text("LeadSource", func(l *lead) string { return l.Source }),
		text("Sales_Region__c", func(l *lead) string { return l.Region }), text("Solution_Area__c", func(l *lead) string { return l.Solution }),
		sf("CreatedDate", func(l *lead) instant { return l.Received }), sf("Submitted__c", func(l *lead) instant { return l.Submitted }),
		sf("Assigned__c", func(l *lead) instant { return l.Assigned }), sf("Auto_Response__c", func(l *lead) instant { return l.AutoAck }),
		sf("Acknowledged__c", func(l *lead) instant { return l.Acknowledged }), sf("Accepted__c", func(l *lead) instant { return l.Accepted }),
		sf("Rejected__c", func(l *lead) instant { return l.Rejected }), text("Reject_Reason__c", func(l *lead) string { return l.RejectReason }),
		sf("First_Contact__c", func(l *lead) instant { return l.FirstContact }), sf("Qualified__c", func(l *lead) instant { return l.Qualified }),
		sf("Closed__c", func(l *lead) instant { return l.Closed }), text("Closed_Reason__c", func(l *lead) string { return l.ClosedReason }),
		sf("ConvertedDate", func(l *lead) instant { return l.Converted }), text("ConvertedOpportunityId", func(l *lead) string { return l.Deal }),
		tenths("Score__c", func(l *lead) int { return l.Score }), amount("MRR_Potential__c", func(l *lead) (money, string) { return l.MRR, "EUR" }),
		state("Registered__c", func(l *lead) flag { return l.Registered }), state("Budget_Confirmed__c", func(l *lead) flag { return l.Budget }),
		state("Decision_Maker__c", func(l *lead) flag { return l.Decider }), state("Technical_Fit__c", func(l *lead) flag { return l.Fit }),
		state("Project_Scope__c", func(l *lead) flag { return l.Scope }), state("Recurring_Need__c", func(l *lead) flag { return l.Recurring }),
		state("Contract_Vehicle__c", func(l *lead) flag { return l.Vehicle }), state("Interest__c", func(l *lead) flag { return l.Interest }),
		text("MasterRecordId", func(l *lead) string { return l.MergedInto }), truth("Test__c", "true", "false", func(l *lead) bool { return l.Test }),
	}, func(l *lead) mark { return l.mark })
	o.lead = &stale[lead]{newSheet(d.utf8("crm/lead.csv.gz"), comma(190), d.dirt, leads, plant{900, raw(",", leads, map[string]string{
		"Direction__c": "To partner", "Partner_Account__c": "P0007", "LeadSource": "trade_fair", "CreatedDate": "2025-06-11T09:12:00.000Z",
		"Test__c": "false", "IsDeleted": "false", "SystemModstamp": "2025-06-11T09:12:00.000Z",
	}), "no Id: the row has no key"}), 45, func(l lead) lead {
		l.Qualified, l.Converted, l.Deal, l.Closed, l.ClosedReason, l.Deleted, l.MergedInto = 0, 0, "", 0, "", false, ""
		l.Modified = l.Received + minute
		return l
	}}
	routing := []column[assignment]{
		text("assignment", func(a *assignment) string { return a.ID }), text("lead", func(a *assignment) string { return a.Lead }),
		text("partner", func(a *assignment) string { return a.Partner }), text("assignee", func(a *assignment) string { return a.Assignee }),
		d.local("assigned", func(a *assignment) instant { return a.Assigned }), d.local("acknowledged", func(a *assignment) instant { return a.Acknowledged }),
		d.local("accepted", func(a *assignment) instant { return a.Accepted }), d.local("rejected", func(a *assignment) instant { return a.Rejected }),
		text("reject_reason", func(a *assignment) string { return a.RejectReason }), d.local("unassigned", func(a *assignment) instant { return a.Unassigned }),
		text("unassign_reason", func(a *assignment) string { return a.UnassignReason }), d.local("expired", func(a *assignment) instant { return a.Expired }),
		truth("deleted", "1", "0", func(a *assignment) bool { return a.Deleted }), d.local("changed", func(a *assignment) instant { return a.Modified }),
	}
	o.assignment = newSheet(d.utf8("routing/assignments.tsv"), layout{delimiter: '\t', echo: 240}, d.dirt, routing, plant{1900, raw("\t", routing, map[string]string{
		"assignment": "A999901", "lead": "L001900", "partner": "P0007", "assignee": "Anke Löffler", "assigned": "2026-03-29 02:30:00", "deleted": "0", "changed": "2026-03-29 03:00:00",
	}), "2026-03-29 02:30 does not exist in Berlin: the clocks went forward"})
	o.escalation = newSheet(d.utf8("routing/escalations.tsv"), layout{delimiter: '\t'}, d.dirt, []column[escalation]{
		text("escalation", func(e *escalation) string { return e.ID }), text("lead", func(e *escalation) string { return e.Lead }),
		text("assignment", func(e *escalation) string { return e.Assignment }),
		at("fired", wallClock, d.home, func(e *escalation) instant { return e.Occurred }),
		text("level", func(e *escalation) string { return e.Level }), text("reason", func(e *escalation) string { return e.Reason }),
	})
}

func (d *vendor) local(name string, get func(*assignment) instant) column[assignment] {
	return at(name, wallClock, d.home, get)
}

// crmDeals: opportunities as two exports half a year apart, the second with what changed since.
func (d *vendor) crmDeals(o *outputs) {
	o.deal = d.opportunities()
	o.credit = newSheet(d.utf8("crm/opportunity_partner.csv"), comma(110), d.dirt, stamped([]column[credit]{
		text("Id", func(c *credit) string { return c.ID }), text("OpportunityId", func(c *credit) string { return c.Deal }),
		text("AccountToId", func(c *credit) string { return c.Partner }), coded("Role", map[string]string{sourced: "Sourced", influenced: "Influenced"}, func(c *credit) string { return c.Role }),
		share("Locked_Percent__c", func(c *credit) int { return c.Pct }), share("Percent__c", func(c *credit) int { return c.Current }),
		text("Contribution__c", func(c *credit) string { return c.Contribution }), sf("CreatedDate", func(c *credit) instant { return c.Created }),
		sf("Locked__c", func(c *credit) instant { return c.Locked }),
	}, func(c *credit) mark { return c.mark }))
	o.stage = newSheet(d.utf8("crm/opportunity_history.csv.gz"), comma(310), d.dirt, stamped([]column[stageRow]{
		text("Id", func(s *stageRow) string { return s.ID }), text("OpportunityId", func(s *stageRow) string { return s.Deal }),
		coded("Motion__c", motionNames(), func(s *stageRow) string { return s.Motion }), text("StageName", func(s *stageRow) string { return s.Stage }),
		sf("Entered__c", func(s *stageRow) instant { return s.Entered }), sf("Left__c", func(s *stageRow) instant { return s.Exited }),
		number("Sequence__c", func(s *stageRow) int { return s.Sequence }),
	}, func(s *stageRow) mark { return s.mark }))
	positions := stamped([]column[line]{
		text("Id", func(l *line) string { return l.ID }), text("OpportunityId", func(l *line) string { return l.Deal }),
		text("Product_Line__c", func(l *line) string { return l.Product }), text("Product2", func(l *line) string { return l.Item }),
		text("Line_Type__c", func(l *line) string { return l.Type }), quantity("Quantity", func(l *line) money { return l.Quantity }),
		amount("TotalPrice", func(l *line) (money, string) { return l.Amount, l.Currency }), text("CurrencyIsoCode", func(l *line) string { return l.Currency }),
	}, func(l *line) mark { return l.mark })
	o.line = newSheet(d.utf8("crm/opportunity_line_item.csv"), comma(0), d.dirt, positions, plant{700, raw(",", positions, map[string]string{
		"Id": "I999901", "OpportunityId": "D000400", "Product_Line__c": "Sensors", "Product2": "PT-100, probe, with cable", "Line_Type__c": "product",
		"Quantity": "4", "TotalPrice": "1200.00", "CurrencyIsoCode": "EUR", "IsDeleted": "false", "SystemModstamp": "2025-09-01T10:00:00.000Z",
	}), "two fields too many: commas without quotes"})
	o.note = newSheet(d.utf8("crm/stage_note.csv.gz"), comma(0), d.dirt, stamped([]column[note]{
		text("Id", func(n *note) string { return n.ID }), text("ParentId", func(n *note) string { return n.Deal }),
		text("StageName", func(n *note) string { return n.Stage }), sf("CreatedDate", func(n *note) instant { return n.Occurred }),
		text("CreatedBy", func(n *note) string { return n.Author }), text("Body", noteBody),
	}, func(n *note) mark { return n.mark }))
	o.dealContact = newSheet(d.utf8("crm/opportunity_contact_role.csv"), comma(0), d.dirt, stamped([]column[dealContact]{
		text("Id", func(c *dealContact) string { return c.ID }), text("OpportunityId", func(c *dealContact) string { return c.Deal }),
		text("AccountId", func(c *dealContact) string { return c.Partner }), text("ContactId", func(c *dealContact) string { return c.Contact }),
		text("Role", func(c *dealContact) string { return c.Role }), sf("CreatedDate", func(c *dealContact) instant { return c.Created }),
	}, func(c *dealContact) mark { return c.mark }))
	o.quote = newSheet(d.utf8("crm/quote.csv"), comma(0), d.dirt, stamped([]column[quote]{
		text("Id", func(q *quote) string { return q.ID }), text("OpportunityId", func(q *quote) string { return q.Deal }),
		text("AccountId", func(q *quote) string { return q.Partner }), sf("Requested__c", func(q *quote) instant { return q.Requested }),
		sf("Sent__c", func(q *quote) instant { return q.Sent }), sf("Accepted__c", func(q *quote) instant { return q.Accepted }),
		truth("Configuration_Error__c", "Y", "N", func(q *quote) bool { return q.HasError }),
		amount("GrandTotal", func(q *quote) (money, string) { return q.Amount, q.Currency }), text("CurrencyIsoCode", func(q *quote) string { return q.Currency }),
	}, func(q *quote) mark { return q.mark }))
	o.conflict = newSheet(d.utf8("crm/conflict.csv"), comma(0), d.dirt, stamped([]column[conflict]{
		text("Id", func(c *conflict) string { return c.ID }), text("OpportunityId", func(c *conflict) string { return c.Deal }),
		text("Registration__c", func(c *conflict) string { return c.Registration }), text("Type__c", func(c *conflict) string { return c.Type }),
		text("AccountId", func(c *conflict) string { return c.Partner }), text("Other_Account__c", func(c *conflict) string { return c.Other }),
		sf("CreatedDate", func(c *conflict) instant { return c.Raised }), sf("Resolved__c", func(c *conflict) instant { return c.Resolved }),
		text("Resolution__c", func(c *conflict) string { return c.Resolution }), text("Reason__c", func(c *conflict) string { return c.Reason }),
	}, func(c *conflict) mark { return c.mark }))
}

func motionNames() map[string]string {
	return map[string]string{referral: "Referral", reseller: "Resell", marketplace: "Marketplace", services: "Services-led", tech: "Technology alliance"}
}

// noteBody is what people type: commas, quotes and line breaks included.
func noteBody(n *note) string {
	switch n.Occurred % 5 {
	case 0:
		return "Call with the plant manager, wants \"proof first\".\nNext: workshop"
	case 1:
		return "Budget steht, Einkauf prüft noch; Angebot bis Freitag"
	case 2:
		return "waiting for the partner"
	}
	return ""
}
