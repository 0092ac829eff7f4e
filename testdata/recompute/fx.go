package recompute

import (
	"math/big"
	"slices"
	"time"
)

// exchange holds the rates of the kind in use, by pair and day.
type exchange struct {
	rates  map[string]map[time.Time]*big.Rat
	days   map[string][]time.Time
	maxAge *int64
}

func newExchange(d *Data) *exchange {
	x := &exchange{rates: map[string]map[time.Time]*big.Rat{}, days: map[string][]time.Time{}, maxAge: d.Param.FXMaxAgeDays}
	for _, r := range d.FXRates {
		if !r.Deleted && or(r.Kind, d.Param.FXKind) == d.Param.FXKind {
			x.put(r.FromCurrency, r.ToCurrency, r.RateDate, r.Rate)
		}
	}
	for _, r := range d.ManualRates { // after the source's: they go before them
		if or(r.Kind, d.Param.FXKind) == d.Param.FXKind && !r.RateDate.After(d.Param.AsOf) {
			x.put(r.FromCurrency, r.ToCurrency, r.RateDate, r.Rate)
		}
	}
	for pair, rates := range x.rates {
		for day := range rates {
			x.days[pair] = append(x.days[pair], day)
		}
		slices.SortFunc(x.days[pair], time.Time.Compare)
	}
	return x
}

func (x *exchange) put(from, to string, day time.Time, rate *big.Rat) {
	pair := from + ">" + to
	if x.rates[pair] == nil {
		x.rates[pair] = map[time.Time]*big.Rat{}
	}
	x.rates[pair][day] = rate
}

// rate is the newest one of a day or before; nil when there is none, or only one that is too old.
func (x *exchange) rate(from, to string, day time.Time) *big.Rat {
	if from == "" || to == "" {
		return nil
	}
	if from == to {
		return whole(1)
	}
	pair := from + ">" + to
	days := x.days[pair]
	n, _ := slices.BinarySearchFunc(days, day.AddDate(0, 0, 1), time.Time.Compare)
	if n == 0 {
		return nil
	}
	newest := days[n-1]
	if x.maxAge != nil && day.Sub(newest) > time.Duration(*x.maxAge)*24*time.Hour {
		return nil
	}
	return x.rates[pair][newest]
}
