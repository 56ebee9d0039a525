// The least scenario: one GET of the target, whose body is thrown away.
package main

import (
	squall "github.com/squall-load/squall/sdk/go"
	"github.com/squall-load/squall/sdk/go/http"
)

func init() { squall.Flow("home", 1, home) }

func home() error {
	page, err := http.Get("/", http.DiscardBody())
	if err != nil {
		return err
	}
	squall.Check("status is 200", page.Status() == 200)
	return nil
}

func main() {}
