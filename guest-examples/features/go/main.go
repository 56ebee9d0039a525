// Features that shop leaves out: the life cycle, batches, gauges, units, pacing, logs, and a run that ends itself.
//
// It asks the demo shop. `-e ABORT=now` has it end the run, `-e FAIL=setup` (or `start`) has that fail.
package main

import (
	"fmt"
	"time"

	squall "github.com/squall-load/squall/sdk/go"
	"github.com/squall-load/squall/sdk/go/http"
	"github.com/squall-load/squall/sdk/go/log"
)

func init() {
	squall.Flow("batch", 2, batch)
	squall.Flow("paced", 1, paced)
	squall.Flow("give_up", 0, giveUp)
	squall.Setup(prepare)
	squall.Start(arrive)
	squall.Teardown(cleanUp)
	squall.Suggest(squall.Options{
		Executor: "ramping-vus",
		Stages:   []squall.Stage{{Duration: time.Second, Target: 2}, {Duration: time.Second, Target: 0}},
	})
}

var (
	visitors     = squall.NewCounter("visitors")
	productsSeen = squall.NewGauge("products_seen")
	firstByte    = squall.NewTrend("first_byte", squall.Time)
)

// prepare runs once for the whole run: its result reaches every virtual user.
func prepare() ([]byte, error) {
	if err := failIfAsked("setup"); err != nil {
		return nil, err
	}
	home, err := http.Get("/")
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "prepared with status %d", home.Status()), nil
}

// arrive runs once for each virtual user.
func arrive() error {
	if err := failIfAsked("start"); err != nil {
		return err
	}
	squall.Check("setup's data arrived", string(squall.Shared()) == "prepared with status 200")
	visitors.Add(1)
	return nil
}

// cleanUp runs once for the whole run, after the last iteration.
func cleanUp() { log.Infof("all gone; %s", squall.Shared()) }

// batch makes several requests at once, as a browser does.
func batch() error {
	var requests []*http.Request
	for id := 1; id <= 3; id++ {
		url := fmt.Sprintf("/products/%d", id)
		requests = append(requests, http.NewRequest("GET", url, http.Name("/products/{id}"), http.Timeout(5*time.Second)))
	}
	arrived := 0
	for _, result := range http.SendAll(requests...) {
		if result.Err == nil && result.Response.Status() == 200 {
			arrived++
		}
	}
	squall.Check("all products came", arrived == len(requests))
	productsSeen.Set(float64(arrived))
	return nil
}

// paced makes one request each 200 ms, however long it takes.
func paced() error {
	missing, err := http.Get("/products/101", http.Name("missing"), http.Redirects(0), http.ExpectStatus(404))
	if err != nil {
		return err
	}
	squall.Check("missing.status() == 404", missing.Status() == 404)
	firstByte.Add(float64(missing.Timings().Waiting) / float64(time.Millisecond))
	if _, asked := squall.LookupEnv("ABORT"); asked {
		squall.Abort("asked to by ABORT")
	}
	squall.Pace(200 * time.Millisecond)
	return nil
}

// giveUp never runs by itself: its weight is 0. `squall run --flow give_up` shows what an error looks like.
func giveUp() error { return fmt.Errorf("virtual user %d gave up", squall.VU()) }

func failIfAsked(stage string) error {
	if squall.Env("FAIL") == stage {
		return fmt.Errorf("%s fails, as asked", stage)
	}
	return nil
}

func main() {}
