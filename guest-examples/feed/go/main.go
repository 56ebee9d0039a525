// Data that the run is given: --data users=users.csv for login and profile, --data upload=file:big.bin for upload.
//
// -e COLUMN=email has login send another column.
package main

import (
	"cmp"
	"strconv"

	squall "github.com/squall-load/squall/sdk/go"
	"github.com/squall-load/squall/sdk/go/data"
	"github.com/squall-load/squall/sdk/go/http"
)

var (
	users = data.NewFeed("users")
	// drawn are the same rows, in an order of their own.
	drawn = data.NewFeed("users", data.OnceEach, data.Fail)
	big   = data.NewBlob("upload")
)

func init() {
	squall.Flow("login", 1, login)
	squall.Flow("profile", 0, profile)
	squall.Flow("draw", 0, draw)
	squall.Flow("upload", 0, upload)
	squall.Suggest(squall.Options{Data: []*data.Feed{users}})
}

// login takes one field of a row: the rest of it stays with the host.
func login() error {
	user, err := users.Next()
	if err != nil {
		return err
	}
	column := cmp.Or(squall.Env("COLUMN"), "name")
	value, err := user.Get(column)
	if err != nil {
		return err
	}
	vu := strconv.Itoa(int(squall.VU()))
	_, err = http.Post("/login", http.Body(value), http.Header("x-vu", vu), http.DiscardBody())
	return err
}

// profile sends a whole row as JSON.
func profile() error {
	user, err := users.Next()
	if err != nil {
		return err
	}
	_, err = http.Post("/profile", http.Body(user.JSON()), http.DiscardBody())
	return err
}

// draw sends a field that never enters the scenario, and each row once.
func draw() error {
	user, err := drawn.Next()
	if err != nil {
		return err
	}
	name, err := user.Blob("name")
	if err != nil {
		return err
	}
	_, err = http.Post("/draw", http.BodyFrom(name), http.DiscardBody())
	return err
}

// upload sends a file that never enters the scenario, however large it is.
func upload() error {
	response, err := http.Post("/upload", http.BodyFrom(big))
	if err != nil {
		return err
	}
	squall.Check("the file has arrived", response.Status() == 200)
	return nil
}

func main() {}
