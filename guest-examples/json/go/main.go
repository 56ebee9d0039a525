// A request with ten headers and 2 KB of JSON to parse: the cost of a scenario's own work, for benchmarks.
package main

import (
	squall "github.com/squall-load/squall/sdk/go"
	"github.com/squall-load/squall/sdk/go/http"
)

func init() { squall.Flow("json", 1, fetch) }

// The whole document is parsed; only these fields are kept.
type order struct {
	Items []struct {
		Price float64 `json:"price"`
	} `json:"items"`
}

func fetch() error {
	response, err := http.Get("/json",
		http.Header("accept", "application/json"),
		http.Header("accept-language", "en-GB,en;q=0.8"),
		http.Header("authorization", "Bearer 0123456789abcdef0123456789abcdef"),
		http.Header("cache-control", "no-cache"),
		http.Header("origin", "https://shop.example.test"),
		http.Header("referer", "https://shop.example.test/products?page=3"),
		http.Header("x-client", "squall-json"),
		http.Header("x-client-version", "0.1.0"),
		http.Header("x-request-source", "benchmark"),
		http.Header("x-trace", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
	)
	if err != nil {
		return err
	}
	squall.Check("status is 200", response.Status() == 200)
	var order order
	if err := response.JSON(&order); err != nil {
		return err
	}
	priced := true
	for _, item := range order.Items {
		priced = priced && item.Price > 0
	}
	squall.Check("items have prices", priced)
	return nil
}

func main() {}
