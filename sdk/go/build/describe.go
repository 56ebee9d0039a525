package main

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
)

// The contract in binary, made from wit/ by metadata/make.sh. The optional exports and imports have a world each,
// so that a component has only those that its author uses.
var (
	//go:embed metadata/scenario.wasm
	scenarioWorld []byte
	//go:embed metadata/setup.wasm
	setupWorld []byte
	//go:embed metadata/start.wasm
	startWorld []byte
	//go:embed metadata/teardown.wasm
	teardownWorld []byte
	//go:embed metadata/sockets.wasm
	socketsWorld []byte
	//go:embed metadata/streaming.wasm
	streamingWorld []byte
	//go:embed metadata/waiting.wasm
	waitingWorld []byte
	//go:embed metadata/grpc.wasm
	grpcWorld []byte
	//go:embed metadata/websocket.wasm
	websocketWorld []byte
)

// sdk names the maker of this component, for `squall inspect`.
const sdk = "go 0.1.0"

// describe adds the sections that name the module's world.
//
// The linker leaves out functions that are never called. So a scenario calls squall.Setup if, and only if, that is
// among the names of the module's functions.
func describe(module []byte) ([]byte, error) {
	names, err := customSection(module, "name")
	if err != nil {
		return nil, err
	}
	if names == nil {
		return nil, errors.New("the module has no names: build it without -ldflags=-s")
	}
	calls := func(function string) bool {
		// As the linker writes it: length first, and an underscore for each character that is not a letter, a digit or
		// a point.
		name := "github.com_squall_load_squall_sdk_go." + function
		return bytes.Contains(names, append([]byte{byte(len(name))}, name...))
	}
	if !calls("Flow") {
		return nil, errors.New("this program has no flow: call squall.Flow in its init function")
	}
	module = appendSection(module, "component-type:squall", scenarioWorld)
	if calls("Setup") {
		module = appendSection(module, "component-type:squall-setup", setupWorld)
	}
	if calls("Setup") || calls("Start") { // the result of setup reaches the flows by start
		module = appendSection(module, "component-type:squall-start", startWorld)
	}
	if calls("Teardown") {
		module = appendSection(module, "component-type:squall-teardown", teardownWorld)
	}
	// The linker leaves out imports that are never called.
	optional := map[string][]byte{
		"grpc": grpcWorld, "sockets": socketsWorld, "streaming": streamingWorld, "waiting": waitingWorld,
		"websocket": websocketWorld,
	}
	for _, name := range slices.Sorted(maps.Keys(optional)) {
		if bytes.Contains(module, []byte("squall:scenario/"+name+"@0.1.0")) {
			module = appendSection(module, "component-type:squall-"+name, optional[name])
		}
	}
	return appendSection(module, "squall:sdk", []byte(sdk)), nil
}

// customSection returns the content of a custom section; nil without one.
func customSection(module []byte, wanted string) ([]byte, error) {
	var found []byte
	err := eachSection(module, func(kind byte, content []byte) {
		if name, data, ok := counted(content); kind == 0 && ok && string(name) == wanted {
			found = data
		}
	})
	return found, err
}

// eachSection shows the sections of a module, in order.
func eachSection(module []byte, show func(kind byte, content []byte)) error {
	broken := errors.New("this is not a WebAssembly module")
	if !bytes.HasPrefix(module, []byte("\x00asm\x01\x00\x00\x00")) {
		return broken
	}
	for rest := module[8:]; len(rest) > 0; {
		content, after, ok := counted(rest[1:])
		if !ok {
			return broken
		}
		show(rest[0], content)
		rest = after
	}
	return nil
}

// counted splits off as many bytes as are counted at the beginning.
func counted(data []byte) (counted, rest []byte, ok bool) {
	size, width := binary.Uvarint(data)
	if width <= 0 || size > uint64(len(data)-width) {
		return nil, nil, false
	}
	end := width + int(size)
	return data[width:end], data[end:], true
}

// appendSection adds a custom section at the end of a module.
func appendSection(module []byte, name string, data []byte) []byte {
	content := append(binary.AppendUvarint(nil, uint64(len(name))), name...)
	content = append(content, data...)
	module = binary.AppendUvarint(append(module, 0), uint64(len(content)))
	return append(module, content...)
}
