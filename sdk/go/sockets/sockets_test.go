package sockets_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	squall "github.com/squall-load/squall/sdk/go"
	"github.com/squall-load/squall/sdk/go/http"
	"github.com/squall-load/squall/sdk/go/sockets"
	"github.com/squall-load/squall/sdk/go/squalltest"
)

func echoing(t *testing.T) *squalltest.Host {
	host := squalltest.New(t)
	host.Serve("peer:1", bytes.Clone)
	return host
}

func dial(t *testing.T, options ...sockets.Option) *sockets.TCP {
	t.Helper()
	peer, err := sockets.Dial("peer:1", options...)
	if err != nil {
		t.Fatal(err)
	}
	return peer
}

func TestBytesAreTakenAsTheyAreAskedFor(t *testing.T) {
	host := echoing(t)
	peer := dial(t, sockets.Name("peer"), sockets.TLS(""), sockets.Timeout(2*time.Second))
	defer peer.Close()
	peer.SendText("one\ntwo\nrest")
	expect := func(bytes []byte, err error) func(string) {
		return func(text string) {
			t.Helper()
			if err != nil || string(bytes) != text {
				t.Errorf("%q, %v, not %q", bytes, err, text)
			}
		}
	}
	expect(peer.ReceiveLine())("one\n")
	expect(peer.ReceiveExactly(3))("two")
	expect(peer.Receive(2))("\nr")
	expect(peer.ReceiveUntil("st", 100))("est")
	if _, err := peer.Receive(9); !errors.Is(err, http.ErrTimeout) || host.Slept != 2*time.Second {
		t.Error(err, host.Slept)
	}
	fmt.Fprintln(peer, "a line")
	if line, err := bufio.NewReader(peer).ReadString('\n'); line != "a line\n" || err != nil {
		t.Error(line, err)
	}
	peer.Finish()
	if _, err := peer.Receive(9); err != io.EOF {
		t.Error(err)
	}
}

func TestDatagramsHaveBorders(t *testing.T) {
	echoing(t)
	peer, err := sockets.DialUDP("peer:1", sockets.Timeout(0))
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	peer.Send([]byte("a"))
	peer.Send([]byte("bc"))
	one, _ := peer.Receive()
	other, _ := peer.Receive()
	if string(one) != "a" || string(other) != "bc" {
		t.Error(one, other)
	}
	if _, err := peer.Receive(); !errors.Is(err, http.ErrTimeout) {
		t.Error(err)
	}
	if _, err := sockets.DialUDP("peer:2"); !errors.Is(err, http.ErrConnect) {
		t.Error(err)
	}
}

func TestOfSeveralTheOneWithSomethingIsNamed(t *testing.T) {
	host := echoing(t)
	one, other := dial(t), dial(t)
	if place := squall.WaitAny(3*time.Second, one, other); place != -1 || host.Slept != 3*time.Second {
		t.Error(place, host.Slept)
	}
	other.SendText("x")
	if place := squall.WaitAny(3*time.Second, one, other); place != 1 {
		t.Error(place)
	}
}
