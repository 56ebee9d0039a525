// Calls of a greeter by gRPC, each kind in a flow of its own.
//
// The target is the greeter: --target http://HOST:PORT. Options: NAME, who is greeted.
package main

import (
	"cmp"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/squall-load/squall/guest-examples/greeter"
	squall "github.com/squall-load/squall/sdk/go"
	"github.com/squall-load/squall/sdk/go/grpc"
)

func init() {
	squall.Flow("hello", 4, hello)
	squall.Flow("many", 1, many)
	squall.Flow("gather", 1, gather)
	squall.Flow("chat", 1, chat)
}

func main() {}

// greetings in each direction of a stream.
const greetings = 5

// What a virtual user needs for its calls: opened once, and kept over iterations.
var (
	channel *grpc.Channel
	schema  *grpc.Schema
)

func method(name string) (*grpc.Method, error) {
	if channel == nil {
		var err, other error
		schema, err = grpc.ParseSchema(map[string]string{"greeter.proto": greeter.Proto})
		channel, other = grpc.Connect("")
		if err := errors.Join(err, other); err != nil {
			return nil, err
		}
	}
	return schema.Method("greeter.v1.Greeter/" + name)
}

type request struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

type greeting struct {
	Text   string
	Number string
}

func asking(count int) request {
	return request{cmp.Or(squall.Env("NAME"), "Ada"), count}
}

func hello() error {
	hello, err := method("Hello")
	if err != nil {
		return err
	}
	reply, err := channel.Invoke(hello, asking(1), grpc.Metadata("x-flow", "hello"))
	if err != nil {
		return err
	}
	squall.Check("hello is answered", reply.OK())
	var answer greeting
	if err := reply.JSON(&answer); err != nil {
		return err
	}
	squall.Check("it is a greeting", strings.HasPrefix(answer.Text, "Hello, "))
	return nil
}

func start(name string) (*grpc.Call, error) {
	method, err := method(name)
	if err != nil {
		return nil, err
	}
	return channel.Start(method)
}

func many() error {
	call, err := start("Many")
	if err != nil {
		return err
	}
	if err := errors.Join(call.Send(asking(greetings)), call.Finish()); err != nil {
		return err
	}
	came := 0
	for _, err := range call.Messages() {
		if err != nil {
			return err
		}
		came++
	}
	squall.Check("all greetings come", came == greetings)
	squall.Check("the stream ends well", call.Reply().OK())
	return nil
}

func gather() error {
	call, err := start("Gather")
	if err != nil {
		return err
	}
	for range greetings {
		if err := call.Send(asking(1)); err != nil {
			return err
		}
	}
	if err := call.Finish(); err != nil {
		return err
	}
	message, err := call.Receive()
	if err != nil {
		return err
	}
	var answer greeting
	err = message.JSON(&answer)
	squall.Check("all were greeted at once", answer.Number == strconv.Itoa(greetings))
	return err
}

func chat() error {
	call, err := start("Chat")
	if err != nil {
		return err
	}
	for range greetings {
		if err := call.Send(asking(1)); err != nil {
			return err
		}
		_, err := call.Receive()
		squall.Check("each greeting is answered", err == nil)
	}
	if err := call.Finish(); err != nil {
		return err
	}
	_, err = call.Receive()
	squall.Check("the chat ends", errors.Is(err, io.EOF))
	return nil
}
