package main

import (
	"errors"
	"testing"

	"github.com/squall-load/squall/sdk/go/data"
	"github.com/squall-load/squall/sdk/go/squalltest"
)

func prepared(t *testing.T) *squalltest.Host {
	host := squalltest.New(t)
	host.Respond("POST", "*", 200, "")
	host.Feed("users", []string{"name", "email"}, []string{"ada", "ada@example.test"}, []string{"bob", "bob@example.test"})
	host.File("upload", "all of it")
	users, drawn = data.NewFeed("users"), data.NewFeed("users", data.OnceEach, data.Fail)
	big = data.NewBlob("upload")
	return host
}

func TestEachIterationTakesARow(t *testing.T) {
	host := prepared(t)
	if err := host.Rehearse(3); err != nil {
		t.Fatal(err)
	}
	for i, wanted := range []string{"ada", "bob", "ada"} {
		if host.Requests[i].Body != wanted {
			t.Error(i, host.Requests[i].Body)
		}
	}
}

func TestARowIsJSONAndAColumnThatIsNotThereAnError(t *testing.T) {
	host := prepared(t)
	if err := profile(); err != nil || host.Requests[0].Body != `{"name":"ada","email":"ada@example.test"}` {
		t.Error(err, host.Requests)
	}
	host.Options["COLUMN"] = "nmae"
	err := login()
	if !errors.Is(err, data.ErrUnknownColumn) || err.Error() != `data "users": there is no column "nmae": the columns are name, email` {
		t.Error(err)
	}
}

func TestOnceEachComesToAnEnd(t *testing.T) {
	host := prepared(t)
	if err := errors.Join(draw(), draw()); err != nil || host.Requests[0].Body != "ada" || host.Requests[1].Body != "bob" {
		t.Error(err, host.Requests)
	}
	if err := draw(); !errors.Is(err, data.ErrExhausted) {
		t.Error(err)
	}
}

func TestAFileIsSentAsItIs(t *testing.T) {
	host := prepared(t)
	if err := upload(); err != nil || host.Requests[0].Body != "all of it" {
		t.Error(err, host.Requests)
	}
}
