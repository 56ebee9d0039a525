package websocket_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/squall-load/squall/sdk/go/squalltest"
	"github.com/squall-load/squall/sdk/go/websocket"
)

func TestAConversation(t *testing.T) {
	host := squalltest.New(t)
	host.WebSocket("/chat", func(message string) []string { return []string{message, message + "!"} })
	socket, err := websocket.Connect("/chat", websocket.Name("chat"), websocket.Subprotocols("a"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Drop()
	if _, err := socket.Send("[1]"); err != nil {
		t.Fatal(err)
	}
	message, err := socket.Receive()
	var list []int
	if err != nil || !message.IsText() || message.Text() != "[1]" || message.JSON(&list) != nil || list[0] != 1 {
		t.Error(message, err)
	}
	if text, err := socket.ReceiveText(); text != "[1]!" || err != nil {
		t.Error(text, err)
	}
	if _, err := socket.ReceiveWithin(2 * time.Second); !errors.Is(err, websocket.ErrTimeout) || host.Slept != 2*time.Second {
		t.Error(err, host.Slept)
	}
	if err := socket.Close(1000, ""); err != nil {
		t.Error(err)
	}
	if _, err := socket.Receive(); err != io.EOF {
		t.Error(err)
	}
	if _, err := socket.SendBytes([]byte{1}); !errors.Is(err, websocket.ErrClosed) {
		t.Error(err)
	}
	if code, _, closed := socket.Closed(); code != 1000 || !closed {
		t.Error(code, closed)
	}
}

func TestWhereNoServerIs(t *testing.T) {
	squalltest.New(t)
	if _, err := websocket.Connect("/chat"); !errors.Is(err, websocket.ErrConnect) {
		t.Error(err)
	}
}
