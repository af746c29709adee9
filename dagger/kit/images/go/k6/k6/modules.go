package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"time"

	"github.com/dop251/goja"
)

// require gives a script what it imports of k6.
func (u *user) require(call goja.FunctionCall) goja.Value {
	name := call.Argument(0).String()
	make, ok := map[string]func(*goja.Object){
		"k6": u.coreModule, "k6/http": u.httpModule, "k6/metrics": u.metricsModule, "k6/execution": u.executionModule,
		"k6/data": u.dataModule, "k6/encoding": u.encodingModule,
	}[name]
	if !ok {
		panic(u.thrown(fmt.Sprintf("the stand-in for k6 has no module %q, and fetches none", name)))
	}
	module := u.runtime.NewObject()
	make(module)
	_ = module.Set("default", module)
	// So that a bundle takes its default for what is imported whole.
	_ = module.Set("__esModule", true)
	return module
}

func (u *user) coreModule(module *goja.Object) {
	_ = module.Set("check", u.check)
	_ = module.Set("group", u.groupOf)
	_ = module.Set("sleep", func(seconds float64) {
		select {
		case <-u.context.Done():
		case <-time.After(time.Duration(seconds * float64(time.Second))):
		}
	})
	_ = module.Set("fail", func(call goja.FunctionCall) goja.Value {
		panic(u.thrown(call.Argument(0).String()))
	})
	_ = module.Set("randomSeed", func(seed int64) {
		source := rand.New(rand.NewPCG(uint64(seed), uint64(seed)))
		u.runtime.SetRandSource(source.Float64)
	})
}

// check tries each demand on a value, and counts which hold.
func (u *user) check(call goja.FunctionCall) goja.Value {
	value, demands := call.Argument(0), call.Argument(1).ToObject(u.runtime)
	all := true
	for _, name := range demands.Keys() {
		holds := demands.Get(name)
		var err error
		if function, ok := goja.AssertFunction(holds); ok {
			holds, err = function(goja.Undefined(), value)
		}
		good := err == nil && holds.ToBoolean()
		all = all && good
		if u.context.Err() != nil {
			break // interrupted: what it got is no answer of the service's
		}
		u.test.root.count(u.group, name, good)
		u.test.metrics.add("checks", time.Now(), number(good), u.tagged(call.Argument(2), tags{"check": name}))
		if err != nil {
			panic(err)
		}
	}
	return u.runtime.ToValue(all)
}

func number(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}

func (u *user) groupOf(call goja.FunctionCall) goja.Value {
	function, ok := goja.AssertFunction(call.Argument(1))
	if !ok {
		panic(u.thrown("group() requires a callback as a second argument"))
	}
	before, begun := u.group, time.Now()
	u.group = before + "::" + call.Argument(0).String()
	u.test.root.enter(u.group)
	defer func() { u.group = before }()
	result, err := function(goja.Undefined())
	u.test.metrics.add("group_duration", time.Now(), milliseconds(time.Since(begun)), u.tagged(nil, nil))
	if err != nil {
		panic(err)
	}
	return result
}

// tagged returns the tags of a sample: the user's, those given, and those of what is measured.
func (u *user) tagged(given goja.Value, more tags) tags {
	all := tags{}
	for key, value := range u.tags {
		all[key] = value
	}
	if object, ok := given.(*goja.Object); ok {
		for _, key := range object.Keys() {
			all[key] = object.Get(key).String()
		}
	}
	measured := tags{"group": u.group}
	maps.Copy(measured, more)
	maps.Copy(all, u.test.options.enabled(measured))
	return all
}

func (u *user) metricsModule(module *goja.Object) {
	for name, kind := range map[string]string{"Counter": counter, "Gauge": gauge, "Rate": rate, "Trend": trend} {
		_ = module.Set(name, func(call goja.ConstructorCall) *goja.Object {
			if !u.starting {
				panic(u.thrown("metrics must be declared in the init context"))
			}
			m, err := u.test.metrics.define(call.Argument(0).String(), kind, call.Argument(1).ToBoolean())
			if err != nil {
				panic(u.thrown(err.Error()))
			}
			_ = call.This.Set("name", m.name)
			_ = call.This.Set("add", func(call goja.FunctionCall) goja.Value {
				value := call.Argument(0).ToFloat()
				if kind == rate {
					value = number(call.Argument(0).ToBoolean())
				}
				u.test.metrics.add(m.name, time.Now(), value, u.tagged(call.Argument(1), nil))
				return u.runtime.ToValue(true)
			})
			return nil
		})
	}
}

func (u *user) executionModule(module *goja.Object) {
	object := func(getters map[string]func() any) *goja.Object {
		made := u.runtime.NewObject()
		for name, get := range getters {
			getter := u.runtime.ToValue(func() goja.Value { return u.runtime.ToValue(get()) })
			_ = made.DefineAccessorProperty(name, getter, nil, goja.FLAG_FALSE, goja.FLAG_TRUE)
		}
		return made
	}
	_ = module.Set("vu", object(map[string]func() any{
		"idInTest": func() any { return u.id }, "idInInstance": func() any { return u.id },
		"iterationInInstance": func() any { return u.iteration }, "iterationInScenario": func() any { return u.iteration },
	}))
	_ = module.Set("scenario", object(map[string]func() any{
		"name": func() any { return u.scenario }, "iterationInTest": func() any { return u.inScene },
		"iterationInInstance": func() any { return u.inScene },
	}))
	_ = module.Set("instance", object(map[string]func() any{
		"currentTestRunDuration": func() any { return milliseconds(time.Since(u.test.metrics.begun)) },
		"vusActive":              func() any { return u.test.active.Load() },
	}))
	test := object(map[string]func() any{"options": func() any { return u.test.options }})
	_ = test.Set("abort", func(call goja.FunctionCall) goja.Value {
		reason := "test aborted"
		if given := call.Argument(0); !goja.IsUndefined(given) {
			reason += ": " + given.String()
		}
		logLine("error", reason)
		u.test.end(exitAborted)
		u.runtime.Interrupt(reason)
		return goja.Undefined()
	})
	_ = test.Set("fail", func(call goja.FunctionCall) goja.Value {
		reason := "test marked as failed"
		if given := call.Argument(0); isGiven(given) {
			reason += ": " + given.String()
		}
		logLine("error", reason)
		u.test.failed.Store(true)
		return goja.Undefined()
	})
	_ = module.Set("test", test)
}

func (u *user) dataModule(module *goja.Object) {
	_ = module.Set("SharedArray", func(call goja.ConstructorCall) *goja.Object {
		function, ok := goja.AssertFunction(call.Argument(1))
		if !ok {
			panic(u.thrown("a SharedArray needs a function that returns its elements"))
		}
		elements, err := function(goja.Undefined())
		if err != nil {
			panic(err)
		}
		return elements.ToObject(u.runtime)
	})
}

func (u *user) encodingModule(module *goja.Object) {
	encodings := map[string]*base64.Encoding{
		"std": base64.StdEncoding, "rawstd": base64.RawStdEncoding, "url": base64.URLEncoding, "rawurl": base64.RawURLEncoding,
	}
	encoding := func(name goja.Value) *base64.Encoding {
		if found, ok := encodings[name.String()]; ok {
			return found
		}
		return base64.StdEncoding
	}
	_ = module.Set("b64encode", func(call goja.FunctionCall) goja.Value {
		return u.runtime.ToValue(encoding(call.Argument(1)).EncodeToString(bytesOf(call.Argument(0))))
	})
	_ = module.Set("b64decode", func(call goja.FunctionCall) goja.Value {
		data, err := encoding(call.Argument(1)).DecodeString(call.Argument(0).String())
		if err != nil {
			panic(u.thrown(err.Error()))
		}
		if call.Argument(2).String() == "s" {
			return u.runtime.ToValue(string(data))
		}
		return u.runtime.ToValue(u.runtime.NewArrayBuffer(data))
	})
}

// bytesOf is what a text or a buffer holds.
func bytesOf(value goja.Value) []byte {
	switch exported := value.Export().(type) {
	case goja.ArrayBuffer:
		return exported.Bytes()
	case []byte:
		return exported
	default:
		return []byte(value.String())
	}
}

// picked follows a path such as items.0.id into JSON.
func picked(data any, path string) any {
	for _, key := range splitPath(path) {
		switch inside := data.(type) {
		case map[string]any:
			data = inside[key]
		case []any:
			var index int
			if key == "#" {
				return len(inside)
			}
			if _, err := fmt.Sscanf(key, "%d", &index); err != nil || index < 0 || index >= len(inside) {
				return nil
			}
			data = inside[index]
		default:
			return nil
		}
	}
	return data
}

func unmarshal(text []byte) (any, error) {
	var value any
	err := json.Unmarshal(text, &value)
	return value, err
}
