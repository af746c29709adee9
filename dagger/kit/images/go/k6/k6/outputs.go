package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	prompb "buf.build/gen/go/prometheus/prometheus/protocolbuffers/go"
	"github.com/golang/snappy"
	influx "github.com/influxdata/influxdb1-client/v2"
	"google.golang.org/protobuf/proto"
)

// output takes every sample; the caller holds the lock of the registry. Its close ends it, and sends what is left.
type output struct {
	add   func(m *metric, at time.Time, value float64, tagged tags)
	close func()
}

// open starts one output by its argument, such as influxdb=http://host:8086/db.
func open(argument string, env map[string]string) (*output, error) {
	kind, address, _ := strings.Cut(argument, "=")
	switch kind {
	case "influxdb":
		return openInflux(address, env)
	case "experimental-prometheus-rw":
		return openPrometheus(env)
	default:
		return nil, fmt.Errorf("invalid output type '%s', available types are: experimental-prometheus-rw, influxdb, json", kind)
	}
}

// every calls a function at an interval and once more at the end, never twice at the same time.
func every(interval time.Duration, send func()) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				send()
			case <-done:
				send()
				return
			}
		}
	}()
	return func() { close(done); <-ended }
}

// openInflux sends every sample to the write API of InfluxDB 1, which version 2 has as well.
func openInflux(address string, env map[string]string) (*output, error) {
	target, err := url.Parse(address)
	if err != nil || target.Host == "" {
		return nil, fmt.Errorf("invalid address of InfluxDB %q", address)
	}
	database := strings.Trim(target.Path, "/")
	if database == "" {
		database = "k6"
	}
	config := influx.HTTPConfig{
		Addr: target.Scheme + "://" + target.Host, Username: env["K6_INFLUXDB_USERNAME"],
		Password: env["K6_INFLUXDB_PASSWORD"], Timeout: 10 * time.Second,
	}
	client, err := influx.NewHTTPClient(config)
	if err != nil {
		return nil, err
	}
	settings := influx.BatchPointsConfig{Database: database, RetentionPolicy: target.Query().Get("retention")}
	var mutex sync.Mutex
	var waiting []*influx.Point
	stop := every(time.Second, func() {
		mutex.Lock()
		points := waiting
		waiting = nil
		mutex.Unlock()
		if len(points) == 0 {
			return
		}
		batch, err := influx.NewBatchPoints(settings)
		if err == nil {
			batch.AddPoints(points)
			err = client.Write(batch)
		}
		if err != nil {
			logLine("error", "Couldn't write stats", "error", err.Error(), "output", "InfluxDBv1")
		}
	})
	add := func(m *metric, at time.Time, value float64, tagged tags) {
		point, err := influx.NewPoint(m.name, filled(tagged), map[string]any{"value": value}, at)
		if err != nil {
			return
		}
		mutex.Lock()
		defer mutex.Unlock()
		waiting = append(waiting, point)
	}
	return &output{add, func() { stop(); _ = client.Close() }}, nil
}

// filled leaves out tags without a value, which neither receiver takes.
func filled(tagged tags) tags {
	kept := maps.Clone(tagged)
	maps.DeleteFunc(kept, func(_, value string) bool { return value == "" })
	return kept
}

// series is what a metric's samples with the same tags add up to.
type series struct {
	metric *metric
	tags   tags
	sums
}

// openPrometheus sends what the samples add up to every five seconds by Prometheus' remote write, version 1.
func openPrometheus(env map[string]string) (*output, error) {
	address := env["K6_PROMETHEUS_RW_SERVER_URL"]
	if address == "" {
		address = "http://localhost:9090/api/v1/write"
	}
	if target, err := url.Parse(address); err != nil || target.Host == "" {
		return nil, fmt.Errorf("invalid address of Prometheus %q", address)
	}
	stats := strings.Split(env["K6_PROMETHEUS_RW_TREND_STATS"], ",")
	if stats[0] == "" {
		stats = []string{"p(99)"}
	}
	var mutex sync.Mutex
	all, changed := map[string]*series{}, map[string]bool{}
	begun := time.Now()
	stop := every(5*time.Second, func() {
		mutex.Lock()
		request := &prompb.WriteRequest{}
		for key := range changed {
			request.Timeseries = append(request.Timeseries, all[key].encoded(stats, time.Now(), time.Since(begun))...)
		}
		clear(changed)
		mutex.Unlock()
		if len(request.Timeseries) == 0 {
			return
		}
		if err := post(address, env["K6_PROMETHEUS_RW_BEARER_TOKEN"], request); err != nil {
			message := "Failed to send the time series data to the endpoint"
			logLine("error", message, "error", err.Error(), "output", "Prometheus remote write")
		}
	})
	add := func(m *metric, _ time.Time, value float64, tagged tags) {
		names := slices.Sorted(maps.Keys(tagged))
		key := m.name
		for _, name := range names {
			key += "\x00" + name + "\x00" + tagged[name]
		}
		mutex.Lock()
		defer mutex.Unlock()
		if all[key] == nil {
			all[key] = &series{metric: m, tags: filled(tagged)}
		}
		all[key].sums.add(value, m.kind)
		changed[key] = true
	}
	return &output{add, stop}, nil
}

// encoded gives a series for each value, named as k6 documents it.
func (s *series) encoded(stats []string, at time.Time, elapsed time.Duration) []*prompb.TimeSeries {
	name := "k6_" + s.metric.name
	switch s.metric.kind {
	case counter:
		return []*prompb.TimeSeries{s.sample(name+"_total", s.sum, at)}
	case gauge:
		return []*prompb.TimeSeries{s.sample(name, s.last, at)}
	case rate:
		return []*prompb.TimeSeries{s.sample(name+"_rate", s.aggregate(rate, "rate", 0, elapsed), at)}
	}
	var found []*prompb.TimeSeries
	for _, stat := range stats {
		aggregate, percent := stat, 0.0
		if _, err := fmt.Sscanf(stat, "p(%f)", &percent); err == nil {
			aggregate = "p"
		}
		value := s.aggregate(trend, aggregate, percent, elapsed)
		if s.metric.contains == "time" {
			value /= 1000 // Prometheus' unit is the second
		}
		found = append(found, s.sample(name+"_"+strings.NewReplacer("(", "", ")", "").Replace(stat), value, at))
	}
	return found
}

// sample has its labels in order, as the protocol demands.
func (s *series) sample(name string, value float64, at time.Time) *prompb.TimeSeries {
	labels := []*prompb.Label{{Name: "__name__", Value: name}}
	for _, key := range slices.Sorted(maps.Keys(s.tags)) {
		labels = append(labels, &prompb.Label{Name: key, Value: s.tags[key]})
	}
	return &prompb.TimeSeries{Labels: labels, Samples: []*prompb.Sample{{Value: value, Timestamp: at.UnixMilli()}}}
}

func post(address, token string, request *prompb.WriteRequest) error {
	message, err := proto.Marshal(request)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	body := bytes.NewReader(snappy.Encode(nil, message))
	sent, err := http.NewRequestWithContext(ctx, http.MethodPost, address, body)
	if err != nil {
		return err
	}
	sent.Header.Set("Content-Encoding", "snappy")
	sent.Header.Set("Content-Type", "application/x-protobuf")
	sent.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	sent.Header.Set("User-Agent", "k6-offline")
	if token != "" {
		sent.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(sent)
	if err != nil {
		return fmt.Errorf("HTTP POST request failed: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("got status code: %d instead expected a 2xx successful status code", response.StatusCode)
	}
	return nil
}

// runTags reads tags that are given to every sample, each NAME=VALUE.
func runTags(pairs []string) (tags, error) {
	found := tags{}
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("invalid tag %q, expected NAME=VALUE", pair)
		}
		found[name] = value
	}
	return found, nil
}
