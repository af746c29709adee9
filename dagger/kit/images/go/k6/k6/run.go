package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dop251/goja"
)

// Exit codes, as k6 documents them.
const (
	exitThresholds = 99
	exitSetup      = 100
	exitTeardown   = 101
	exitConfig     = 104
	exitSignal     = 105
	exitAddress    = 106
	exitScript     = 107
	exitAborted    = 108
	exitFailed     = 110
	exitOther      = 255 // what k6 has no code for
)

// test is one run of a script.
type test struct {
	script  *script
	options *options
	env     map[string]string
	metrics *registry
	root    *group
	active  atomic.Int64
	made    atomic.Int64
	failed  atomic.Bool // by exec.test.fail()

	mutex sync.Mutex
	code  int
	stop  context.CancelFunc
}

// failure ends a test before its time.
type failure struct {
	code int
	err  error
}

func (f *failure) Error() string { return f.err.Error() }

// end stops all users at once.
func (t *test) end(code int) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.code == 0 {
		t.code = code
	}
	if t.stop != nil {
		t.stop()
	}
}

// run walks through a test: users, setup, scenarios, teardown, and what is said of it.
func (t *test) run(parent context.Context, first *user, summary func(*user)) error {
	scenarios, err := t.options.plan()
	if err != nil {
		return &failure{exitConfig, err}
	}
	ctx, stop := context.WithCancel(parent)
	defer stop()
	t.mutex.Lock()
	t.stop = stop
	t.mutex.Unlock()
	pools := map[string][]*user{}
	for name, s := range scenarios {
		if _, ok := first.function(s.Exec); !ok {
			return &failure{exitConfig, fmt.Errorf("executor %s: function '%s' not found in exports", name, s.Exec)}
		}
		if pools[name], err = t.users(s.users()); err != nil {
			return &failure{exitScript, err}
		}
	}
	data, err := t.setup(ctx, first)
	if err != nil {
		return err
	}
	t.metrics.begun = time.Now()
	watched, unwatch := context.WithCancel(ctx)
	go t.watch(watched)
	var wait sync.WaitGroup
	for name, s := range scenarios {
		wait.Go(func() { t.play(ctx, name, s, pools[name], data) })
	}
	wait.Wait()
	unwatch()
	if parent.Err() != nil {
		t.end(exitSignal)
	}
	if err := t.teardown(first, data); err != nil {
		return err
	}
	summary(first)
	return nil
}

// users makes users side by side: the global part of a script may take long.
func (t *test) users(count int) ([]*user, error) {
	users, errs := make([]*user, count), make(chan error, count)
	places := make(chan struct{}, runtime.NumCPU())
	for i := range count {
		places <- struct{}{}
		id := int(t.made.Add(1))
		go func() {
			defer func() { <-places }()
			made, err := t.newUser(id)
			users[i] = made
			errs <- err
		}()
	}
	for range count {
		if err := <-errs; err != nil {
			return nil, err
		}
	}
	return users, nil
}

func (t *test) setup(ctx context.Context, u *user) ([]byte, error) {
	if _, ok := u.function("setup"); !ok {
		return nil, nil
	}
	result, err := t.limited(ctx, u, "setup", t.options.SetupTimeout, exitSetup)
	if err != nil || result == nil || goja.IsUndefined(result) {
		return nil, err
	}
	return json.Marshal(result.Export())
}

func (t *test) teardown(u *user, data []byte) error {
	if _, ok := u.function("teardown"); !ok {
		return nil
	}
	argument, err := u.parsed(data)
	if err == nil {
		_, err = t.limited(context.Background(), u, "teardown", t.options.TeardownTimeout, exitTeardown, argument)
	}
	return err
}

// limited runs one of the script's functions with a time limit.
func (t *test) limited(ctx context.Context, u *user, name string, limit duration, late int, arguments ...goja.Value) (goja.Value, error) {
	if limit == 0 {
		limit = duration(60 * time.Second)
	}
	within, cancel := context.WithTimeout(ctx, time.Duration(limit))
	defer cancel()
	u.begin(within)
	u.group, u.tags = "::"+name, tags{}
	u.newJar()
	result, err := u.call(name, arguments...)
	overdue := within.Err() == context.DeadlineExceeded
	u.unwatch()
	u.group, u.context = "", context.Background()
	if overdue {
		return nil, &failure{late, fmt.Errorf("%s() execution timed out after %s", name, time.Duration(limit))}
	}
	if err != nil {
		return nil, &failure{exitScript, err}
	}
	return result, nil
}

// watch counts users each second, and ends a test whose thresholds ask for it.
func (t *test) watch(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for tick := 0; ; tick++ {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			t.metrics.add("vus", now, float64(t.active.Load()), nil)
			t.metrics.add("vus_max", now, float64(t.made.Load()), nil)
			if tick%2 == 1 {
				if _, abort := t.metrics.judge(false); abort {
					t.end(exitThresholds)
				}
			}
		}
	}
}

// play runs one scenario to its end.
func (t *test) play(ctx context.Context, name string, s *scenario, users []*user, data []byte) {
	select {
	case <-ctx.Done():
		return
	case <-time.After(time.Duration(s.StartTime)):
	}
	length := s.length()
	// Iterations under way may go on for a while.
	hard, cancel := context.WithTimeout(ctx, length+time.Duration(*s.GracefulStop))
	defer cancel()
	soft, done := context.WithTimeout(hard, length)
	defer done()
	var number atomic.Int64
	loop := func(u *user, goOn func() bool) {
		t.active.Add(1)
		defer t.active.Add(-1)
		for goOn() {
			u.iterate(s, name, data, number.Add(1)-1)
		}
	}
	running := func() bool { return soft.Err() == nil }
	var wait sync.WaitGroup
	switch s.Executor {
	case "ramping-vus":
		t.ramp(hard, s, users, loop, &wait)
	case "constant-arrival-rate":
		t.arrive(hard, soft, s, users, func(u *user) { u.iterate(s, name, data, number.Add(1)-1) }, &wait)
	default:
		var taken atomic.Int64
		for _, u := range users {
			own := 0
			u.begin(hard)
			goOn := running
			switch s.Executor {
			case "shared-iterations":
				goOn = func() bool { return running() && taken.Add(1) <= int64(s.Iterations) }
			case "per-vu-iterations":
				goOn = func() bool { own++; return running() && own <= s.Iterations }
			}
			wait.Go(func() { loop(u, goOn) })
		}
	}
	wait.Wait()
}

const tick = 50 * time.Millisecond

// ramp starts and stops users as the stages say. One that is stopped may end its iteration first.
func (t *test) ramp(ctx context.Context, s *scenario, users []*user, loop func(*user, func() bool), wait *sync.WaitGroup) {
	var wanted atomic.Int64
	leaving := make([]*time.Timer, len(users))
	busy := make([]atomic.Bool, len(users))
	begun := time.Now()
	for elapsed := time.Duration(0); elapsed < s.length() && ctx.Err() == nil; elapsed = time.Since(begun) {
		wanted.Store(int64(s.usersAt(elapsed)))
		for i, u := range users {
			switch active := int64(i) < wanted.Load(); {
			case active && leaving[i] != nil:
				leaving[i].Stop()
				leaving[i] = nil
			case !active && busy[i].Load() && leaving[i] == nil:
				leaving[i] = time.AfterFunc(time.Duration(*s.GracefulRampDown), u.interrupt)
			}
			if int64(i) < wanted.Load() && busy[i].CompareAndSwap(false, true) {
				u.begin(ctx)
				wait.Go(func() {
					defer busy[i].Store(false)
					loop(u, func() bool { return int64(i) < wanted.Load() && u.context.Err() == nil })
				})
			}
		}
		time.Sleep(tick)
	}
	wanted.Store(0)
}

// arrive begins iterations at a rate, whatever became of those before; without a free user one is dropped.
func (t *test) arrive(hard, soft context.Context, s *scenario, users []*user, once func(*user), wait *sync.WaitGroup) {
	free := make(chan *user, len(users))
	for _, u := range users {
		u.begin(hard)
		free <- u
	}
	every := time.Duration(float64(s.TimeUnit) / s.Rate)
	begun := time.Now()
	for n := 0; soft.Err() == nil; n++ {
		select {
		case u := <-free:
			t.active.Add(1)
			wait.Go(func() {
				once(u)
				t.active.Add(-1)
				free <- u
			})
		default:
			t.metrics.add("dropped_iterations", time.Now(), 1, tags{})
		}
		select {
		case <-soft.Done():
		case <-time.After(time.Until(begun.Add(time.Duration(n+1) * every))):
		}
	}
}

func environment(pairs []string) map[string]string {
	env := map[string]string{}
	for _, pair := range append(os.Environ(), pairs...) {
		for i, letter := range pair {
			if letter == '=' {
				env[pair[:i]] = pair[i+1:]
				break
			}
		}
	}
	return env
}
