package scenario

import "runtime"

// Left to itself Go lets a heap grow to 4 MiB before it collects garbage, which is much for each of many virtual users;
// and told to begin earlier it collects while requests are under way, bit by bit, at several times the price. So
// garbage is collected between iterations. (Within an iteration that makes more than 4 MiB of it, Go still does as it
// always does.)

// The heap, garbage included, that is left alone: in bytes.
const heapAllowed = 512 << 10

// Looking costs microseconds; so one looks as often as the heap can have grown that far, but at least this often.
const iterationsUnseen = 256

var (
	unseen    = 1 // iterations until the next look
	skipped   = 1 // iterations since the last one
	allocated uint64
	stats     runtime.MemStats
)

// Collect is to be called after each iteration.
func Collect() {
	unseen--
	if unseen > 0 {
		return
	}
	runtime.ReadMemStats(&stats)
	each := (stats.TotalAlloc-allocated)/uint64(skipped) + 1
	allowed := max(heapAllowed, 2*live)
	if stats.HeapAlloc+each > allowed {
		runtime.GC()
		runtime.ReadMemStats(&stats)
		live = stats.HeapAlloc
		allowed = max(heapAllowed, 2*live)
	}
	allocated = stats.TotalAlloc
	unseen = int(min(max((allowed-stats.HeapAlloc)/each, 1), iterationsUnseen))
	skipped = unseen
}

// live is the size of the memory that the last collection left: a larger one gets twice as much room.
var live uint64
