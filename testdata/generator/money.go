package generator

import (
	"math"
	"strconv"
	"time"
)

// money is an amount in thousandths of its currency's unit (a dinar has three decimals).
type money int64

// absent marks an amount that the source does not have.
const absent money = math.MinInt64

// decimals of a currency's minor unit.
func decimals(currency string) int {
	switch currency {
	case "JPY":
		return 0
	case "KWD":
		return 3
	}
	return 2
}

// step is a currency's minor unit in thousandths.
func step(currency string) money {
	return [...]money{1000, 100, 10, 1}[decimals(currency)]
}

// appendMoney writes an amount with a decimal sign and the given number of decimals; nothing when it is absent.
func appendMoney(b []byte, m money, places int, sign byte) []byte {
	if m == absent {
		return b
	}
	if m < 0 {
		b = append(b, '-')
		m = -m
	}
	b = strconv.AppendInt(b, int64(m/1000), 10)
	if places == 0 {
		return b
	}
	b = append(b, sign)
	f := int64(m % 1000)
	b = append(b, byte('0'+f/100), byte('0'+f/10%10), byte('0'+f%10))
	return b[:len(b)-3+min(places, 3)]
}

// appendGrouped writes an amount as German ERP systems print it: 1.234.567,89.
func appendGrouped(b []byte, m money, places int) []byte {
	if m == absent {
		return b
	}
	if m < 0 {
		b = append(b, '-')
		m = -m
	}
	whole := strconv.FormatInt(int64(m/1000), 10)
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b = append(b, '.')
		}
		b = append(b, whole[i])
	}
	if places == 0 {
		return b
	}
	tail := appendMoney(nil, m%1000, places, ',')
	return append(b, tail[1:]...)
}

// appendMinor writes an amount in minor units: cents, yen, fils.
func appendMinor(b []byte, m money, currency string) []byte {
	if m == absent {
		return b
	}
	return strconv.AppendInt(b, int64(m/step(currency)), 10)
}

var currencies = [...]struct {
	code string
	rate float64 // euros for one, at the start
}{{"USD", .9021}, {"GBP", 1.1983}, {"JPY", .006234}, {"KWD", 2.9485}}

// rates is the daily price of each foreign currency in euros, in billionths, as a slow random walk.
type rates struct {
	first time.Time
	daily map[string][]int64
}

func newRates(seed uint64) *rates {
	f := &rates{first: time.Date(2024, 7, 1, 0, 0, 0, 0, time.UTC), daily: map[string][]int64{}}
	days := int(time.Date(2026, 10, 2, 0, 0, 0, 0, time.UTC).Sub(f.first).Hours() / 24)
	for i, c := range currencies {
		r := newRandom(seed, "fx", i)
		now := c.rate
		series := make([]int64, days)
		for d := range series {
			shift := float64(.0035 * r.normal())
			now = float64(now * (1 + shift))
			back := float64((c.rate - now) * .01)
			now = float64(now + back)
			series[d] = int64(math.Round(now*1e6)) * 1e3
			if c.code == "JPY" {
				series[d] = int64(math.Round(now * 1e9))
			}
		}
		f.daily[c.code] = series
	}
	return f
}

// on is the rate of a local calendar day.
func (f *rates) on(currency string, day time.Time) int64 {
	if currency == "EUR" {
		return 1e9
	}
	series := f.daily[currency]
	d := int(time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC).Sub(f.first).Hours() / 24)
	return series[min(max(d, 0), len(series)-1)]
}

// inCurrency turns an amount of euros into a round figure of another currency.
func (f *rates) inCurrency(euros float64, currency string, day time.Time) money {
	foreign := float64(euros * 1e9 / float64(f.on(currency, day)))
	s := step(currency)
	m := money(math.Round(foreign*1000/float64(s))) * s
	return max(m, s)
}
