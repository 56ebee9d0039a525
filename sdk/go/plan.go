package squall

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/squall-load/squall/sdk/go/data"
)

// plan words the options with the plan file's keys. By hand: package encoding/json would be half of a small scenario.
func (options *Options) plan() string {
	object := jsonObject{text: []byte{'{'}}
	object.options(options)
	return string(append(object.text, '}'))
}

// options writes all options that are set, in the order of docs/options.md.
func (object *jsonObject) options(options *Options) {
	object.number("vus", options.VUs)
	object.duration("duration", options.Duration)
	object.number("iterations", options.Iterations)
	if len(options.Stages) > 0 {
		object.text = appendStages(object.key("stages"), options.Stages)
	}
	object.string("executor", options.Executor)
	object.duration("max_duration", options.MaxDuration)
	object.duration("graceful_stop", options.GracefulStop)
	object.duration("graceful_ramp_down", options.GracefulRampDown)
	object.number("start_vus", options.StartVUs)
	object.string("rate", options.Rate)
	object.duration("time_unit", options.TimeUnit)
	object.string("start_rate", options.StartRate)
	object.number("pre_allocated_vus", options.PreAllocatedVUs)
	object.number("max_vus", options.MaxVUs)
	object.string("arrival", options.Arrival)
	object.duration("max_backlog", options.MaxBacklog)
	object.string("warmup", options.Warmup)
	object.string("pacing", options.Pacing)
	object.string("flow", options.Flow)
	appendMap(object, "weights", options.Weights, appendWeight)
	appendMap(object, "think_time", options.ThinkTime, appendString)
	appendMap(object, "scenarios", options.Scenarios, appendScenario)
	appendMap(object, "thresholds", options.Thresholds, appendExpressions)
	object.string("target", options.Target)
	appendMap(object, "env", options.Env, appendString)
	if len(options.Data) > 0 {
		object.text = appendData(object.key("data"), options.Data)
	}
	appendMap(object, "tags", options.Tags, appendString)
	if options.Seed > 0 {
		object.text = strconv.AppendUint(object.key("seed"), options.Seed, 10)
	}
	object.number("threads", options.Threads)
	object.duration("setup_timeout", options.SetupTimeout)
	object.duration("teardown_timeout", options.TeardownTimeout)
	object.duration("min_iteration_duration", options.MinIterationDuration)
	object.number("max_series", options.MaxSeries)
	object.flag("insecure", options.Insecure)
	object.duration("request_timeout", options.RequestTimeout)
	object.duration("connect_timeout", options.ConnectTimeout)
	object.number("max_redirects", options.MaxRedirects)
	object.flag("no_connection_reuse", options.NoConnectionReuse)
	object.flag("discard_response_bodies", options.DiscardResponseBodies)
	object.string("user_agent", options.UserAgent)
	object.number("shared_connections", options.SharedConnections)
	object.string("http_version", options.HttpVersion)
	object.number("max_streams", options.MaxStreams)
	object.number("batch_per_origin", options.BatchPerOrigin)
	object.flag("no_vu_connection_reuse", options.NoVUConnectionReuse)
	object.string("tls_min", options.TlsMin)
	object.string("tls_max", options.TlsMax)
	object.string("tls_ciphers", options.TlsCiphers)
	object.flag("no_tls_resumption", options.NoTlsResumption)
	object.string("dns", options.Dns)
	object.string("connect_rate", options.ConnectRate)
	object.flag("no_tcp_nodelay", options.NoTcpNodelay)
}

// appendScenario writes a scenario's own options, and its start.
func appendScenario(text []byte, load Scenario) []byte {
	object := jsonObject{text: append(text, '{')}
	object.duration("start_time", load.StartTime)
	object.options(&Options{
		Flow:                 load.Flow,
		VUs:                  load.VUs,
		Duration:             load.Duration,
		Iterations:           load.Iterations,
		Stages:               load.Stages,
		Executor:             load.Executor,
		MaxDuration:          load.MaxDuration,
		GracefulStop:         load.GracefulStop,
		GracefulRampDown:     load.GracefulRampDown,
		StartVUs:             load.StartVUs,
		Rate:                 load.Rate,
		TimeUnit:             load.TimeUnit,
		StartRate:            load.StartRate,
		PreAllocatedVUs:      load.PreAllocatedVUs,
		MaxVUs:               load.MaxVUs,
		Arrival:              load.Arrival,
		MaxBacklog:           load.MaxBacklog,
		Weights:              load.Weights,
		ThinkTime:            load.ThinkTime,
		Thresholds:           load.Thresholds,
		Env:                  load.Env,
		Tags:                 load.Tags,
		MinIterationDuration: load.MinIterationDuration,
	})
	return append(object.text, '}')
}

func appendStages(text []byte, stages []Stage) []byte {
	text = append(text, '[')
	for i, stage := range stages {
		if i > 0 {
			text = append(text, ',')
		}
		text = appendString(append(text, `{"duration":`...), duration(max(stage.Duration, 0)))
		text = append(strconv.AppendInt(append(text, `,"target":`...), int64(stage.Target), 10), '}')
	}
	return append(text, ']')
}

// appendData writes each feed's policy and end.
func appendData(text []byte, feeds []*data.Feed) []byte {
	object := jsonObject{text: append(text, '{')}
	for _, feed := range feeds {
		wishes := jsonObject{text: append(object.key(feed.Name()), '{')}
		wishes.string("policy", feed.Policy())
		wishes.string("at_end", feed.AtEnd())
		object.text = append(wishes.text, '}')
	}
	return append(object.text, '}')
}

func appendExpressions(text []byte, expressions []string) []byte {
	text = append(text, '[')
	for i, expression := range expressions {
		if i > 0 {
			text = append(text, ',')
		}
		text = appendString(text, expression)
	}
	return append(text, ']')
}

func appendWeight(text []byte, weight uint32) []byte {
	return strconv.AppendUint(text, uint64(weight), 10)
}

// appendMap writes a map in the order of its names: a component describes itself the same way each time.
func appendMap[T any](object *jsonObject, name string, members map[string]T, appendValue func([]byte, T) []byte) {
	if len(members) == 0 {
		return
	}
	inner := jsonObject{text: append(object.key(name), '{')}
	for _, member := range slices.Sorted(maps.Keys(members)) {
		inner.text = appendValue(inner.key(member), members[member])
	}
	object.text = append(inner.text, '}')
}

// duration words a duration as plans do.
func duration(length time.Duration) string {
	switch {
	case length%time.Second == 0:
		return strconv.FormatInt(int64(length/time.Second), 10) + "s"
	case length%time.Millisecond == 0:
		return strconv.FormatInt(length.Milliseconds(), 10) + "ms"
	default:
		return strconv.FormatInt(length.Nanoseconds(), 10) + "ns"
	}
}

// jsonObject is an object that is being written. Zero values are left out.
type jsonObject struct {
	text []byte
	any  bool
}

func (object *jsonObject) key(name string) []byte {
	if object.any {
		object.text = append(object.text, ',')
	}
	object.any = true
	return append(appendString(object.text, name), ':')
}

// number writes 0 for negative numbers.
func (object *jsonObject) number(name string, value int) {
	if value != 0 {
		object.text = strconv.AppendInt(object.key(name), int64(max(value, 0)), 10)
	}
}

// duration writes 0 for negative ones.
func (object *jsonObject) duration(name string, length time.Duration) {
	if length != 0 {
		object.text = appendString(object.key(name), duration(max(length, 0)))
	}
}

func (object *jsonObject) string(name, value string) {
	if value != "" {
		object.text = appendString(object.key(name), value)
	}
}

func (object *jsonObject) flag(name string, value bool) {
	if value {
		object.text = append(object.key(name), "true"...)
	}
}

// appendString appends a JSON string.
func appendString(text []byte, value string) []byte {
	const digits = "0123456789abcdef"
	text = append(text, '"')
	for i := range len(value) {
		switch letter := value[i]; {
		case letter == '"' || letter == '\\':
			text = append(text, '\\', letter)
		case letter < ' ':
			text = append(text, '\\', 'u', '0', '0', digits[letter>>4], digits[letter&15])
		default:
			text = append(text, letter)
		}
	}
	return append(text, '"')
}
