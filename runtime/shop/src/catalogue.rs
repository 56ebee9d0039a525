//! The shop's products: a hundred, rendered once. Decides which views of a page miss the simulated cache.

use hyper::body::Bytes;
use serde_json::json;

/// Products per page.
const PER_PAGE: usize = 20;
/// One of this many views of a page misses the cache.
const VIEWS_PER_MISS: u32 = 10;

const COLLECTIONS: [&str; 10] =
    ["Harbour", "Meadow", "Juniper", "Linden", "Slate", "Amber", "Northern", "Willow", "Copper", "Heather"];

/// Articles of every collection, with the lowest price in cents.
const ARTICLES: [(&str, u32); 10] = [
    ("Coffee Mug", 1250),
    ("Desk Lamp", 5900),
    ("Wool Blanket", 8450),
    ("Reading Chair", 24900),
    ("Teapot", 3800),
    ("Wall Shelf", 7200),
    ("Linen Cushion", 2750),
    ("Writing Desk", 38900),
    ("Striped Rug", 11900),
    ("Table Clock", 4600),
];

/// A product. Its number is its place in the catalogue, from 1.
pub struct Product {
    pub price_in_cents: u32,
    name_in_lower_case: String,
    json: String,
    views: Views,
}

/// A page of the product list.
struct Page {
    json: Bytes,
    views: Views,
}

/// A rendered page, and whether it came "from the cache".
pub struct View {
    pub json: Bytes,
    pub cache_hit: bool,
}

/// All products and the pages that list them.
pub struct Catalogue {
    products: Vec<Product>,
    pages: Vec<Page>,
}

impl Catalogue {
    pub fn new() -> Catalogue {
        let count = COLLECTIONS.len() * ARTICLES.len();
        let products: Vec<Product> = (0..count).map(Product::new).collect();
        let pages = products.len().div_ceil(PER_PAGE);
        let pages = products
            .chunks(PER_PAGE)
            .enumerate()
            .map(|(index, listed)| {
                let json = format!(r#"{{"products":{},"page":{},"pages":{pages}}}"#, list(listed), index + 1);
                Page { json: json.into(), views: Views::default() }
            })
            .collect();
        Catalogue { products, pages }
    }

    /// The product of that number, without counting as a view.
    pub fn product(&self, number: u64) -> Option<&Product> {
        self.products.get(place(number)?)
    }

    /// Shows one product.
    pub fn view_product(&mut self, number: u64) -> Option<View> {
        let product = self.products.get_mut(place(number)?)?;
        Some(View { json: product.json.clone().into(), cache_hit: product.views.next_is_hit() })
    }

    /// Shows one page of the list.
    pub fn view_page(&mut self, number: u64) -> Option<View> {
        let page = self.pages.get_mut(place(number)?)?;
        Some(View { json: page.json.clone(), cache_hit: page.views.next_is_hit() })
    }

    /// The products whose names hold the term, in any case, as a JSON array.
    pub fn search(&self, term: &str) -> String {
        let term = term.to_lowercase();
        list(self.products.iter().filter(|product| product.name_in_lower_case.contains(&term)))
    }
}

impl Product {
    fn new(index: usize) -> Product {
        // Neighbours differ in both words, so that a page of the list looks like a shop and not like a table.
        let row = index / ARTICLES.len();
        let column = index % ARTICLES.len();
        let collection = (row + column) % COLLECTIONS.len();
        let (article, least_price) = ARTICLES[column];
        let name = format!("{} {article}", COLLECTIONS[collection]);
        let price_in_cents = least_price + 50 * collection as u32;
        let json = json!({"id": index + 1, "name": name, "price": euros(u64::from(price_in_cents))});
        Product {
            price_in_cents,
            name_in_lower_case: name.to_lowercase(),
            json: json.to_string(),
            views: Views::default(),
        }
    }
}

/// An amount as the API writes it.
pub fn euros(cents: u64) -> f64 {
    cents as f64 / 100.0
}

/// Index of an entry numbered from 1.
fn place(number: u64) -> Option<usize> {
    usize::try_from(number).ok()?.checked_sub(1)
}

fn list<'a>(products: impl IntoIterator<Item = &'a Product>) -> String {
    let mut json = String::from("[");
    for product in products {
        if json.len() > 1 {
            json.push(',');
        }
        json.push_str(&product.json);
    }
    json.push(']');
    json
}

/// Counts views: the first misses the cache, and then every tenth.
#[derive(Default)]
struct Views(u32);

impl Views {
    fn next_is_hit(&mut self) -> bool {
        let hit = !self.0.is_multiple_of(VIEWS_PER_MISS);
        self.0 = (self.0 + 1) % VIEWS_PER_MISS;
        hit
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique() {
        let catalogue = Catalogue::new();
        let names: HashSet<_> = catalogue.products.iter().map(|product| &product.name_in_lower_case).collect();
        assert_eq!(names.len(), 100);
    }

    #[test]
    fn every_tenth_view_misses_the_cache() {
        let mut catalogue = Catalogue::new();
        let hits: Vec<bool> = (0..21).map(|_| catalogue.view_page(1).unwrap().cache_hit).collect();
        let misses: Vec<usize> = (0..21).filter(|&view| !hits[view]).collect();
        assert_eq!(misses, [0, 10, 20]);
        assert!(!catalogue.view_page(2).unwrap().cache_hit, "each page is cached by itself");
    }

    #[test]
    fn only_numbers_in_the_catalogue_are_found() {
        let mut catalogue = Catalogue::new();
        assert!(catalogue.product(1).is_some() && catalogue.product(100).is_some());
        assert!(catalogue.product(0).is_none() && catalogue.product(101).is_none());
        assert!(catalogue.view_page(5).is_some() && catalogue.view_page(6).is_none());
    }
}
