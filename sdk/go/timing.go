package squall

import (
	"time"

	"github.com/squall-load/squall/sdk/go/internal/host"
)

// Now returns the time since the run began.
func Now() time.Duration { return time.Duration(host.Now()) }

// Sleep waits. It is part of the iteration's duration and of no request's latency. Use it instead of time.Sleep, which
// would count as the scenario's own work.
func Sleep(length time.Duration) {
	if length > 0 {
		host.Sleep(uint64(length))
	}
}

// Think is think time: it waits for a random time from least to most.
func Think(least, most time.Duration) {
	if most > least {
		least += time.Duration(fraction() * float64(most-least))
	}
	Sleep(least)
}

// Pace waits until that much time has passed since this iteration began, or not at all if it has.
func Pace(length time.Duration) { host.Pace(uint64(max(length, 0))) }
