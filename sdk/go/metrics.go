package squall

import "github.com/squall-load/squall/sdk/go/internal/host"

// Check records whether something that should be true was, under a name, and returns it. A check that fails does not
// end the iteration.
func Check(name string, passed bool) bool {
	host.Check(name, passed)
	return passed
}

// Unit is the unit of a trend's values.
type Unit uint8

const (
	// Number is a plain number.
	Number Unit = iota
	// Time is a duration, in milliseconds.
	Time
	// Data is an amount of data, in bytes.
	Data
)

// metric asks the host for its handle once per virtual user, when it is first used.
type metric struct {
	kind   host.Kind
	name   string
	unit   Unit
	handle host.Metric
	known  bool
}

func (metric *metric) record(value float64) {
	if !metric.known {
		metric.handle, metric.known = host.NewMetric(metric.kind, metric.name, uint8(metric.unit)), true
	}
	metric.handle.Record(metric.kind, value)
}

// Counter is a sum: orders placed, bytes uploaded. Make it once, for the package:
//
//	var orders = squall.NewCounter("orders_placed")
type Counter struct{ metric metric }

// NewCounter is the counter of that name, the same for all virtual users.
func NewCounter(name string) *Counter { return &Counter{metric{kind: host.Counter, name: name}} }

// Add adds to the sum. The host drops values that are negative or not finite.
func (counter *Counter) Add(value float64) { counter.metric.record(value) }

// Gauge is a value of which the latest, the least and the greatest are kept: the length of a queue.
type Gauge struct{ metric metric }

// NewGauge is the gauge of that name.
func NewGauge(name string) *Gauge { return &Gauge{metric{kind: host.Gauge, name: name}} }

// Set sets the value.
func (gauge *Gauge) Set(value float64) { gauge.metric.record(value) }

// Rate is a share: cache hits, successful logins.
type Rate struct{ metric metric }

// NewRate is the rate of that name.
func NewRate(name string) *Rate { return &Rate{metric{kind: host.Rate, name: name}} }

// Add counts one event that was, or was not, of the kind.
func (rate *Rate) Add(value bool) {
	number := 0.0
	if value {
		number = 1
	}
	rate.metric.record(number)
}

// Trend is a distribution, of which percentiles are kept: items in a basket, time to checkout.
type Trend struct{ metric metric }

// NewTrend is the trend of that name, of values of that unit.
func NewTrend(name string, unit Unit) *Trend {
	return &Trend{metric{kind: host.Trend, name: name, unit: unit}}
}

// Add adds a value, which may be negative. The host drops values that are not finite.
func (trend *Trend) Add(value float64) { trend.metric.record(value) }
