// The conformance scenario in Go: calls every function of the contract, and checks what it gets. See ../run.py.
package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	squall "github.com/squall-load/squall/sdk/go"
	"github.com/squall-load/squall/sdk/go/http"
	"github.com/squall-load/squall/sdk/go/log"
)

func init() {
	squall.Flow("requests", 1, requests)
	squall.Flow("errors", 1, failures)
	squall.Flow("measures", 1, measures)
	squall.Flow("context", 1, context)
	squall.Flow("fails", 0, func() error { return errors.New("it fails, as asked") })
	squall.Flow("aborts", 0, func() error { squall.Abort("it aborts, as asked"); return nil })
	squall.Setup(prepare)
	squall.Start(arrive)
	squall.Teardown(func() { log.Infof("teardown saw %s", squall.Shared()) })
}

func prepare() ([]byte, error) {
	if squall.Env("FAIL") == "setup" {
		return nil, errors.New("setup fails, as asked")
	}
	return []byte("the data"), nil
}

func arrive() error {
	squall.Check("setup's data arrived", string(squall.Shared()) == "the data")
	return nil
}

// must ends the iteration where there is no response.
func must(response *http.Response, err error) *http.Response {
	if err != nil {
		panic(err)
	}
	return response
}

func requests() error {
	outgoing()
	incoming()
	settings()
	batch()
	cookies()
	return nil
}

func outgoing() {
	sent := must(http.Head("/echo")).Header("x-method") == "HEAD"
	methods := map[string]func(string, ...http.Option) (*http.Response, error){
		"GET": http.Get, "POST": http.Post, "PUT": http.Put, "PATCH": http.Patch, "DELETE": http.Delete, "OPTIONS": http.Options,
	}
	for name, method := range methods {
		sent = sent && strings.HasPrefix(must(method("/echo")).Text(), name+" /echo\n")
	}
	squall.Check("methods are sent", sent)

	echo := must(http.Get("/echo", http.Query("a", "x y&"), http.Query("b", "ü"))).Text()
	squall.Check("query is escaped", strings.HasPrefix(echo, "GET /echo?a=x%20y%26&b=%C3%BC\n"))
	echo = must(http.Get("/echo", http.Header("x-b", "1"), http.Header("x-a", "2"), http.Header("x-b", "3"))).Text()
	squall.Check("headers go out in order", strings.Contains(echo, "x-b: 1\nx-a: 2\nx-b: 3\n"))

	squall.Check("text goes out", must(http.Post("/body", http.Body("some text"))).Text() == "some text")
	var bytes []byte
	for value := range 256 {
		bytes = append(bytes, byte(value))
	}
	back := must(http.Post("/body", http.Body(bytes))).Body()
	squall.Check("bytes go out", string(back) == string(bytes))
	echo = must(http.Post("/echo", http.Form("a", "1 2", "b", "&"))).Text()
	squall.Check("form goes out", strings.Contains(echo, "content-type: application/x-www-form-urlencoded\n") &&
		strings.HasSuffix(echo, "\na=1%202&b=%26"))
}

func incoming() {
	squall.Check("status arrives", must(http.Get("/status/418", http.ExpectStatus(418))).Status() == 418)

	response := must(http.Get("/headers"))
	squall.Check("header is found in any case", response.Header("x-ONE") == "1")
	_, there := response.LookupHeader("x-three")
	squall.Check("missing header is none", !there)
	var all strings.Builder
	for _, field := range response.Headers() {
		if strings.HasPrefix(field.Name, "x-") {
			all.WriteString(field.Name + field.Value + " ")
		}
	}
	squall.Check("headers arrive in order", all.String() == "x-one1 x-two2 x-two3 ")

	response = must(http.Get("/bytes"))
	body := response.Body()
	whole := len(body) == 256
	for i := range body {
		whole = whole && int(body[i]) == i
	}
	squall.Check("bytes arrive", whole)
	squall.Check("text is repaired", strings.HasSuffix(response.Text(), "~\x7f"+strings.Repeat("\uFFFD", 128)))
	response.Close()

	// Larger than what the SDK keeps ready.
	large := must(http.Get("/size/20971520"))
	squall.Check("large body arrives", len(large.Body()) == 20971520)
	large.Close()

	response = must(http.Get("/redirect/2"))
	target, _ := squall.Target()
	squall.Check("last url is told", response.URL() == target+"/echo")
	squall.Check("timings are told", response.Timings().Waiting > 0)
}

func settings() {
	missing := must(http.Get("/status/404", http.Name("missing"), http.ExpectStatusRange(400, 404), http.ExpectStatus(410)))
	squall.Check("expected status is no failure", missing.Status() == 404)
	squall.Check("discarded body is empty", len(must(http.Get("/size/10", http.DiscardBody())).Body()) == 0)
	squall.Check("kept body is there", must(http.Get("/size/10", http.KeepBody())).Text() == "xxxxxxxxxx")
	redirect := must(http.Get("/redirect/1", http.Redirects(0)))
	squall.Check("redirect is left alone", redirect.Status() == 302 && redirect.Header("location") == "/echo")
}

func batch() {
	var requests []*http.Request
	for i := range 10 {
		requests = append(requests, http.NewRequest("POST", "/body", http.Body(fmt.Sprint(i)), http.Header("x", "y"), http.Name("batch")))
	}
	requests[5] = http.NewRequest("BAD METHOD", "/body")
	results := http.SendAll(requests...)
	inOrder := len(results) == 10 && errors.Is(results[5].Err, http.ErrInvalidRequest)
	for i, result := range results {
		inOrder = inOrder && (i == 5 || result.Err == nil && result.Response.Text() == fmt.Sprint(i))
	}
	squall.Check("batch arrives in order", inOrder)
}

func cookies() {
	must(http.Get("/cookie"))
	squall.Check("cookies are kept", strings.Contains(must(http.Get("/echo")).Text(), "cookie: flavour=vanilla\n"))
	http.ClearCookies()
	squall.Check("cookies are cleared", !strings.Contains(must(http.Get("/echo")).Text(), "cookie:"))
}

// failures has every error that a server can cause.
func failures() error {
	target, _ := squall.Target()
	is := func(name string, kind http.ErrorKind, method, url string, options ...http.Option) {
		_, err := http.NewRequest(method, url, options...).Send()
		squall.Check(name, errors.Is(err, kind))
	}
	is("timeout", http.ErrTimeout, "GET", "/slow", http.Timeout(50*time.Millisecond))
	is("dns", http.ErrDNS, "GET", "http://nowhere.invalid/")
	is("connect", http.ErrConnect, "GET", "http://127.0.0.1:1/")
	is("tls", http.ErrTLS, "GET", strings.Replace(target, "http:", "https:", 1)+"/")
	is("reset", http.ErrReset, "GET", "/hang-up")
	is("protocol", http.ErrProtocol, "GET", "/garbage")
	is("too large", http.ErrTooLarge, "GET", "/endless-head")
	is("too many redirects", http.ErrTooManyRedirects, "GET", "/redirect/3", http.Redirects(2))
	is("invalid request", http.ErrInvalidRequest, "BAD METHOD", "/")
	return nil
}

var (
	counter = squall.NewCounter("conformance_counter")
	gauge   = squall.NewGauge("conformance_gauge")
	rate    = squall.NewRate("conformance_rate")
	trend   = squall.NewTrend("conformance_trend", squall.Time)
)

func measures() error {
	counter.Add(1)
	counter.Add(2.5)
	gauge.Set(3)
	gauge.Set(7)
	rate.Add(true)
	rate.Add(false)
	trend.Add(10)
	trend.Add(12.5)
	_ = squall.Transaction("works", func() error { return nil })
	_ = squall.Transaction("does not", func() error { return errors.New("no") })
	return nil
}

func context() error {
	target, there := squall.Target()
	squall.Check("vu is numbered", squall.VU() == 1)
	squall.Check("iteration is counted", squall.Iteration() == 3)
	squall.Check("target is told", there && strings.HasPrefix(target, "http://127.0.0.1:"))
	squall.Check("option is told", squall.Env("KEY") == "a value")
	_, there = squall.LookupEnv("NONE")
	squall.Check("missing option is none", !there)
	squall.Check("random differs", squall.Random() != squall.Random())
	log.Debugf("a line for %s", "debugging")
	log.Infof("a line of information")
	log.Warnf("a line of warning")
	log.Errorf("a line of error")

	began := squall.Now()
	squall.Sleep(20 * time.Millisecond)
	squall.Check("sleep waits", squall.Now()-began >= 20*time.Millisecond)
	squall.Pace(60 * time.Millisecond)
	squall.Check("pace waits", squall.Now()-began >= 55*time.Millisecond)
	return nil
}

func main() {}
