package scenario

import (
	"path"
	"runtime"
	"strconv"
	"strings"
)

// module begins the names of the SDK's own functions.
const module = "github.com/squall-load/squall/sdk/go"

// describe puts a panic into words: its value, and its place in the author's code. To be called by the function that
// recovers.
func describe(reason any) string {
	words := "panic: " + say(reason)
	if place := place(); place != "" {
		words += " (" + place + ")"
	}
	return words
}

// say puts the value of a panic into words. Without package fmt, which would be a third of a small scenario.
func say(reason any) string {
	switch reason := reason.(type) {
	case error:
		return reason.Error()
	case interface{ String() string }:
		return reason.String()
	case string:
		return reason
	case int:
		return strconv.Itoa(reason)
	default:
		return "a value that is neither a text nor an error"
	}
}

// place is the innermost call that panicked in code that is neither Go's own nor the SDK's: `main.go:42`.
func place() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	panicked := false
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic" || frame.Function == "runtime.sigpanic":
			panicked = true
		case panicked && !isLibrary(frame.Function):
			return path.Base(frame.File) + ":" + strconv.Itoa(frame.Line)
		}
		if !more {
			return ""
		}
	}
}

// isLibrary returns whether a function is Go's or the SDK's. Paths of Go's own packages have no dot in their first
// part; package main has none either, and is the author's.
func isLibrary(function string) bool {
	if strings.HasPrefix(function, "main.") {
		return false
	}
	if rest, ours := strings.CutPrefix(function, module); ours {
		return strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, "/http.") || strings.HasPrefix(rest, "/internal/")
	}
	first, _, _ := strings.Cut(function, "/")
	pkg, _, _ := strings.Cut(first, ".")
	return first == function && pkg != "main" || !strings.Contains(first, ".")
}
