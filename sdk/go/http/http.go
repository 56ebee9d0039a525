// Package http makes requests. The host sends and measures them.
//
//	page, err := http.Get("/products/17", http.Name("/products/{id}"))
//	if err != nil {
//		return err
//	}
//	squall.Check("product is there", page.Status() == 200)
//
//	_, err = http.Post("/basket", http.JSON(item), http.ExpectStatus(201), http.Timeout(5*time.Second))
//
// Every request is counted and timed, whatever its result. The host holds the response: what is not asked for is never
// copied, and [DiscardBody] does not even keep it there.
package http

import "github.com/squall-load/squall/sdk/go/internal/host"

// Get sends a GET request for an absolute URL, or a path below the run's --target, and waits for the whole response.
// The error is an [*Error], and means that there is none; a status code is never an error.
func Get(url string, options ...Option) (*Response, error) { return send("GET", url, options) }

// Post sends a POST request.
func Post(url string, options ...Option) (*Response, error) { return send("POST", url, options) }

// Put sends a PUT request.
func Put(url string, options ...Option) (*Response, error) { return send("PUT", url, options) }

// Patch sends a PATCH request.
func Patch(url string, options ...Option) (*Response, error) { return send("PATCH", url, options) }

// Delete sends a DELETE request.
func Delete(url string, options ...Option) (*Response, error) { return send("DELETE", url, options) }

// Head sends a HEAD request.
func Head(url string, options ...Option) (*Response, error) { return send("HEAD", url, options) }

// Options sends an OPTIONS request.
func Options(url string, options ...Option) (*Response, error) { return send("OPTIONS", url, options) }

// ClearCookies forgets the cookies that this virtual user has been given.
func ClearCookies() { host.ClearCookies() }

// usual is the request that send reuses, which saves garbage collection.
var (
	usual Request
	inUse bool
)

func send(method, url string, options []Option) (*Response, error) {
	if inUse { // another goroutine's, while an option makes a body
		return NewRequest(method, url, options...).Send()
	}
	inUse = true
	usual.lowered.Method, usual.lowered.URL = method, url
	for _, option := range options {
		option(&usual)
	}
	response, err := usual.Send()
	clear(usual.lowered.Headers)
	usual = Request{lowered: host.Request{Headers: usual.lowered.Headers[:0]}}
	inUse = false
	return response, err
}
