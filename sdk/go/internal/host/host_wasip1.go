package host

import "unsafe"

// The place for results that do not fit into one number. One is enough: it is read before the next call.
var (
	words   [4]uint32
	timings Timings
)

func result() unsafe.Pointer { return unsafe.Pointer(&words) }

// discriminant returns the case of a result, option or variant in a word; the rest of the word is padding.
func discriminant(word uint32) uint8 { return uint8(word) }

func makeOptions(settings *Settings) uint32 {
	options := httpNewOptions()
	if settings.HasName {
		httpSetName(options, settings.Name)
	}
	if settings.HasTimeout {
		httpSetTimeout(options, settings.Timeout)
	}
	if settings.HasRedirects {
		httpSetRedirects(options, settings.Redirects)
	}
	if settings.Body != BodyByPlan {
		httpSetDiscardBody(options, settings.Body == BodyDiscarded)
	}
	if settings.Expected != "" {
		httpSetExpectedStatuses(options, unsafe.Pointer(unsafe.StringData(settings.Expected)), uint32(len(settings.Expected)/4))
	}
	if settings.BodyFrom != (Blob{}) {
		handOver(options, settings.BodyFrom.Handle)
	}
	return options
}

func dropOptions(options uint32) { httpDropOptions(options) }

// Header fields as the contract lays them out: addresses and lengths of name and value.
var fields []uint32

// The request in transit. The host gets addresses, which Go does not follow: references from here keep all of it on the
// heap, where nothing moves.
var sending struct {
	one  *Request
	many []*Request
}

func appendFields(headers []Field) {
	for i := range headers {
		field := &headers[i]
		fields = append(fields,
			AddressOfText(field.Name), uint32(len(field.Name)), AddressOfText(field.Value), uint32(len(field.Value)))
	}
}

// Send sends a request and waits for the response.
func Send(request *Request) (Response, *Failure) {
	sending.one = request
	makeRoomForOptions(1)
	options, hasOptions := optionsFor(&request.Settings)
	fields = fields[:0]
	appendFields(request.Headers)
	begin()
	httpSend(request.Method, request.URL, unsafe.Pointer(unsafe.SliceData(fields)), uint32(len(request.Headers)),
		request.HasBody, unsafe.Pointer(unsafe.SliceData(request.Body)), uint32(len(request.Body)),
		hasOptions, options, result())
	response, failure := received(words)
	end()
	return response, failure
}

// received reads a response or an error.
func received(answer [4]uint32) (Response, *Failure) {
	if discriminant(answer[0]) == 0 {
		return Response(answer[1]), nil
	}
	failure := &Failure{Case: discriminant(answer[1])}
	if failure.Case != 0 { // the first case, timeout, has no text
		failure.Detail = text(answer[2], answer[3])
	}
	return 0, failure
}

// A request as the contract lays it out in memory.
type request struct {
	method, methodSize, url, urlSize, headers, headerCount uint32
	hasBody, body, bodySize, hasOptions, options           uint32
}

// SendAll sends several requests at once and waits for all of them.
func SendAll(requests []*Request) []Result {
	sending.many = requests
	makeRoomForOptions(len(requests))
	lowered := make([]request, len(requests))
	fields = fields[:0]
	for _, sent := range requests {
		appendFields(sent.Headers)
	}
	headers := fields
	for i, sent := range requests {
		one := &lowered[i]
		one.method, one.methodSize = AddressOfText(sent.Method), uint32(len(sent.Method))
		one.url, one.urlSize = AddressOfText(sent.URL), uint32(len(sent.URL))
		one.headers, one.headerCount = uint32(uintptr(unsafe.Pointer(unsafe.SliceData(headers)))), uint32(len(sent.Headers))
		headers = headers[4*len(sent.Headers):]
		if sent.HasBody {
			one.hasBody, one.body, one.bodySize = 1, AddressOf(sent.Body), uint32(len(sent.Body))
		}
		if options, has := optionsFor(&sent.Settings); has {
			one.hasOptions, one.options = 1, options
		}
	}
	results := make([]Result, len(requests))
	begin()
	httpSendAll(unsafe.Pointer(unsafe.SliceData(lowered)), uint32(len(lowered)), result())
	for i, each := range records(words[0], words[1]) {
		results[i].Response, results[i].Failure = received(each)
	}
	end()
	return results
}

// records is a list, at an address, of records of four words each.
func records(address, count uint32) [][4]uint32 {
	return unsafe.Slice((*[4]uint32)(unsafe.Pointer(unsafe.SliceData(view(address, 16*count)))), count)
}

// ClearCookies forgets this virtual user's cookies.
func ClearCookies() { httpClearCookies() }

// Drop lets go of the response.
func (response Response) Drop() { httpDropResponse(uint32(response)) }

// Status is the status code.
func (response Response) Status() int { return int(httpStatus(uint32(response))) }

// Header is the first header field of that name.
func (response Response) Header(name string) (string, bool) {
	begin()
	httpHeader(uint32(response), name, result())
	return optional()
}

// Headers are all header fields.
func (response Response) Headers() []Field {
	begin()
	httpHeaders(uint32(response), result())
	headers := make([]Field, words[1])
	for i, each := range records(words[0], words[1]) {
		headers[i] = Field{Name: text(each[0], each[1]), Value: text(each[2], each[3])}
	}
	end()
	return headers
}

// Body is the body.
func (response Response) Body() []byte {
	begin()
	httpBody(uint32(response), result())
	body := taken(words[0], words[1])
	end()
	return body
}

// Size returns the body's size.
func (response Response) Size() uint64 { return httpSize(uint32(response)) }

// Text is the body as text.
func (response Response) Text() string {
	begin()
	httpText(uint32(response), result())
	return answered()
}

// URL is the URL that answered.
func (response Response) URL() string {
	begin()
	httpURL(uint32(response), result())
	return answered()
}

// Timings returns the time that the request spent in each phase.
func (response Response) Timings() Timings {
	httpTimings(uint32(response), unsafe.Pointer(&timings))
	return timings
}

// answered reads a text that the host has answered.
func answered() string {
	answer := text(words[0], words[1])
	end()
	return answer
}

// optional reads a text that the host may have answered.
func optional() (string, bool) {
	if discriminant(words[0]) == 0 {
		end()
		return "", false
	}
	answer := text(words[1], words[2])
	end()
	return answer, true
}

// Now is the time since the run began, in nanoseconds.
func Now() uint64 { return timingNow() }

// Sleep waits.
func Sleep(ns uint64) { timingSleep(ns) }

// Pace waits until the iteration has lasted that long.
func Pace(ns uint64) { timingPace(ns) }

// Check records a check.
func Check(name string, passed bool) { metricsCheck(name, passed) }

// NewMetric makes a metric. Only a trend has a unit.
func NewMetric(kind Kind, name string, unit uint8) Metric {
	switch kind {
	case Counter:
		return Metric(metricsNewCounter(name))
	case Gauge:
		return Metric(metricsNewGauge(name))
	case Rate:
		return Metric(metricsNewRate(name))
	default:
		return Metric(metricsNewTrend(name, uint32(unit)))
	}
}

// Record hands a value to a metric of that kind.
func (metric Metric) Record(kind Kind, value float64) {
	switch kind {
	case Counter:
		metricsCounterAdd(uint32(metric), value)
	case Gauge:
		metricsGaugeSet(uint32(metric), value)
	case Rate:
		metricsRateAdd(uint32(metric), value != 0)
	default:
		metricsTrendAdd(uint32(metric), value)
	}
}

// BeginTransaction begins a transaction.
func BeginTransaction(name string) Transaction { return Transaction(metricsNewTransaction(name)) }

// Fail marks it as failed.
func (transaction Transaction) Fail() { metricsTransactionFail(uint32(transaction)) }

// End ends it.
func (transaction Transaction) End() { metricsDropTransaction(uint32(transaction)) }

// VU is the number of this virtual user.
func VU() uint32 { return contextVU() }

// Iteration is how many iterations it has begun before this one.
func Iteration() uint64 { return contextIteration() }

// Target is the run's target.
func Target() (string, bool) {
	begin()
	contextTarget(result())
	return optional()
}

// Option is the value that the run was given.
func Option(name string) (string, bool) {
	begin()
	contextOption(name, result())
	return optional()
}

// Random is the next random number.
func Random() uint64 { return contextRandom() }

// Log writes a line.
func Log(level uint8, message string) { contextLog(uint32(level), message) }

// Abort asks for the end of the run.
func Abort(reason string) { contextAbort(reason) }
