//! Access control of the API: programs on this machine that show the token pass. Web pages do not, even where they make
//! a browser on this machine send the request.

use std::net::{IpAddr, SocketAddr};

use hyper::http::uri::Authority;
use hyper::{HeaderMap, StatusCode, header};

use crate::api_error::ApiError;
use crate::token::Token;

/// Stands at the door.
#[derive(Debug)]
pub struct Guard {
    address: SocketAddr,
    token: Token,
}

impl Guard {
    /// For the API at that address.
    pub fn new(address: SocketAddr, token: Token) -> Guard {
        Guard { address, token }
    }

    /// Whether a request with these headers may pass.
    ///
    /// # Errors
    /// The answer to one that may not.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        if headers.contains_key(header::ORIGIN) {
            return Err(ApiError::new(
                StatusCode::FORBIDDEN,
                "requests of web pages (with an Origin header) are refused: use squall control, curl or a program",
            ));
        }
        // A page whose name resolves to this machine (DNS rebinding) shares the API's origin, but its Host header shows
        // the name.
        if !names_this_machine(headers) {
            let sentence = format!("the Host header must name this machine: ask http://{}", self.address);
            return Err(ApiError::new(StatusCode::FORBIDDEN, sentence));
        }
        if !headers.get(header::AUTHORIZATION).is_some_and(|shown| self.is_token(shown.as_bytes())) {
            return Err(ApiError::new(
                StatusCode::UNAUTHORIZED,
                "the run's token is missing or wrong: send it as Authorization: Bearer TOKEN",
            ));
        }
        Ok(())
    }

    fn is_token(&self, shown: &[u8]) -> bool {
        let (scheme, token) = shown.split_at_checked("Bearer ".len()).unwrap_or_default();
        scheme.eq_ignore_ascii_case(b"Bearer ") && self.token.is(token)
    }
}

/// Whether the Host header is a name of this machine. The port may be another one: that of a tunnel.
pub fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(Ok(authority)) = headers.get(header::HOST).map(|host| Authority::try_from(host.as_bytes())) else {
        return false;
    };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    let is_loopback = |ip: IpAddr| ip.is_loopback();
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(is_loopback)
}

/// Whether the page that sent the request, if a page did, came from the server that it asks. Browsers send an Origin header
/// with every request that changes something.
pub fn is_of_own_page(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let own = headers.get(header::HOST).map(|host| [b"http://", host.as_bytes()].concat());
    own.is_some_and(|own| origin.as_bytes().eq_ignore_ascii_case(&own))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &str)], token: &Token) -> Result<(), StatusCode> {
        let guard = Guard::new(SocketAddr::from(([127, 0, 0, 1], 6565)), token.clone());
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        guard.check(&headers).map_err(|refusal| refusal.status())
    }

    #[test]
    fn programs_with_the_token_are_let_in() {
        let token = Token::random().unwrap();
        let bearer = format!("Bearer {}", token.secret());
        for host in ["127.0.0.1:6565", "localhost:6565", "LOCALHOST:9999", "[::1]:6565", "127.0.0.1"] {
            assert_eq!(check(&[("host", host), ("authorization", &bearer)], &token), Ok(()), "{host}");
        }
        let lower = format!("bearer {}", token.secret());
        assert_eq!(check(&[("host", "localhost"), ("authorization", &lower)], &token), Ok(()));
    }

    #[test]
    fn other_requests_are_refused() {
        let token = Token::random().unwrap();
        let bearer = format!("Bearer {}", token.secret());
        let with_token = ("authorization", bearer.as_str());
        let local = ("host", "127.0.0.1:6565");
        for host in ["evil.example:6565", "localhost.evil.example", "10.0.0.1:6565", "127.0.0.1@evil.example", ""] {
            assert_eq!(check(&[("host", host), with_token], &token), Err(StatusCode::FORBIDDEN), "{host}");
        }
        assert_eq!(check(&[with_token], &token), Err(StatusCode::FORBIDDEN));
        let origin = ("origin", "http://127.0.0.1:6565");
        assert_eq!(check(&[local, with_token, origin], &token), Err(StatusCode::FORBIDDEN));
        for wrong in ["Bearer ", "Bearer wrong", "Basic dTpw", "Bearer", ""] {
            assert_eq!(check(&[local, ("authorization", wrong)], &token), Err(StatusCode::UNAUTHORIZED), "{wrong}");
        }
        assert_eq!(check(&[local], &token), Err(StatusCode::UNAUTHORIZED));
    }

    #[test]
    fn only_pages_of_the_same_server_pass() {
        let passes = |headers: &[(&'static str, &str)]| {
            let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            is_of_own_page(&headers)
        };
        let host = ("host", "127.0.0.1:5665");
        assert!(passes(&[host]));
        assert!(passes(&[host, ("origin", "http://127.0.0.1:5665")]));
        for other in
            ["http://127.0.0.1:8080", "http://localhost:5665", "https://127.0.0.1:5665", "http://evil.example", "null"]
        {
            assert!(!passes(&[host, ("origin", other)]), "{other}");
        }
        assert!(!passes(&[("origin", "http://127.0.0.1:5665")]));
    }
}
