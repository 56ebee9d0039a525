package host

// ConnectOptions are settings of a WebSocket.
type ConnectOptions struct {
	Name         string
	Timeout      uint64 // in nanoseconds; 0 for the plan's
	Headers      []Field
	Subprotocols []string
	Compression  bool
	Inbox        uint64 // in bytes; 0 for the default
}

// WebSocket is the host's handle for a WebSocket.
type WebSocket uint32

// SocketMessage is the host's handle for something that came over a WebSocket.
type SocketMessage uint32
