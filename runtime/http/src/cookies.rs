//! The cookies of one virtual user. There is no jar until a server sets the first.

use std::cell::RefCell;
use std::rc::Rc;

use cookie_store::CookieStore;
use url::Url;

use crate::reader::fields;
use crate::url::Origin;

/// What browsers accept, roughly. A server must not fill the memory.
const LONGEST_COOKIE: usize = 4096;
const MOST_COOKIES: usize = 300;

/// The cookies that servers have set.
#[derive(Debug, Default)]
pub(crate) struct Cookies(RefCell<Option<Box<Jar>>>);

#[derive(Debug, Default)]
struct Jar {
    store: CookieStore,
    /// Whether all cookies are for every path and end with the session, as those of most shops are.
    is_plain: bool,
    /// For a plain jar: the origin that was last asked for, and what to send there.
    last: Option<(Rc<Origin>, Option<String>)>,
}

impl Cookies {
    /// What to send to a path of an origin: "a=1; b=2".
    #[inline]
    pub(crate) fn of(&self, origin: &Rc<Origin>, path: &[u8]) -> Option<String> {
        let mut jar = self.0.borrow_mut();
        let jar = jar.as_deref_mut()?;
        if let Some((last, cookies)) = &jar.last
            && last.same(origin)
        {
            return cookies.clone();
        }
        let cookies = matching(&jar.store, &url_of(origin, path)?);
        if jar.is_plain {
            jar.last = Some((Rc::clone(origin), cookies.clone()));
        }
        cookies
    }

    /// Takes what a response sets.
    pub(crate) fn set(&self, origin: &Origin, path: &[u8], head: &[u8]) {
        let Some(url) = url_of(origin, path) else { return };
        let mut jar = self.0.borrow_mut();
        let jar = jar.get_or_insert_default();
        let set = fields(head).filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        for cookie in set.filter_map(|(_, value)| std::str::from_utf8(value).ok()) {
            if is_for_a_whole_ending(cookie, &origin.host) {
                continue;
            }
            if cookie.len() <= LONGEST_COOKIE && jar.store.iter_any().take(MOST_COOKIES).count() < MOST_COOKIES {
                // A cookie that is malformed, or not the server's to set, is ignored, as browsers do.
                let _ = jar.store.parse(cookie, &url);
            }
        }
        jar.is_plain = jar.store.iter_any().all(|cookie| &*cookie.path == "/" && !cookie.is_persistent());
        jar.last = None;
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.0.borrow_mut() = None;
    }
}

/// Whether a cookie is meant for every host of an ending of one label, as `test` or `com` is: it would be a stranger's there.
/// A host may say its own name.
fn is_for_a_whole_ending(cookie: &str, host: &str) -> bool {
    let attributes = cookie.split(';').skip(1).filter_map(|attribute| attribute.split_once('='));
    let domains = attributes.filter(|(name, _)| name.trim().eq_ignore_ascii_case("domain"));
    domains.last().is_some_and(|(_, domain)| {
        let domain = domain.trim().trim_start_matches('.').trim_end_matches('.');
        !domain.is_empty() && !domain.contains('.') && !domain.eq_ignore_ascii_case(host)
    })
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

    fn origin(host: &str) -> Rc<Origin> {
        Rc::new(Origin { secure: false, host: host.to_owned(), port: 80, authority: host.to_owned() })
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
        for number in 0..=MOST_COOKIES {
            cookies.set(&shop, b"/", format!("HTTP/1.1 200 OK\r\nSet-Cookie: c{number}=x\r\n\r\n").as_bytes());
        }
        cookies.set(&other, b"/", format!("HTTP/1.1 200 OK\r\nSet-Cookie: a={}\r\n\r\n", "x".repeat(5000)).as_bytes());
        assert_eq!(cookies.of(&other, b"/"), None);
        assert!(cookies.0.borrow().as_ref().unwrap().store.iter_any().count() == MOST_COOKIES);
        cookies.clear();
        assert!(cookies.0.borrow().is_none());
    }

    #[test]
    fn a_cookie_for_a_whole_ending_is_not_taken() {
        let (shop, other, single) = (origin("shop.test"), origin("other.test"), origin("api"));
        let cookies = Cookies::default();
        for domain in ["test", ".test", "TEST", "test.", " .test "] {
            cookies.set(&shop, b"/", format!("HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Domain={domain}\r\n\r\n").as_bytes());
            assert_eq!((cookies.of(&shop, b"/"), cookies.of(&other, b"/")), (None, None), "{domain:?}");
        }
        cookies.set(&shop, b"/", b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; domain=shop.test\r\n\r\n");
        assert_eq!(cookies.of(&origin("www.shop.test"), b"/"), Some("a=1".to_owned()));
        assert_eq!(cookies.of(&other, b"/"), None);
        cookies.set(&single, b"/", b"HTTP/1.1 200 OK\r\nSet-Cookie: b=2; Domain=api\r\n\r\n");
        assert_eq!(cookies.of(&single, b"/"), Some("b=2".to_owned()));
    }

    #[test]
    fn a_plain_jar_answers_for_every_path_until_it_changes() {
        let (shop, other) = (origin("shop.example"), origin("other.example"));
        let cookies = Cookies::default();
        cookies.set(&shop, b"/a", b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\n\r\n");
        for path in [&b"/"[..], b"/x/y?z"] {
            assert_eq!(cookies.of(&shop, path), Some("a=1".to_owned()));
            assert_eq!(cookies.of(&other, path), None);
        }
        cookies.set(&shop, b"/a", b"HTTP/1.1 200 OK\r\nSet-Cookie: a=2; Path=/\r\n\r\n");
        assert_eq!(cookies.of(&shop, b"/"), Some("a=2".to_owned()));
        cookies.set(&shop, b"/a/b", b"HTTP/1.1 200 OK\r\nSet-Cookie: only=here\r\n\r\n");
        assert_eq!(cookies.of(&shop, b"/"), Some("a=2".to_owned()));
        assert_eq!(cookies.of(&shop, b"/a/c").unwrap().len(), "a=2; only=here".len());
    }
}
