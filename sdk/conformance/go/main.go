// The conformance scenario in Go: calls every function of the contract, and checks the results. See ../run.py.
package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	squall "github.com/squall-load/squall/sdk/go"
	"github.com/squall-load/squall/sdk/go/data"
	"github.com/squall-load/squall/sdk/go/http"
	"github.com/squall-load/squall/sdk/go/log"
	"github.com/squall-load/squall/sdk/go/sockets"
	"github.com/squall-load/squall/sdk/go/websocket"
)

func init() {
	squall.Flow("methods", 1, methods)
	squall.Flow("bodies", 1, bodies)
	squall.Flow("responses", 1, responses)
	squall.Flow("settings", 1, settings)
	squall.Flow("errors", 1, failures)
	squall.Flow("batch", 1, batch)
	squall.Flow("cookies", 1, cookies)
	squall.Flow("measures", 1, measures)
	squall.Flow("context", 1, context)
	squall.Flow("waits", 1, waits)
	squall.Flow("feeds", 1, feeds)
	squall.Flow("streams", 1, streams)
	squall.Flow("sockets", 1, peers)
	squall.Flow("websockets", 1, webSockets)
	squall.Flow("often", 5, often)
	squall.Flow("fails", 0, func() error { return errors.New("it fails, as asked") })
	squall.Flow("aborts", 0, func() error { squall.Abort("it aborts, as asked"); return nil })
	squall.Setup(prepare)
	squall.Start(arrive)
	squall.Teardown(func() { log.Infof("teardown saw %s", squall.Shared()) })
	squall.Suggest(squall.Options{Data: []*data.Feed{users}})
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

// must ends the iteration where there is an error.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func methods() error {
	sent := must(http.Head("/echo")).Header("x-method") == "HEAD"
	methods := []struct {
		name string
		send func(string, ...http.Option) (*http.Response, error)
	}{
		{"GET", http.Get}, {"POST", http.Post}, {"PUT", http.Put}, {"PATCH", http.Patch}, {"DELETE", http.Delete}, {"OPTIONS", http.Options},
	}
	for _, method := range methods {
		sent = strings.HasPrefix(must(method.send("/echo")).Text(), method.name+" /echo\n") && sent
	}
	squall.Check("methods are sent", sent)
	echo := must(http.NewRequest("PROPFIND", "/echo").Send()).Text()
	squall.Check("any method is sent", strings.HasPrefix(echo, "PROPFIND /echo\n"))
	return nil
}

// every is every byte there is.
func every() []byte {
	bytes := make([]byte, 256)
	for i := range bytes {
		bytes[i] = byte(i)
	}
	return bytes
}

func bodies() error {
	squall.Check("no body goes out", len(must(http.Post("/body")).Body()) == 0)
	const text = "größe 世界 🎉"
	squall.Check("text goes out", must(http.Post("/body", http.Body(text))).Text() == text)
	squall.Check("bytes go out", slices.Equal(must(http.Post("/body", http.Body(every()))).Body(), every()))
	echo := must(http.Post("/echo", http.JSON(map[string][]int{"größe": {1, 2}}))).Text()
	typed := strings.Contains(echo, "content-type: application/json\n")
	squall.Check("json goes out", typed && strings.HasSuffix(echo, "\n{\"größe\":[1,2]}"))
	echo = must(http.Post("/echo", http.Form("a", "1 2", "b", "&ü"))).Text()
	typed = strings.Contains(echo, "content-type: application/x-www-form-urlencoded\n")
	squall.Check("form goes out", typed && strings.HasSuffix(echo, "\na=1+2&b=%26%C3%BC"))
	echo = must(http.Get("/echo", http.Query("a", "x y&"), http.Query("b", "ü"))).Text()
	squall.Check("query is escaped", strings.HasPrefix(echo, "GET /echo?a=x%20y%26&b=%C3%BC\n"))
	echo = must(http.Get("/echo", http.Header("x-b", "1"), http.Header("x-a", "2"), http.Header("x-b", "3"))).Text()
	squall.Check("headers go out in order", strings.Contains(echo, "x-b: 1\nx-a: 2\nx-b: 3\n"))
	return nil
}

func responses() error {
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
	squall.Check("bytes arrive", slices.Equal(response.Body(), every()))
	text := response.Text()
	squall.Check("text is repaired", utf8.RuneCountInString(text) == 256 && strings.HasSuffix(text, strings.Repeat("\uFFFD", 128)))
	response.Close()

	// Larger than what the SDK keeps ready.
	large := must(http.Get("/size/20971520"))
	squall.Check("size is told", large.Size() == 20971520)
	squall.Check("large body arrives", len(large.Body()) == 20971520)
	large.Close()

	response = must(http.Get("/redirect/2"))
	target, _ := squall.Target()
	squall.Check("last url is told", response.URL() == target+"/echo")
	squall.Check("timings are told", response.Timings().Waiting > 0)
	return nil
}

func settings() error {
	missing := must(http.Get("/status/404", http.Name("missing"), http.ExpectStatusRange(400, 404), http.ExpectStatus(410)))
	squall.Check("expected status is no failure", missing.Status() == 404)
	must(http.Get("/status/404", http.Name("unexpected")))
	discarded := must(http.Get("/size/10", http.DiscardBody()))
	squall.Check("discarded body is empty", len(discarded.Body()) == 0 && discarded.Size() == 0)
	squall.Check("kept body is there", must(http.Get("/size/10", http.KeepBody())).Text() == "xxxxxxxxxx")
	redirect := must(http.Get("/redirect/1", http.Redirects(0)))
	squall.Check("redirect is left alone", redirect.Status() == 302 && redirect.Header("location") == "/echo")
	return nil
}

// failures has every error except ErrOther, which nothing causes.
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
	is("refused by policy", http.ErrRefusedByPolicy, "GET", "http://elsewhere.invalid/")
	is("invalid request", http.ErrInvalidRequest, "BAD METHOD", "/")
	return nil
}

func batch() error {
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
	return nil
}

func cookies() error {
	must(http.Get("/cookie"))
	squall.Check("cookies are kept", strings.Contains(must(http.Get("/echo")).Text(), "cookie: flavour=vanilla\n"))
	http.ClearCookies()
	squall.Check("cookies are cleared", !strings.Contains(must(http.Get("/echo")).Text(), "cookie:"))
	return nil
}

var (
	counter = squall.NewCounter("conformance_counter")
	gauge   = squall.NewGauge("conformance_gauge")
	rate    = squall.NewRate("conformance_rate")
	numbers = squall.NewTrend("conformance_numbers", squall.Number)
	times   = squall.NewTrend("conformance_times", squall.Time)
	sizes   = squall.NewTrend("conformance_sizes", squall.Data)
)

func measures() error {
	squall.Check("checks return", squall.Check("checks return what they record", true))
	counter.Add(1)
	counter.Add(2.5)
	gauge.Set(3)
	gauge.Set(7)
	rate.Add(true)
	rate.Add(false)
	numbers.Add(7)
	times.Add(10)
	times.Add(12.5)
	sizes.Add(2048)
	_ = squall.Transaction("works", func() error { return nil })
	_ = squall.Transaction("does not", func() error { return errors.New("no") })
	marked := squall.Begin("marked")
	marked.Fail()
	marked.End()
	return nil
}

func context() error {
	target, there := squall.Target()
	squall.Check("vu is numbered", squall.VU() == 1)
	squall.Check("target is told", there && strings.HasPrefix(target, "http://127.0.0.1:"))
	squall.Check("option is told", squall.Env("KEY") == "a value")
	_, there = squall.LookupEnv("NONE")
	squall.Check("missing option is none", !there)
	squall.Check("random differs", squall.Random() != squall.Random())
	seen := 0
	for range 200 {
		seen |= 1 << squall.RandomIn(1, 6)
	}
	squall.Check("random keeps its range", seen == 0b1111110)
	log.Debugf("a line for %s", "debugging")
	log.Infof("a line of information")
	log.Warnf("a line of warning")
	log.Errorf("a line of error")
	return nil
}

func waits() error {
	began := squall.Now()
	squall.Sleep(20 * time.Millisecond)
	squall.Check("sleep waits", squall.Now()-began >= 20*time.Millisecond)
	squall.Think(10*time.Millisecond, 20*time.Millisecond)
	squall.Check("think waits", squall.Now()-began >= 30*time.Millisecond)
	squall.Pace(80 * time.Millisecond)
	squall.Check("pace waits", squall.Now()-began >= 75*time.Millisecond)
	return nil
}

var (
	users  = data.NewFeed("users")
	once   = data.NewFeed("once", data.OnceEach, data.Fail)
	nobody = data.NewFeed("nobody")
	upload = data.NewBlob("upload")
)

func feeds() error {
	squall.Check("feed tells its length", must(users.Length()) == 3)
	squall.Check("feed tells its columns", slices.Equal(must(users.Columns()), []string{"name", "email"}))
	first, second := must(users.Next()), must(users.Next())
	ada, bob := must(first.Get("name")), must(second.Get("name"))
	squall.Check("rows come in order", first.Index() == 0 && ada == "ada" && bob == "bob")
	squall.Check("row is found by its place", must(must(users.At(2)).Get("name")) == "größe")
	squall.Check("no row is beyond the last", must(users.At(3)) == nil)
	fields := []data.Field{{Name: "name", Value: "ada"}, {Name: "email", Value: "ada@example.test"}}
	squall.Check("row has fields", slices.Equal(first.Fields(), fields))
	squall.Check("row is json", first.JSON() == `{"name":"ada","email":"ada@example.test"}`)
	_, err := first.Get("nmae")
	squall.Check("unknown column is an error", errors.Is(err, data.ErrUnknownColumn))
	_, err = nobody.Length()
	squall.Check("missing data is an error", errors.Is(err, data.ErrNotGiven))
	must(once.Next())
	must(once.Next())
	_, err = once.Next()
	squall.Check("end of data is an error", errors.Is(err, data.ErrExhausted))

	email := must(first.Blob("email"))
	squall.Check("field goes out as a body", must(http.Post("/body", http.BodyFrom(email))).Text() == "ada@example.test")
	squall.Check("blob tells its length", must(upload.Size()) == 4096)
	bytes := make([]byte, 10)
	must(upload.ReadAt(bytes, 250))
	squall.Check("blob is read", slices.Equal(bytes, []byte{250, 251, 252, 253, 254, 255, 0, 1, 2, 3}))
	count, _ := upload.ReadAt(make([]byte, 100), 4090)
	squall.Check("blob ends", count == 6)
	squall.Check("blob goes out", must(http.Post("/body", http.BodyFrom(upload))).Size() == 4096)
	return nil
}

var last = -1

func streams() error {
	request := http.NewRequest("GET", "/events")
	feed := must(request.Stream())
	if err := feed.CountTokensAt("/text", ""); err != nil {
		return err
	}
	squall.Check("stream has a head", feed.Status() == 200 && feed.Header("content-type") == "text/event-stream")
	first := must(feed.Next())
	squall.Check("event arrives", first.Name() == "tick" && first.ID() == "1" && first.Data() == `{"text": "größe", "n": [1, 2]}`)
	text, _ := first.Get("/text")
	number, _ := first.Get("/n/1")
	_, there := first.Get("/none")
	squall.Check("value of an event is found", text == "größe" && number == "2" && !there)
	squall.Check("event has its time", first.At() > 0 && first.At() <= squall.Now())
	second := must(feed.Next())
	squall.Check("lines of an event are joined", second.Name() == "message" && second.Data() == "two\nlines")
	_, err := feed.Next()
	_, again := feed.NextWithin(0)
	squall.Check("stream ends", err == io.EOF && again == io.EOF)
	retry, told := feed.Retry()
	squall.Check("stream tells how to go on", feed.LastEventID() == "1" && told && retry == 1500*time.Millisecond)
	squall.Check("stream goes on", must(must(feed.Reopen(request)).Next()).Data() == "after 1")

	late := must(http.GetStream("/late"))
	_, err = late.NextWithin(50 * time.Millisecond)
	squall.Check("event is not there yet", errors.Is(err, http.ErrTimeout))
	squall.Check("event is not lost", must(late.NextWithin(10*time.Second)).Data() == "late")
	_, err = late.Read(make([]byte, 1))
	squall.Check("events are not bytes", errors.Is(err, http.ErrInvalidRequest))

	large := must(http.GetStream("/size/100000"))
	head := must(large.Read(make([]byte, 1000)))
	rest := must(io.ReadAll(large))
	squall.Check("bytes arrive in pieces", head > 0 && head <= 1000 && head+len(rest) == 100000)
	large.Close()

	sending := must(http.NewRequest("POST", "/body").Upload(-1))
	must(io.WriteString(sending, "one"))
	must(sending.Write([]byte("two")))
	if err := sending.WriteFrom(upload); err != nil {
		return err
	}
	body := must(io.ReadAll(must(sending.Finish())))
	squall.Check("body goes out in pieces", strings.HasPrefix(string(body), "onetwo") && len(body) == 4102)
	short := must(http.NewRequest("POST", "/body").Upload(4))
	_, err = io.WriteString(short, "12345")
	squall.Check("body is no longer than announced", errors.Is(err, http.ErrInvalidRequest))
	_, err = short.Finish()
	squall.Check("body is no shorter than announced", errors.Is(err, http.ErrInvalidRequest))
	_, err = http.NewRequest("BAD METHOD", "/").Stream()
	squall.Check("invalid stream", errors.Is(err, http.ErrInvalidRequest))
	return nil
}

const request = "GET /size/5 HTTP/1.1\r\nhost: peer\r\n\r\n"

func peers() error {
	peer := must(sockets.Dial("", sockets.Name("peer"), sockets.Timeout(10*time.Second)))
	defer peer.Close()
	sent := must(peer.SendText(request))
	squall.Check("socket takes a line", string(must(peer.ReceiveLine())) == "HTTP/1.1 200 Whatever\r\n")
	head := must(peer.ReceiveUntil("\r\n\r\n", 4096))
	squall.Check("socket takes up to a delimiter", strings.HasSuffix(string(head), "\r\n\r\n"))
	squall.Check("socket takes exactly so many bytes", len(must(peer.ReceiveExactly(5))) == 5)
	squall.Check("socket has its times", sent > 0 && sent <= peer.At() && peer.At() <= squall.Now())
	peer.SetTimeout(50 * time.Millisecond)
	_, err := peer.Receive(1)
	squall.Check("socket has nothing yet", errors.Is(err, http.ErrTimeout))
	peer.SetTimeout(10 * time.Second)
	peer.Finish()
	_, err = peer.Receive(1)
	squall.Check("connection ends", err == io.EOF)
	_, err = peer.SendText("x")
	squall.Check("nothing is sent after the end", errors.Is(err, http.ErrInvalidRequest))

	quiet, busy := must(sockets.Dial("", sockets.Name("peer"))), must(sockets.Dial("", sockets.Name("peer")))
	defer quiet.Close()
	defer busy.Close()
	squall.Check("no socket has anything", squall.WaitAny(50*time.Millisecond, quiet, busy) == -1)
	must(busy.SendText(request))
	squall.Check("socket with something is named", squall.WaitAny(10*time.Second, quiet, busy) == 1)

	_, err = sockets.Dial("127.0.0.1:1")
	squall.Check("nobody listens", errors.Is(err, http.ErrConnect))
	_, err = sockets.Dial("10.1.2.3:4")
	squall.Check("address is not allowed", errors.Is(err, http.ErrRefusedByPolicy))
	_, err = sockets.Dial("nonsense")
	squall.Check("address has no port", errors.Is(err, http.ErrInvalidRequest))

	echo := must(sockets.DialUDP("", sockets.Name("echo")))
	defer echo.Close()
	must(echo.Send([]byte("ping")))
	squall.Check("datagram comes back", string(must(echo.Receive())) == "ping" && echo.At() <= squall.Now())
	echo.SetTimeout(50 * time.Millisecond)
	_, err = echo.Receive()
	squall.Check("no datagram comes", errors.Is(err, http.ErrTimeout))
	return nil
}

func webSockets() error {
	socket := must(websocket.Connect("/socket", websocket.Name("socket"), websocket.Subprotocols("chat", "mqtt")))
	defer socket.Drop()
	squall.Check("server chooses a subprotocol", socket.Subprotocol() == "chat")
	sent := must(socket.Send("größe"))
	text := must(socket.Receive())
	squall.Check("text comes back", text.IsText() && text.Text() == "größe" && text.Size() == 7)
	squall.Check("message has its times", sent > 0 && sent <= text.At() && text.At() <= squall.Now())
	must(socket.SendBytes([]byte{0, 255}))
	data := must(socket.ReceiveWithin(10 * time.Second))
	squall.Check("bytes come back", !data.IsText() && string(data.Bytes()) == "\x00\xff")
	if err := socket.Ping(); err != nil {
		return err
	}
	_, err := socket.ReceiveWithin(200 * time.Millisecond)
	squall.Check("no message has come", errors.Is(err, websocket.ErrTimeout))
	if err := socket.Close(3000, "bye"); err != nil {
		return err
	}
	_, err = socket.Receive()
	code, reason, closed := socket.Closed()
	squall.Check("WebSocket is closed", err == io.EOF && closed && code == 3000 && reason == "bye")
	_, err = socket.Send("x")
	squall.Check("nothing is sent after the close", errors.Is(err, websocket.ErrClosed))
	_, err = websocket.Connect("/status/200", websocket.Name("socket"))
	squall.Check("server does not agree", errors.Is(err, websocket.ErrHandshake))
	_, err = websocket.Connect("/socket", websocket.Subprotocols("a b"))
	squall.Check("invalid subprotocol", errors.Is(err, websocket.ErrInvalidRequest))
	return nil
}

// often comes in five of nineteen iterations.
func often() error {
	must(http.Get("/often"))
	squall.Check("iterations count up", squall.Iteration() > last)
	last = squall.Iteration()
	return nil
}

func main() {}
