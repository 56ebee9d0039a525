package squall

import "github.com/squall-load/squall/sdk/go/internal/host"

// VU is the number of this virtual user, from 1. It is 0 in setup and teardown.
func VU() int { return int(host.VU()) }

// Iteration returns the number of iterations that this virtual user has begun before this one.
func Iteration() int { return int(host.Iteration()) }

// Target returns the run's --target, without a slash at its end; false if there is none. Paths are below it by
// themselves; this is for what needs it in words.
func Target() (string, bool) { return host.Target() }

// Env is the value that the run was given with -e KEY=VALUE; empty if it was not.
func Env(key string) string {
	value, _ := host.Option(key)
	return value
}

// LookupEnv is the value that the run was given with -e KEY=VALUE, and whether it was.
func LookupEnv(key string) (string, bool) { return host.Option(key) }

// Abort asks for the end of the whole run, as a failure. This iteration continues; no new one begins.
func Abort(reason string) { host.Abort(reason) }
