package squall

import (
	"time"

	"github.com/squall-load/squall/sdk/go/internal/host"
)

// Waitable is something that WaitAny can wait for: an http.Stream, a sockets.TCP, a sockets.UDP, a
// websocket.WebSocket.
type Waitable interface{ WaitKey() uint32 }

// WaitAny waits until one of these has something: data, its end, or an error. It returns its place in the list; of several,
// that of the one that has been ready longest; -1 if none is ready in time. Nothing is taken: the next call of its own
// returns at once.
func WaitAny(length time.Duration, streams ...Waitable) int {
	keys := make([]uint32, len(streams))
	for i, stream := range streams {
		keys[i] = stream.WaitKey()
	}
	ready, found := host.NextOf(keys, uint64(max(length, 0)))
	for i, key := range keys {
		if found && key == ready {
			return i
		}
	}
	return -1
}
