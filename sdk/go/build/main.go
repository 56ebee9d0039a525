// Command build makes a Squall scenario of a Go program:
//
//	go run github.com/squall-load/squall/sdk/go/build -o scenario.wasm .
//
// It calls `GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared`, and adds to the module that this makes what the
// contract looks like from inside: the sections that `squall` reads to make a component of it. It needs nothing but Go.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

func main() {
	output := flag.String("o", "scenario.wasm", "where the component goes")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: build [-o scenario.wasm] [folder or file.go]\n\nMakes a Squall scenario of a Go program.")
	}
	flag.Parse()
	source := "."
	if flag.NArg() > 0 {
		source = flag.Arg(0)
	}
	if err := build(source, *output); err != nil {
		fmt.Fprintln(os.Stderr, "squall build:", err)
		os.Exit(1)
	}
}

func build(source, output string) error {
	folder, target := filepath.Split(source)
	if about, err := os.Stat(source); err != nil {
		return fmt.Errorf("there is no scenario: %w", err)
	} else if about.IsDir() {
		folder, target = source, "."
	}
	temporary, err := os.MkdirTemp("", "squall")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	module, err := compile(folder, target, filepath.Join(temporary, "module.wasm"))
	if err != nil {
		return err
	}
	if overlay, err := pad(module, folder, temporary); err == nil && overlay != "" {
		// The saving is not worth a failure: the first module is as good.
		if padded, err := compile(folder, target, filepath.Join(temporary, "padded.wasm"), "-overlay", overlay); err == nil {
			module = padded
		}
	}
	component, err := describe(module)
	if err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	return os.WriteFile(output, component, 0o644)
}

// compile calls Go, and returns the module. -trimpath keeps this machine's folders out of it.
func compile(folder, target, output string, flags ...string) ([]byte, error) {
	tool, err := exec.LookPath("go")
	if err != nil {
		return nil, fmt.Errorf("`go` is not on the PATH: install Go 1.24 or later (https://go.dev/dl, or `apt install golang`)")
	}
	arguments := append([]string{"build", "-buildmode=c-shared", "-trimpath", "-o", output}, flags...)
	command := exec.Command(tool, append(arguments, target)...)
	command.Dir = folder
	command.Env = environment()
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("`GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared` failed in %s (%w)", folder, err)
	}
	return os.ReadFile(output)
}

// environment has Go build for the one kind of machine that there is.
func environment() []string {
	return append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
}
