//! The cookies of one virtual user. There is no jar until a server sets the first.

use std::cell::RefCell;

use cookie_store::CookieStore;
use url::Url;

use crate::reader::fields;
use crate::url::Origin;

/// The cookies that servers have set.
#[derive(Debug, Default)]
pub(crate) struct Cookies(RefCell<Option<Box<CookieStore>>>);

impl Cookies {
    /// What to send to a path of an origin: "a=1; b=2".
    #[inline]
    pub(crate) fn of(&self, origin: &Origin, path: &[u8]) -> Option<String> {
        let jar = self.0.borrow();
        matching(jar.as_deref()?, &url_of(origin, path)?)
    }

    /// Takes what a response sets.
    pub(crate) fn set(&self, origin: &Origin, path: &[u8], head: &[u8]) {
        let Some(url) = url_of(origin, path) else { return };
        let mut jar = self.0.borrow_mut();
        let jar = jar.get_or_insert_default();
        let set = fields(head).filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        for cookie in set.filter_map(|(_, value)| std::str::from_utf8(value).ok()) {
            // A cookie that is malformed, or not the server's to set, is ignored, as browsers do.
            let _ = jar.parse(cookie, &url);
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.0.borrow_mut() = None;
    }
}

fn url_of(origin: &Origin, path: &[u8]) -> Option<Url> {
    Url::parse(&format!("{origin}{}", std::str::from_utf8(path).ok()?)).ok()
}

fn matching(jar: &CookieStore, url: &Url) -> Option<String> {
    let mut cookies = String::new();
    for (name, value) in jar.get_request_values(url) {
        if !cookies.is_empty() {
            cookies.push_str("; ");
        }
        cookies.push_str(name);
        cookies.push('=');
        cookies.push_str(value);
    }
    (!cookies.is_empty()).then_some(cookies)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(host: &str) -> Origin {
        Origin { secure: false, host: host.to_owned(), port: 80, authority: host.to_owned() }
    }

    #[test]
    fn a_cookie_goes_back_to_where_it_came_from() {
        let (shop, other) = (origin("shop.example"), origin("other.example"));
        let cookies = Cookies::default();
        assert_eq!(cookies.of(&shop, b"/"), None);
        let head = b"HTTP/1.1 200 OK\r\nSet-Cookie: id=7; Path=/cart; HttpOnly\r\nset-cookie: bad\r\n\r\n";
        cookies.set(&shop, b"/cart/add", head);
        assert_eq!(cookies.of(&shop, b"/cart/1?x=y"), Some("id=7".to_owned()));
        assert_eq!(cookies.of(&shop, b"/"), None);
        assert_eq!(cookies.of(&other, b"/cart"), None);
        cookies.set(&shop, b"/cart", b"HTTP/1.1 200 OK\r\nSet-Cookie: id=; Path=/cart; Max-Age=0\r\n\r\n");
        assert_eq!(cookies.of(&shop, b"/cart"), None);
        cookies.clear();
        assert!(cookies.0.borrow().is_none());
    }
}
