package generator

import "errors"

// sink takes the rows of one entity. An error is kept and told at close, so that making rows stays free of error handling.
type sink[T any] interface {
	put(row *T)
	close() error
}

// outputs has one sink per entity.
type outputs struct {
	partner       sink[partner]
	partnerType   sink[span]
	partnerTier   sink[span]
	partnerStatus sink[span]
	contact       sink[contact]
	certification sink[certification]
	training      sink[training]
	content       sink[contentEvent]
	lead          sink[lead]
	assignment    sink[assignment]
	enrollment    sink[enrollment]
	touch         sink[touch]
	activity      sink[activity]
	escalation    sink[escalation]
	registration  sink[claims]
	deal          sink[deal]
	credit        sink[credit]
	stage         sink[stageRow]
	note          sink[note]
	dealContact   sink[dealContact]
	line          sink[line]
	quote         sink[quote]
	subscription  sink[subscription]
	invoice       sink[invoice]
	payment       sink[payment]
	adjustment    sink[adjustment]
	mdfRequest    sink[mdfRequest]
	mdfClaim      sink[mdfClaim]
	cost          sink[cost]
	target        sink[target]
	fx            sink[fxRate]
	conflict      sink[conflict]
	survey        sink[survey]
}

// claims is what the partner portal keeps together: every registration of one customer project.
type claims struct {
	Account string
	Rows    []registration
}

type closer interface{ close() error }

func (o *outputs) close() error {
	var errs []error
	for _, c := range []closer{
		o.partner, o.partnerType, o.partnerTier, o.partnerStatus, o.contact, o.certification, o.training, o.content,
		o.lead, o.assignment, o.enrollment, o.touch, o.activity, o.escalation, o.registration, o.deal, o.credit, o.stage,
		o.note, o.dealContact, o.line, o.quote, o.subscription, o.invoice, o.payment, o.adjustment, o.mdfRequest,
		o.mdfClaim, o.cost, o.target, o.fx, o.conflict, o.survey,
	} {
		errs = append(errs, c.close())
	}
	return errors.Join(errs...)
}
