// Package recompute is a second computation of the six results, in plain Go over the same rows, by somebody who has read
// metrics.md and nothing else: no model, no catalogue, no SQL but SELECT * FROM the staging and program tables. It exists so
// that two people who built the same figures from the same text can be compared, value by value.
//
// Load reads the rows of a built warehouse, Compute gives every row of the metrics uncut and by each single dimension, Printed
// reads what the product made of them, Compare says where the two differ, Foot where figures that must sum do not.
// It never writes and never repairs: it is as slow as it is simple.
//
// Where the text leaves a choice, the choice made here is said beside the code that makes it. The larger ones:
//   - A unit of response is an assignment on the partners' board, and a lead on the other two.
//   - A partner is dated by its own history when it has any, and by its static field when it has none; a hole is unknown.
//   - Region is the partner's, everywhere but in the scope of a program.
//   - Business time that cannot be measured leaves a unit out; a group says no_calendar only when nothing is left of it.
//   - CNV-5 lies in the period in which the later stage was reached, VEL-5 in that of the first entry.
//   - A registration is its registrant's (CNV-7, CNV-9); velocity and win rates are of whose deal it is.
//   - Money is rounded once per line of revenue, and once per partner, version and period of an accrual.
package recompute
