package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// service answers /, /slow after 300 ms, /bad with 503, /away with a redirect to /, and what it was posted.
func service(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			time.Sleep(300 * time.Millisecond)
		case "/bad":
			w.WriteHeader(503)
		case "/away":
			http.Redirect(w, r, "/", http.StatusFound)
		case "/form":
			_ = r.ParseMultipartForm(1 << 20)
			kind := "form"
			if r.MultipartForm != nil && len(r.MultipartForm.File["file"]) == 1 {
				kind = "file " + r.MultipartForm.File["file"][0].Filename
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"kind": kind, "rate": r.FormValue("rate"), "list": []string{"a"}})
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

type point struct {
	Metric, Type string
	Data         struct {
		Value float64
		Tags  map[string]string
	}
}

// ran runs a script with these arguments; it returns the exit code and every sample.
func ran(t *testing.T, source string, arguments ...string) (int, []point) {
	t.Helper()
	folder := t.TempDir()
	path, out := filepath.Join(folder, "script.js"), filepath.Join(folder, "out.json")
	if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "beside.js"), []byte("export const path = '/'"), 0o600); err != nil {
		t.Fatal(err)
	}
	code := run(append([]string{"--quiet", "--out", "json=" + out, "-e", "BASE=" + service(t)}, append(arguments, path)...))
	file, err := os.Open(out)
	if err != nil {
		return code, nil
	}
	defer file.Close()
	var points []point
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var each point
		if err := json.Unmarshal(lines.Bytes(), &each); err != nil {
			t.Fatal(err)
		}
		points = append(points, each)
	}
	return code, points
}

func count(points []point, metric string, wanted tags) (n int, sum float64) {
	for _, p := range points {
		if p.Type == "Point" && p.Metric == metric && (&part{tags: wanted}).holds(p.Data.Tags) {
			n++
			sum += p.Data.Value
		}
	}
	return n, sum
}

const begin = "import http from 'k6/http'; import { check, group, sleep, fail } from 'k6'; import { path } from './beside.js'\n" +
	"import { Counter, Rate, Trend } from 'k6/metrics'; import exec from 'k6/execution'; const base = __ENV.BASE\n"

func TestExitCodes(t *testing.T) {
	for name, c := range map[string]struct {
		source string
		code   int
	}{
		"passes":                        {"export default () => { http.get(base + path) }", 0},
		"crosses a threshold":           {"export const options = { thresholds: { http_req_failed: ['rate<0.1'] } }; export default () => { http.get(base + '/bad') }", 99},
		"keeps one of a tag":            {"export const options = { thresholds: { 'http_req_duration{a:b}': ['p(95)<100'] } }; export default () => { http.get(base + '/slow') }", 0},
		"throws at once":                {"throw new Error('no')", 107},
		"has a syntax error":            {"export default () => {", 107},
		"exports nothing":               {"export const a = 1", 255},
		"has only named ones":           {"export function work() {}", 104},
		"marks itself as failed":        {"export default () => { exec.test.fail('no'); check(1, { ok: () => true }) }", 110},
		"has no requests":               {"export const options = { thresholds: { http_reqs: ['count>0'], checks: ['rate>0.9'] } }; export default () => {}", 99},
		"has an option that is lacking": {"export const options = { rps: 5 }; export default () => {}", 104},
		"has an option that isn't k6's": {"export const options = { rpm: 5 }; export default () => {}", 0},
		"throws in setup":               {"export function setup() { fail('no') } export default () => {}", 107},
		"throws while it runs":          {"export default () => { fail('no') }", 0},
		"aborts":                        {"export default () => { exec.test.abort('enough') }", 108},
		"has a bad option":              {"export const options = { stages: [{ duration: 'soon', target: 1 }] }; export default () => {}", 104},
		"has a bad threshold":           {"export const options = { thresholds: { checks: ['p(95)<1'] } }; export default () => {}", 104},
		"imports what isn't":            {"import browser from 'k6/browser'; browser.open(); export default () => {}", 107},
		"sleeps in a setup":             {"export const options = { setupTimeout: '100ms' }; export function setup() { sleep(5) } export default () => {}", 100},
		"waits for a promise":           {"export default async () => { await 1; check(1, { ok: (v) => v === 1 }) }", 0},
		"crosses one of checks":         {"export const options = { thresholds: { checks: ['rate==1'] } }; export default () => { check(1, { no: (v) => v === 2 }) }", 99},
	} {
		t.Run(name, func(t *testing.T) {
			if code, _ := ran(t, begin+c.source); code != c.code {
				t.Errorf("ended with %d, wanted %d", code, c.code)
			}
		})
	}
}

func TestCommandLine(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script.js")
	if err := os.WriteFile(script, []byte("export default () => {}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, arguments := range map[string][]string{
		"an unknown option": {"--unheard-of", script}, "one dash for two": {"-quiet", script}, "no script": {}, "two scripts": {script, script},
		"an unknown output": {"--out=statsd", script},
	} {
		if code := run(arguments); code != exitOther {
			t.Errorf("%s ends with %d", name, code)
		}
	}
	if code := run([]string{"--address=192.0.2.1:1", script}); code != exitAddress {
		t.Errorf("an address that isn't ours ends with %d", code)
	}
}

func TestTags(t *testing.T) {
	for source, wanted := range map[string]tags{
		"export default () => { http.get(base, { tags: { name: 'a', status: '1', own: 'b' } }) }":                         {"url": "a", "name": "a", "status": "200", "own": "b"},
		"export default () => { http.get(base.replace('://', '://u:p@')) }":                                               {"status": "200", "expected_response": "true"},
		"export default () => { http.setResponseCallback(null); http.get(base + '/bad') }":                                {"status": "503", "expected_response": ""},
		"export const options = { systemTags: ['url'] }; export default () => { http.get(base, { tags: { own: 'b' } }) }": {"status": "", "name": "", "own": "b"},
		"export default () => { http.setResponseCallback(http.expectedStatuses(503)); http.get(base + '/bad') }":          {"expected_response": "true"},
	} {
		_, points := ran(t, begin+source)
		if n, _ := count(points, "http_req_duration", wanted); n != 1 {
			t.Errorf("%s: %d samples with %v, of %v", source, n, wanted, points)
		}
		for _, p := range points {
			if strings.Contains(p.Data.Tags["url"], "u:p@") {
				t.Errorf("%s: a password in %v", source, p.Data.Tags)
			}
		}
	}
}

func TestSamples(t *testing.T) {
	_, points := ran(t, begin+`
const own = new Trend('own', true), seen = new Counter('seen'), good = new Rate('good')
export function setup() { return { n: 2 } }
export default function (data) {
  group('first', () => { http.get(base + '/away', { tags: { name: 'away' } }) })
  http.get(base + '/bad'); http.get('http://127.0.0.1:1/')
  const form = http.post(base + '/form', { file: http.file('RIFF', 'tone.wav', 'audio/wav'), rate: '48000' })
  check(form, { kind: (r) => r.json('kind') === 'file tone.wav', rate: (r) => r.json().rate === '48000', list: (r) => r.json('list.0') === 'a' })
  const [a, b] = http.batch([['GET', base + '/slow'], base + '/slow'])
  check(a, { batch: () => a.status === 200 && b.timings.duration > 250 })
  own.add(data.n); seen.add(3); good.add(true); good.add(false)
}`, "--iterations=2", "--vus=2")
	for _, c := range []struct {
		metric string
		tags   tags
		count  int
	}{
		{"http_reqs", nil, 14},
		{"http_reqs", tags{"status": "302", "group": "::first", "name": "away", "url": "away"}, 2},
		{"http_req_failed", tags{"status": "503", "error_code": "1503", "expected_response": "false"}, 2},
		{"http_req_duration", tags{"status": "0", "error_code": "1212"}, 2},
		{"checks", nil, 8}, {"own", nil, 2}, {"good", nil, 4}, {"iterations", tags{"scenario": "default"}, 2},
	} {
		if n, _ := count(points, c.metric, c.tags); n != c.count {
			t.Errorf("%d samples of %s with %v, wanted %d", n, c.metric, c.tags, c.count)
		}
	}
	for metric, wanted := range map[string]float64{"checks": 8, "own": 4, "seen": 6, "good": 2} {
		if _, sum := count(points, metric, nil); sum != wanted {
			t.Errorf("%s come to %v, wanted %v", metric, sum, wanted)
		}
	}
	if _, sum := count(points, "data_received", nil); sum < 500 {
		t.Errorf("received %v bytes", sum)
	}
}

func TestRamp(t *testing.T) {
	begun := time.Now()
	_, points := ran(t, begin+"export default () => { http.get(base); sleep(0.1) }", "--stage=2s:10", "--stage=1s:0")
	if took := time.Since(begun); took < 3*time.Second || took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	most := 0.0
	for _, p := range points {
		if p.Metric == "vus" {
			most = max(most, p.Data.Value)
		}
	}
	if most < 7 || most > 10 {
		t.Errorf("%v users at most", most)
	}
}

func TestArrival(t *testing.T) {
	_, points := ran(t, begin+`export const options = { scenarios: { even: {
  executor: 'constant-arrival-rate', rate: 20, duration: '2s', preAllocatedVUs: 5, exec: 'work' } } }
export function work() { http.get(base) }`)
	if n, _ := count(points, "iterations", tags{"scenario": "even"}); n < 38 || n > 42 {
		t.Errorf("%d iterations, wanted 40", n)
	}
}

func TestAbortOnFail(t *testing.T) {
	begun := time.Now()
	code, _ := ran(t, begin+`export const options = { vus: 2, duration: '1m', thresholds: { http_req_failed: [{ threshold: 'rate<0.5', abortOnFail: true }] } }
export default () => { http.get(base + '/bad'); sleep(0.2) }`)
	if code != exitThresholds || time.Since(begun) > 10*time.Second {
		t.Errorf("ended with %d after %v", code, time.Since(begun))
	}
}

func TestSummary(t *testing.T) {
	folder := t.TempDir()
	file, handled := filepath.Join(folder, "summary.json"), filepath.Join(folder, "handled.txt")
	ran(t, begin+`export const options = { thresholds: { checks: ['rate>0.9'] } }
export default () => { check(1, { yes: () => true, no: () => false }) }
export function handleSummary(data) { return { '`+handled+`': String(data.metrics.checks.values.passes) + data.metrics.checks.thresholds['rate>0.9'].ok } }`,
		"--summary-export", file)
	if text, _ := os.ReadFile(handled); string(text) != "1false" {
		t.Errorf("handleSummary wrote %q", text)
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), `"rate>0.9": true`) {
		t.Errorf("the summary says %s", text)
	}
}

func TestPercentile(t *testing.T) {
	for n, wanted := range map[float64]float64{0: 1, 50: 2.5, 95: 3.85, 100: 4} {
		if got := percentile([]float64{4, 1, 3, 2}, n); got < wanted-1e-9 || got > wanted+1e-9 {
			t.Errorf("percentile %v is %v, wanted %v", n, got, wanted)
		}
	}
}
