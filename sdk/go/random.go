package squall

import (
	"math/bits"

	"github.com/squall-load/squall/sdk/go/internal/host"
)

// Random is the next random number, all 64 bits uniform. Like everything here that is left to chance it is seeded by
// the run (--seed) and the virtual user, so that a run can be repeated.
func Random() uint64 { return host.Random() }

// RandomIn is a random whole number from first to last, both included. If last is below first it is first.
func RandomIn(first, last int) int {
	if last <= first {
		return first
	}
	span := uint64(last) - uint64(first) + 1
	if span == 0 {
		return int(Random()) // all numbers there are
	}
	// The high half of the product is uniform over the span, up to a bias far below any test's resolution.
	offset, _ := bits.Mul64(Random(), span)
	return first + int(offset)
}

// Pick is a random item of a slice, which must not be empty.
func Pick[T any](items []T) T { return items[RandomIn(0, len(items)-1)] }

// Source makes the run's chance a source for math/rand/v2: rand.New(squall.Source{}).
type Source struct{}

// Uint64 is the next random number.
func (Source) Uint64() uint64 { return Random() }

// fraction is a uniform number from 0 (included) to 1 (excluded): a float64 holds 53 bits exactly.
func fraction() float64 { return float64(Random()>>11) / (1 << 53) }
