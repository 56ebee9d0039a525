package http_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/squall-load/squall/sdk/go/http"
	internal "github.com/squall-load/squall/sdk/go/internal/host"
	"github.com/squall-load/squall/sdk/go/squalltest"
)

// answering is a host that answers everything.
func answering(t *testing.T) *squalltest.Host {
	host := squalltest.New(t)
	host.RespondWith("*", "*", func(request squalltest.Request) squalltest.Reply {
		return squalltest.Reply{Status: 200, Body: `{"sent":"` + request.Method + `"}`, Headers: []http.HeaderField{{Name: "x-one", Value: "1"}}}
	})
	return host
}

func TestEveryMethodIsSent(t *testing.T) {
	host := answering(t)
	type method func(string, ...http.Option) (*http.Response, error)
	methods := []method{http.Get, http.Post, http.Put, http.Patch, http.Delete, http.Head, http.Options}
	for i, name := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"} {
		if _, err := methods[i]("/"); err != nil || host.Requests[i].Method != name {
			t.Error(name, err)
		}
	}
}

func TestWhatIsSent(t *testing.T) {
	host := answering(t)
	_, err := http.Post("/p", http.Query("q", "a b&ü"), http.Query("r", "1"), http.Header("X-Y", "z"),
		http.JSON(map[string]int{"n": 1}), http.Name("p"), http.Timeout(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	sent := host.Requests[0]
	if sent.URL != "/p?q=a%20b%26%C3%BC&r=1" || sent.Body != `{"n":1}` || sent.Name != "p" || sent.Timeout != time.Second {
		t.Errorf("%+v", sent)
	}
	if sent.Header("x-y") != "z" || sent.Header("content-type") != "application/json" {
		t.Error(sent.Headers)
	}
	_, _ = http.Post("/", http.Header("Content-Type", "text/x"), http.Form("a", "1", "b", "x y"))
	if sent := host.Requests[1]; sent.Body != "a=1&b=x+y" || sent.Header("content-type") != "text/x" || len(sent.Headers) != 1 {
		t.Errorf("%+v", sent)
	}
}

func TestWhatCannotBeMadeIsToldWhenItIsSent(t *testing.T) {
	host := answering(t)
	for _, option := range []http.Option{http.JSON(func() {}), http.Form("name alone")} {
		if _, err := http.Post("/", option); !errors.Is(err, http.ErrInvalidRequest) {
			t.Error(err)
		}
		results := http.SendAll(http.NewRequest("GET", "/"), http.NewRequest("POST", "/", option))
		if len(results) != 2 || results[0].Err == nil || results[1].Err == nil {
			t.Error(results)
		}
	}
	if len(host.Requests) != 0 {
		t.Error("nothing is sent")
	}
}

func TestWhatArrives(t *testing.T) {
	answering(t)
	response, err := http.Get("/")
	if err != nil {
		t.Fatal(err)
	}
	var body struct{ Sent string }
	if err := response.JSON(&body); err != nil || body.Sent != "GET" {
		t.Error(err, body)
	}
	if response.Header("X-ONE") != "1" || response.Header("x-two") != "" || len(response.Headers()) != 1 {
		t.Error(response.Headers())
	}
	if _, there := response.LookupHeader("x-two"); there {
		t.Error("x-two")
	}
	if response.Size() != int64(len(response.Text())) {
		t.Error(response.Size())
	}
	discarded, _ := http.Get("/", http.DiscardBody())
	if discarded.Text() != "" || discarded.Size() != 0 || discarded.JSON(&body) == nil {
		t.Error(discarded.Text())
	}
	response.Close()
	response.Close()
	if discarded.Status() != 200 {
		t.Error("closing one closes no other")
	}
}

func TestErrorsHaveAClassAndAText(t *testing.T) {
	host := squalltest.New(t)
	kinds := []http.ErrorKind{http.ErrTimeout, http.ErrDNS, http.ErrConnect, http.ErrTLS, http.ErrReset, http.ErrProtocol,
		http.ErrTooLarge, http.ErrTooManyRedirects, http.ErrRefusedByPolicy, http.ErrInvalidRequest, http.ErrOther}
	for _, kind := range kinds {
		host.RespondWith("GET", fmt.Sprint("/", int(kind)), func(squalltest.Request) squalltest.Reply {
			return squalltest.Reply{Err: &http.Error{Kind: kind, Detail: "why"}}
		})
		response, err := http.Get(fmt.Sprint("/", int(kind)))
		var failure *http.Error
		if response != nil || !errors.Is(err, kind) || !errors.As(err, &failure) || failure.Detail != "why" {
			t.Error(kind, err)
		}
	}
	if text := (&http.Error{Kind: http.ErrConnect, Detail: "refused"}).Error(); text != "cannot connect: refused" {
		t.Error(text)
	}
}

// made counts the handles for settings that work asks for.
func made(work func()) int {
	before := internal.OptionsMade
	work()
	return internal.OptionsMade - before
}

func TestEqualSettingsShareAHandle(t *testing.T) {
	answering(t)
	count := made(func() {
		for id := range 100 {
			_, _ = http.Get(fmt.Sprint("/products/", id), http.Name("shared"), http.DiscardBody(), http.ExpectStatus(200, 404))
			_, _ = http.Get("/plain", http.Header("a", fmt.Sprint(id)))
		}
	})
	if count != 1 {
		t.Error(count)
	}
}

func TestNamesMadeUpOnTheWayAreForgotten(t *testing.T) {
	answering(t)
	count := made(func() {
		for id := range 200 {
			_, _ = http.Get("/", http.Name(fmt.Sprint("name ", id)))
		}
		requests := make([]*http.Request, 100)
		for id := range requests {
			requests[id] = http.NewRequest("GET", "/", http.Name(fmt.Sprint("batch ", id)))
		}
		for _, result := range http.SendAll(requests...) {
			if result.Err != nil {
				t.Error(result.Err)
			}
		}
	})
	if count != 300 {
		t.Error(count)
	}
}
