package program

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tributary-data/tributary/schemas/diag"
)

const (
	dateLayout = "2006-01-02"
	daySeconds = 24 * 60 * 60
)

// Date is a calendar day, YYYY-MM-DD, or none. A day in a rule is its midnight in the reporting zone.
type Date struct {
	Pos   diag.Pos
	day   int64 // days since 1970-01-01
	given bool
}

// DecodeNode reads YYYY-MM-DD; nothing is no date.
func (d *Date) DecodeNode(dec *diag.Decoder, n *yaml.Node) {
	d.Pos = dec.Pos(n)
	if n.Kind == yaml.ScalarNode && (n.Value == "" || n.Tag == "!!null") {
		return
	}
	t, err := time.Parse(dateLayout, n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || t.Year() < 1 {
		dec.Problem(n, "write YYYY-MM-DD", "%s is no date", quoted(n))
		return
	}
	d.day, d.given = dayOf(t), true
}

// Given tells whether there is a date.
func (d Date) Given() bool { return d.given }

// Day counts from 1970-01-01.
func (d Date) Day() int64 { return d.day }

func (d Date) String() string {
	if !d.given {
		return ""
	}
	return timeOf(d.day).Format(dateLayout)
}

// since and until are the date as the beginning and the end of a validity: none is for ever.
func (d Date) since() int64 {
	if !d.given {
		return math.MinInt64
	}
	return d.day
}

func (d Date) until() int64 {
	if !d.given {
		return math.MaxInt64
	}
	return d.day
}

// dayOf counts days from 1970-01-01 to the date that t shows.
func dayOf(t time.Time) int64 {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix() / daySeconds
}

// timeOf is the UTC midnight of a day.
func timeOf(day int64) time.Time { return time.Unix(day*daySeconds, 0).UTC() }

// Duration is a length of time such as 4h, 30m, 1h30m, 3d; none when Seconds is 0.
type Duration struct {
	Pos     diag.Pos
	Seconds int64
}

var durationPart = regexp.MustCompile(`^(\d{1,6})(d|h|m|s)`)

// DecodeNode reads days, hours, minutes and seconds.
func (d *Duration) DecodeNode(dec *diag.Decoder, n *yaml.Node) {
	d.Pos = dec.Pos(n)
	if n.Kind == yaml.ScalarNode && (n.Value == "" || n.Tag == "!!null") {
		return
	}
	total, rest := int64(0), strings.ReplaceAll(n.Value, " ", "")
	for rest != "" {
		m := durationPart.FindStringSubmatch(rest)
		if m == nil {
			dec.Problem(n, "for example 4h, 90m, 1h30m or 3d", "%s is no duration", quoted(n))
			return
		}
		count, _ := strconv.ParseInt(m[1], 10, 64)
		total += count * map[string]int64{"d": daySeconds, "h": 3600, "m": 60, "s": 1}[m[2]]
		rest = rest[len(m[0]):]
	}
	if total == 0 {
		dec.Problem(n, "for example 4h", "a duration must be longer than nothing")
	}
	d.Seconds = total
}

// Decimal is an exact number, or none. 4% is 0.04.
type Decimal struct {
	Pos diag.Pos
	rat *big.Rat
}

var decimalText = regexp.MustCompile(`^[-+]?(\d[\d_]*)?(\.\d+)?%?$`)

// DecodeNode reads digits with a point, underscores between thousands, and a percent sign.
func (d *Decimal) DecodeNode(dec *diag.Decoder, n *yaml.Node) {
	d.Pos = dec.Pos(n)
	if n.Kind == yaml.ScalarNode && (n.Value == "" || n.Tag == "!!null") {
		return
	}
	text := strings.ReplaceAll(strings.TrimSuffix(n.Value, "%"), "_", "")
	rat, ok := new(big.Rat).SetString(text)
	if n.Kind != yaml.ScalarNode || !ok || !decimalText.MatchString(n.Value) {
		dec.Problem(n, "digits with a decimal point, such as 250000.00 or 4%", "%s is no number", quoted(n))
		return
	}
	if strings.HasSuffix(n.Value, "%") {
		rat.Quo(rat, big.NewRat(100, 1))
	}
	d.rat = rat
}

// Given tells whether there is a number.
func (d Decimal) Given() bool { return d.rat != nil }

// Rat is the number; zero when there is none.
func (d Decimal) Rat() *big.Rat {
	if d.rat == nil {
		return new(big.Rat)
	}
	return d.rat
}

func (d Decimal) String() string {
	if d.rat == nil {
		return ""
	}
	return d.rat.RatString()
}

// Sign is -1, 0 or 1.
func (d Decimal) Sign() int { return d.Rat().Sign() }

// unscaled is the number in units of 10^-scale, and whether that is exact and fits the width.
func (d Decimal) unscaled(width, scale int) (*big.Int, bool) {
	power := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil))
	shifted := new(big.Rat).Mul(d.Rat(), power)
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(width)), nil)
	return shifted.Num(), shifted.IsInt() && new(big.Int).Abs(shifted.Num()).Cmp(limit) < 0
}

// fits reports a number that its column cannot hold exactly.
func (c *checker) fits(what string, d Decimal, width, scale int) {
	if _, ok := d.unscaled(width, scale); !ok {
		c.add(d.Pos, fmt.Sprintf("at most %d digits before the point and %d after it", width-scale, scale), "%s has too many digits", what)
	}
}

func quoted(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode {
		return "this"
	}
	return strconv.Quote(n.Value)
}

// NewDecimal is a fraction as a number.
func NewDecimal(numerator, denominator int64) Decimal {
	return Decimal{rat: big.NewRat(numerator, denominator)}
}
