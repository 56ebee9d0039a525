package squall

import (
	"time"

	"github.com/squall-load/squall/sdk/go/data"
	"github.com/squall-load/squall/sdk/go/internal/scenario"
)

// Options are the plan that a scenario suggests. The user may override all of it. What is zero is left open; a negative
// number or time says zero.
type Options struct {
	// Virtual users; with stages, the number to start with; with a rate, as PreAllocatedVUs.
	VUs int
	// How long virtual users iterate; with iterations, how long these may take.
	Duration time.Duration
	// The number of iterations: in all, or for each virtual user with "per-vu-iterations".
	Iterations int
	// The stages of a ramp.
	Stages []Stage
	// How the load is shaped, where the other options leave a choice: "constant-vus", "ramping-vus",
	// "per-vu-iterations", "shared-iterations", "constant-arrival-rate", "ramping-arrival-rate",
	// "stepped-vus", "stepped-arrival-rate", "externally-controlled".
	Executor string
	// How long a number of iterations may take.
	MaxDuration time.Duration
	// How long iterations may go on once the load has ended.
	GracefulStop time.Duration
	// How long a virtual user that the ramp no longer needs may go on with its iteration.
	GracefulRampDown time.Duration
	// Virtual users at the start of the first stage.
	StartVUs int
	// Iterations started in a second, or in each TimeUnit, however long they take: "1000/s".
	Rate string
	// The time that rates without a unit of their own are for.
	TimeUnit time.Duration
	// The rate at the start of the first stage.
	StartRate string
	// Virtual users that are made before an open load begins.
	PreAllocatedVUs int
	// Virtual users at most, where their number is not fixed.
	MaxVUs int
	// Whether the iterations of an open load start evenly or at random: "constant", "poisson".
	Arrival string
	// How long an iteration of an open load may wait for a virtual user before it is dropped.
	MaxBacklog time.Duration
	// How long the load warms up before its measurements count: "30s"; "auto" finds it out, "none" is no time.
	Warmup string
	// How worker threads wait for the next start: "timer", "spin".
	Pacing string
	// Run only this flow.
	Flow string
	// Weights of flows, in place of those that the component describes.
	Weights map[string]uint32
	// How long a virtual user thinks after an iteration, by flow: {"browse": "1s..3s"}.
	ThinkTime map[string]string
	// Loads of their own, by name, in place of the one above.
	Scenarios map[string]Scenario
	// Thresholds by metric, as k6 writes them: {"http_req_duration": {"p(95)<500"}}.
	Thresholds Thresholds
	// The base URL of requests that name only a path. Refused unless the user says it, too.
	Target string
	// Options of the scenario, by name.
	Env map[string]string
	// Data for the scenario: without one of these feeds a run does not begin.
	Data []*data.Feed
	// Tags of the whole run, or of a scenario.
	Tags map[string]string
	// The origin of all randomness: the same seed, the same choices.
	Seed uint64
	// Worker threads; one for each core unless said otherwise.
	Threads int
	// How long setup may take.
	SetupTimeout time.Duration
	// How long teardown may take.
	TeardownTimeout time.Duration
	// The least time from the start of an iteration to the start of the next one of the same virtual user.
	MinIterationDuration time.Duration
	// Series that are kept apart; further ones are counted together.
	MaxSeries int
	// Accept any TLS certificate. Refused unless the user says it, too.
	Insecure bool
	// How long a request may take in all.
	RequestTimeout time.Duration
	// How long opening a connection may take, TLS included.
	ConnectTimeout time.Duration
	// Redirects that are followed; -1 for none.
	MaxRedirects int
	// Open a connection for every request.
	NoConnectionReuse bool
	// Read the bodies of responses off the connection and throw them away.
	DiscardResponseBodies bool
	// The User-Agent header of requests that bring none.
	UserAgent string
	// Connections to one origin that all virtual users share; each has its own unless said otherwise.
	SharedConnections int
	// The version of HTTP: auto, 1.1, 2, 2-prior-knowledge or 3.
	HttpVersion string
	// Requests that are under way at once on one connection of HTTP/2, if its server allows as many.
	MaxStreams int
	// Requests of one batch that go to the same origin at once.
	BatchPerOrigin int
	// Close a virtual user's connections at the end of each iteration, as if another user came.
	NoVUConnectionReuse bool
	// The lowest version of TLS: 1.2 or 1.3.
	TlsMin string
	// The highest version of TLS: 1.2 or 1.3.
	TlsMax string
	// The cipher suites to offer, by IANA's names, with commas between them; all that are safe unless said otherwise.
	TlsCiphers string
	// Make a full TLS handshake for each connection, instead of resuming sessions.
	NoTlsResumption bool
	// How names are looked up, in k6's words: ttl=30s, select=random, policy=onlyIPv4.
	Dns string
	// The most connections that are opened a second, over the whole run: 500, or 90/m.
	ConnectRate string
	// Let small packets wait for others (Nagle's algorithm).
	NoTcpNodelay bool
}

// Scenario is a load of its own. What is zero is left open; a negative number or time says zero.
type Scenario struct {
	// When it begins, from the beginning of the load.
	StartTime time.Duration
	// Run only this flow.
	Flow string
	// Virtual users; with stages, the number to start with; with a rate, as PreAllocatedVUs.
	VUs int
	// How long virtual users iterate; with iterations, how long these may take.
	Duration time.Duration
	// The number of iterations: in all, or for each virtual user with "per-vu-iterations".
	Iterations int
	// The stages of a ramp.
	Stages []Stage
	// How the load is shaped, where the other options leave a choice: "constant-vus", "ramping-vus",
	// "per-vu-iterations", "shared-iterations", "constant-arrival-rate", "ramping-arrival-rate",
	// "stepped-vus", "stepped-arrival-rate", "externally-controlled".
	Executor string
	// How long a number of iterations may take.
	MaxDuration time.Duration
	// How long iterations may go on once the load has ended.
	GracefulStop time.Duration
	// How long a virtual user that the ramp no longer needs may go on with its iteration.
	GracefulRampDown time.Duration
	// Virtual users at the start of the first stage.
	StartVUs int
	// Iterations started in a second, or in each TimeUnit, however long they take: "1000/s".
	Rate string
	// The time that rates without a unit of their own are for.
	TimeUnit time.Duration
	// The rate at the start of the first stage.
	StartRate string
	// Virtual users that are made before an open load begins.
	PreAllocatedVUs int
	// Virtual users at most, where their number is not fixed.
	MaxVUs int
	// Whether the iterations of an open load start evenly or at random: "constant", "poisson".
	Arrival string
	// How long an iteration of an open load may wait for a virtual user before it is dropped.
	MaxBacklog time.Duration
	// Weights of flows, in place of those that the component describes.
	Weights map[string]uint32
	// How long a virtual user thinks after an iteration, by flow: {"browse": "1s..3s"}.
	ThinkTime map[string]string
	// Thresholds by metric, as k6 writes them: {"http_req_duration": {"p(95)<500"}}.
	Thresholds Thresholds
	// Options of the scenario, by name.
	Env map[string]string
	// Tags of the whole run, or of a scenario.
	Tags map[string]string
	// The least time from the start of an iteration to the start of the next one of the same virtual user.
	MinIterationDuration time.Duration
}

// Thresholds are expressions by metric.
type Thresholds map[string][]string

// Stage is a ramp to a target.
type Stage struct {
	// Duration is how long the ramp takes.
	Duration time.Duration
	// Target is the number of virtual users, or of iterations a second, at its end.
	Target int
}

// Suggest sets the plan that the scenario suggests.
func Suggest(options Options) { scenario.Plan = options.plan() }
