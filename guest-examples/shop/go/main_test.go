package main

import (
	"strings"
	"testing"

	"github.com/squall-load/squall/sdk/go/http"
	"github.com/squall-load/squall/sdk/go/squalltest"
)

// shop is a shop of our own making. No Wasm, no network, no waiting.
func shop(t *testing.T) *squalltest.Host {
	const product = `{"id":7,"name":"lamp","price":12.5}`
	host := squalltest.New(t)
	host.Respond("GET", "/", 200, "<html>")
	host.Respond("GET", "/products", 200, `{"products":[`+product+`],"page":1,"pages":5}`)
	host.RespondWith("GET", "/products/*", func(squalltest.Request) squalltest.Reply {
		return squalltest.Reply{Status: 200, Body: product, Headers: []http.HeaderField{{Name: "x-cache", Value: "HIT"}}}
	})
	host.Respond("GET", "/search", 200, `{"query":"lamp","results":[`+product+`]}`)
	host.Respond("*", "/basket", 201, `{"items":2,"total":25.0}`)
	host.Respond("POST", "/checkout", 201, `{"order":123,"total":25.0}`)
	return host
}

func TestBrowsingEndsAtAProduct(t *testing.T) {
	host := shop(t)
	if err := browse(); err != nil {
		t.Fatal(err)
	}
	last := host.Requests[len(host.Requests)-1]
	if last.URL != "/products/7" || last.Name != "/products/{id}" {
		t.Error(last)
	}
	if hits := host.Values("cache_hit"); len(hits) != 3 || hits[2] != 1 {
		t.Error(hits)
	}
}

func TestSearchingInVainIsNoFailure(t *testing.T) {
	host := squalltest.New(t)
	host.Respond("GET", "/search", 200, `{"query":"x","results":[]}`)
	if err := search(); err != nil || len(host.Requests) != 1 {
		t.Error(err, host.Requests)
	}
}

func TestACheckoutIsOneTransactionAndOneOrder(t *testing.T) {
	host := shop(t)
	if err := checkout(); err != nil {
		t.Fatal(err)
	}
	if len(host.Transactions) != 1 || host.Transactions[0].Failed || host.Values("basket_value")[0] != 25 {
		t.Error(host.Transactions, host.Values("basket_value"))
	}
}

func TestAnOrderThatIsNotTakenFailsTheTransaction(t *testing.T) {
	host := squalltest.New(t)
	host.Respond("POST", "/checkout", 500, "")
	host.Respond("*", "/products/*", 200, `{"id":1,"price":1}`)
	host.Respond("*", "*", 201, `{"items":1}`)
	host.Respond("*", "/basket", 201, `{"items":1}`)
	err := checkout()
	if err == nil || !strings.Contains(err.Error(), "did not take the order") || !host.Transactions[0].Failed {
		t.Error(err, host.Transactions)
	}
}

func TestTheWholeScenarioRuns(t *testing.T) {
	if err := shop(t).Rehearse(20); err != nil {
		t.Error(err)
	}
}
