// A small shop, as its customers see it: most look around, some search, few buy.
//
// Think times are between half of and one and a half times THINK seconds (-e THINK=0 switches them off).
package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	squall "github.com/squall-load/squall/sdk/go"
	"github.com/squall-load/squall/sdk/go/http"
)

func init() {
	squall.Flow("browse", 60, browse)
	squall.Flow("search", 25, search)
	squall.Flow("checkout", 15, checkout)
	squall.Suggest(squall.Options{
		VUs:      10,
		Duration: 30 * time.Second,
		Thresholds: squall.Thresholds{
			"http_req_failed":   {"rate<0.01"},
			"http_req_duration": {"p(95)<500"},
			"checks":            {"rate>0.99"},
		},
	})
}

var (
	ordersPlaced = squall.NewCounter("orders_placed")
	basketValue  = squall.NewTrend("basket_value", squall.Number)
	cacheHit     = squall.NewRate("cache_hit")
)

const products = 100

var terms = []string{"lamp", "chair", "desk", "shelf", "rug"}

type listing struct {
	Products []product `json:"products"`
	Pages    int       `json:"pages"`
}

type found struct {
	Results []product `json:"results"`
}

type product struct {
	ID    int     `json:"id"`
	Price float64 `json:"price"`
}

type item struct {
	ProductID int `json:"product_id"`
	Quantity  int `json:"quantity"`
}

type payment struct {
	Payment string `json:"payment"`
}

type basket struct {
	Items int `json:"items"`
}

type order struct {
	Total float64 `json:"total"`
}

// browse opens the home page, leafs through the products, and looks at one of them.
func browse() error {
	home, err := http.Get("/", http.Name("/"), http.DiscardBody())
	if err != nil {
		return err
	}
	squall.Check("home page is there", home.Status() == 200)
	pause()

	first, err := listProducts(1)
	if err != nil {
		return err
	}
	pause()
	page, err := listProducts(squall.RandomIn(1, first.Pages))
	if err != nil {
		return err
	}
	squall.Check("page has products", len(page.Products) > 0)
	pause()

	if len(page.Products) == 0 {
		return viewProduct(1)
	}
	return viewProduct(page.Products[0].ID)
}

// search looks for something, and at the first thing that is found.
func search() error {
	response, err := http.Get("/search", http.Query("q", squall.Pick(terms)), http.Name("/search"))
	if err != nil {
		return err
	}
	squall.Check("search answers", response.Status() == 200)
	var found found
	if err := response.JSON(&found); err != nil {
		return err
	}
	pause()

	if len(found.Results) == 0 {
		return nil
	}
	return viewProduct(found.Results[0].ID)
}

// checkout looks at a product, then buys one or two.
func checkout() error {
	if err := viewProduct(squall.RandomIn(1, products)); err != nil {
		return err
	}
	pause()

	var total float64
	err := squall.Transaction("checkout", func() (err error) {
		for range squall.RandomIn(1, 2) {
			basket, err := addToBasket(squall.RandomIn(1, products))
			if err != nil {
				return err
			}
			squall.Check("basket is not empty", basket.Items > 0)
			pause()
		}
		basket, err := http.Get("/basket", http.DiscardBody())
		if err != nil {
			return err
		}
		squall.Check("basket is shown", basket.Status() == 200)
		total, err = pay()
		return err
	})
	if err != nil {
		return err
	}
	ordersPlaced.Add(1)
	basketValue.Add(total)
	return nil
}

func listProducts(page int) (listing listing, err error) {
	response, err := http.Get(fmt.Sprintf("/products?page=%d", page), http.Name("/products?page={page}"))
	if err != nil {
		return listing, err
	}
	squall.Check("products are listed", response.Status() == 200)
	countCacheHit(response)
	return listing, response.JSON(&listing)
}

func viewProduct(id int) error {
	response, err := http.Get(fmt.Sprintf("/products/%d", id), http.Name("/products/{id}"))
	if err != nil {
		return err
	}
	squall.Check("product is there", response.Status() == 200)
	countCacheHit(response)
	var product product
	if err := response.JSON(&product); err != nil {
		return err
	}
	squall.Check("product has a price", product.Price > 0)
	return nil
}

func addToBasket(productID int) (basket basket, err error) {
	response, err := http.Post("/basket", http.JSON(item{productID, squall.RandomIn(1, 3)}))
	if err != nil {
		return basket, err
	}
	squall.Check("product is in the basket", response.Status() == 201)
	return basket, response.JSON(&basket)
}

// pay pays for the basket and returns what it cost.
func pay() (float64, error) {
	response, err := http.Post("/checkout", http.JSON(payment{"card"}))
	if err != nil {
		return 0, err
	}
	if !squall.Check("order is placed", response.Status() == 201) {
		return 0, errors.New("the shop did not take the order")
	}
	var order order
	if err := response.JSON(&order); err != nil {
		return 0, err
	}
	squall.Check("order has a price", order.Total > 0)
	return order.Total, nil
}

func countCacheHit(response *http.Response) { cacheHit.Add(response.Header("x-cache") == "HIT") }

func pause() {
	seconds, err := strconv.ParseFloat(squall.Env("THINK"), 64)
	if err != nil {
		seconds = 1
	}
	half := time.Duration(seconds * float64(time.Second) / 2)
	squall.Think(half, 3*half)
}

func main() {}
