// Command k6 is a stand-in for Grafana's k6, for machines that can't pull its image. It was written from k6's public
// documentation and from the facts in test/contracts/k6.ts, each with its source; `npm run contracts` holds it to them.
// It does what Slipway and its tests need: scripts, HTTP, metrics, thresholds and their output as JSON. What it doesn't
// know of k6 it refuses: nothing that it leaves out ends with 0.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const notice = "k6 stand-in: it does what Slipway needs of Grafana's k6 v1.3.0, and is not k6"

const usage = `Usage: k6 run [flags] SCRIPT | k6 version

Flags of run:
  -e, --env KEY=VALUE      add to __ENV
  -u, --vus N              users
  -d, --duration TIME      how long
  -i, --iterations N       how many iterations, shared by the users
  -s, --stage TIME:N       reach so many users after so long; may be given several times
  -o, --out OUTPUT         where samples go; may be given several times: json=FILE, influxdb=URL,
                           experimental-prometheus-rw (K6_PROMETHEUS_RW_…, K6_INFLUXDB_… as k6 documents them)
      --tag NAME=VALUE     add to the tags of every sample
      --summary-export FILE
      --system-tags NAME,NAME  the only tags that samples have of themselves
      --log-format FORMAT  json, or text
      --no-color, -q, --quiet, --no-thresholds, --no-summary, --insecure-skip-tls-verify
      --address HOST:PORT  listened on; there is no API
`

func main() {
	arguments := os.Args[1:]
	switch {
	case len(arguments) > 0 && (arguments[0] == "version" || arguments[0] == "--version"):
		fmt.Printf("%s (%s, %s/%s)\n", notice, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	case len(arguments) > 0 && arguments[0] == "run":
		fmt.Println(notice)
		os.Exit(run(arguments[1:]))
	case len(arguments) == 0 || slices.Contains([]string{"help", "--help", "-h"}, arguments[0]):
		fmt.Print(notice+"\n\n", usage)
	default:
		logLine("error", fmt.Sprintf("unknown command %q for \"k6\"", arguments[0]))
		os.Exit(exitOther)
	}
}

// flags of run.
type flags struct {
	env, stages, out, tags, systemTags  []string
	vus, iterations                     int
	length                              time.Duration
	summaryExport, logFormat, address   string
	quiet, noThresholds, noSummary, tls bool
}

type list struct{ values *[]string }

func (l list) String() string         { return "" }
func (l list) Set(value string) error { *l.values = append(*l.values, value); return nil }

// parse takes flags before and after the script's path.
func parse(arguments []string) (*flags, string, error) {
	f := &flags{}
	set := flag.NewFlagSet("run", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	for names, values := range map[string]*[]string{
		"e env": &f.env, "s stage": &f.stages, "o out": &f.out, "tag": &f.tags, "system-tags": &f.systemTags,
	} {
		for name := range strings.FieldsSeq(names) {
			set.Var(list{values}, name, "")
		}
	}
	for _, name := range []string{"u", "vus"} {
		set.IntVar(&f.vus, name, 0, "")
	}
	for _, name := range []string{"i", "iterations"} {
		set.IntVar(&f.iterations, name, 0, "")
	}
	for _, name := range []string{"d", "duration"} {
		set.DurationVar(&f.length, name, 0, "")
	}
	for _, name := range []string{"q", "quiet"} {
		set.BoolVar(&f.quiet, name, false, "")
	}
	var taken bool
	for _, name := range []string{"no-color", "no-usage-report", "no-vu-connection-reuse", "include-system-env-vars"} {
		set.BoolVar(&taken, name, false, "")
	}
	set.BoolVar(&f.noThresholds, "no-thresholds", false, "")
	set.BoolVar(&f.noSummary, "no-summary", false, "")
	set.BoolVar(&f.tls, "insecure-skip-tls-verify", false, "")
	set.StringVar(&f.summaryExport, "summary-export", "", "")
	set.StringVar(&f.logFormat, "log-format", "text", "")
	set.StringVar(&f.address, "address", "", "")
	var paths []string
	for _, argument := range arguments {
		// The library would take one dash for two.
		if len(argument) > 2 && argument[0] == '-' && argument[1] != '-' && argument[2] != '=' {
			return nil, "", fmt.Errorf("unknown shorthand flag in %s", argument)
		}
	}
	for rest := arguments; len(rest) > 0; {
		if err := set.Parse(rest); err != nil {
			return nil, "", err
		}
		rest = set.Args()
		if len(rest) > 0 {
			paths, rest = append(paths, rest[0]), rest[1:]
		}
	}
	if len(paths) != 1 {
		return nil, "", fmt.Errorf("accepts 1 arg(s), received %d: it should be the path of a script", len(paths))
	}
	return f, paths[0], nil
}

func run(arguments []string) int {
	f, path, err := parse(arguments)
	if err != nil {
		logLine("error", err.Error())
		return exitOther
	}
	logJSON = f.logFormat == "json"
	path, _ = filepath.Abs(path)
	made, err := load(path)
	if err != nil {
		logLine("error", stackOf(err))
		return exitScript
	}
	t := &test{script: made, env: environment(f.env), metrics: newRegistry(), root: &group{}, options: &options{UserAgent: "k6-stand-in"}}
	first, err := t.newUser(0)
	if err != nil {
		logLine("error", stackOf(err))
		return exitScript
	}
	if !first.exportsFunctions() {
		logLine("error", "no exported functions in script")
		return exitOther
	}
	if err := t.configure(f, first); err != nil {
		logLine("error", err.Error())
		return exitConfig
	}
	closeOutput, err := t.write(f)
	if err != nil {
		logLine("error", err.Error())
		return exitOther
	}
	if f.address != "" {
		listener, err := net.Listen("tcp", f.address)
		if err != nil {
			logLine("error", "Error from API server", "error", err.Error())
			closeOutput()
			return exitAddress
		}
		defer listener.Close()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err = t.run(ctx, first, func(u *user) { t.summarise(f, u) })
	closeOutput()
	return t.verdict(f, err)
}

func (t *test) configure(f *flags, first *user) error {
	if err := first.readOptions(t.options); err != nil {
		return err
	}
	stages, err := readStages(f.stages)
	if err != nil {
		return err
	}
	t.options.shortcuts(f.vus, duration(f.length), f.iterations, stages)
	t.options.InsecureSkipTLSVerify = t.options.InsecureSkipTLSVerify || f.tls
	if f.systemTags != nil {
		t.options.SystemTags = nil
		for _, list := range f.systemTags {
			t.options.SystemTags = append(t.options.SystemTags, strings.Split(list, ",")...)
		}
	}
	for name, list := range t.options.Thresholds {
		for _, option := range list {
			parsed, err := parseThreshold(option.Threshold)
			if err != nil {
				return err
			}
			parsed.abort, parsed.delay = option.AbortOnFail, time.Duration(option.DelayAbortEval)
			if err := t.metrics.demand(name, parsed); err != nil {
				return err
			}
		}
	}
	if t.options.enables("expected_response") {
		// A part that k6 has of itself, without a threshold.
		t.metrics.part("http_req_duration{expected_response:true}")
	}
	// It was made before its options were known.
	first.client, first.traffic = t.newClient()
	return nil
}

func readStages(texts []string) ([]stage, error) {
	var stages []stage
	for _, text := range texts {
		for each := range strings.SplitSeq(text, ",") {
			length, target, ok := strings.Cut(each, ":")
			parsed, err := time.ParseDuration(length)
			users := 0
			if _, scanned := fmt.Sscanf(target, "%d", &users); !ok || err != nil || scanned != nil {
				return nil, fmt.Errorf("invalid stage %q", each)
			}
			stages = append(stages, stage{duration(parsed), users})
		}
	}
	return stages, nil
}

// verdict is the exit code.
func (t *test) verdict(f *flags, err error) int {
	var failed *failure
	if errors.As(err, &failed) {
		logLine("error", stackOf(failed.err))
		return failed.code
	}
	crossed, _ := t.metrics.judge(true)
	if t.code != 0 && t.code != exitThresholds {
		return t.code
	}
	if t.failed.Load() {
		logLine("error", "test run was marked as failed")
		return exitFailed
	}
	if len(crossed) > 0 && !f.noThresholds {
		logLine("error", fmt.Sprintf("thresholds on metrics '%s' have been crossed", strings.Join(crossed, ", ")))
		return exitThresholds
	}
	return 0
}

// write opens the outputs of all samples, and gives every sample the run's own tags.
func (t *test) write(f *flags) (func(), error) {
	own, err := runTags(f.tags)
	if err != nil {
		return nil, err
	}
	var outputs []*output
	closeAll := func() {
		for _, each := range outputs {
			each.close()
		}
	}
	for _, argument := range f.out {
		var opened *output
		if name, ok := strings.CutPrefix(argument, "json="); ok {
			opened, err = t.openJSON(name)
		} else {
			opened, err = open(argument, t.env)
		}
		if err != nil {
			closeAll()
			return nil, err
		}
		outputs = append(outputs, opened)
	}
	if len(outputs) == 0 {
		return closeAll, nil
	}
	t.metrics.output = func(m *metric, at time.Time, value float64, tagged tags) {
		all := maps.Clone(own)
		maps.Copy(all, tagged)
		for _, each := range outputs {
			each.add(m, at, value, all)
		}
	}
	return closeAll, nil
}

// openJSON writes a line for each metric and each sample to a file.
func (t *test) openJSON(name string) (*output, error) {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, err
	}
	buffer := bufio.NewWriterSize(file, 1<<16)
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	t.metrics.declare = func(m *metric) {
		thresholds := []string{}
		for _, p := range m.parts {
			for _, each := range p.thresholds {
				thresholds = append(thresholds, each.source)
			}
		}
		data := map[string]any{"name": m.name, "type": m.kind, "contains": m.contains, "thresholds": thresholds, "submetrics": nil}
		_ = encoder.Encode(map[string]any{"type": "Metric", "data": data, "metric": m.name})
	}
	type data struct {
		Time  time.Time `json:"time"`
		Value float64   `json:"value"`
		Tags  tags      `json:"tags"`
	}
	type point struct {
		Metric string `json:"metric"`
		Type   string `json:"type"`
		Data   data   `json:"data"`
	}
	add := func(m *metric, at time.Time, value float64, tagged tags) {
		_ = encoder.Encode(point{m.name, "Point", data{at, value, tagged}})
	}
	// So that who reads along sees a second's samples in time.
	done, flushed := make(chan struct{}), time.NewTicker(time.Second)
	flush := func() {
		t.metrics.mutex.Lock()
		defer t.metrics.mutex.Unlock()
		_ = buffer.Flush()
	}
	go func() {
		for {
			select {
			case <-done:
				return
			case <-flushed.C:
				flush()
			}
		}
	}()
	return &output{add, func() { close(done); flush(); _ = file.Close() }}, nil
}

// summarise writes what a script's handleSummary says, else the metrics; and the file that was asked for.
func (t *test) summarise(f *flags, u *user) {
	t.metrics.judge(true)
	elapsed := time.Since(t.metrics.begun)
	metrics, exported := map[string]any{}, map[string]any{}
	var lines []string
	note := func(name string, m *metric, s *sums, thresholds []*threshold) {
		entry, legacy := summaryOf(m, s, thresholds, elapsed)
		metrics[name], exported[name] = entry, legacy
		lines = append(lines, fmt.Sprintf("  %s %s", (name + strings.Repeat(".", 28))[:28], shown(s.summary(m.kind, elapsed))))
	}
	for _, m := range t.metrics.sorted() {
		own := m.own()
		// One with a threshold is there without a sample, too.
		if m.count > 0 || len(own) > 0 {
			note(m.name, m, &m.sums, own)
		}
		for _, p := range m.parts {
			if p.name != m.name && (p.count > 0 || len(p.thresholds) > 0) {
				note(p.name, m, &p.sums, p.thresholds)
			}
		}
	}
	if f.summaryExport != "" {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "    ")
		_ = encoder.Encode(map[string]any{"metrics": exported, "root_group": t.root.exported(true)})
		if err := os.WriteFile(f.summaryExport, text.Bytes(), 0o644); err != nil {
			logLine("error", err.Error())
		}
	}
	if f.noSummary {
		return
	}
	if _, ok := u.function("handleSummary"); ok {
		t.handled(u, metrics, elapsed)
	} else {
		fmt.Println(strings.Join(lines, "\n"))
	}
}

// summaryOf is a metric as handleSummary gets it, and as the exported file has it.
func summaryOf(m *metric, s *sums, list []*threshold, elapsed time.Duration) (entry, legacy map[string]any) {
	values := s.summary(m.kind, elapsed)
	entry, legacy = map[string]any{"type": m.kind, "contains": m.contains, "values": values}, maps.Clone(values)
	if m.kind == rate {
		legacy["value"] = values["rate"]
		delete(legacy, "rate")
	}
	thresholds, flat := map[string]any{}, map[string]any{}
	for _, each := range list {
		thresholds[each.source] = map[string]bool{"ok": !each.failed}
		// In this file true is said of what was crossed.
		flat[each.source] = each.failed
	}
	if len(thresholds) > 0 {
		entry["thresholds"], legacy["thresholds"] = thresholds, flat
	}
	return entry, legacy
}

func (t *test) handled(u *user, metrics map[string]any, elapsed time.Duration) {
	text, _ := json.Marshal(map[string]any{
		"metrics": metrics, "root_group": t.root.exported(false), "options": map[string]any{},
		"state": map[string]any{"testRunDurationMs": milliseconds(elapsed), "isStdOutTTY": false, "isStdErrTTY": false},
	})
	data, err := u.parsed(text)
	if err == nil {
		u.begin(context.Background())
		data, err = u.call("handleSummary", data)
	}
	if err != nil {
		logLine("error", stackOf(err))
		return
	}
	files := data.ToObject(u.runtime)
	for _, name := range files.Keys() {
		content := bytesOf(files.Get(name))
		switch name {
		case "stdout":
			_, _ = os.Stdout.Write(content)
		case "stderr":
			_, _ = os.Stderr.Write(content)
		default:
			if err := os.WriteFile(name, content, 0o644); err != nil {
				logLine("error", err.Error())
			}
		}
	}
}

func shown(values map[string]any) string {
	var words []string
	for key, value := range values {
		words = append(words, fmt.Sprintf("%s=%.6g", key, value))
	}
	sort.Strings(words)
	return strings.Join(words, " ")
}

var (
	logJSON  bool
	logMutex sync.Mutex
)

// logLine says something on standard error, with fields as pairs.
func logLine(level, message string, fields ...string) {
	logMutex.Lock()
	defer logMutex.Unlock()
	now := time.Now().UTC().Format(time.RFC3339)
	if logJSON {
		entry := map[string]string{"level": level, "msg": message, "time": now}
		for i := 0; i+1 < len(fields); i += 2 {
			entry[fields[i]] = fields[i+1]
		}
		text, _ := json.Marshal(entry)
		fmt.Fprintln(os.Stderr, string(text))
		return
	}
	line := fmt.Sprintf("time=%q level=%s msg=%s", now, level, plainOrQuoted(message))
	for i := 0; i+1 < len(fields); i += 2 {
		line += fmt.Sprintf(" %s=%s", fields[i], plainOrQuoted(fields[i+1]))
	}
	fmt.Fprintln(os.Stderr, line)
}

var plainText = regexp.MustCompile(`^[-._/@^+a-zA-Z0-9]+$`)

// plainOrQuoted quotes only what needs it, as k6's log does.
func plainOrQuoted(text string) string {
	if plainText.MatchString(text) {
		return text
	}
	return strconv.Quote(text)
}
