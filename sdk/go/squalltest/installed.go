//go:build !wasip1

package squalltest

import (
	"math"
	"time"

	"github.com/squall-load/squall/sdk/go/internal/host"
)

// installed is a Host for the SDK's calls. A separate type, so that tests see only their own methods.
type installed struct{ made *Host }

func (fake installed) Send(lowered *host.Request) (*host.FakeResponse, *host.Failure) {
	request := Request{
		Method:  lowered.Method,
		URL:     lowered.URL,
		Headers: append([]host.Field(nil), lowered.Headers...),
		Body:    string(lowered.Body),
		Name:    lowered.Settings.Name,
		Timeout: time.Duration(lowered.Settings.Timeout),
	}
	if lowered.Settings.BodyFrom != (host.Blob{}) {
		request.Body = string(lowered.Settings.BodyFrom.Read(0, math.MaxUint32))
	}
	fake.made.Requests = append(fake.made.Requests, request)
	reply := fake.made.respond(request)
	if reply.Err != nil {
		return nil, &host.Failure{Case: uint8(reply.Err.Kind), Detail: reply.Err.Detail}
	}
	response := &host.FakeResponse{Status: reply.Status, Headers: reply.Headers, URL: fake.made.BaseURL + request.URL}
	if lowered.Settings.Body != host.BodyDiscarded {
		response.Body = []byte(reply.Body)
	}
	return response, nil
}

func (fake installed) Call(method string, messages []string) *host.FakeReply {
	fake.made.Calls = append(fake.made.Calls, Call{Method: method, Messages: messages})
	return fake.made.calls[method]
}

func (fake installed) ClearCookies() { fake.made.CookiesCleared++ }

func (fake installed) Now() uint64 { return uint64(fake.made.Slept) }

func (fake installed) Sleep(ns uint64) { fake.made.Slept += time.Duration(ns) }

func (fake installed) Pace(ns uint64) {
	fake.made.Slept = max(fake.made.Slept, fake.made.began+time.Duration(ns))
}

func (fake installed) Check(name string, passed bool) {
	fake.made.Checks = append(fake.made.Checks, Check{name, passed})
}

func (fake installed) Record(metric string, value float64) {
	fake.made.values[metric] = append(fake.made.values[metric], value)
}

func (fake installed) EndTransaction(name string, failed bool) {
	fake.made.Transactions = append(fake.made.Transactions, Transaction{name, failed})
}

func (fake installed) VU() uint32 { return uint32(fake.made.VU) }

func (fake installed) Iteration() uint64 { return uint64(fake.made.Iteration) }

func (fake installed) Target() (string, bool) { return fake.made.BaseURL, fake.made.BaseURL != "" }

func (fake installed) Option(name string) (string, bool) {
	value, given := fake.made.Options[name]
	return value, given
}

// Random is SplitMix64 (Steele, Lea, Flood 2014), as in the real host.
func (fake installed) Random() uint64 {
	fake.made.Seed += 0x9e3779b97f4a7c15
	mixed := fake.made.Seed
	mixed = (mixed ^ mixed>>30) * 0xbf58476d1ce4e5b9
	mixed = (mixed ^ mixed>>27) * 0x94d049bb133111eb
	return mixed ^ mixed>>31
}

func (fake installed) Log(_ uint8, message string) { fake.made.Logs = append(fake.made.Logs, message) }

func (fake installed) Abort(reason string) { fake.made.Aborted = reason }

func (fake installed) Table(name string) *host.FakeTable { return fake.made.tables[name] }

func (fake installed) File(name string) ([]byte, bool) {
	bytes, given := fake.made.files[name]
	return bytes, given
}

func (fake installed) Peer(address string) func([]byte) []byte { return fake.made.peers[address] }

func (fake installed) WebSocket(url string) func(string) []string { return fake.made.sockets[url] }
