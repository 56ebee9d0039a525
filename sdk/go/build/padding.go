package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Go's heap begins at a multiple of 512 KiB. Go clears the space between the end of the program's data and the heap, so
// that it takes memory in each virtual user, and is hardly used. So a program is linked again with its data (the arena
// in internal/host) longer by that space. If a later Go lays memory out in another way, then nothing is saved, and
// nothing else happens.

const (
	page = 64 << 10
	// A heap of Go's begins at a multiple of this.
	heapAlignment = 512 << 10
	// Go's own need between the program's data and its heap, rounded up.
	beforeHeap = 0x60000 + page
	// The linker's addition to the size of the data when it sets the module's memory.
	added = 1 << 20
)

// pad writes the file for go build's -overlay that improves a program's memory layout. There is none if it is good
// already.
func pad(module []byte, folder, temporary string) (overlay string, err error) {
	padding, err := paddingOf(module)
	if err != nil || padding == 0 {
		return "", err
	}
	list := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/squall-load/squall/sdk/go/internal/host")
	list.Dir, list.Env = folder, environment()
	directory, err := list.Output()
	if err != nil {
		return "", err
	}
	original := filepath.Join(string(directory[:len(directory)-1]), "padding_wasip1.go")
	source := filepath.Join(temporary, "padding.go")
	if err := os.WriteFile(source, fmt.Appendf(nil, "package host\n\nconst padding = %d\n", padding), 0o644); err != nil {
		return "", err
	}
	replacing, err := json.Marshal(map[string]map[string]string{"Replace": {original: source}})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(temporary, "overlay.json")
	return overlay, os.WriteFile(overlay, replacing, 0o644)
}

// paddingOf returns the number of bytes by which a program's data should be longer.
func paddingOf(module []byte) (int, error) {
	const memorySection = 5
	pages := uint64(0)
	err := eachSection(module, func(kind byte, content []byte) {
		if kind == memorySection && len(content) > 2 { // one memory, its flags, its size
			pages, _ = binary.Uvarint(content[2:])
		}
	})
	if err == nil && pages*page < added {
		err = errors.New("the module's memory is not as Go makes it")
	}
	if err != nil {
		return 0, err
	}
	heap := pages*page - added + beforeHeap
	return int((heapAlignment - heap%heapAlignment) % heapAlignment), nil
}
