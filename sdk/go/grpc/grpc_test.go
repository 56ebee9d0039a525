package grpc_test

import (
	"errors"
	"testing"

	"github.com/squall-load/squall/sdk/go/grpc"
	"github.com/squall-load/squall/sdk/go/http"
	"github.com/squall-load/squall/sdk/go/squalltest"
)

func opened(t *testing.T, name string) (*grpc.Channel, *grpc.Method) {
	t.Helper()
	schema, err := grpc.ParseSchema(map[string]string{"a.proto": "..."})
	if err != nil {
		t.Fatal(err)
	}
	method, err := schema.Method(name)
	if err != nil {
		t.Fatal(err)
	}
	channel, err := grpc.Connect("127.0.0.1:1", grpc.Plaintext())
	if err != nil {
		t.Fatal(err)
	}
	return channel, method
}

func TestUnaryCalls(t *testing.T) {
	host := squalltest.New(t)
	host.AnswerCall("p.S/M", 0, "", `{"text": "hi"}`)
	channel, method := opened(t, "p.S/M")
	reply, err := channel.Invoke(method, map[string]any{"name": "Ada"}, grpc.Metadata("x-a", "1"))
	if err != nil || !reply.OK() {
		t.Fatal(err, reply)
	}
	var greeting struct{ Text string }
	if err := reply.JSON(&greeting); err != nil || greeting.Text != "hi" {
		t.Error(err, greeting)
	}
	if got := host.Calls[0].Messages[0]; got != `{"name":"Ada"}` {
		t.Error(got)
	}
	_, other := opened(t, "p.S/None")
	if _, err := channel.Invoke(other, []byte{}); !errors.Is(err, http.ErrOther) {
		t.Error(err)
	}
}

func TestStreams(t *testing.T) {
	host := squalltest.New(t)
	host.AnswerCall("p.S/Chat", 5, "gone", "1", "2")
	channel, method := opened(t, "p.S/Chat")
	call, err := channel.Start(method)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(call.Send("{}"), call.Send("{}"), call.Finish()); err != nil {
		t.Error(err)
	}
	count := 0
	for _, err := range call.Messages() {
		if err != nil {
			t.Error(err)
		}
		count++
	}
	if reply := call.Reply(); count != 2 || reply.Status != 5 || reply.StatusMessage() != "gone" {
		t.Error(count, reply)
	}
	if len(host.Calls[0].Messages) != 2 {
		t.Error(host.Calls)
	}
}
