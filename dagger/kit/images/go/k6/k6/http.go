package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/dop251/goja"
)

// traffic counts the bytes of a user's connections.
type traffic struct{ sent, received atomic.Int64 }

type counted struct {
	net.Conn
	*traffic
}

func (c counted) Read(into []byte) (int, error) {
	n, err := c.Conn.Read(into)
	c.received.Add(int64(n))
	return n, err
}

func (c counted) Write(data []byte) (int, error) {
	n, err := c.Conn.Write(data)
	c.sent.Add(int64(n))
	return n, err
}

// newClient makes what a user sends with; redirects are followed by hand, since each one counts.
func (t *test) newClient() (*http.Client, *traffic) {
	count := &traffic{}
	dialer := &net.Dialer{Timeout: 30 * time.Second}
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DisableKeepAlives:   t.options.NoConnectionReuse,
			MaxIdleConnsPerHost: 100,
			ForceAttemptHTTP2:   true,
			TLSClientConfig:     &tls.Config{InsecureSkipVerify: t.options.InsecureSkipTLSVerify},
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				connection, err := dialer.DialContext(ctx, network, address)
				if err != nil {
					return nil, err
				}
				return counted{connection, count}, nil
			},
		},
	}, count
}

func (u *user) newJar() { u.client.Jar, _ = cookiejar.New(nil) }

// request is one that a script asks for.
type request struct {
	method, url, name string
	body              []byte
	headers           http.Header
	given             goja.Value // tags
	timeout           time.Duration
	redirects         int
	responseType      string
	expected          func(int) bool
}

// answer is what became of it.
type answer struct {
	status                int
	statusText, url, text string
	proto                 string
	body                  []byte
	headers               http.Header
	cookies               []*http.Cookie
	code                  int
	timings               map[string]float64
}

func (u *user) httpModule(module *goja.Object) {
	send := func(method string, hasBody bool) func(goja.FunctionCall) goja.Value {
		return func(call goja.FunctionCall) goja.Value {
			body, params := call.Argument(1), call.Argument(2)
			if !hasBody {
				body, params = goja.Undefined(), call.Argument(1)
			}
			return u.sent(u.read(method, call.Argument(0), body, params))
		}
	}
	for name, method := range map[string]string{
		"post": "POST", "put": "PUT", "patch": "PATCH", "del": "DELETE", "options": "OPTIONS",
	} {
		_ = module.Set(name, send(method, true))
	}
	_ = module.Set("get", send("GET", false))
	_ = module.Set("head", send("HEAD", false))
	_ = module.Set("request", func(call goja.FunctionCall) goja.Value {
		return u.sent(u.read(strings.ToUpper(call.Argument(0).String()), call.Argument(1), call.Argument(2), call.Argument(3)))
	})
	_ = module.Set("batch", u.batch)
	_ = module.Set("file", func(call goja.FunctionCall) goja.Value {
		file := u.runtime.NewObject()
		_ = file.Set("data", call.Argument(0))
		_ = file.Set("filename", textOr(call.Argument(1), "file"))
		_ = file.Set("content_type", textOr(call.Argument(2), "application/octet-stream"))
		return file
	})
	_ = module.Set("expectedStatuses", func(call goja.FunctionCall) goja.Value {
		return u.runtime.ToValue(&expectation{slices.Clone(call.Arguments)})
	})
	_ = module.Set("setResponseCallback", func(call goja.FunctionCall) goja.Value {
		u.expected = u.callback(call.Argument(0))
		return goja.Undefined()
	})
	_ = module.Set("url", func(call goja.FunctionCall) goja.Value {
		parts := call.Argument(0).ToObject(u.runtime)
		address, name := "", ""
		for i := range int(parts.Get("length").ToInteger()) {
			part := parts.Get(strconv.Itoa(i)).String()
			address, name = address+part, name+part
			if i+1 < len(call.Arguments) {
				address, name = address+call.Argument(i+1).String(), name+"${}"
			}
		}
		made := u.runtime.NewObject()
		_ = made.Set("url", address)
		_ = made.Set("name", name)
		return made
	})
}

// callback says which statuses are expected; null expects nothing, and leaves the tag and http_req_failed out.
func (u *user) callback(value goja.Value) func(int) bool {
	if !isGiven(value) {
		return nil
	}
	wanted, ok := value.Export().(*expectation)
	if !ok {
		panic(u.thrown("unsupported argument, expected http.expectedStatuses"))
	}
	return wanted.holds
}

type expectation struct {
	arguments []goja.Value // a copy: those of a call are overwritten by the next one
}

func (e *expectation) holds(status int) bool {
	for _, argument := range e.arguments {
		if object, ok := argument.(*goja.Object); ok {
			if status >= int(object.Get("min").ToInteger()) && status <= int(object.Get("max").ToInteger()) {
				return true
			}
		} else if status == int(argument.ToInteger()) {
			return true
		}
	}
	return false
}

func textOr(value goja.Value, otherwise string) string {
	if value == nil || goja.IsUndefined(value) || goja.IsNull(value) {
		return otherwise
	}
	return value.String()
}

func isGiven(value goja.Value) bool {
	return value != nil && !goja.IsUndefined(value) && !goja.IsNull(value)
}

// read makes a request of what a script gave.
func (u *user) read(method string, address, body, params goja.Value) *request {
	r := &request{method: method, headers: http.Header{}, timeout: 60 * time.Second, redirects: 10, expected: u.expected}
	if u.test.options.MaxRedirects != nil {
		r.redirects = *u.test.options.MaxRedirects
	}
	if u.test.options.DiscardResponseBodies {
		r.responseType = "none"
	}
	r.url = address.String()
	if object, ok := address.(*goja.Object); ok && isGiven(object.Get("url")) {
		r.url, r.name = object.Get("url").String(), object.Get("name").String()
	}
	u.readBody(r, body)
	if !isGiven(params) {
		return r
	}
	given := params.ToObject(u.runtime)
	if headers := given.Get("headers"); isGiven(headers) {
		object := headers.ToObject(u.runtime)
		for _, key := range object.Keys() {
			r.headers.Set(key, object.Get(key).String())
		}
	}
	if cookies := given.Get("cookies"); isGiven(cookies) {
		object := cookies.ToObject(u.runtime)
		for _, key := range object.Keys() {
			r.headers.Add("Cookie", key+"="+object.Get(key).String())
		}
	}
	if timeout := given.Get("timeout"); isGiven(timeout) {
		if parsed, err := time.ParseDuration(timeout.String()); err == nil {
			r.timeout = parsed
		} else {
			r.timeout = time.Duration(timeout.ToFloat() * float64(time.Millisecond))
		}
	}
	if redirects := given.Get("redirects"); isGiven(redirects) {
		r.redirects = int(redirects.ToInteger())
	}
	if kind := given.Get("responseType"); isGiven(kind) {
		r.responseType = kind.String()
	}
	if callback := given.Get("responseCallback"); callback != nil && !goja.IsUndefined(callback) {
		r.expected = u.callback(callback)
	}
	if r.given = given.Get("tags"); r.given == nil {
		r.given = goja.Undefined()
	}
	return r
}

func isExpected(status int) bool { return status >= 200 && status < 400 }

// readBody takes a text, a buffer, or an object: a form, of several parts where there is a file among them.
func (u *user) readBody(r *request, body goja.Value) {
	if !isGiven(body) {
		return
	}
	object, ok := body.(*goja.Object)
	if _, isBuffer := body.Export().(goja.ArrayBuffer); !ok || isBuffer || object.ClassName() == "String" {
		r.body = bytesOf(body)
		return
	}
	if inner, ok := object.Get("buffer").(*goja.Object); ok {
		r.body = bytesOf(inner)
		return
	}
	form, several := url.Values{}, false
	var text bytes.Buffer
	parts := multipart.NewWriter(&text)
	for _, key := range object.Keys() {
		value := object.Get(key)
		if file, ok := value.(*goja.Object); ok && isGiven(file.Get("filename")) {
			several = true
			header := textproto.MIMEHeader{}
			header.Set("Content-Disposition", fmt.Sprintf(`form-data; name=%q; filename=%q`, key, file.Get("filename").String()))
			header.Set("Content-Type", file.Get("content_type").String())
			if part, err := parts.CreatePart(header); err == nil {
				_, _ = part.Write(bytesOf(file.Get("data")))
			}
			continue
		}
		form.Add(key, value.String())
		_ = parts.WriteField(key, value.String())
	}
	_ = parts.Close()
	if several {
		r.body = text.Bytes()
		r.headers.Set("Content-Type", parts.FormDataContentType())
		return
	}
	r.body = []byte(form.Encode())
	r.headers.Set("Content-Type", "application/x-www-form-urlencoded")
}

func (u *user) sent(r *request) goja.Value {
	u.mustRun()
	got := u.exchange(r)
	if u.test.options.Throw && got.text != "" {
		panic(u.thrown(got.text))
	}
	return u.response(r, got)
}

func (u *user) mustRun() {
	if u.starting {
		panic(u.thrown("making http requests in the init context is not supported"))
	}
}

func (u *user) batch(call goja.FunctionCall) goja.Value {
	u.mustRun()
	list := call.Argument(0).ToObject(u.runtime)
	requests := map[string]*request{}
	for _, key := range list.Keys() {
		requests[key] = u.readBatched(list.Get(key))
	}
	answers := map[string]*answer{}
	var wait sync.WaitGroup
	var mutex sync.Mutex
	for key, r := range requests {
		wait.Go(func() {
			got := u.exchange(r)
			mutex.Lock()
			defer mutex.Unlock()
			answers[key] = got
		})
	}
	wait.Wait()
	result := u.runtime.NewObject()
	if list.ClassName() == "Array" {
		result = u.runtime.NewArray()
	}
	for key, got := range answers {
		_ = result.Set(key, u.response(requests[key], got))
	}
	return result
}

// readBatched takes an address, a list of method, address, body and params, or an object of these.
func (u *user) readBatched(entry goja.Value) *request {
	object, ok := entry.(*goja.Object)
	if !ok {
		return u.read("GET", entry, goja.Undefined(), goja.Undefined())
	}
	keys := []string{"method", "url", "body", "params"}
	if object.ClassName() == "Array" {
		keys = []string{"0", "1", "2", "3"}
	}
	return u.read(strings.ToUpper(object.Get(keys[0]).String()), object.Get(keys[1]), object.Get(keys[2]), object.Get(keys[3]))
}

// exchange sends a request and follows where its answers lead; each counts. It touches no script.
func (u *user) exchange(r *request) *answer {
	ctx, cancel := context.WithTimeout(u.context, r.timeout)
	defer cancel()
	method, address, body := r.method, r.url, r.body
	for left := r.redirects; ; left-- {
		got := u.once(ctx, r, method, address, body)
		place := got.headers.Get("Location")
		if got.status < 300 || got.status >= 400 || got.status == 304 || place == "" || left <= 0 {
			return got
		}
		base, _ := url.Parse(address)
		next, err := base.Parse(place)
		if err != nil {
			return got
		}
		address = next.String()
		if got.status == 303 || (got.status < 303 && method != "HEAD") {
			method, body = "GET", nil
		}
	}
}

func (u *user) once(ctx context.Context, r *request, method, address string, body []byte) *answer {
	got := &answer{url: address, headers: http.Header{}, timings: map[string]float64{}}
	clock := &stopwatch{begun: time.Now()}
	made, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, clock.trace()), method, address, bytes.NewReader(body))
	if err == nil && made.URL.Host == "" {
		err = &url.Error{Op: "parse", URL: address, Err: errors.New("no host in it")}
	}
	if err == nil {
		made.Header = r.headers.Clone()
		if made.Header.Get("User-Agent") == "" {
			made.Header.Set("User-Agent", u.test.options.UserAgent)
		}
		if host := r.headers.Get("Host"); host != "" {
			made.Host = host
		}
		err = u.receive(made, r, got)
	}
	if u.context.Err() != nil {
		return got // interrupted: no fault of the service's
	}
	got.timings = clock.timings(time.Now())
	if err != nil {
		got.status, got.code = 0, codeOf(err)
		got.text = reasonOf(err)
		if got.code == 1050 {
			got.text = "request timeout"
		}
		logLine("warning", "Request Failed", "error", err.Error())
	} else if got.status >= 400 {
		got.code = 1000 + got.status
	}
	u.count(r, got, method)
	return got
}

func (u *user) receive(made *http.Request, r *request, got *answer) error {
	response, err := u.client.Do(made)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	got.status, got.statusText, got.proto = response.StatusCode, response.Status, response.Proto
	got.headers, got.cookies = response.Header, response.Cookies()
	got.body, err = io.ReadAll(response.Body)
	return err
}

func (u *user) count(r *request, got *answer, method string) {
	measured := tags{
		"method": method, "url": cleaned(got.url), "status": strconv.Itoa(got.status),
	}
	if got.status > 0 {
		measured["proto"] = got.proto
	}
	if r.expected != nil {
		measured["expected_response"] = strconv.FormatBool(r.expected(got.status))
	}
	// A request's name is a tag that is given; since 0.41 it takes the place of the url, too:
	// https://github.com/grafana/k6/issues/3754
	name := r.name
	if object, ok := r.given.(*goja.Object); ok && isGiven(object.Get("name")) {
		name = object.Get("name").String()
	}
	if name != "" {
		measured["url"] = name
	}
	if got.code != 0 {
		measured["error_code"] = strconv.Itoa(got.code)
	}
	if got.text != "" {
		measured["error"] = got.text
	}
	all, now := u.tagged(r.given, measured), time.Now()
	if name != "" {
		all["name"] = name
	} else if u.test.options.enables("name") {
		all["name"] = measured["url"]
	}
	m := u.test.metrics
	m.add("http_reqs", now, 1, all)
	for name, value := range got.timings {
		m.add("http_req_"+name, now, value, all)
	}
	if r.expected != nil {
		m.add("http_req_failed", now, number(!r.expected(got.status)), all)
	}
}

// cleaned is an address without a user's name and password.
func cleaned(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.User == nil {
		return address
	}
	hidden := "****"
	if _, known := parsed.User.Password(); known {
		hidden = "****:****"
	}
	return strings.Replace(address, parsed.User.String()+"@", hidden+"@", 1)
}

// response is what a script gets.
func (u *user) response(r *request, got *answer) goja.Value {
	rt, made := u.runtime, u.runtime.NewObject()
	for name, value := range map[string]any{
		"status": got.status, "status_text": got.statusText, "url": got.url, "error": got.text, "error_code": got.code,
		"timings": got.timings, "proto": got.proto,
		"request": map[string]any{"method": r.method, "url": r.url, "body": string(r.body)},
	} {
		_ = made.Set(name, value)
	}
	headers, cookies := rt.NewObject(), rt.NewObject()
	for name := range got.headers {
		_ = headers.Set(name, strings.Join(got.headers.Values(name), ", "))
	}
	for _, cookie := range got.cookies {
		_ = cookies.Set(cookie.Name, []any{map[string]any{"name": cookie.Name, "value": cookie.Value}})
	}
	_ = made.Set("headers", headers)
	_ = made.Set("cookies", cookies)
	switch {
	case r.responseType == "none" || got.status == 0:
		_ = made.Set("body", goja.Null())
	case r.responseType == "binary":
		_ = made.Set("body", rt.NewArrayBuffer(got.body))
	default:
		_ = made.Set("body", string(got.body))
	}
	_ = made.Set("json", func(call goja.FunctionCall) goja.Value {
		value, err := unmarshal(got.body)
		if err != nil {
			panic(u.thrown("cannot parse json due to an error: " + err.Error()))
		}
		if path := call.Argument(0); isGiven(path) {
			value = picked(value, path.String())
		}
		if value == nil {
			return goja.Undefined()
		}
		return rt.ToValue(value)
	})
	return made
}

func splitPath(path string) []string { return strings.Split(path, ".") }

// stopwatch notes when each part of a request began.
type stopwatch struct {
	mutex                                                   sync.Mutex
	begun, connecting, connected, shaking, shaken, got, out time.Time
	first                                                   time.Time
}

func (s *stopwatch) note(at *time.Time) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	*at = time.Now()
}

func (s *stopwatch) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		ConnectStart:         func(string, string) { s.note(&s.connecting) },
		ConnectDone:          func(string, string, error) { s.note(&s.connected) },
		TLSHandshakeStart:    func() { s.note(&s.shaking) },
		TLSHandshakeDone:     func(tls.ConnectionState, error) { s.note(&s.shaken) },
		GotConn:              func(httptrace.GotConnInfo) { s.note(&s.got) },
		WroteRequest:         func(httptrace.WroteRequestInfo) { s.note(&s.out) },
		GotFirstResponseByte: func() { s.note(&s.first) },
	}
}

// timings are as k6 documents them: the duration is what was sent, waited for and received.
func (s *stopwatch) timings(now time.Time) map[string]float64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	between := func(from, to time.Time) float64 {
		if from.IsZero() || to.IsZero() || to.Before(from) {
			return 0
		}
		return milliseconds(to.Sub(from))
	}
	if s.first.IsZero() && !s.out.IsZero() {
		s.first = now // it never came
	}
	sending, waiting, receiving := between(s.got, s.out), between(s.out, s.first), between(s.first, now)
	return map[string]float64{
		"blocked": between(s.begun, s.got), "connecting": between(s.connecting, s.connected),
		"tls_handshaking": between(s.shaking, s.shaken), "sending": sending, "waiting": waiting, "receiving": receiving,
		"duration": sending + waiting + receiving,
	}
}

// codeOf is the number that k6's documentation gives an error.
func codeOf(err error) int {
	var (
		dns       *net.DNSError
		operation *net.OpError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		address   *url.Error
	)
	switch {
	case errors.As(err, &authority):
		return 1310
	case errors.As(err, &hostname):
		return 1311
	case errors.As(err, &verify):
		return 1000 // such as one that has expired
	case errors.As(err, &record):
		return 1301
	case errors.As(err, &dns) && dns.IsNotFound:
		return 1101
	case errors.As(err, &dns):
		return 1100
	case errors.As(err, &operation) && operation.Op == "dial":
		switch {
		case errors.Is(err, syscall.ECONNREFUSED):
			return 1212
		case operation.Timeout():
			return 1211
		}
		return 1210
	case errors.Is(err, context.DeadlineExceeded):
		return 1050
	case errors.Is(err, syscall.ECONNRESET):
		return 1220
	case errors.Is(err, syscall.EPIPE):
		return 1201
	case errors.As(err, &operation) && strings.HasPrefix(operation.Op, "remote error"):
		return 1300
	case errors.As(err, &operation):
		return 1200
	case errors.As(err, &address) && address.Op == "parse":
		return 1020
	}
	return 1000
}

// reasonOf is an error without the address that it was met at.
func reasonOf(err error) string {
	var address *url.Error
	if errors.As(err, &address) {
		err = address.Err
	}
	return err.Error()
}
