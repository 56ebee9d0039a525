//go:build !wasip1

// Package squalltest tests scenarios natively, against a host of the test's own making. Sleeping takes no time.
//
//	func TestBrowsingListsTheProducts(t *testing.T) {
//		host := squalltest.New(t)
//		host.Respond("GET", "/products", 200, "[]")
//		if err := browse(); err != nil {
//			t.Fatal(err)
//		}
//		if len(host.Requests) != 1 || !host.Passed("products are listed") {
//			t.Error(host.Requests, host.Checks)
//		}
//	}
//
// A request without an answer fails. Tests with a host cannot run in parallel: there is one host at a time.
package squalltest

import (
	"fmt"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/squall-load/squall/sdk/go/http"
	"github.com/squall-load/squall/sdk/go/internal/host"
	"github.com/squall-load/squall/sdk/go/internal/scenario"
)

// Host stands in for Squall in a test, and records the scenario's actions.
type Host struct {
	// Options are the run's options (-e).
	Options map[string]string
	// Seed is that of the run.
	Seed uint64
	// BaseURL is the run's --target; empty for none.
	BaseURL string
	// VU is the number of the virtual user, Iteration how many iterations it has begun before this one.
	VU, Iteration int

	// Requests are the sent requests.
	Requests []Request
	// Calls are the calls by gRPC.
	Calls []Call
	// Checks are the recorded checks.
	Checks []Check
	// Transactions are the ended transactions.
	Transactions []Transaction
	// Logs are the lines of the log.
	Logs []string
	// Slept is the time spent waiting.
	Slept time.Duration
	// Aborted is the scenario's reason for ending the run; empty if it did not.
	Aborted string
	// CookiesCleared is the number of times that the scenario cleared its cookies.
	CookiesCleared int

	values  map[string][]float64
	tables  map[string]*host.FakeTable
	files   map[string][]byte
	peers   map[string]func([]byte) []byte
	sockets map[string]func(string) []string
	answers []answer
	calls   map[string]*host.FakeReply
	began   time.Duration
}

// Call is a call by gRPC.
type Call struct {
	// Method is "package.Service/Method".
	Method string
	// Messages are those that were sent, as they were given.
	Messages []string
}

// AnswerCall answers calls by gRPC of that method ("package.Service/Method") with a status and messages, as JSON. Schemas of
// tests have all methods, and do not look at messages.
func (made *Host) AnswerCall(method string, status uint32, text string, messages ...string) {
	if made.calls == nil {
		made.calls = map[string]*host.FakeReply{}
	}
	made.calls[method] = &host.FakeReply{Status: status, Text: text, Messages: messages}
}

// Request is a request that was sent.
type Request struct {
	Method, URL string
	Headers     []http.HeaderField
	Body        string
	// Name is the name under which it is counted; empty for its URL.
	Name string
	// Timeout is its own; zero for the plan's.
	Timeout time.Duration
}

// Header returns the value of the first header field of that name; empty without one.
func (request Request) Header(name string) string {
	for _, field := range request.Headers {
		if strings.EqualFold(field.Name, name) {
			return field.Value
		}
	}
	return ""
}

// Check is one check.
type Check struct {
	Name   string
	Passed bool
}

// Transaction is one transaction.
type Transaction struct {
	Name   string
	Failed bool
}

// Reply is an answer to a request.
type Reply struct {
	// Status is the status code.
	Status int
	// Headers are the header fields.
	Headers []http.HeaderField
	// Body is the body.
	Body string
	// Err, if there is one, stands for all of the above: no response came.
	Err *http.Error
}

type answer struct {
	method, url string
	reply       func(Request) Reply
}

// New is a host for the rest of the test.
func New(t testing.TB) *Host {
	t.Helper()
	made := &Host{Options: map[string]string{}, VU: 1, values: map[string][]float64{}}
	made.tables, made.files = map[string]*host.FakeTable{}, map[string][]byte{}
	made.peers = map[string]func([]byte) []byte{}
	made.sockets = map[string]func(string) []string{}
	before := host.Installed
	host.Installed = installed{made}
	t.Cleanup(func() {
		host.CloseAll()
		host.Installed = before
	})
	return made
}

// Respond answers requests of that method for that URL, without its query. Both are patterns as in path.Match
// ("/products/*"); "*" alone is any. Of several that fit the first counts.
func (made *Host) Respond(method, url string, status int, body string) {
	made.RespondWith(method, url, func(Request) Reply { return Reply{Status: status, Body: body} })
}

// RespondWith answers with the result of a function.
func (made *Host) RespondWith(method, url string, reply func(Request) Reply) {
	made.answers = append(made.answers, answer{method, url, reply})
}

// Feed gives the test a table. Its rows come in their order, whatever the policy, so that a test knows them.
func (made *Host) Feed(name string, columns []string, rows ...[]string) {
	made.tables[name] = &host.FakeTable{Name: name, Columns: columns, Rows: rows}
}

// WebSocket accepts WebSockets at that URL: the function says what the server sends in answer to a message.
func (made *Host) WebSocket(url string, answer func(message string) []string) {
	made.sockets[url] = answer
}

// Serve serves "host:port" over TCP and UDP: the function gets what is sent, piece by piece, and returns the answer.
func (made *Host) Serve(address string, answer func([]byte) []byte) { made.peers[address] = answer }

// File gives the test a file (--data NAME=file:PATH).
func (made *Host) File(name, content string) { made.files[name] = []byte(content) }

// Values returns the values of the metric of that name.
func (made *Host) Values(metric string) []float64 { return made.values[metric] }

// Passed returns whether there was a check of that name, and none of that name failed.
func (made *Host) Passed(name string) bool {
	seen := false
	for _, check := range made.Checks {
		if check.Name == name {
			seen = true
			if !check.Passed {
				return false
			}
		}
	}
	return seen
}

// Rehearse lives through the whole scenario as one virtual user: setup, start, iterations by weight, teardown. It
// returns the first error.
func (made *Host) Rehearse(iterations int) error {
	made.VU = 0
	shared, err := scenario.RunSetup()
	if err != nil {
		return fmt.Errorf("setup: %w", err)
	}
	defer func() {
		made.VU = 0
		_ = scenario.RunTeardown(shared) // a run ignores its error, too
	}()
	made.VU = 1
	if err := scenario.RunStart(shared); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	credit := make([]int, len(scenario.Flows))
	for made.Iteration = 0; made.Iteration < iterations; made.Iteration++ {
		flow := next(credit)
		made.began = made.Slept
		if err := scenario.Run(uint32(flow)); err != nil {
			return fmt.Errorf("%s: %w", scenario.Flows[flow].Name, err)
		}
	}
	return nil
}

// next returns the next flow by smooth weighted round-robin.
func next(credit []int) int {
	total, best := 0, 0
	for i, flow := range scenario.Flows {
		credit[i] += int(flow.Weight)
		total += int(flow.Weight)
		if credit[i] > credit[best] {
			best = i
		}
	}
	credit[best] -= total
	return best
}

func (made *Host) respond(request Request) Reply {
	url, _, _ := strings.Cut(request.URL, "?")
	for _, answer := range made.answers {
		if matches(answer.method, request.Method) && matches(answer.url, url) {
			return answer.reply(request)
		}
	}
	detail := fmt.Sprintf("the test has no answer to %s %s", request.Method, request.URL)
	return Reply{Err: &http.Error{Kind: http.ErrConnect, Detail: detail}}
}

func matches(pattern, text string) bool {
	matched, err := path.Match(pattern, text)
	return pattern == "*" || err == nil && matched
}
