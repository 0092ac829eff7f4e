package generator

// The five motions of the program.
const (
	referral    = "referral"
	reseller    = "reseller"
	marketplace = "marketplace"
	services    = "services"
	tech        = "tech"
)

type motion struct {
	name   string
	stages [5]string
	close  int // index of the stage of the commercial close
}

func motionOf(name string) motion {
	switch name {
	case referral:
		return motion{name, [5]string{"Intro Logged", "Validate", "Prove Value", "Commercials", "Closed & Credit"}, 4}
	case reseller:
		return motion{name, [5]string{"Deal Registration", "Qualification", "Configure & Quote", "Transact", "Launch & Enable"}, 3}
	case marketplace:
		return motion{name, [5]string{"Listing Ready", "Private Offer", "Procurement", "Close & Disburse", "Adopt & Expand"}, 3}
	case services:
		return motion{name, [5]string{"Solution Design", "Proof / Workshop", "Commercials", "Delivery", "Handoff"}, 2}
	}
	return motion{tech, [5]string{"Integration Fit", "Field Readiness", "Pipeline Activation", "Validation", "Commercials & Close"}, 4}
}

// stop is one stay of a deal in a stage.
type stop struct {
	motion motion
	stage  int
	at     instant
}

// course is the way of a deal through its stages.
type course struct{ stops []stop }

func (c course) entered(i int) instant {
	if i < 0 {
		return 0
	}
	return c.stops[i].at
}

// course decides the deal's end and walks it there: skips, falls back and forward again, sometimes changes the motion.
func (w *world) course(r *random, d *deal, p plan) course {
	end, outcome := w.closing(r, d, p)
	var steps []stop
	if d.Motion != "" {
		steps = w.path(r, d, outcome)
	}
	before := len(steps)
	if outcome == won && before > 1 && r.chance(.94) {
		steps[before-1].at = end
		if r.chance(.4) {
			steps[before-1].at = end - r.seconds(float64(2*day), .8)
		}
		before--
	}
	spread(r, steps[:before], d.Created, end)
	for i := 1; i < len(steps); i++ {
		steps[i].at = max(steps[i].at, steps[i-1].at+instant(r.between(1, 120)))
	}
	if outcome == won {
		end = max(end, lastAt(steps))
		steps = append(steps, w.afterwards(r, d, steps, end)...)
	}
	d.CloseDate = end
	if end < w.export {
		d.Closed, d.Outcome = end, outcome
		switch outcome {
		case lost:
			d.LossReason = pick(r, "price", "competitor", "no_decision", "timing", "product_fit", "")
		case "void":
			d.LossReason = pick(r, "duplicate", "unqualified", "entered_in_error")
		}
	}
	for i, s := range steps {
		if s.at >= w.export {
			steps = steps[:i]
			break
		}
	}
	if len(steps) > 0 && r.chance(.97) {
		d.Motion = steps[len(steps)-1].motion.name
	}
	return course{steps}
}

func lastAt(steps []stop) instant {
	if len(steps) == 0 {
		return 0
	}
	return steps[len(steps)-1].at
}

// path is the sequence of stages up to the end that the deal will have, without times.
func (w *world) path(r *random, d *deal, outcome string) []stop {
	m := motionOf(d.Motion)
	goal := m.close
	if outcome != won {
		goal = r.weighted(.3, .3, .2, .12, .08)
		goal = min(goal, m.close)
	} else if w.rare(r, .05) {
		goal = r.intn(m.close) // won straight from an early stage: the closing rows are missing
	}
	var steps []stop
	for k := 0; k <= goal; k++ {
		if k > 0 && k < goal && w.rare(r, .09) {
			continue // skipped
		}
		if k == 2 && w.rare(r, .03) { // it turns out to be another kind of deal
			m = motionOf(pick(r, referral, reseller, marketplace, services, tech))
			goal = min(max(goal, 1), m.close)
			k = r.intn(2)
		}
		steps = append(steps, stop{motion: m, stage: k})
		for n := w.detours; k > 0 && k < m.close+1 && n > 0; n-- {
			if r.chance(min(n, 1) * .45) {
				steps = append(steps, stop{motion: m, stage: r.intn(k)}, stop{motion: m, stage: k})
			}
		}
	}
	return steps
}

// spread places the steps between creation and end, at shares that grow unevenly.
func spread(r *random, steps []stop, from, to instant) {
	total, shares := 0.0, make([]float64, len(steps)+1)
	for i := range shares {
		shares[i] = r.logNormal(1, .7)
		total += shares[i]
	}
	sum := 0.0
	for i := range steps {
		if i == 0 && r.chance(.7) {
			shares[0] = 0
		}
		sum += shares[i]
		steps[i].at = from + instant(float64(to-from)*sum/total)
	}
}

// afterwards are the stages that lie behind the commercial close.
func (w *world) afterwards(r *random, d *deal, steps []stop, end instant) []stop {
	if len(steps) == 0 {
		return nil
	}
	m := steps[len(steps)-1].motion
	at := end
	var out []stop
	for k := m.close + 1; k < 5 && r.chance(.75); k++ {
		at += r.seconds(float64(16*day), .8)
		out = append(out, stop{motion: m, stage: k, at: at})
	}
	return out
}

// rows writes the stage history.
func (w *world) rows(r *random, d *deal, c course) {
	for i, s := range c.stops {
		row := stageRow{ID: w.id("S"), Deal: d.ID, Motion: s.motion.name, Stage: s.motion.stages[s.stage], Entered: s.at, Sequence: i + 1}
		if i+1 < len(c.stops) {
			row.Exited = c.stops[i+1].at
		} else if d.Outcome == lost && r.chance(.5) {
			row.Exited = d.Closed
		}
		row.mark = mark{Modified: max(row.Entered, row.Exited), Deleted: w.rare(r, .001)}
		w.out.stage.put(&row)
	}
}

// notes are what the owner writes into the deal, some weeks.
func (w *world) notes(r *random, d *deal, c course) {
	end := w.export
	if d.Closed != 0 {
		end = d.Closed
	}
	at := d.Created
	for range 5 {
		at += r.seconds(float64(9*day), .6)
		if at >= end {
			return
		}
		n := note{ID: w.id("M"), Deal: d.ID, Occurred: at, Author: d.Owner, mark: mark{Modified: at}}
		for _, s := range c.stops {
			if s.at <= at {
				n.Stage = s.motion.stages[s.stage]
			}
		}
		w.out.note.put(&n)
		if r.chance(.5) {
			w.followUp(r, activity{Deal: d.ID, Partner: d.Partner, Party: "partner", Occurred: at + hour})
		}
	}
}
