package main

import "testing"

func TestPaddingFillsUpToWhereTheHeapBegins(t *testing.T) {
	module := func(pages byte) []byte {
		return append([]byte("\x00asm\x01\x00\x00\x00"), 5, 4, 1, 0, pages|0x80, 1)
	}
	for pages := byte(0); pages < 100; pages++ {
		padding, err := paddingOf(module(pages))
		heap := (128+int(pages))*page - added + beforeHeap + padding
		if err != nil || padding < 0 || padding >= heapAlignment || heap%heapAlignment != 0 {
			t.Error(pages, padding, err)
		}
	}
	if _, err := paddingOf([]byte("\x00asm\x01\x00\x00\x00")); err == nil {
		t.Error("a module without memory is not Go's")
	}
}
