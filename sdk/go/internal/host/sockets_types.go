package host

// TCP is the host's handle for a TCP connection.
type TCP uint32

// UDP is the host's handle for a UDP socket.
type UDP uint32
