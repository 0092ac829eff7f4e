package generator

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"time"
)

// place is a market: where partners sit, what they trade in and when they work.
type place struct {
	country, region, currency, calendar, zone string
	weekend                                   [2]time.Weekday
	share                                     float64
	words, forms, people                      []string
}

func places() []place {
	satSun, friSat := [2]time.Weekday{6, 0}, [2]time.Weekday{5, 6}
	return []place{
		{"DE", "DACH", "EUR", "dach", "Europe/Berlin", satSun, 34,
			[]string{"Nordlicht", "Elbtal", "Prüfwerk", "Meßwerk", "Hanse", "Isar", "Sauerland", "Kessler", "Brandt", "Vogelsang", "Überlinger", "Rheingau"},
			[]string{"GmbH", "AG", "GmbH & Co. KG"}, []string{"Jürgen Weiß", "Anke Löffler", "Sören Brandt", "Katja Öztürk", "Lena Groß"}},
		{"AT", "DACH", "EUR", "dach", "Europe/Vienna", satSun, 8,
			[]string{"Donau", "Alpen", "Grazer", "Tauern"}, []string{"GmbH", "OG"}, []string{"Franz Huber", "Eva Grünwald"}},
		{"CH", "DACH", "EUR", "dach", "Europe/Zurich", satSun, 6,
			[]string{"Limmat", "Rütli", "Jura"}, []string{"AG", "Sàrl"}, []string{"Urs Bänziger", "Chloé Rochat"}},
		{"GB", "UKI", "GBP", "uk", "Europe/London", satSun, 16,
			[]string{"Thornbury", "Pennine", "Marlowe", "Severn", "Ashdown", "Caldew"}, []string{"Ltd", "LLP", "Group plc"}, []string{"Aisha Khan", "Tom O'Neill", "Priya Nair"}},
		{"SE", "Nordics", "EUR", "nordics", "Europe/Stockholm", satSun, 8,
			[]string{"Mälar", "Söder", "Norrsken", "Vänern"}, []string{"AB"}, []string{"Åsa Lindström", "Björn Ek"}},
		{"US", "North America", "USD", "us", "America/New_York", satSun, 26,
			[]string{"Cascade", "Blue Ridge", "Lakeshore", "Granite State", "Palmetto", "Sawtooth", "Tidewater"}, []string{"Inc.", "LLC", "Corp."}, []string{"Maria Gonzalez", "Dwayne Carter", "Emily Chen"}},
		{"JP", "APJ", "JPY", "japan", "Asia/Tokyo", satSun, 12,
			[]string{"Sakura", "Hikari", "Aoyama", "Kitano"}, []string{"K.K.", "Co., Ltd."}, []string{"Haruto Sato", "Yui Tanaka"}},
		{"KW", "Gulf", "KWD", "gulf", "Asia/Kuwait", friSat, 8,
			[]string{"Al Noor", "Burgan", "Failaka"}, []string{"W.L.L.", "Trading Co."}, []string{"Fatima Al-Sabah", "Omar Haddad"}},
	}
}

var trades = []string{"Measurement", "Systems", "Automation", "Instruments", "Technik", "Process Control", "Solutions", "Engineering", "Analytics", "Supply", "Consulting", "Networks"}

// typeCycle deals partner types out by rank, so that the strong ranks always hold the same mix.
var typeCycle = []string{
	"reseller", "var", "distributor", "msp", "reseller", "affiliate", "si", "var", "reseller", "msp",
	"referral", "reseller", "var", "affiliate", "reseller", "si", "msp", "var", "affiliate", "reseller",
}

// member is a partner with what the simulation knows about it and no system does.
type member struct {
	partner
	rank      int
	place     *place
	zone      *time.Location
	weight    float64
	diligence float64 // share of leads that it looks at
	pace      float64 // factor on its response times
	dark      instant // when it lost interest; zero is never
	tiers     []span
	contacts  []contact
}

func (m *member) activeAt(t instant) bool {
	return m.Enrolled != 0 && m.Enrolled <= t && (m.Terminated == 0 || t < m.Terminated)
}

func (m *member) isDark(t instant) bool { return m.dark != 0 && t >= m.dark }

// tierAt is what the partner's tier was, "" where the history has a hole.
func (m *member) tierAt(t instant) string {
	for _, s := range m.tiers {
		if s.From <= t && (s.To == 0 || t < s.To) {
			return s.Value
		}
	}
	return ""
}

// partnerCount grows slower than the number of leads: 120 partners at 3,000 leads, some 2,200 at a million.
func partnerCount(leads int) int {
	return min(max(40, int(120*math.Sqrt(float64(leads)/3000)+.5)), 8999) // ids from P9000 on are partners that nobody knows
}

// enlist invents the partners. Rank 0 is the strongest; the ids are dealt so that they do not show the rank.
func (w *world) enlist(count int) error {
	shuffle := newRandom(w.seed, "ids", 0)
	ids := make([]int, count)
	for i := range ids {
		j := shuffle.intn(i + 1)
		ids[i], ids[j] = ids[j], i+1
	}
	all := places()
	shares := make([]float64, len(all))
	zones := map[string]*time.Location{}
	for i, p := range all {
		shares[i] = p.share
		zone, err := time.LoadLocation(p.zone)
		if err != nil {
			return fmt.Errorf("time zone of %s: %w", p.country, err)
		}
		zones[p.zone] = zone
	}
	taken := map[string]bool{}
	w.members = make([]member, count)
	for rank := range w.members {
		r := newRandom(w.seed, "partner", rank)
		m := &w.members[rank]
		m.rank = rank
		m.place = &all[r.weighted(shares...)]
		m.zone = zones[m.place.zone]
		m.ID = padded("P", ids[rank], 4)
		w.character(r, m)
		m.Name = w.partnerName(r, m, taken)
		w.lifetime(r, m)
	}
	w.oddities()
	w.byID = make([]int, count)
	for i := range w.byID {
		w.byID[i] = i
	}
	sort.Slice(w.byID, func(a, b int) bool { return w.members[w.byID[a]].ID < w.members[w.byID[b]].ID })
	sum := 0.0
	for i := range w.members {
		sum += w.members[i].weight
		w.cumulated = append(w.cumulated, sum)
	}
	return nil
}

// character gives a partner its type, its share of the business and its manners.
func (w *world) character(r *random, m *member) {
	p := m.place
	m.Type = typeCycle[m.rank%len(typeCycle)]
	m.Country, m.Region, m.Calendar, m.Currency = p.country, p.region, p.calendar, p.currency
	m.weight = math.Pow(float64(m.rank)+3, -1.25)
	if m.rank > len(w.members)/2 && r.chance(.45) {
		m.weight /= 20 // signed, listed, never heard of again
	}
	m.diligence = .70 + .28*r.float()
	if r.chance(.12) {
		m.diligence = .35 + .2*r.float()
	}
	if m.rank < 8 {
		m.diligence = max(m.diligence, .86) // one does not get that big by not answering
	}
	m.pace = r.logNormal(1, .35)
	m.CAM = padded("CAM", 1+r.intn(max(4, len(w.members)/22)), 2)
	m.Engagement = "digital"
	if m.rank < len(w.members)/6 {
		m.Engagement = "dedicated"
	}
	if (m.Type == "reseller" || m.Type == "var") && r.chance(.3) {
		m.Parent = "?" // its distributor is found when all are there
	}
}

func (w *world) partnerName(r *random, m *member, taken map[string]bool) string {
	for try := 0; ; try++ {
		name := pick(r, m.place.words...) + " " + pick(r, trades...)
		if try > 20 {
			name += " " + strconv.Itoa(m.rank)
		}
		name += " " + pick(r, m.place.forms...)
		if !taken[name] {
			taken[name] = true
			return name
		}
	}
}

// lifetime dates the contract: most signed before the period, the rest during it.
func (w *world) lifetime(r *random, m *member) {
	age := 30 + r.intn(1300)
	signed := w.start - instant(age)*day
	if m.rank > 6 && r.chance(.35) {
		signed = w.start + instant(r.intn(690))*day
	}
	m.Signed = w.localSecond(r, w.date(signed))
	if !r.chance(.05) {
		m.Enrolled = m.Signed + r.seconds(float64(9*day), .7)
	}
	if m.Enrolled != 0 && !r.chance(.08) {
		m.Onboarded = m.Enrolled + r.seconds(float64(35*day), .5)
	}
	if m.rank > 15 && r.chance(.07) {
		m.Terminated = w.midnight(w.start + instant(120+r.intn(600))*day)
		if m.Terminated <= m.Signed {
			m.Terminated = 0
		}
	}
	if m.rank > 10 && r.chance(.06) {
		m.dark = w.start + instant(200+r.intn(400))*day
	}
	m.Signed, m.Enrolled, m.Onboarded = w.past(m.Signed), w.past(m.Enrolled), w.past(m.Onboarded)
	w.grade(r, m)
}

// grade writes the partner's tiers: reviewed every January and July, now and then with a hole.
func (w *world) grade(r *random, m *member) {
	if m.Enrolled == 0 || m.Type == "affiliate" || m.Type == "referral" && r.chance(.7) {
		return
	}
	level := 0
	if strength := float64(m.rank) / float64(len(w.members)); strength < .08 {
		level = 2
	} else if strength < .3 {
		level = 1
	}
	from := w.midnight(m.Enrolled)
	for {
		next := w.nextReview(from)
		s := span{Partner: m.ID, Value: [...]string{"silver", "gold", "platinum"}[level], From: from, To: next}
		old := level
		if x := r.float(); x < .10 && level < 2 {
			level++
		} else if x > .92 && level > 0 {
			level--
		}
		if level == old && next < w.end && !r.chance(.05) {
			m.extend(s)
			from = next
			continue
		}
		m.extend(s)
		if next >= w.end {
			m.tiers[len(m.tiers)-1].To = 0
			break
		}
		from = next
		if r.chance(.15) {
			from = w.midnight(next + instant(20+r.intn(60))*day + 12*hour) // nobody renewed the level in time
		}
	}
	if n := len(m.tiers); n > 0 {
		m.Tier = m.tiers[n-1].Value
	}
}

func (m *member) extend(s span) {
	if n := len(m.tiers); n > 0 && m.tiers[n-1].To == s.From && m.tiers[n-1].Value == s.Value {
		m.tiers[n-1].To = s.To
		return
	}
	m.tiers = append(m.tiers, s)
}

func (t *timeline) nextReview(from instant) instant {
	local := t.date(from)
	if local.Month() < time.July {
		return moment(time.Date(local.Year(), time.July, 1, 0, 0, 0, 0, t.home))
	}
	return moment(time.Date(local.Year()+1, time.January, 1, 0, 0, 0, 0, t.home))
}

// oddities plants what every real partner list has: awkward names, test entries, mergers, deletions.
func (w *world) oddities() {
	n := len(w.members)
	at := func(share float64) *member { return &w.members[int(share*float64(n))] }
	at(.04).Name = "Finch, Okafor & Daughters \"Gauges\" Ltd"
	at(.06).Name = "Müller & Söhne Meßtechnik GmbH"
	at(.10).Name = "Null"
	at(.14).Name = "Nordlicht\nSystemhaus AG"
	at(.22).Name = "O'Hara; Pipes & Probes"
	for i, share := range []float64{.25, .58} {
		m := at(share)
		m.Name, m.Test, m.Terminated = [...]string{"ZZ Test Reseller (do not use)", "Auenfels Demo Account"}[i], true, 0
	}
	for _, merger := range [][2]float64{{.34, .025}, {.50, .07}, {.83, .50}} { // the last one follows two steps
		from, to := at(merger[0]), at(merger[1])
		from.MergedInto, from.Test, from.Terminated = to.ID, false, 0
		from.Name = to.Name + " (old entry)"
	}
	for _, share := range []float64{.42, .75} {
		at(share).Deleted = true
	}
	var distributors []string
	for i := range w.members {
		if m := &w.members[i]; m.Type == "distributor" && !m.Test && m.MergedInto == "" {
			distributors = append(distributors, m.ID)
		}
	}
	for i := range w.members {
		if m := &w.members[i]; m.Parent != "" {
			m.Parent = distributors[i%len(distributors)]
		}
	}
}

// choose draws a partner by its share of the business, among those in the program at that moment.
func (w *world) choose(r *random, t instant, accept func(*member) bool) *member {
	total := w.cumulated[len(w.cumulated)-1]
	for range 60 {
		m := &w.members[min(sort.SearchFloat64s(w.cumulated, r.float()*total), len(w.members)-1)]
		if m.activeAt(t) && (accept == nil || accept(m)) {
			return m
		}
	}
	return &w.members[0]
}

func padded(prefix string, n, width int) string {
	digits := strconv.Itoa(n)
	if len(digits) < width {
		digits = "00000000"[:width-len(digits)] + digits
	}
	return prefix + digits
}
