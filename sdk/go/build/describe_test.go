package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSectionsAreFoundAgain(t *testing.T) {
	module := appendSection([]byte("\x00asm\x01\x00\x00\x00"), "one", bytes.Repeat([]byte("1"), 300))
	module = appendSection(module, "two", []byte("2"))
	if data, err := customSection(module, "two"); err != nil || string(data) != "2" {
		t.Error(data, err)
	}
	if data, err := customSection(module, "three"); err != nil || data != nil {
		t.Error(data, err)
	}
	if _, err := customSection(module[:len(module)-1], "three"); err == nil {
		t.Error("a module that ends early is broken")
	}
	if _, err := customSection([]byte("text"), "name"); err == nil {
		t.Error("text is not a module")
	}
}

// scenarioOf builds a program with that init function, beside the SDK's own module.
func scenarioOf(t *testing.T, initialization string) ([]byte, error) {
	t.Helper()
	folder, err := os.MkdirTemp("..", "scenario-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	source := "package main\n\nimport squall \"github.com/squall-load/squall/sdk/go\"\n\nvar _ = squall.Random\n\n" +
		"func init() {" + initialization + "}\n\nfunc main() {}\n"
	if err := os.WriteFile(filepath.Join(folder, "main.go"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	output := filepath.Join(t.TempDir(), "scenario.wasm")
	if err := build(folder, output); err != nil {
		return nil, err
	}
	return os.ReadFile(output)
}

func TestOnlyWhatIsCalledIsDeclared(t *testing.T) {
	flow := `squall.Flow("f", 1, func() error { return nil });`
	for initialization, wanted := range map[string]string{
		flow: "",
		flow + `squall.Setup(func() ([]byte, error) { return nil, nil })`: "setup start",
		flow + `squall.Start(func() error { return nil })`:                "start",
		flow + `squall.Teardown(func() {})`:                               "teardown",
	} {
		component, err := scenarioOf(t, initialization)
		if err != nil {
			t.Fatal(err)
		}
		var declared []string
		for _, part := range []string{"setup", "start", "teardown"} {
			if data, _ := customSection(component, "component-type:squall-"+part); data != nil {
				declared = append(declared, part)
			}
		}
		if got := strings.Join(declared, " "); got != wanted {
			t.Errorf("%q declares %q, not %q", initialization, got, wanted)
		}
	}
}

func TestWhatIsNoScenarioIsTold(t *testing.T) {
	if _, err := scenarioOf(t, ""); err == nil || !strings.Contains(err.Error(), "squall.Flow") {
		t.Error(err)
	}
	if _, err := scenarioOf(t, "this is not Go"); err == nil || !strings.Contains(err.Error(), "go build") {
		t.Error(err)
	}
	if err := build("no/such/folder", "scenario.wasm"); err == nil || !strings.Contains(err.Error(), "there is no scenario") {
		t.Error(err)
	}
}
