//go:build !wasip1

package host

import (
	"errors"
	"strings"
)

// Fake replaces the host in a test.
type Fake interface {
	Send(request *Request) (*FakeResponse, *Failure)
	ClearCookies()
	Now() uint64
	Sleep(ns uint64)
	Pace(ns uint64)
	Check(name string, passed bool)
	Record(metric string, value float64)
	EndTransaction(name string, failed bool)
	VU() uint32
	Iteration() uint64
	Target() (string, bool)
	Option(name string) (string, bool)
	Random() uint64
	Log(level uint8, message string)
	Abort(reason string)
	Table(name string) *FakeTable
	File(name string) (bytes []byte, given bool)
	Peer(address string) func([]byte) []byte
	Call(method string, messages []string) *FakeReply
	WebSocket(url string) func(message string) []string
}

// FakeResponse is a response as a test makes it.
type FakeResponse struct {
	Status  int
	Headers []Field
	Body    []byte
	URL     string
	Timings Timings
}

// Installed is the fake of the test that is under way.
var Installed Fake

// OptionsMade counts the handles for settings that were made.
var OptionsMade int

func fake() Fake {
	if Installed == nil {
		panic(errors.New("squall: there is no host outside of a component: call squalltest.New(t) first"))
	}
	return Installed
}

// Handles are indices into these; 0 is none.
var (
	responses    = []*FakeResponse{nil}
	metrics      = []string{""}
	transactions = []struct {
		name   string
		failed bool
	}{{}}
)

func makeOptions(*Settings) uint32 {
	OptionsMade++
	return uint32(OptionsMade)
}

func dropOptions(uint32) {}

// Send sends a request and waits for the response.
func Send(request *Request) (Response, *Failure) {
	makeRoomForOptions(1)
	optionsFor(&request.Settings)
	return received(fake().Send(request))
}

func received(response *FakeResponse, failure *Failure) (Response, *Failure) {
	if failure != nil {
		return 0, failure
	}
	responses = append(responses, response)
	return Response(len(responses) - 1), nil
}

// SendAll sends several requests at once and waits for all of them.
func SendAll(requests []*Request) []Result {
	makeRoomForOptions(len(requests))
	results := make([]Result, len(requests))
	for i, request := range requests {
		optionsFor(&request.Settings)
		results[i].Response, results[i].Failure = received(fake().Send(request))
	}
	return results
}

// ClearCookies forgets this virtual user's cookies.
func ClearCookies() { fake().ClearCookies() }

// Drop lets go of the response.
func (response Response) Drop() { responses[response] = nil }

func (response Response) get() *FakeResponse {
	if responses[response] == nil {
		panic(errors.New("squall: the response was closed"))
	}
	return responses[response]
}

// Status is the status code.
func (response Response) Status() int { return response.get().Status }

// Header is the first header field of that name.
func (response Response) Header(name string) (string, bool) {
	for _, field := range response.get().Headers {
		if strings.EqualFold(field.Name, name) {
			return field.Value, true
		}
	}
	return "", false
}

// Headers are all header fields.
func (response Response) Headers() []Field { return response.get().Headers }

// Body is the body.
func (response Response) Body() []byte { return append([]byte(nil), response.get().Body...) }

// Size returns the body's size.
func (response Response) Size() uint64 { return uint64(len(response.get().Body)) }

// Text is the body as text.
func (response Response) Text() string { return string(response.get().Body) }

// URL is the URL that answered.
func (response Response) URL() string { return response.get().URL }

// Timings returns the time that the request spent in each phase.
func (response Response) Timings() Timings { return response.get().Timings }

// Now is the time since the run began, in nanoseconds.
func Now() uint64 { return fake().Now() }

// Sleep waits.
func Sleep(ns uint64) { fake().Sleep(ns) }

// Pace waits until the iteration has lasted that long.
func Pace(ns uint64) { fake().Pace(ns) }

// Check records a check.
func Check(name string, passed bool) { fake().Check(name, passed) }

// NewMetric makes a metric.
func NewMetric(_ Kind, name string, _ uint8) Metric {
	metrics = append(metrics, name)
	return Metric(len(metrics) - 1)
}

// Record hands a value to a metric of that kind.
func (metric Metric) Record(_ Kind, value float64) { fake().Record(metrics[metric], value) }

// BeginTransaction begins a transaction.
func BeginTransaction(name string) Transaction {
	transactions = append(transactions, struct {
		name   string
		failed bool
	}{name: name})
	return Transaction(len(transactions) - 1)
}

// Fail marks it as failed.
func (transaction Transaction) Fail() { transactions[transaction].failed = true }

// End ends it.
func (transaction Transaction) End() {
	fake().EndTransaction(transactions[transaction].name, transactions[transaction].failed)
}

// VU is the number of this virtual user.
func VU() uint32 { return fake().VU() }

// Iteration is how many iterations it has begun before this one.
func Iteration() uint64 { return fake().Iteration() }

// Target is the run's target.
func Target() (string, bool) { return fake().Target() }

// Option is the value that the run was given.
func Option(name string) (string, bool) { return fake().Option(name) }

// Random is the next random number.
func Random() uint64 { return fake().Random() }

// Log writes a line.
func Log(level uint8, message string) { fake().Log(level, message) }

// Abort asks for the end of the run.
func Abort(reason string) { fake().Abort(reason) }
