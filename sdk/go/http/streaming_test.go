package http_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/squall-load/squall/sdk/go/http"
	"github.com/squall-load/squall/sdk/go/squalltest"
)

const feed = "id: 7\nretry: 1500\nevent: tick\ndata: {\"a\": [\"x\", 1]}\n\n: comment\ndata: two\ndata: lines\n\n"

func TestEventsOfAFeed(t *testing.T) {
	host := squalltest.New(t)
	host.Respond("GET", "/feed", 200, feed)
	stream, err := http.GetStream("/feed")
	if err != nil || stream.Status() != 200 {
		t.Fatal(stream, err)
	}
	first, err := stream.Next()
	if err != nil || first.Name() != "tick" || first.ID() != "7" || first.Data() != `{"a": ["x", 1]}` {
		t.Fatal(first, err)
	}
	if value, found := first.Get("/a/0"); value != "x" || !found {
		t.Error(value, found)
	}
	for event, err := range stream.Events() {
		if err != nil || event.Name() != "message" || event.Data() != "two\nlines" {
			t.Error(event, err)
		}
	}
	if _, err := stream.Next(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	if wait, found := stream.Retry(); wait != 1500*time.Millisecond || !found {
		t.Error(wait, found)
	}
	if again, err := stream.Reopen(http.NewRequest("GET", "/feed")); err != nil || again.LastEventID() != "7" {
		t.Error(again, err)
	}
}

func TestBytesAndUploads(t *testing.T) {
	host := squalltest.New(t)
	host.Respond("POST", "/lines", 201, "taken")
	upload, err := http.NewRequest("POST", "/lines").Upload(-1)
	if err != nil {
		t.Fatal(err)
	}
	for _, piece := range []string{"one", "two"} {
		if _, err := io.WriteString(upload, piece); err != nil {
			t.Error(err)
		}
	}
	response, err := upload.Finish()
	if err != nil || response.Status() != 201 {
		t.Fatal(response, err)
	}
	if body, err := io.ReadAll(response); string(body) != "taken" || err != nil {
		t.Error(string(body), err)
	}
}

func TestThereMayBeNoResponse(t *testing.T) {
	squalltest.New(t)
	if _, err := http.GetStream("/none"); !errors.Is(err, http.ErrConnect) {
		t.Error(err)
	}
}
