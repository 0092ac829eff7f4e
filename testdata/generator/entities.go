package generator

// flag is a boolean that a source may leave open.
type flag int8

const (
	unset flag = iota
	yes
	no
)

func flagOf(b bool) flag {
	if b {
		return yes
	}
	return no
}

// mark is what every record that can disappear at its source carries.
type mark struct {
	Deleted  bool
	Modified instant
}

type partner struct {
	ID, Name, Type, Tier, Parent, Country, Region, CAM, Calendar, Currency, Engagement string
	Signed, Enrolled, Onboarded, Terminated                                            instant
	MergedInto                                                                         string
	Test                                                                               bool
	mark
}

// span is one row of a partner's type, tier or status history.
type span struct {
	Partner, Value string
	From, To       instant
	mark
}

type contact struct {
	ID, Partner, Name, Email, Role string
	Created                        instant
	Active                         bool
	mark
}

type certification struct {
	ID, Partner, Contact, Course string
	Issued, Expires              instant
	mark
}

type training struct {
	ID, Partner, Contact, Course, Category string
	Assigned, Completed, Due               instant
	mark
}

type contentEvent struct {
	ID, Partner, Contact, Channel, Asset, Type string
	Occurred                                   instant
	mark
}

type lead struct {
	ID, Direction, Partner, Source, Region, Solution            string
	Received, Submitted, Assigned, AutoAck, Acknowledged        instant
	Accepted, Rejected, FirstContact, Qualified, Closed         instant
	RejectReason, ClosedReason                                  string
	Converted                                                   instant
	Deal                                                        string
	Score                                                       int // tenths
	MRR                                                         money
	Registered, Budget, Decider, Fit, Scope, Recurring, Vehicle flag
	Interest                                                    flag
	MergedInto                                                  string
	Test                                                        bool
	mark
}

type assignment struct {
	ID, Lead, Partner, Assignee                string
	Assigned, Acknowledged, Accepted, Rejected instant
	RejectReason                               string
	Unassigned                                 instant
	UnassignReason                             string
	Expired                                    instant
	mark
}

type enrollment struct {
	ID, Lead, Partner string
	Enrolled, Ended   instant
	mark
}

type touch struct {
	ID, Lead, Enrollment string
	Occurred             instant
	Channel, Type        string
	Engaged              bool
	mark
}

type activity struct {
	ID, Lead, Deal, Partner, Actor, Party, Type, Reason string
	Occurred, Ended, NextStep                           instant
	mark
}

type escalation struct {
	ID, Lead, Assignment string
	Occurred             instant
	Level, Reason        string
	mark
}

type registration struct {
	ID, Partner, Deal, Account string
	Submitted, Decided         instant
	Decision, Reason           string
	Expires, Protected         instant
	DuplicateOf                string
	Amount                     money
	Currency                   string
	Test                       bool
	mark
}

type deal struct {
	ID, Name, AccountID, Account, Partner, Lead, Route, Motion, Engagement string
	Competitive                                                            flag
	Amount, ARR, ACV                                                       money
	Currency                                                               string
	Created, CloseDate, Closed                                             instant
	Outcome, LossReason, OrderType, Product, Region, Owner, Marketplace    string
	MergedInto                                                             string
	Test                                                                   bool
	mark
}

type credit struct { // deal_partner
	ID, Deal, Partner, Role string
	Pct, Current            int // hundredths of a percent; -1 is none
	Contribution            string
	Created, Locked         instant
	mark
}

type stageRow struct {
	ID, Deal, Motion, Stage string
	Entered, Exited         instant
	Sequence                int
	mark
}

type note struct {
	ID, Deal, Stage string
	Occurred        instant
	Author          string
	mark
}

type dealContact struct {
	ID, Deal, Partner, Contact, Role string
	Created                          instant
	mark
}

type line struct {
	ID, Deal, Product, Item, Type string
	Quantity, Amount              money
	Currency                      string
	mark
}

type quote struct {
	ID, Deal, Partner         string
	Requested, Sent, Accepted instant
	HasError                  bool
	Amount                    money
	Currency                  string
	mark
}

type subscription struct {
	ID, AccountID, Partner, Deal      string
	ARR                               money
	Currency                          string
	Started, Ends, Renewed, Cancelled instant
	Previous                          string
	mark
}

type invoice struct {
	ID, Number, Partner, Deal, Kind, Corrects string
	Issued                                    instant
	Amount                                    money
	Currency, Product, Region                 string
	Quantity                                  money
	Test                                      bool
	mark
}

type payment struct {
	ID, Program, Partner string
	Period, Paid         instant
	Amount               money
	Currency             string
	mark
}

type adjustment struct {
	ID, Program, Partner string
	On                   instant
	Amount               money
	Currency, Reason     string
	Approved             bool
	mark
}

type mdfRequest struct {
	ID, Partner        string
	Requested, Decided instant
	Decision           string
	Amount, Approved   money
	Currency, Activity string
	mark
}

type mdfClaim struct {
	ID, Request, Partner      string
	Submitted, Verified, Paid instant
	Amount, PaidAmount        money
	Currency                  string
	mark
}

type cost struct {
	ID, Category, Partner string
	From, To              instant
	Amount                money
	Currency              string
	mark
}

type target struct {
	ID                             string
	From, To                       instant
	Partner, Type, Region, Measure string
	Amount                         money
	Currency                       string
	mark
}

type fxRate struct {
	Day      instant // midnight UTC of the calendar day
	From, To string
	Rate     int64 // billionths
	Kind     string
	mark
}

type conflict struct {
	ID, Deal, Registration, Type, Partner, Other string
	Raised, Resolved                             instant
	Resolution, Reason                           string
	mark
}

type survey struct {
	ID, Partner, Contact, Kind string
	Score                      int
	Answered                   instant
	Comment                    string
	mark
}
