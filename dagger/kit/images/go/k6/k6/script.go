package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dop251/goja"
	esbuild "github.com/evanw/esbuild/pkg/api"
)

// script is a program, bundled with all that it imports.
type script struct {
	folder  string
	program *goja.Program
}

// load bundles a script and its own modules; those called k6 are the runner's.
func load(path string) (*script, error) {
	result := esbuild.Build(esbuild.BuildOptions{
		EntryPoints: []string{path}, Bundle: true, Write: false, LogLevel: esbuild.LogLevelSilent,
		Format: esbuild.FormatCommonJS, Platform: esbuild.PlatformNeutral, Target: esbuild.ES2017,
		External: []string{"k6", "k6/*"}, Sourcemap: esbuild.SourceMapInline, SourcesContent: esbuild.SourcesContentExclude,
	})
	if len(result.Errors) > 0 {
		first := result.Errors[0]
		if first.Location == nil {
			return nil, errors.New(first.Text)
		}
		return nil, fmt.Errorf("SyntaxError: file://%s: %s (%d:%d)", first.Location.File, first.Text, first.Location.Line, first.Location.Column)
	}
	code := string(result.OutputFiles[0].Contents)
	program, err := goja.Compile(path, "(function(module, exports, require) {"+code+"\n})", false)
	if err != nil {
		return nil, err
	}
	return &script{folder: filepath.Dir(path), program: program}, nil
}

// user is one that a script is run for: a runtime of its own, with connections and cookies of its own.
type user struct {
	test      *test
	id        int
	expected  func(int) bool // nil where the script expects nothing of its answers
	runtime   *goja.Runtime
	exports   *goja.Object
	client    *http.Client
	traffic   *traffic
	context   context.Context
	interrupt context.CancelFunc
	unwatch   func() bool
	scenario  string
	group     string
	tags      tags
	iteration int64
	inScene   int64
	starting  bool
}

// newUser runs the script's global part.
func (t *test) newUser(id int) (*user, error) {
	u := &user{test: t, id: id, runtime: goja.New(), expected: isExpected, starting: true, context: context.Background()}
	u.client, u.traffic = t.newClient()
	if err := u.runtime.Set("__VU", id); err != nil {
		return nil, err
	}
	u.setGlobals()
	wrapped, err := u.runtime.RunProgram(t.script.program)
	if err != nil {
		return nil, err
	}
	start, _ := goja.AssertFunction(wrapped)
	module, exports := u.runtime.NewObject(), u.runtime.NewObject()
	_ = module.Set("exports", exports)
	if _, err := start(goja.Undefined(), module, exports, u.runtime.ToValue(u.require)); err != nil {
		return nil, err
	}
	u.exports = module.Get("exports").ToObject(u.runtime)
	u.starting = false
	return u, nil
}

func (u *user) setGlobals() {
	rt := u.runtime
	_ = rt.Set("__ENV", u.test.env)
	_ = rt.Set("__ITER", 0)
	_ = rt.Set("open", u.open)
	console := rt.NewObject()
	for name, level := range map[string]string{"log": "info", "info": "info", "debug": "debug", "warn": "warning", "error": "error"} {
		_ = console.Set(name, func(call goja.FunctionCall) goja.Value {
			words := make([]string, len(call.Arguments))
			for i, argument := range call.Arguments {
				words[i] = u.shown(argument)
			}
			logLine(level, strings.Join(words, " "), "source", "console")
			return goja.Undefined()
		})
	}
	_ = rt.Set("console", console)
}

func (u *user) shown(value goja.Value) string {
	if object, ok := value.(*goja.Object); ok && object.ClassName() != "Error" {
		if text, err := object.MarshalJSON(); err == nil {
			return string(text)
		}
	}
	return value.String()
}

// open reads a file beside the script; only while that starts, as k6 has it.
func (u *user) open(call goja.FunctionCall) goja.Value {
	if !u.starting {
		panic(u.thrown("the \"open()\" function is only available in the init stage (i.e. the global scope)"))
	}
	path := strings.TrimPrefix(call.Argument(0).String(), "file://")
	if !filepath.IsAbs(path) {
		path = filepath.Join(u.test.script.folder, path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		panic(u.thrown(err.Error()))
	}
	if call.Argument(1).String() == "b" {
		return u.runtime.ToValue(u.runtime.NewArrayBuffer(data))
	}
	return u.runtime.ToValue(string(data))
}

func (u *user) thrown(message string) *goja.Object {
	made, err := u.runtime.New(u.runtime.GlobalObject().Get("Error"), u.runtime.ToValue(message))
	if err != nil {
		return u.runtime.NewGoError(errors.New(message))
	}
	return made
}

// exportsFunctions is false for a script that there is nothing to run of.
func (u *user) exportsFunctions() bool {
	for _, name := range u.exports.Keys() {
		if _, ok := u.function(name); ok {
			return true
		}
	}
	return false
}

// function is one that the script exports.
func (u *user) function(name string) (goja.Callable, bool) {
	return goja.AssertFunction(u.exports.Get(name))
}

// call runs an exported function to its end, its promises included.
func (u *user) call(name string, arguments ...goja.Value) (goja.Value, error) {
	function, ok := u.function(name)
	if !ok {
		return nil, fmt.Errorf("function '%s' not found in exports", name)
	}
	result, err := function(goja.Undefined(), arguments...)
	if err != nil {
		return nil, err
	}
	if promise, ok := result.Export().(*goja.Promise); ok {
		if promise.State() == goja.PromiseStateRejected {
			return nil, fmt.Errorf("Uncaught (in promise) %s", promise.Result().String())
		}
		return promise.Result(), nil
	}
	return result, nil
}

// parsed makes a value of JSON.
func (u *user) parsed(data []byte) (goja.Value, error) {
	if len(data) == 0 {
		return goja.Undefined(), nil
	}
	parse, _ := goja.AssertFunction(u.runtime.GlobalObject().Get("JSON").ToObject(u.runtime).Get("parse"))
	return parse(goja.Undefined(), u.runtime.ToValue(string(data)))
}

// iterate runs the script once. Only what is interrupted doesn't count.
func (u *user) iterate(s *scenario, name string, data []byte, number int64) {
	u.scenario, u.inScene = name, number
	u.tags = tags{}
	for _, more := range []tags{u.test.options.Tags, s.Tags, u.test.options.enabled(tags{"scenario": name, "group": ""})} {
		for key, value := range more {
			u.tags[key] = value
		}
	}
	_ = u.runtime.Set("__ITER", u.iteration)
	u.newJar()
	argument, err := u.parsed(data)
	begun := time.Now()
	if err == nil {
		_, err = u.call(s.Exec, argument)
	}
	u.iteration++
	u.group = ""
	if u.context.Err() != nil {
		return
	}
	if err != nil {
		logLine("error", stackOf(err), "executor", s.Executor, "scenario", name, "source", "stacktrace")
	}
	now := time.Now()
	u.test.metrics.add("iteration_duration", now, milliseconds(now.Sub(begun)), u.tags)
	u.test.metrics.add("iterations", now, 1, u.tags)
	u.test.metrics.add("data_sent", now, float64(u.traffic.sent.Swap(0)), u.tags)
	u.test.metrics.add("data_received", now, float64(u.traffic.received.Swap(0)), u.tags)
}

// begin makes a user ready to be interrupted through a context.
func (u *user) begin(parent context.Context) {
	if u.unwatch != nil {
		u.unwatch()
	}
	u.context, u.interrupt = context.WithCancel(parent)
	u.runtime.ClearInterrupt()
	u.unwatch = context.AfterFunc(u.context, func() { u.runtime.Interrupt("the test has ended") })
}

func stackOf(err error) string {
	var exception *goja.Exception
	if errors.As(err, &exception) {
		return strings.TrimSpace(exception.String())
	}
	return err.Error()
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// readOptions takes the options that a script exports.
func (u *user) readOptions(into *options) error {
	exported := u.exports.Get("options")
	if exported == nil || goja.IsUndefined(exported) || goja.IsNull(exported) {
		return nil
	}
	text, err := exported.ToObject(u.runtime).MarshalJSON()
	if err != nil {
		return err
	}
	if err := refuseUnknown(text); err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}
