package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	prompb "buf.build/gen/go/prometheus/prometheus/protocolbuffers/go"
	"github.com/golang/snappy"
	"google.golang.org/protobuf/proto"
)

type received struct {
	path, user, password, authorization string
	body                                []byte
}

// receiver keeps what it was sent, and answers with this status.
func receiver(t *testing.T, status int) (string, func() []received) {
	t.Helper()
	var mutex sync.Mutex
	var all []received
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		user, password, _ := r.BasicAuth()
		mutex.Lock()
		defer mutex.Unlock()
		all = append(all, received{r.URL.String(), user, password, r.Header.Get("Authorization"), body})
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []received { mutex.Lock(); defer mutex.Unlock(); return all }
}

const asked = `import http from "k6/http"
export default function () { http.get("` + "URL" + `") }`

func TestInfluxOutput(t *testing.T) {
	address, all := receiver(t, 204)
	t.Setenv("K6_INFLUXDB_USERNAME", "slipway")
	t.Setenv("K6_INFLUXDB_PASSWORD", "s3cret")
	script := strings.ReplaceAll(asked, "URL", service(t))
	code, points := ran(t, script, "-i", "2", "--tag", "kind=load", "-o", "influxdb="+address+"/load")
	if code != 0 || len(points) == 0 || points[len(points)-1].Data.Tags["kind"] != "load" {
		t.Fatalf("exit code %d, %d points", code, len(points))
	}
	lines := ""
	for _, each := range all() {
		if !strings.HasPrefix(each.path, "/write?") || !strings.Contains(each.path, "db=load") || each.user != "slipway" || each.password != "s3cret" {
			t.Errorf("sent to %s as %s", each.path, each.user)
		}
		lines += string(each.body)
	}
	if strings.Count(lines, "http_reqs,") != 2 || !strings.Contains(lines, "kind=load") {
		t.Errorf("sent %s", lines)
	}
}

func TestPrometheusOutput(t *testing.T) {
	address, all := receiver(t, 200)
	t.Setenv("K6_PROMETHEUS_RW_SERVER_URL", address+"/api/v1/write")
	t.Setenv("K6_PROMETHEUS_RW_BEARER_TOKEN", "s3cret")
	t.Setenv("K6_PROMETHEUS_RW_TREND_STATS", "med,p(95)")
	script := strings.ReplaceAll(asked, "URL", service(t))
	if code, _ := ran(t, script, "-i", "3", "--tag", "kind=load", "-o", "experimental-prometheus-rw"); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	values := map[string]float64{}
	for _, each := range all() {
		if each.authorization != "Bearer s3cret" || each.path != "/api/v1/write" {
			t.Errorf("sent to %s with %q", each.path, each.authorization)
		}
		message, err := snappy.Decode(nil, each.body)
		request := &prompb.WriteRequest{}
		if err != nil || proto.Unmarshal(message, request) != nil {
			t.Fatal("not a request of remote write")
		}
		for _, one := range request.Timeseries {
			labels := tags{}
			for i, label := range one.Labels {
				labels[label.Name] = label.Value
				if i > 0 && one.Labels[i-1].Name >= label.Name {
					t.Errorf("labels out of order: %v", one.Labels)
				}
			}
			if labels["kind"] != "load" {
				t.Errorf("without the run's tag: %v", labels)
			}
			values[labels["__name__"]] = one.Samples[0].Value
		}
	}
	if values["k6_http_reqs_total"] != 3 || values["k6_http_req_failed_rate"] != 0 {
		t.Errorf("sent %v", values)
	}
	if p95 := values["k6_http_req_duration_p95"]; p95 <= 0 || p95 > 5 || values["k6_http_req_duration_med"] > p95 {
		t.Errorf("sent %v", values)
	}
}

func TestOutputThatFails(t *testing.T) {
	address, _ := receiver(t, 401)
	script := strings.ReplaceAll(asked, "URL", service(t))
	if code, _ := ran(t, script, "-i", "1", "-o", "influxdb="+address+"/load"); code != 0 {
		t.Errorf("a receiver that refuses samples ends the run with %d", code)
	}
	if code, _ := ran(t, script, "-i", "1", "-o", "statsd"); code != exitOther {
		t.Errorf("an unknown output ends the run with %d", code)
	}
}
