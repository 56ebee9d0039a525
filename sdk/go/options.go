package squall

import (
	"sort"
	"strconv"
	"time"

	"github.com/squall-load/squall/sdk/go/data"
	"github.com/squall-load/squall/sdk/go/internal/scenario"
)

// Options are the plan that a scenario suggests. Who runs it may override all of it. What is zero is left open.
type Options struct {
	// VUs is the number of virtual users.
	VUs int
	// Iterations is how many iterations all virtual users do together.
	Iterations int
	// Duration is how long the run lasts.
	Duration time.Duration
	// Executor says how iterations are scheduled: "constant-vus", "ramping-vus", "per-vu-iterations",
	// "shared-iterations", "constant-arrival-rate", "ramping-arrival-rate".
	Executor string
	// Stages are ramps of virtual users, or of a rate.
	Stages []Stage
	// Rate is how many iterations begin, with its unit: "1000/s", "90/m".
	Rate string
	// PreAllocatedVUs is how many virtual users a rate begins with.
	PreAllocatedVUs int
	// MaxVUs is how many virtual users a rate may have at most.
	MaxVUs int
	// Data are the feeds that a run has to be given: without one of them it does not begin.
	Data []*data.Feed
	// Thresholds are what has to be met for the run to pass, by metric: {"http_req_duration": {"p(95)<500"}}.
	Thresholds Thresholds
}

// Thresholds are expressions by metric.
type Thresholds map[string][]string

// Stage is a ramp to a target.
type Stage struct {
	// Duration is how long the ramp takes.
	Duration time.Duration
	// Target is the number of virtual users, or of iterations a second, at its end.
	Target int
}

// Suggest sets the plan that the scenario suggests.
func Suggest(options Options) { scenario.Plan = options.plan() }

// plan words the options with the plan file's keys. By hand: package encoding/json would be half of a small scenario.
func (options Options) plan() string {
	object := jsonObject{text: []byte{'{'}}
	object.number("vus", options.VUs)
	object.number("iterations", options.Iterations)
	if options.Duration > 0 {
		object.text = appendString(object.key("duration"), duration(options.Duration))
	}
	if options.Executor != "" {
		object.text = appendString(object.key("executor"), options.Executor)
	}
	if len(options.Stages) > 0 {
		text := append(object.key("stages"), '[')
		for i, stage := range options.Stages {
			if i > 0 {
				text = append(text, ',')
			}
			text = appendString(append(text, `{"duration":`...), duration(stage.Duration))
			text = append(strconv.AppendInt(append(text, `,"target":`...), int64(stage.Target), 10), '}')
		}
		object.text = append(text, ']')
	}
	if options.Rate != "" {
		object.text = appendString(object.key("rate"), options.Rate)
	}
	object.number("pre_allocated_vus", options.PreAllocatedVUs)
	object.number("max_vus", options.MaxVUs)
	if len(options.Data) > 0 {
		object.text = appendData(object.key("data"), options.Data)
	}
	if len(options.Thresholds) > 0 {
		object.text = options.Thresholds.append(object.key("thresholds"))
	}
	return string(append(object.text, '}'))
}

// appendData says for each feed how its rows are to be handed out.
func appendData(text []byte, feeds []*data.Feed) []byte {
	object := jsonObject{text: append(text, '{')}
	for _, feed := range feeds {
		wishes := jsonObject{text: append(object.key(feed.Name()), '{')}
		if policy := feed.Policy(); policy != "" {
			wishes.text = appendString(wishes.key("policy"), policy)
		}
		if atEnd := feed.AtEnd(); atEnd != "" {
			wishes.text = appendString(wishes.key("at_end"), atEnd)
		}
		object.text = append(wishes.text, '}')
	}
	return append(object.text, '}')
}

func (thresholds Thresholds) append(text []byte) []byte {
	metrics := make([]string, 0, len(thresholds))
	for metric := range thresholds {
		metrics = append(metrics, metric)
	}
	sort.Strings(metrics) // a component describes itself the same way each time
	object := jsonObject{text: append(text, '{')}
	for _, metric := range metrics {
		text := append(object.key(metric), '[')
		for i, expression := range thresholds[metric] {
			if i > 0 {
				text = append(text, ',')
			}
			text = appendString(text, expression)
		}
		object.text = append(text, ']')
	}
	return append(object.text, '}')
}

// duration words a duration as plans do.
func duration(length time.Duration) string {
	if length%time.Second == 0 {
		return strconv.FormatInt(int64(length/time.Second), 10) + "s"
	}
	return strconv.FormatInt(length.Milliseconds(), 10) + "ms"
}

// jsonObject is an object that is being written.
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

func (object *jsonObject) number(name string, value int) {
	if value != 0 {
		object.text = strconv.AppendInt(object.key(name), int64(value), 10)
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
