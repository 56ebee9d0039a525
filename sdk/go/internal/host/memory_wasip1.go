package host

import (
	"runtime/debug"
	"unsafe"
)

// What the host hands to the guest (texts, bodies) it writes into memory that it asks cabi_realloc for, in the middle
// of a call. The guest may not call the host at that moment, and Go's allocator sometimes reads the clock, which is a
// call of the host. So the memory is a piece of the program's own: handed out by counting up, read as soon as the call
// returns, and then used again.
//
// It lies in the program's zeroed data: what is never written to takes no memory.

// The greatest answer that needs no memory from Go's heap.
const arenaSize = 16<<20 + padding

var (
	arena [arenaSize]byte
	// kept is the end of the permanent part: the adapter for WASI asks for its state once, before Go itself has
	// started.
	kept uintptr
	// next is the place for the next part of the current answer.
	next uintptr
	// calling is true while a call of the contract's is under way.
	calling bool
	// large holds on to answers that are too large for the arena.
	large [][]byte
)

// begin makes room for the answer to a call. Nothing of Go's may run between it and the call but the call.
func begin() {
	next, calling = kept, true
}

// end is to be called once the answer has been read.
func end() {
	calling = false
	if large != nil {
		large = nil
	}
}

// It may be called before Go has started, and on any stack: it must neither allocate nor grow the stack.
//
//go:wasmexport cabi_realloc
//go:nosplit
func cabiRealloc(old, oldSize, align, size uint32) uint32 {
	address := allocate(uintptr(align), uintptr(size))
	if old != 0 {
		copy(view(address, size), view(old, min(oldSize, size)))
	}
	return address
}

//go:nosplit
func allocate(align, size uintptr) uint32 {
	base := uintptr(unsafe.Pointer(&arena))
	at := kept
	if calling {
		at = next
	}
	at = (base+at+align-1)&^(align-1) - base
	if at+size > arenaSize {
		return allocateLarge(size)
	}
	if calling {
		next = at + size
	} else {
		kept = at + size
	}
	return uint32(base + at)
}

// allocateLarge takes memory from Go's heap. Pinned, Go begins no garbage collection meanwhile and helps with none,
// both of which would read the clock. (There is one more case in which it would: its heap has to grow although much of
// it has been returned to the system before. That would be a trap, "cannot leave component instance (in
// clock_time_get)".)
func allocateLarge(size uintptr) uint32 {
	procPin()
	memory := make([]byte, size)
	large = append(large, memory)
	procUnpin()
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(memory))))
}

// Until the pace of garbage collection is set, even if to what it is, Go reads the clock whenever its heap grows.
func init() { debug.SetGCPercent(100) }

//go:linkname procPin runtime.procPin
func procPin() int

//go:linkname procUnpin runtime.procUnpin
func procUnpin()

// view is what lies at an address that the host has been given or has returned.
//
//go:nosplit
func view(address, size uint32) []byte {
	if size == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(&arena), uintptr(address)-uintptr(unsafe.Pointer(&arena)))), size)
}

// taken is what lies at an address, for good: copied, unless it has its memory to itself.
func taken(address, size uint32) []byte {
	if large != nil {
		return view(address, size)
	}
	return append([]byte(nil), view(address, size)...)
}

// text copies a text of the host's.
func text(address, size uint32) string { return string(view(address, size)) }

// Shared returns, for good, the bytes that an export was called with.
func Shared(address, size uint32) []byte { return view(address, size) }

// AddressOf returns the address of bytes, for the host.
func AddressOf(bytes []byte) uint32 { return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(bytes)))) }

// AddressOfText returns the address of a text, for the host.
func AddressOfText(text string) uint32 {
	return uint32(uintptr(unsafe.Pointer(unsafe.StringData(text))))
}
