package host

// Forever is a wait without end.
const Forever = 1<<64 - 1

// Incoming is the host's handle for a response that is coming.
type Incoming uint32

// Event is the host's handle for a server-sent event.
type Event uint32

// Outgoing is the host's handle for a request whose body is written while it is sent.
type Outgoing uint32
