package recompute

import (
	"math/big"
	"time"
)

// Data is everything the computation reads: the rows of staging and of program, as they are. A text that is null is "", an
// instant or a day that is null is the zero time, a number that is null is nil. Nobody lived on the first of January of the
// year 1, so that a rule "from the beginning of time" and a null are one thing.
type Data struct {
	Partners      []Partner
	PartnerTypes  []PartnerType
	PartnerTiers  []PartnerTier
	Leads         []Lead
	Assignments   []LeadAssignment
	Enrollments   []NurtureEnrollment
	Activities    []Activity
	Registrations []DealRegistration
	Deals         []Deal
	DealPartners  []DealPartner
	DealStages    []DealStage
	Invoices      []Invoice
	FXRates       []FXRate
	Adjustments   []IncentiveAdjustment
	Contacts      []DealContact
	Notes         []StageNote
	Certificates  []Certification

	Param           Param
	Days            []FiscalDay
	Periods         []FiscalPeriod
	Policies        []SLAPolicy
	Ladders         []Ladder
	Stages          []Stage
	Openings        []CalendarInterval
	RegionCalendars []RegionCalendar
	ManualRates     []FXManual
	Versions        []IncentiveVersion
	Tiers           []IncentiveTier
	Scopes          []IncentiveScope
	Milestones      []IncentiveMilestone
	Gates           []IncentiveGate
	Weights         []ProjectionWeight
	Overrides       []ProjectionOverride
	RuleAdjustments []Adjustment
	AffiliateTypes  []AffiliateType
	NewLogoTypes    []NewLogoOrderType
	VoidLossReasons []VoidLossReason
	VoidReasons     []VoidReason
	Mapped          []Mapped
	WithoutMappings bool // hand-made cases: every entity counts as mapped
}

// The entities of staging, with the fields that a formula reads.
type (
	// Partner is a row of staging.partner.
	Partner struct {
		PartnerID, PartnerType, ProgramTier, Region, BusinessCalendar, MergedInto string
		SignedAt, EnrolledAt, TerminatedAt                                        time.Time
		Test, Deleted                                                             bool
	}
	// PartnerType is a row of staging.partner_type.
	PartnerType struct {
		PartnerID, PartnerType string
		ValidFrom, ValidTo     time.Time
		Deleted                bool
	}
	// PartnerTier is a row of staging.partner_tier.
	PartnerTier struct {
		PartnerID, ProgramTier string
		ValidFrom, ValidTo     time.Time
		Deleted                bool
	}
	// Lead is a row of staging.lead.
	Lead struct {
		LeadID, Direction, PartnerID, Region, RejectReason, ClosedReason, ConvertedDealID, MergedInto         string
		ReceivedAt, SubmittedAt, AssignedAt, AcknowledgedAt, AcceptedAt, RejectedAt, FirstContactAt, ClosedAt time.Time
		QualifiedAt, ConvertedAt                                                                              time.Time
		Test, Deleted                                                                                         bool
	}
	// LeadAssignment is a row of staging.lead_assignment.
	LeadAssignment struct {
		AssignmentID, LeadID, PartnerID, RejectReason, UnassignReason               string
		AssignedAt, AcknowledgedAt, AcceptedAt, RejectedAt, UnassignedAt, ExpiredAt time.Time
		Deleted                                                                     bool
	}
	// NurtureEnrollment is a row of staging.nurture_enrollment.
	NurtureEnrollment struct {
		EnrollmentID, LeadID string
		EnrolledAt           time.Time
		Deleted              bool
	}
	// Activity is a row of staging.activity.
	Activity struct {
		ActivityID, LeadID, PartnerID, ActorType, Party, Type, Reason string
		OccurredAt                                                    time.Time
		Deleted                                                       bool
	}
	// DealRegistration is a row of staging.deal_registration.
	DealRegistration struct {
		RegistrationID, PartnerID, DealID, Decision, DuplicateOf, MergedInto string
		SubmittedAt, DecidedAt                                               time.Time
		Test, Deleted                                                        bool
	}
	// Deal is a row of staging.deal.
	Deal struct {
		DealID, PartnerID, LeadID, RouteToMarket, Motion, Currency, Outcome, LossReason, OrderType, ProductLine, Region, MergedInto string
		Amount, ARR                                                                                                                 *big.Rat
		CreatedAt, ClosedAt                                                                                                         time.Time
		Test, Deleted                                                                                                               bool
	}
	// DealPartner is a row of staging.deal_partner.
	DealPartner struct {
		DealPartnerID, DealID, PartnerID, Role string
		Pct                                    *big.Rat
		CreatedAt, LockedAt                    time.Time
		Deleted                                bool
	}
	// DealStage is a row of staging.deal_stage.
	DealStage struct {
		DealStageID, DealID, Motion, Stage string
		EnteredAt, ExitedAt                time.Time
		Sequence                           *int64
		Deleted                            bool
	}
	// Invoice is a row of staging.invoice.
	Invoice struct {
		InvoiceID, PartnerID, DealID, Kind, CorrectsInvoiceID, Currency, ProductLine, Region string
		IssuedAt                                                                             time.Time
		Amount, Quantity                                                                     *big.Rat
		Test, Deleted                                                                        bool
	}
	// FXRate is a row of staging.fx_rate.
	FXRate struct {
		RateDate                       time.Time
		FromCurrency, ToCurrency, Kind string
		Rate                           *big.Rat
		Deleted                        bool
	}
	// IncentiveAdjustment is a row of staging.incentive_adjustment.
	IncentiveAdjustment struct {
		AdjustmentID, ProgramID, PartnerID, Currency string
		AdjustedOn                                   time.Time
		Amount                                       *big.Rat
		Approved, Deleted                            bool
	}
	// DealContact is a row of staging.deal_contact.
	DealContact struct {
		DealID, PartnerID, ContactID string
		Deleted                      bool
	}
	// StageNote is a row of staging.stage_note.
	StageNote struct {
		DealID     string
		OccurredAt time.Time
		Deleted    bool
	}
	// Certification is a row of staging.certification.
	Certification struct {
		PartnerID, Course   string
		IssuedAt, ExpiresAt time.Time
		Deleted             bool
	}
	// Mapped is a row of staging.mapped.
	Mapped struct{ Entity, Field string }
)

// The rules of schema program.
type (
	// Param is the row of program.param.
	Param struct {
		AsOf, AsOfAt                                                                      time.Time
		ReportingTz, FunctionalCurrency, LockWhenMissing, VendorCalendar, PartnerCalendar string
		FXKind, DefaultCurrency                                                           string
		SourcedSplits                                                                     bool
		MinN, RmstTauSeconds, MaturityMinDays, TrailingDays                               int64
		RevenueActiveMonths, ActivationDays                                               int64
		FXMaxAgeDays                                                                      *int64
	}
	// FiscalDay is a row of program.fiscal_day.
	FiscalDay struct{ Date, WeekStart, MonthStart, QuarterStart, YearStart time.Time }
	// FiscalPeriod is a row of program.fiscal_period.
	FiscalPeriod struct {
		Grain                                  string
		PeriodStart, PeriodEnd, StartAt, EndAt time.Time
	}
	// SLAPolicy is a row of program.sla_policy.
	SLAPolicy struct {
		PolicyID, Direction, PartnerType, ProgramTier, Clock string
		ValidFromAt, ValidToAt                               time.Time
		SLASeconds                                           int64
	}
	// Ladder is a row of program.ladder.
	Ladder struct {
		PartnerType, ProgramTier, State string
		ValidFromAt, ValidToAt          time.Time
		Misses                          int64
	}
	// Stage is a row of program.stage.
	Stage struct {
		Motion, Stage                  string
		Rank                           int64
		IsCommercialClose, IsPostClose bool
	}
	// CalendarInterval is a row of program.calendar_interval.
	CalendarInterval struct {
		Calendar     string
		FromAt, ToAt time.Time
		IsOpen       bool
	}
	// RegionCalendar is a row of program.region_calendar.
	RegionCalendar struct{ Region, Calendar string }
	// FXManual is a row of program.fx_manual.
	FXManual struct {
		RateDate                       time.Time
		FromCurrency, ToCurrency, Kind string
		Rate                           *big.Rat
	}
	// IncentiveVersion is a row of program.incentive_version.
	IncentiveVersion struct {
		ProgramID, Method, Basis, Currency, Period, NoLead, CreditedRole string
		Version                                                          int64
		EffectiveFromAt, EffectiveToAt                                   time.Time
		Rate, UnitAmount, SLAMissFactor                                  *big.Rat
		AllowNegative, SLAGate                                           bool
	}
	// IncentiveTier is a row of program.incentive_tier.
	IncentiveTier struct {
		ProgramID     string
		Version, Tier int64
		Lower, Rate   *big.Rat
	}
	// IncentiveScope is a row of program.incentive_scope.
	IncentiveScope struct {
		ProgramID, Dimension, Value string
		Version                     int64
	}
	// IncentiveMilestone is a row of program.incentive_milestone.
	IncentiveMilestone struct {
		ProgramID, Milestone string
		Version              int64
		Share                *big.Rat
	}
	// IncentiveGate is a row of program.incentive_gate.
	IncentiveGate struct {
		ProgramID, Kind, Value string
		Version                int64
	}
	// ProjectionWeight is a row of program.projection_weight.
	ProjectionWeight struct {
		ProgramID        string
		Version, Quarter int64
		Weight           *big.Rat
	}
	// ProjectionOverride is a row of program.projection_override.
	ProjectionOverride struct {
		ProgramID, PartnerID string
		PeriodStart, MadeOn  time.Time
		ProjectedBase        *big.Rat
		Approved             bool
	}
	// Adjustment is a row of program.adjustment.
	Adjustment struct {
		ProgramID, PartnerID, Currency string
		AdjustedOn                     time.Time
		Amount                         *big.Rat
		Approved                       bool
	}
	// AffiliateType is a row of program.affiliate_type.
	AffiliateType struct{ PartnerType string }
	// NewLogoOrderType is a row of program.new_logo_order_type.
	NewLogoOrderType struct{ OrderType string }
	// VoidLossReason is a row of program.void_loss_reason.
	VoidLossReason struct{ Reason string }
	// VoidReason is a row of program.void_reason.
	VoidReason struct{ Scope, Reason string }
)
