package squall_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"
	"time"

	squall "github.com/squall-load/squall/sdk/go"
	"github.com/squall-load/squall/sdk/go/data"
	"github.com/squall-load/squall/sdk/go/http"
	"github.com/squall-load/squall/sdk/go/internal/scenario"
	"github.com/squall-load/squall/sdk/go/log"
	"github.com/squall-load/squall/sdk/go/squalltest"
)

func TestEveryKindOfMetricIsRecorded(t *testing.T) {
	host := squalltest.New(t)
	counter, gauge := squall.NewCounter("counter"), squall.NewGauge("gauge")
	rate, trend := squall.NewRate("rate"), squall.NewTrend("trend", squall.Time)
	counter.Add(1)
	counter.Add(2.5)
	gauge.Set(7)
	rate.Add(true)
	rate.Add(false)
	trend.Add(12.5)
	for metric, wanted := range map[string][]float64{"counter": {1, 2.5}, "gauge": {7}, "rate": {1, 0}, "trend": {12.5}} {
		if got := host.Values(metric); !reflect.DeepEqual(got, wanted) {
			t.Errorf("%s: %v, not %v", metric, got, wanted)
		}
	}
}

func TestChecksAreRecordedAndReturned(t *testing.T) {
	host := squalltest.New(t)
	if !squall.Check("yes", true) || squall.Check("no", false) {
		t.Error("a check returns whether it passed")
	}
	if !host.Passed("yes") || host.Passed("no") || host.Passed("never") {
		t.Error(host.Checks)
	}
}

func TestTransactionsFailWithTheirWork(t *testing.T) {
	host := squalltest.New(t)
	no := errors.New("no")
	if err := squall.Transaction("good", func() error { return nil }); err != nil {
		t.Error(err)
	}
	if err := squall.Transaction("bad", func() error { return no }); err != no {
		t.Error(err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = squall.Transaction("worse", func() error { panic("no") })
	}()
	outer := squall.Begin("outer")
	outer.End()
	outer.End()
	wanted := []squalltest.Transaction{{Name: "good"}, {Name: "bad", Failed: true}, {Name: "worse", Failed: true}, {Name: "outer"}}
	if !reflect.DeepEqual(host.Transactions, wanted) {
		t.Error(host.Transactions)
	}
}

func TestThinkTimeIsBetweenItsBounds(t *testing.T) {
	short, long := false, false
	for seed := range uint64(50) {
		host := squalltest.New(t)
		host.Seed = seed
		squall.Think(time.Second, 3*time.Second)
		if host.Slept < time.Second || host.Slept >= 3*time.Second {
			t.Error(host.Slept)
		}
		short, long = short || host.Slept < 1500*time.Millisecond, long || host.Slept > 2500*time.Millisecond
	}
	if !short || !long {
		t.Error("think times are not spread")
	}
}

func TestPaceFillsTheIterationUp(t *testing.T) {
	host := squalltest.New(t)
	squall.Sleep(250 * time.Millisecond)
	squall.Sleep(-time.Second)
	squall.Pace(time.Second)
	squall.Pace(500 * time.Millisecond)
	if host.Slept != time.Second || squall.Now() != time.Second {
		t.Error(host.Slept, squall.Now())
	}
}

func TestChanceCanBeRepeatedAndMeetsItsEnds(t *testing.T) {
	draw := func(seed uint64) [2]uint64 {
		squalltest.New(t).Seed = seed
		return [2]uint64{squall.Random(), rand.New(squall.Source{}).Uint64()}
	}
	if draw(1) != draw(1) || draw(1) == draw(2) {
		t.Error("chance is not seeded")
	}
	seen := map[int]bool{}
	for range 200 {
		seen[squall.RandomIn(-1, 1)] = true
		if item := squall.Pick([]string{"a", "b"}); item != "a" && item != "b" {
			t.Error(item)
		}
	}
	if len(seen) != 3 || squall.RandomIn(9, 9) != 9 || squall.RandomIn(9, 1) != 9 {
		t.Error(seen)
	}
}

// suggested returns the plan that options become.
func suggested(t *testing.T, options squall.Options) map[string]any {
	squall.Suggest(options)
	var plan map[string]any
	if err := json.Unmarshal([]byte(scenario.Plan), &plan); err != nil {
		t.Fatal(err, scenario.Plan)
	}
	return plan
}

func TestThePlanIsJSONInThePlansWords(t *testing.T) {
	thresholds := squall.Thresholds{`http_req_duration{name:"home"}`: {"p(95)<500", "max<2000"}, "checks": {"rate>0.99"}}
	load := squall.Scenario{
		StartTime: 5 * time.Second, Flow: "browse",
		VUs: 1, Duration: 2 * time.Second, Iterations: 3, Stages: []squall.Stage{{Duration: time.Second, Target: 4}},
		Executor: "ramping-vus", MaxDuration: 5 * time.Second, GracefulStop: 6 * time.Second,
		GracefulRampDown: 7 * time.Second, StartVUs: 8, Rate: "9/s", TimeUnit: 10 * time.Microsecond, StartRate: "11/s",
		PreAllocatedVUs: 12, MaxVUs: 13, Arrival: "poisson", MaxBacklog: 14 * time.Second,
		Weights: map[string]uint32{"browse": 15}, ThinkTime: map[string]string{"browse": "16s"}, Thresholds: thresholds,
		Env: map[string]string{"KIND": "guest"}, Tags: map[string]string{"team": "web"}, MinIterationDuration: 17 * time.Second,
	}
	options := squall.Options{
		VUs: 10, Duration: 90 * time.Second, Iterations: 5,
		Stages:   []squall.Stage{{Duration: 1500 * time.Millisecond, Target: 2}, {Duration: time.Second}},
		Executor: "ramping-vus", MaxDuration: 5 * time.Minute, GracefulStop: -1, GracefulRampDown: 5 * time.Second,
		StartVUs: 1, Rate: "1000/s", TimeUnit: time.Minute, StartRate: "5/s", PreAllocatedVUs: 20, MaxVUs: 200,
		Arrival: "constant", MaxBacklog: 2 * time.Second, Warmup: "auto", Pacing: "spin", Flow: "browse",
		Weights: map[string]uint32{"browse": 3, "buy": 0}, ThinkTime: map[string]string{"browse": "1s..3s"},
		Scenarios: map[string]squall.Scenario{"browsing": load, "idle": {}}, Thresholds: thresholds,
		Target: "http://localhost:8080", Env: map[string]string{"KEY": "a \"value\""},
		Data: []*data.Feed{data.NewFeed("users", data.Shuffle, data.Stop)}, Tags: map[string]string{"release": "1.2"},
		Seed: 1<<64 - 1, Threads: 2, SetupTimeout: 20 * time.Second, TeardownTimeout: 30 * time.Second,
		MinIterationDuration: time.Second, MaxSeries: 500, Insecure: true, RequestTimeout: 5 * time.Second,
		ConnectTimeout: 2 * time.Second, MaxRedirects: -1, NoConnectionReuse: true, DiscardResponseBodies: true,
		UserAgent: "mine/1", SharedConnections: 8, HttpVersion: "2", MaxStreams: 50, BatchPerOrigin: 4, NoVUConnectionReuse: true,
		TlsMin: "1.2", TlsMax: "1.3", TlsCiphers: "A,B", NoTlsResumption: true, Dns: "ttl=30s", ConnectRate: "500",
		NoTcpNodelay: true,
	}
	for _, said := range []any{load, options} {
		for i, value := 0, reflect.ValueOf(said); i < value.NumField(); i++ {
			if value.Field(i).IsZero() {
				t.Errorf("the test leaves %s.%s open", value.Type().Name(), value.Type().Field(i).Name)
			}
		}
	}
	judged := map[string]any{`http_req_duration{name:"home"}`: []any{"p(95)<500", "max<2000"}, "checks": []any{"rate>0.99"}}
	wanted := map[string]any{
		"vus": 10.0, "duration": "90s", "iterations": 5.0,
		"stages":   []any{map[string]any{"duration": "1500ms", "target": 2.0}, map[string]any{"duration": "1s", "target": 0.0}},
		"executor": "ramping-vus", "max_duration": "300s", "graceful_stop": "0s", "graceful_ramp_down": "5s",
		"start_vus": 1.0, "rate": "1000/s", "time_unit": "60s", "start_rate": "5/s", "pre_allocated_vus": 20.0,
		"max_vus": 200.0, "arrival": "constant", "max_backlog": "2s", "warmup": "auto", "pacing": "spin", "flow": "browse",
		"weights": map[string]any{"browse": 3.0, "buy": 0.0}, "think_time": map[string]any{"browse": "1s..3s"},
		"scenarios": map[string]any{
			"browsing": map[string]any{
				"start_time": "5s", "flow": "browse", "vus": 1.0, "duration": "2s", "iterations": 3.0,
				"stages":   []any{map[string]any{"duration": "1s", "target": 4.0}},
				"executor": "ramping-vus", "max_duration": "5s", "graceful_stop": "6s", "graceful_ramp_down": "7s",
				"start_vus": 8.0, "rate": "9/s", "time_unit": "10000ns", "start_rate": "11/s", "pre_allocated_vus": 12.0,
				"max_vus": 13.0, "arrival": "poisson", "max_backlog": "14s", "weights": map[string]any{"browse": 15.0},
				"think_time": map[string]any{"browse": "16s"}, "thresholds": judged, "env": map[string]any{"KIND": "guest"},
				"tags": map[string]any{"team": "web"}, "min_iteration_duration": "17s",
			},
			"idle": map[string]any{},
		},
		"thresholds": judged, "target": "http://localhost:8080", "env": map[string]any{"KEY": `a "value"`},
		"data": map[string]any{"users": map[string]any{"policy": "shuffle", "at_end": "stop"}},
		"tags": map[string]any{"release": "1.2"}, "seed": float64(1<<64 - 1), "threads": 2.0, "setup_timeout": "20s",
		"teardown_timeout": "30s", "min_iteration_duration": "1s", "max_series": 500.0, "insecure": true,
		"request_timeout": "5s", "connect_timeout": "2s", "max_redirects": 0.0, "no_connection_reuse": true,
		"discard_response_bodies": true, "user_agent": "mine/1", "shared_connections": 8.0, "http_version": "2",
		"max_streams": 50.0, "batch_per_origin": 4.0, "no_vu_connection_reuse": true, "tls_min": "1.2", "tls_max": "1.3",
		"tls_ciphers": "A,B", "no_tls_resumption": true, "dns": "ttl=30s", "connect_rate": "500", "no_tcp_nodelay": true,
	}
	if plan := suggested(t, options); !reflect.DeepEqual(plan, wanted) {
		t.Error(scenario.Plan)
	}
	if plan := suggested(t, squall.Options{}); len(plan) != 0 {
		t.Error(scenario.Plan)
	}
}

// register makes a scenario for one test.
func register(t *testing.T) {
	t.Cleanup(func() {
		scenario.Flows, scenario.Setup, scenario.Start, scenario.Teardown = nil, nil, nil, nil
	})
}

func TestTheWholeLifeIsLived(t *testing.T) {
	host := squalltest.New(t)
	host.BaseURL, host.Options["KEY"] = "http://shop.test", "value"
	register(t)
	lived := map[string]int{}
	squall.Setup(func() ([]byte, error) { return []byte("token"), nil })
	squall.Start(func() error { lived["start "+string(squall.Shared())]++; return nil })
	squall.Teardown(func() { lived["teardown "+string(squall.Shared())]++; squall.Abort("over") })
	squall.Flow("often", 3, func() error {
		lived["often"]++
		target, _ := squall.Target()
		log.Infof("%d %d %s %s", squall.VU(), squall.Iteration(), target, squall.Env("KEY"))
		return nil
	})
	squall.Flow("seldom", 1, func() error { lived["seldom"]++; return nil })
	squall.Flow("never", 0, func() error { lived["never"]++; return nil })
	if err := host.Rehearse(8); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(lived, map[string]int{"start token": 1, "often": 6, "seldom": 2, "teardown token": 1}) {
		t.Error(lived)
	}
	if host.Logs[0] != "1 0 http://shop.test value" || host.Aborted != "over" {
		t.Error(host.Logs[0], host.Aborted)
	}
}

func TestAPanicIsAnErrorThatSaysWhere(t *testing.T) {
	host := squalltest.New(t)
	host.Respond("*", "*", 200, "")
	register(t)
	var kept *http.Response
	squall.Flow("index", 1, func() error {
		kept, _ = http.Get("/")
		return errors.New([]string{}[squall.VU()])
	})
	_, _, line, _ := runtime.Caller(0)
	wanted := fmt.Sprintf("index: panic: runtime error: index out of range [1] with length 0 (squall_test.go:%d)", line-2)
	if err := host.Rehearse(1); err == nil || err.Error() != wanted {
		t.Errorf("%v, not %s", err, wanted)
	}
	defer func() {
		if reason := recover(); reason == nil {
			t.Error("a response lives until the end of its iteration")
		}
	}()
	kept.Status()
}
