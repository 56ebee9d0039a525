"""A WebSocket for the conformance scenarios, which sends back what comes (RFC 6455)."""

import base64
import hashlib

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CLOSE = 0x88


def agree(request):
    """The answer to a handshake; the first of the subprotocols is taken."""
    accept = base64.b64encode(hashlib.sha1((request.header("sec-websocket-key") + GUID).encode()).digest()).decode()
    protocol = request.header("sec-websocket-protocol").split(",")[0]
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n"
    ).encode()


def repeat(connection, reader):
    """Sends back short frames up to the close."""
    while len(head := reader.read(6)) == 6:
        payload = bytes(byte ^ head[2 + place % 4] for place, byte in enumerate(reader.read(head[1] & 0x7F)))
        # A ping is answered by a pong.
        first = 0x8A if head[0] == 0x89 else head[0]
        connection.sendall(bytes([first, len(payload)]) + payload)
        if first == CLOSE:
            return
