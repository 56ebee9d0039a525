package host

import "unsafe"

// The contract's functions, flattened by the canonical ABI. Functions with more than one result write it to `result`.

//go:wasmimport squall:scenario/http@0.1.0 [constructor]request-options
func httpNewOptions() uint32

//go:wasmimport squall:scenario/http@0.1.0 [resource-drop]request-options
func httpDropOptions(options uint32)

//go:wasmimport squall:scenario/http@0.1.0 [method]request-options.set-name
func httpSetName(options uint32, name string)

//go:wasmimport squall:scenario/http@0.1.0 [method]request-options.set-timeout
func httpSetTimeout(options uint32, ns uint64)

//go:wasmimport squall:scenario/http@0.1.0 [method]request-options.set-redirects
func httpSetRedirects(options, count uint32)

//go:wasmimport squall:scenario/http@0.1.0 [method]request-options.set-discard-body
func httpSetDiscardBody(options uint32, discard bool)

//go:wasmimport squall:scenario/http@0.1.0 [method]request-options.set-expected-statuses
func httpSetExpectedStatuses(options uint32, ranges unsafe.Pointer, count uint32)

//go:wasmimport squall:scenario/http@0.1.0 [method]request-options.set-body-from
func httpSetBodyFrom(options, blob uint32)

//go:wasmimport squall:scenario/http@0.1.0 [resource-drop]response
func httpDropResponse(response uint32)

//go:wasmimport squall:scenario/http@0.1.0 [method]response.status
func httpStatus(response uint32) uint32

//go:wasmimport squall:scenario/http@0.1.0 [method]response.header
func httpHeader(response uint32, name string, result unsafe.Pointer)

//go:wasmimport squall:scenario/http@0.1.0 [method]response.headers
func httpHeaders(response uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/http@0.1.0 [method]response.body
func httpBody(response uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/http@0.1.0 [method]response.size
func httpSize(response uint32) uint64

//go:wasmimport squall:scenario/http@0.1.0 [method]response.text
func httpText(response uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/http@0.1.0 [method]response.url
func httpURL(response uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/http@0.1.0 [method]response.timings
func httpTimings(response uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/http@0.1.0 send
func httpSend(
	method, url string, headers unsafe.Pointer, headerCount uint32,
	hasBody bool, body unsafe.Pointer, bodySize uint32, hasOptions bool, options uint32, result unsafe.Pointer,
)

//go:wasmimport squall:scenario/http@0.1.0 send-all
func httpSendAll(requests unsafe.Pointer, count uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/http@0.1.0 clear-cookies
func httpClearCookies()

//go:wasmimport squall:scenario/timing@0.1.0 now
func timingNow() uint64

//go:wasmimport squall:scenario/timing@0.1.0 sleep
func timingSleep(ns uint64)

//go:wasmimport squall:scenario/timing@0.1.0 pace
func timingPace(ns uint64)

//go:wasmimport squall:scenario/metrics@0.1.0 check
func metricsCheck(name string, passed bool)

//go:wasmimport squall:scenario/metrics@0.1.0 [constructor]counter
func metricsNewCounter(name string) uint32

//go:wasmimport squall:scenario/metrics@0.1.0 [method]counter.add
func metricsCounterAdd(counter uint32, value float64)

//go:wasmimport squall:scenario/metrics@0.1.0 [constructor]gauge
func metricsNewGauge(name string) uint32

//go:wasmimport squall:scenario/metrics@0.1.0 [method]gauge.set
func metricsGaugeSet(gauge uint32, value float64)

//go:wasmimport squall:scenario/metrics@0.1.0 [constructor]rate
func metricsNewRate(name string) uint32

//go:wasmimport squall:scenario/metrics@0.1.0 [method]rate.add
func metricsRateAdd(rate uint32, value bool)

//go:wasmimport squall:scenario/metrics@0.1.0 [constructor]trend
func metricsNewTrend(name string, unit uint32) uint32

//go:wasmimport squall:scenario/metrics@0.1.0 [method]trend.add
func metricsTrendAdd(trend uint32, value float64)

//go:wasmimport squall:scenario/metrics@0.1.0 [constructor]transaction
func metricsNewTransaction(name string) uint32

//go:wasmimport squall:scenario/metrics@0.1.0 [method]transaction.fail
func metricsTransactionFail(transaction uint32)

//go:wasmimport squall:scenario/metrics@0.1.0 [resource-drop]transaction
func metricsDropTransaction(transaction uint32)

//go:wasmimport squall:scenario/context@0.1.0 vu
func contextVU() uint32

//go:wasmimport squall:scenario/context@0.1.0 iteration
func contextIteration() uint64

//go:wasmimport squall:scenario/context@0.1.0 target
func contextTarget(result unsafe.Pointer)

//go:wasmimport squall:scenario/context@0.1.0 option
func contextOption(name string, result unsafe.Pointer)

//go:wasmimport squall:scenario/context@0.1.0 random
func contextRandom() uint64

//go:wasmimport squall:scenario/context@0.1.0 log
func contextLog(level uint32, message string)

//go:wasmimport squall:scenario/context@0.1.0 abort
func contextAbort(reason string)
