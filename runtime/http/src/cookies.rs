//! Cookie jars: cookies set by servers, returned to them later. Nothing is allocated until the first cookie.

use std::cell::RefCell;
use std::rc::Rc;

use cookie_store::{Cookie, CookieStore};
use url::Url;

use crate::head::is_control;
use crate::reader::fields;
use crate::url::Origin;

/// The longest name and value together, in bytes: the limit of browsers.
const LONGEST_COOKIE: usize = 4096;
/// The longest `Set-Cookie` field, attributes included, in bytes. A server must not fill the memory.
const LONGEST_FIELD: usize = 8192;
const MOST_COOKIES: usize = 300;

/// The cookies that servers have set (RFC 6265).
#[derive(Debug, Default)]
pub struct CookieJar(RefCell<Option<Box<Kept>>>);

#[derive(Debug, Default)]
struct Kept {
    store: CookieStore,
    /// Whether all cookies are for every path and end with the session, as those of most shops are.
    is_plain: bool,
    /// For a plain jar: the last origin asked for, and its `Cookie` field.
    last: Option<(Rc<Origin>, Option<String>)>,
}

impl CookieJar {
    /// The `Cookie` field for a path of an origin: "a=1; b=2".
    #[inline]
    pub(crate) fn field_for(&self, origin: &Rc<Origin>, path: &[u8]) -> Option<String> {
        let mut kept = self.0.borrow_mut();
        let kept = kept.as_deref_mut()?;
        if let Some((last, cookies)) = &kept.last
            && last.same(origin)
        {
            return cookies.clone();
        }
        let cookies = in_one_line(matching(&kept.store, &url_of(origin, path)?).into_iter());
        if kept.is_plain {
            kept.last = Some((Rc::clone(origin), cookies.clone()));
        }
        cookies
    }

    /// The same without the cookies named in `left_out`.
    pub(crate) fn field_without(&self, origin: &Rc<Origin>, path: &[u8], left_out: &[String]) -> Option<String> {
        let cookies = self.pairs(origin, path);
        let others = cookies.iter().filter(|(name, _)| !left_out.contains(name));
        in_one_line(others.map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// The cookies for a path of an origin, as names and values.
    pub(crate) fn pairs(&self, origin: &Origin, path: &[u8]) -> Vec<(String, String)> {
        let kept = self.0.borrow();
        let (Some(kept), Some(url)) = (kept.as_deref(), url_of(origin, path)) else { return Vec::new() };
        matching(&kept.store, &url).into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// Keeps the cookies that a response sets.
    pub(crate) fn set(&self, origin: &Origin, path: &[u8], head: &[u8]) {
        let set = fields(head).filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        self.take(origin, path, set.filter_map(|(_, value)| std::str::from_utf8(value).ok()));
    }

    /// Keeps one cookie, in the form of a `Set-Cookie` field: "id=7; Path=/". Returns whether it was accepted.
    pub(crate) fn set_one(&self, origin: &Origin, path: &[u8], cookie: &str) -> bool {
        self.take(origin, path, std::iter::once(cookie)) == 1
    }

    /// Returns the number of accepted cookies.
    fn take<'a>(&self, origin: &Origin, path: &[u8], cookies: impl Iterator<Item = &'a str>) -> usize {
        let Some(url) = url_of(origin, path) else { return 0 };
        let mut kept = self.0.borrow_mut();
        let kept = kept.get_or_insert_default();
        let taken = cookies.filter(|cookie| kept.take(cookie, &url)).count();
        kept.is_plain = kept.store.iter_any().all(|cookie| &*cookie.path == "/" && !cookie.is_persistent());
        kept.last = None;
        taken
    }

    /// Forgets everything.
    pub fn clear(&self) {
        *self.0.borrow_mut() = None;
    }
}

impl Kept {
    /// Takes a cookie. One that is malformed, too long, or not the server's to set is ignored, as browsers do.
    fn take(&mut self, cookie: &str, url: &Url) -> bool {
        // One with a line break would be another field of the next request's head.
        if cookie.bytes().any(is_control) {
            return false;
        }
        if cookie.len() > LONGEST_FIELD || is_for_a_whole_ending(cookie, url.host_str().unwrap_or_default()) {
            return false;
        }
        let Ok(cookie) = Cookie::parse(cookie, url) else { return false };
        if cookie.name().len() + cookie.value().len() > LONGEST_COOKIE || !self.has_room_for(&cookie) {
            return false;
        }
        self.store.insert(cookie.into_owned(), url).is_ok()
    }

    /// A full jar takes no new cookie, but those that it has can be renewed.
    fn has_room_for(&mut self, cookie: &Cookie<'_>) -> bool {
        if self.store.iter_any().count() < MOST_COOKIES {
            return true;
        }
        self.forget_expired();
        self.store.iter_any().count() < MOST_COOKIES
            || self.store.contains(&String::from(&cookie.domain), &cookie.path, cookie.name())
    }

    fn forget_expired(&mut self) {
        let expired = self.store.iter_any().filter(|cookie| cookie.is_expired());
        let expired: Vec<_> = expired
            .map(|cookie| (String::from(&cookie.domain), cookie.path.to_string(), cookie.name().to_owned()))
            .collect();
        for (domain, path, name) in expired {
            self.store.remove(&domain, &path, &name);
        }
    }
}

/// Whether a cookie is meant for every host of a suffix of one label, as `test` or `com` is: other owners' hosts would
/// get it. A host of one label may name itself.
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

/// The cookies for a URL: those of longer paths first, and else the older ones first.
fn matching<'a>(store: &'a CookieStore, url: &Url) -> Vec<(&'a str, &'a str)> {
    let mut cookies = store.matches(url);
    cookies.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
    cookies.into_iter().map(|cookie| cookie.name_value()).collect()
}

fn in_one_line<'a>(cookies: impl Iterator<Item = (&'a str, &'a str)>) -> Option<String> {
    let mut line = String::new();
    for (name, value) in cookies {
        if !line.is_empty() {
            line.push_str("; ");
        }
        line.push_str(name);
        line.push('=');
        line.push_str(value);
    }
    (!line.is_empty()).then_some(line)
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
        let cookies = CookieJar::default();
        assert_eq!(cookies.field_for(&shop, b"/"), None);
        let head = b"HTTP/1.1 200 OK\r\nSet-Cookie: id=7; Path=/cart; HttpOnly\r\nset-cookie: bad\r\n\r\n";
        cookies.set(&shop, b"/cart/add", head);
        assert_eq!(cookies.field_for(&shop, b"/cart/1?x=y"), Some("id=7".to_owned()));
        assert_eq!(cookies.field_for(&shop, b"/"), None);
        assert_eq!(cookies.field_for(&other, b"/cart"), None);
        cookies.set(&shop, b"/cart", b"HTTP/1.1 200 OK\r\nSet-Cookie: id=; Path=/cart; Max-Age=0\r\n\r\n");
        assert_eq!(cookies.field_for(&shop, b"/cart"), None);
        cookies.clear();
        assert!(cookies.0.borrow().is_none());
    }

    #[test]
    fn a_cookie_for_a_whole_ending_is_not_taken() {
        let (shop, other, single) = (origin("shop.test"), origin("other.test"), origin("api"));
        let cookies = CookieJar::default();
        for domain in ["test", ".test", "TEST", "test.", " .test "] {
            cookies.set(&shop, b"/", format!("HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Domain={domain}\r\n\r\n").as_bytes());
            assert_eq!((cookies.field_for(&shop, b"/"), cookies.field_for(&other, b"/")), (None, None), "{domain:?}");
        }
        cookies.set(&shop, b"/", b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; domain=shop.test\r\n\r\n");
        assert_eq!(cookies.field_for(&origin("www.shop.test"), b"/"), Some("a=1".to_owned()));
        assert_eq!(cookies.field_for(&other, b"/"), None);
        cookies.set(&single, b"/", b"HTTP/1.1 200 OK\r\nSet-Cookie: b=2; Domain=api\r\n\r\n");
        assert_eq!(cookies.field_for(&single, b"/"), Some("b=2".to_owned()));
    }

    #[test]
    fn a_cookie_cannot_bring_another_field_into_a_head() {
        let shop = origin("shop.example");
        let cookies = CookieJar::default();
        for cookie in ["a=b\r\nX-Evil: 1", "a\nb=c", "a=\0", "a=b; Path=/\r"] {
            assert!(!cookies.set_one(&shop, b"/", cookie), "{cookie:?}");
        }
        assert_eq!(cookies.field_for(&shop, b"/"), None);
        assert!(cookies.set_one(&shop, b"/", "a=b\tc"));
    }

    #[test]
    fn a_plain_jar_answers_for_every_path_until_it_changes() {
        let (shop, other) = (origin("shop.example"), origin("other.example"));
        let cookies = CookieJar::default();
        cookies.set(&shop, b"/a", b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\n\r\n");
        for path in [&b"/"[..], b"/x/y?z"] {
            assert_eq!(cookies.field_for(&shop, path), Some("a=1".to_owned()));
            assert_eq!(cookies.field_for(&other, path), None);
        }
        cookies.set(&shop, b"/a", b"HTTP/1.1 200 OK\r\nSet-Cookie: a=2; Path=/\r\n\r\n");
        assert_eq!(cookies.field_for(&shop, b"/"), Some("a=2".to_owned()));
        cookies.set(&shop, b"/a/b", b"HTTP/1.1 200 OK\r\nSet-Cookie: only=here\r\n\r\n");
        assert_eq!(cookies.field_for(&shop, b"/"), Some("a=2".to_owned()));
        assert_eq!(cookies.field_for(&shop, b"/a/c"), Some("only=here; a=2".to_owned()));
    }

    #[test]
    fn longer_paths_come_first_and_then_older_cookies() {
        let shop = origin("shop.example");
        let cookies = CookieJar::default();
        for cookie in ["z=1; Path=/", "id=all; Path=/", "id=here; Path=/a", "b=1; Path=/", "a=1; Path=/"] {
            assert!(cookies.set_one(&shop, b"/a/b", cookie));
        }
        assert_eq!(cookies.field_for(&shop, b"/a/b").unwrap(), "id=here; z=1; id=all; b=1; a=1");
        assert_eq!(cookies.field_without(&shop, b"/a/b", &["id".to_owned()]).unwrap(), "z=1; b=1; a=1");
        assert_eq!(cookies.pairs(&shop, b"/")[1], ("id".to_owned(), "all".to_owned()));
    }

    #[test]
    fn a_full_jar_takes_no_new_cookie_but_renews_those_it_has() {
        let shop = origin("shop.example");
        let cookies = CookieJar::default();
        for number in 0..300 {
            assert!(cookies.set_one(&shop, b"/", &format!("c{number}=old")));
        }
        assert!(!cookies.set_one(&shop, b"/", "new=x"));
        assert!(cookies.set_one(&shop, b"/", "c7=new"));
        let sent = cookies.field_for(&shop, b"/").unwrap();
        assert!(sent.contains("c7=new;") && !sent.contains("new=x"), "{sent}");
        // Expired cookies make room.
        cookies.set_one(&shop, b"/", "c8=; Max-Age=0");
        assert!(cookies.set_one(&shop, b"/", "new=x"));
        assert!(!cookies.set_one(&shop, b"/", "newer=x"));
    }

    #[test]
    fn a_cookie_is_as_long_as_its_name_and_value() {
        let shop = origin("shop.example");
        let cookies = CookieJar::default();
        let longest = "x".repeat(4096 - 1);
        let attributes = format!("Path=/; Expires=Fri, 01 Jan 2100 00:00:00 GMT; Comment={}", "y".repeat(1000));
        assert!(cookies.set_one(&shop, b"/", &format!("a={longest}; {attributes}")));
        assert!(!cookies.set_one(&shop, b"/", &format!("b=x{longest}")));
        assert_eq!(cookies.field_for(&shop, b"/").unwrap().len(), 4096 + 1);
        let whole = |length: usize| format!("c=1; Comment={}", "y".repeat(length - "c=1; Comment=".len()));
        assert!(cookies.set_one(&shop, b"/", &whole(8192)));
        assert!(!cookies.set_one(&shop, b"/", &whole(8193)));
    }
}
