// Package host is the contract with the runtime in Go's words. In a component its functions call the host (the files
// that end in _wasip1.go); natively they call whatever a test has set up (fake.go).
package host

// Settings are a request's settings other than the defaults. The zero value asks for nothing. It is comparable, so that
// equal settings share one handle.
type Settings struct {
	Name         string // with HasName
	HasName      bool
	Timeout      uint64 // in nanoseconds, with HasTimeout
	HasTimeout   bool
	Redirects    uint32 // with HasRedirects
	HasRedirects bool
	Body         Body
	Expected     string // closed ranges of status codes, each as four bytes: first and last, low byte first
	BodyFrom     Blob   // zero for none
}

// Body is whether the host keeps a response's body.
type Body uint8

// The values of Body.
const (
	BodyByPlan Body = iota
	BodyKept
	BodyDiscarded
)

// Field is one header field: name and value.
type Field struct{ Name, Value string }

// Request is one request.
type Request struct {
	Method, URL string
	Headers     []Field
	Body        []byte
	HasBody     bool
	Settings    Settings
}

// Failure is the reason for a missing response: the case of the contract's variant, and its text.
type Failure struct {
	Case   uint8
	Detail string
}

// Result is the result of one request of several: a response where Failure is nil.
type Result struct {
	Response Response
	Failure  *Failure
}

// Response is the host's handle for a response.
type Response uint32

// Timings are the time that a request spent in each phase, in nanoseconds.
type Timings struct {
	Blocked, Connecting, TLSHandshaking, Sending, Waiting, Receiving uint64
}

// Kind is a kind of metric.
type Kind uint8

// The kinds of metrics.
const (
	Counter Kind = iota
	Gauge
	Rate
	Trend
)

// Metric is the host's handle for a metric.
type Metric uint32

// Transaction is the host's handle for a transaction.
type Transaction uint32

// Levels of the log.
const (
	LevelDebug uint8 = iota
	LevelInfo
	LevelWarn
	LevelError
)
