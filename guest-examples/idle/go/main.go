// Virtual users that only think, for measuring the memory of an idle one.
package main

import (
	"strconv"
	"time"

	squall "github.com/squall-load/squall/sdk/go"
)

func init() { squall.Flow("idle", 1, idle) }

// idle sleeps for SLEEP whole seconds (-e SLEEP=600), else for one.
func idle() error {
	seconds, err := strconv.Atoi(squall.Env("SLEEP"))
	if err != nil {
		seconds = 1
	}
	squall.Sleep(time.Duration(seconds) * time.Second)
	return nil
}

func main() {}
