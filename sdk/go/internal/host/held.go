package host

// The host keeps a response, with its body, until the guest drops it. Go has no destructors, and `defer page.Close()`
// is unusual in a load test; so the responses of an iteration are dropped when it ends.

// Held is a response that the host holds.
type Held struct {
	Response
	place int // in held; -1 once closed
}

var held []*Held

// Hold has the response closed at the end of the iteration.
func (response *Held) Hold() {
	response.place = len(held)
	held = append(held, response)
}

// Closed returns whether the host still has the response.
func (response *Held) Closed() bool { return response.place < 0 }

// Close drops the response. A second call does nothing.
func (response *Held) Close() {
	if response.place < 0 {
		return
	}
	last := held[len(held)-1]
	held[response.place], last.place = last, response.place
	held[len(held)-1] = nil
	held = held[:len(held)-1]
	response.place = -1
	response.Drop()
}

// CloseAll closes all that are still open.
func CloseAll() {
	for i, response := range held {
		response.place = -1
		response.Drop()
		held[i] = nil
	}
	held = held[:0]
	for i, each := range others {
		each.Close()
		others[i] = nil
	}
	others = others[:0]
}

// Closer is another resource of the host. A second call of its Close does nothing.
type Closer interface{ Close() }

var others []Closer

// CloseLater has it closed at the end of the iteration.
func CloseLater(closer Closer) { others = append(others, closer) }
