// Package squall is for writing load-test scenarios for [Squall] in Go.
//
// A scenario is a program whose init function names its flows. Each flow is a function that lives through one
// iteration:
//
//	package main
//
//	import (
//		"time"
//
//		squall "github.com/squall-load/squall/sdk/go"
//		"github.com/squall-load/squall/sdk/go/http"
//	)
//
//	func init() {
//		squall.Flow("browse", 80, browse)
//		squall.Flow("search", 20, search)
//		squall.Suggest(squall.Options{VUs: 10, Duration: 30 * time.Second})
//	}
//
//	func browse() error {
//		page, err := http.Get("/products")
//		if err != nil {
//			return err
//		}
//		squall.Check("products are listed", page.Status() == 200)
//		squall.Think(1*time.Second, 3*time.Second)
//		return nil
//	}
//
//	func search() error {
//		_, err := http.Get("/search", http.Query("q", "lamp"), http.Name("/search"))
//		return err
//	}
//
//	func main() {}
//
// `go run github.com/squall-load/squall/sdk/go/build -o scenario.wasm .` makes a component of it, which `squall run`
// runs. `go test` runs the flows natively, against a host of your own making: see package squalltest.
//
// Paths are relative to the run's --target. Everything is measured by the host; nothing here reads a clock of its own.
//
// [Squall]: https://github.com/squall-load/squall
package squall

import "github.com/squall-load/squall/sdk/go/internal/scenario"

// Flow adds a journey through the target. Its name is made of letters, digits, '-', '_' and '.', and unique. Weight is
// its share of the traffic, relative to the other flows'; with 0 it runs only when the user asks for it by name.
//
// An error that run returns ends the iteration, and is counted and shown with its text; so does a panic. Keep the text
// free of ids and counts: equal texts are counted together.
//
//go:noinline
func Flow(name string, weight uint32, run func() error) {
	scenario.Flows = append(scenario.Flows, scenario.Flow{Name: name, Weight: weight, Run: run})
}

// Setup has a function called once for the whole run, before the first virtual user starts. What it returns reaches
// every virtual user, and teardown, as [Shared]. An error ends the run.
//
//go:noinline
func Setup(prepare func() ([]byte, error)) { scenario.Setup = prepare }

// Start has a function called once by each virtual user, before its first iteration (and again after a trap). An error
// is counted, shown, and tried again a little later.
//
//go:noinline
func Start(arrive func() error) { scenario.Start = arrive }

// Teardown has a function called once for the whole run, after the last iteration, whatever its result.
//
//go:noinline
func Teardown(cleanUp func()) { scenario.Teardown = cleanUp }

// Shared returns the result of setup; empty where there is no setup, and in setup itself. It must not be changed.
func Shared() []byte { return scenario.Shared }
