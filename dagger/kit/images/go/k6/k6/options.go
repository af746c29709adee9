package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// duration is written as text ("1m30s") or as milliseconds.
type duration time.Duration

func (d *duration) UnmarshalJSON(data []byte) error {
	var number float64
	if json.Unmarshal(data, &number) == nil {
		*d = duration(number * float64(time.Millisecond))
		return nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("%s is no duration", data)
	}
	parsed, err := time.ParseDuration(text)
	*d = duration(parsed)
	return err
}

type stage struct {
	Duration duration `json:"duration"`
	Target   int      `json:"target"`
}

// thresholdOption is an expression, or one with what happens when it is crossed.
type thresholdOption struct {
	Threshold      string   `json:"threshold"`
	AbortOnFail    bool     `json:"abortOnFail"`
	DelayAbortEval duration `json:"delayAbortEval"`
}

func (t *thresholdOption) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &t.Threshold) == nil {
		return nil
	}
	type plain thresholdOption
	return json.Unmarshal(data, (*plain)(t))
}

type scenario struct {
	Executor         string            `json:"executor"`
	Exec             string            `json:"exec"`
	StartTime        duration          `json:"startTime"`
	GracefulStop     *duration         `json:"gracefulStop"`
	GracefulRampDown *duration         `json:"gracefulRampDown"`
	VUs              int               `json:"vus"`
	StartVUs         *int              `json:"startVUs"`
	Iterations       int               `json:"iterations"`
	Duration         duration          `json:"duration"`
	MaxDuration      duration          `json:"maxDuration"`
	Stages           []stage           `json:"stages"`
	Rate             float64           `json:"rate"`
	TimeUnit         duration          `json:"timeUnit"`
	PreAllocatedVUs  int               `json:"preAllocatedVUs"`
	MaxVUs           int               `json:"maxVUs"`
	Env              map[string]string `json:"env"`
	Tags             tags              `json:"tags"`
}

type options struct {
	VUs                   int                          `json:"vus"`
	Duration              duration                     `json:"duration"`
	Iterations            int                          `json:"iterations"`
	Stages                []stage                      `json:"stages"`
	Scenarios             map[string]*scenario         `json:"scenarios"`
	Thresholds            map[string][]thresholdOption `json:"thresholds"`
	Tags                  tags                         `json:"tags"`
	UserAgent             string                       `json:"userAgent"`
	NoConnectionReuse     bool                         `json:"noConnectionReuse"`
	NoVUConnectionReuse   bool                         `json:"noVUConnectionReuse"`
	InsecureSkipTLSVerify bool                         `json:"insecureSkipTLSVerify"`
	DiscardResponseBodies bool                         `json:"discardResponseBodies"`
	Throw                 bool                         `json:"throw"`
	MaxRedirects          *int                         `json:"maxRedirects"`
	SetupTimeout          duration                     `json:"setupTimeout"`
	TeardownTimeout       duration                     `json:"teardownTimeout"`
	SystemTags            []string                     `json:"systemTags"`
}

// systemTags are those that samples have of themselves unless the options name others.
var systemTags = []string{
	"proto", "subproto", "status", "method", "url", "name", "group", "check", "error", "error_code", "tls_version",
	"scenario", "service", "expected_response",
}

func (o *options) enables(name string) bool {
	if o.SystemTags != nil {
		return slices.Contains(o.SystemTags, name)
	}
	return slices.Contains(systemTags, name)
}

// enabled leaves out the tags that the options don't name.
func (o *options) enabled(all tags) tags {
	kept := maps.Clone(all)
	maps.DeleteFunc(kept, func(name, _ string) bool { return !o.enables(name) })
	return kept
}

// Options of k6 that change nothing here: what is shown, and where clouds run it.
var ignored = []string{"cloud", "ext", "summaryTimeUnit", "summaryTrendStats"}

// Options of k6 that this program doesn't have. With them a test would be another one.
var lacking = []string{
	"batch", "batchPerHost", "blacklistIPs", "blockHostnames", "dns", "executionSegment", "executionSegmentSequence", "hosts",
	"httpDebug", "localIPs", "metricSamplesBufferSize", "minIterationDuration", "noCookiesReset", "noSetup", "noTeardown",
	"paused", "rps", "tlsAuth", "tlsCipherSuites", "tlsVersion",
}

// refuseUnknown fails for an option that k6 has and this program lacks. One that k6 doesn't know only gets a warning, as
// k6 has it.
func refuseUnknown(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	given := map[string]json.RawMessage{}
	if err := decoder.Decode(&given); err != nil {
		return err
	}
	known := map[string]json.RawMessage{}
	plain, _ := json.Marshal(options{})
	_ = json.Unmarshal(plain, &known)
	for name := range given {
		_, ok := known[name]
		switch {
		case ok || slices.Contains(ignored, name):
		case slices.Contains(lacking, name):
			return fmt.Errorf("the stand-in for k6 has no option %q", name)
		default:
			logLine("warning", "There were unknown fields in the options exported in the script", "error", fmt.Sprintf("unknown field %q", name))
		}
	}
	return nil
}

// shortcuts of the command line take the place of all that a script says of when to run.
func (o *options) shortcuts(vus int, length duration, iterations int, stages []stage) {
	if vus > 0 {
		o.VUs = vus
	}
	if length > 0 || iterations > 0 || len(stages) > 0 {
		o.Duration, o.Iterations, o.Stages, o.Scenarios = length, iterations, stages, nil
	}
}

// plan returns the scenarios to run, by their names.
func (o *options) plan() (map[string]*scenario, error) {
	vus := max(1, o.VUs)
	if len(o.Scenarios) == 0 {
		one := &scenario{Executor: "shared-iterations", VUs: vus, Iterations: max(1, o.Iterations), MaxDuration: o.Duration}
		switch {
		case len(o.Stages) > 0:
			start := vus
			if o.VUs == 0 {
				start = 1
			}
			one = &scenario{Executor: "ramping-vus", Stages: o.Stages, StartVUs: &start}
		case o.Duration > 0 && o.Iterations == 0:
			one = &scenario{Executor: "constant-vus", VUs: vus, Duration: o.Duration}
		}
		o.Scenarios = map[string]*scenario{"default": one}
	}
	for name, s := range o.Scenarios {
		if err := s.complete(); err != nil {
			return nil, fmt.Errorf("scenario %s: %w", name, err)
		}
	}
	return o.Scenarios, nil
}

const graceful = duration(30 * time.Second)

func (s *scenario) complete() error {
	if s.Exec == "" {
		s.Exec = "default"
	}
	for _, wait := range []**duration{&s.GracefulStop, &s.GracefulRampDown} {
		if *wait == nil {
			length := graceful
			*wait = &length
		}
	}
	if s.MaxDuration == 0 {
		s.MaxDuration = duration(10 * time.Minute)
	}
	if s.TimeUnit == 0 {
		s.TimeUnit = duration(time.Second)
	}
	switch s.Executor {
	case "constant-vus":
		s.VUs = max(1, s.VUs)
		if s.Duration <= 0 {
			return errors.New("the duration is missing")
		}
	case "ramping-vus":
		if len(s.Stages) == 0 {
			return errors.New("at least one stage has to be specified")
		}
		for _, each := range s.Stages {
			if each.Target < 0 || each.Duration < 0 {
				return errors.New("a stage can't be negative")
			}
		}
	case "shared-iterations", "per-vu-iterations":
		s.VUs, s.Iterations = max(1, s.VUs), max(1, s.Iterations)
	case "constant-arrival-rate":
		if s.Rate <= 0 || s.Duration <= 0 || s.PreAllocatedVUs <= 0 {
			return errors.New("rate, duration and preAllocatedVUs are needed")
		}
		s.MaxVUs = max(s.MaxVUs, s.PreAllocatedVUs)
	default:
		return fmt.Errorf("the stand-in has no executor %q", s.Executor)
	}
	return nil
}

// users is how many a scenario may need.
func (s *scenario) users() int {
	most := max(s.VUs, s.MaxVUs)
	if s.StartVUs != nil && s.Executor == "ramping-vus" {
		most = max(most, *s.StartVUs)
	}
	for _, each := range s.Stages {
		most = max(most, each.Target)
	}
	return most
}

// length is how long a scenario takes, without what its last iterations may take longer.
func (s *scenario) length() time.Duration {
	switch s.Executor {
	case "ramping-vus":
		total := duration(0)
		for _, each := range s.Stages {
			total += each.Duration
		}
		return time.Duration(total)
	case "shared-iterations", "per-vu-iterations":
		return time.Duration(s.MaxDuration)
	default:
		return time.Duration(s.Duration)
	}
}

// usersAt is how many a ramp has after so long.
func (s *scenario) usersAt(elapsed time.Duration) int {
	from := 1
	if s.StartVUs != nil {
		from = *s.StartVUs
	}
	for _, each := range s.Stages {
		length := time.Duration(each.Duration)
		if elapsed < length {
			share := float64(elapsed) / float64(length)
			return int(float64(from) + float64(each.Target-from)*share + 0.5)
		}
		elapsed -= length
		from = each.Target
	}
	return from
}
