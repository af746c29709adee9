package main

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Kinds of metrics, as k6 documents them.
const (
	counter = "counter"
	gauge   = "gauge"
	rate    = "rate"
	trend   = "trend"
)

type tags = map[string]string

// sums is what is kept of a metric's values.
type sums struct {
	count    int
	sum      float64
	min, max float64
	last     float64
	values   []float64 // of trends
}

func (s *sums) add(value float64, kind string) {
	if s.count == 0 || value < s.min {
		s.min = value
	}
	if s.count == 0 || value > s.max {
		s.max = value
	}
	s.count++
	s.sum += value
	s.last = value
	if kind == trend {
		s.values = append(s.values, value)
	}
}

// metric is something that is measured, with the thresholds on it.
type metric struct {
	name, kind, contains string
	sums
	parts []*part
}

// part is a metric, or those of its samples that have certain tags, with thresholds.
type part struct {
	name       string
	tags       tags
	thresholds []*threshold
	sums
}

type threshold struct {
	source, aggregate, operator string
	percentile, limit           float64
	abort                       bool
	delay                       time.Duration
	failed                      bool
}

// registry holds all metrics, and hands every sample to the output.
type registry struct {
	mutex   sync.Mutex
	metrics map[string]*metric
	begun   time.Time
	output  func(*metric, time.Time, float64, tags)
	declare func(*metric)
}

var builtins = []struct{ name, kind, contains string }{
	{"vus", gauge, "default"}, {"vus_max", gauge, "default"},
	{"iterations", counter, "default"}, {"iteration_duration", trend, "time"}, {"dropped_iterations", counter, "default"},
	{"checks", rate, "default"}, {"group_duration", trend, "time"},
	{"data_sent", counter, "data"}, {"data_received", counter, "data"},
	{"http_reqs", counter, "default"}, {"http_req_failed", rate, "default"},
	{"http_req_duration", trend, "time"}, {"http_req_blocked", trend, "time"}, {"http_req_connecting", trend, "time"},
	{"http_req_tls_handshaking", trend, "time"}, {"http_req_sending", trend, "time"},
	{"http_req_waiting", trend, "time"}, {"http_req_receiving", trend, "time"},
}

func newRegistry() *registry {
	r := &registry{metrics: map[string]*metric{}, begun: time.Now()}
	for _, b := range builtins {
		r.metrics[b.name] = &metric{name: b.name, kind: b.kind, contains: b.contains}
	}
	return r
}

// define returns a metric of a script's own, the same one for each user.
func (r *registry) define(name, kind string, isTime bool) (*metric, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if known, ok := r.metrics[name]; ok {
		if known.kind != kind {
			return nil, fmt.Errorf("metric '%s' already exists but with type %s, instead of %s", name, known.kind, kind)
		}
		return known, nil
	}
	contains := "default"
	if isTime {
		contains = "time"
	}
	m := &metric{name: name, kind: kind, contains: contains}
	r.metrics[name] = m
	return m, nil
}

func (r *registry) add(name string, at time.Time, value float64, t tags) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	m := r.metrics[name]
	if m.count == 0 && r.declare != nil {
		r.declare(m)
	}
	m.sums.add(value, m.kind)
	for _, p := range m.parts {
		if p.holds(t) {
			p.sums.add(value, m.kind)
		}
	}
	if r.output != nil {
		r.output(m, at, value, t)
	}
}

func (p *part) holds(t tags) bool {
	for key, value := range p.tags {
		if t[key] != value {
			return false
		}
	}
	return true
}

var expression = regexp.MustCompile(`^\s*(avg|min|max|med|count|rate|value|p\(\s*(\d+(?:\.\d+)?)\s*\))\s*(<=|>=|===|==|!=|<|>)\s*([-+0-9.eE]+)\s*$`)

func parseThreshold(source string) (*threshold, error) {
	found := expression.FindStringSubmatch(source)
	if found == nil {
		return nil, fmt.Errorf("failed parsing threshold expression %q", source)
	}
	limit, err := strconv.ParseFloat(found[4], 64)
	if err != nil {
		return nil, fmt.Errorf("failed parsing threshold expression %q: %w", source, err)
	}
	t := &threshold{source: source, aggregate: found[1], operator: found[3], limit: limit}
	if found[2] != "" {
		t.aggregate = "p"
		t.percentile, _ = strconv.ParseFloat(found[2], 64)
	}
	return t, nil
}

var aggregates = map[string][]string{
	counter: {"count", "rate"}, gauge: {"value"}, rate: {"rate"}, trend: {"avg", "min", "max", "med", "p"},
}

// own are the thresholds on the metric itself.
func (m *metric) own() []*threshold {
	for _, p := range m.parts {
		if p.name == m.name {
			return p.thresholds
		}
	}
	return nil
}

// demand puts a threshold on a metric, which may be written with tags: name{tag:value,other:value}.
func (r *registry) demand(name string, t *threshold) error {
	base, _, _ := strings.Cut(name, "{")
	m, ok := r.metrics[base]
	if !ok {
		return fmt.Errorf("invalid threshold defined on %s; reason: no metric name %q found", name, base)
	}
	if !slices.Contains(aggregates[m.kind], t.aggregate) {
		return fmt.Errorf("invalid threshold %q defined on %s: a %s has no %s", t.source, name, m.kind, t.aggregate)
	}
	p := r.part(name)
	p.thresholds = append(p.thresholds, t)
	return nil
}

// part returns the samples of a metric with certain tags, all of them for its plain name.
func (r *registry) part(name string) *part {
	base, list, _ := strings.Cut(name, "{")
	m, wanted := r.metrics[base], tags{}
	for pair := range strings.SplitSeq(strings.TrimSuffix(list, "}"), ",") {
		if key, value, ok := strings.Cut(pair, ":"); ok {
			wanted[strings.TrimSpace(key)] = strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	at := slices.IndexFunc(m.parts, func(p *part) bool { return p.name == name })
	if at < 0 {
		m.parts = append(m.parts, &part{name: name, tags: wanted})
		at = len(m.parts) - 1
	}
	return m.parts[at]
}

// judge looks at every threshold. It returns the metrics that crossed one, and whether the test is to be ended for it.
//
// While the test runs, those without a sample wait for one. At its end they are 0, but a rate, which has no value then
// and passes.
func (r *registry) judge(ended bool) (crossed []string, abort bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	elapsed := time.Since(r.begun)
	for _, m := range r.sorted() {
		for _, p := range m.parts {
			bad := false
			for _, t := range p.thresholds {
				judged := p.count > 0 || (ended && m.kind != rate)
				t.failed = judged && !compare(p.aggregate(m.kind, t.aggregate, t.percentile, elapsed), t.operator, t.limit)
				bad = bad || t.failed
				abort = abort || (t.failed && t.abort && elapsed >= t.delay)
			}
			if bad {
				crossed = append(crossed, p.name)
			}
		}
	}
	return crossed, abort
}

func (r *registry) sorted() []*metric {
	all := slices.Collect(maps.Values(r.metrics))
	sort.Slice(all, func(i, j int) bool { return all[i].name < all[j].name })
	return all
}

func (s *sums) aggregate(kind, name string, n float64, elapsed time.Duration) float64 {
	switch name {
	case "avg":
		return s.sum / float64(max(1, s.count))
	case "min":
		return s.min
	case "max":
		return s.max
	case "med":
		return percentile(s.values, 50)
	case "p":
		return percentile(s.values, n)
	case "count":
		return s.sum
	case "value":
		return s.last
	default:
		if kind == rate {
			return s.sum / float64(max(1, s.count))
		}
		return s.sum / elapsed.Seconds()
	}
}

// percentile interpolates between the two values next to the rank.
func percentile(values []float64, n float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := n / 100 * float64(len(sorted)-1)
	low := math.Floor(rank)
	high := min(low+1, float64(len(sorted)-1))
	return sorted[int(low)] + (sorted[int(high)]-sorted[int(low)])*(rank-low)
}

func compare(value float64, operator string, limit float64) bool {
	switch operator {
	case "<":
		return value < limit
	case "<=":
		return value <= limit
	case ">":
		return value > limit
	case ">=":
		return value >= limit
	case "!=":
		return value != limit
	default:
		return value == limit
	}
}

// values is what the summary says of samples.
func (s *sums) summary(kind string, elapsed time.Duration) map[string]any {
	switch kind {
	case counter:
		return map[string]any{"count": s.sum, "rate": s.sum / elapsed.Seconds()}
	case gauge:
		return map[string]any{"value": s.last, "min": s.min, "max": s.max}
	case rate:
		return map[string]any{"rate": s.sum / float64(max(1, s.count)), "passes": s.sum, "fails": float64(s.count) - s.sum}
	default:
		return map[string]any{
			"avg": s.aggregate(kind, "avg", 0, elapsed), "min": s.min, "med": percentile(s.values, 50), "max": s.max,
			"p(90)": percentile(s.values, 90), "p(95)": percentile(s.values, 95),
		}
	}
}
