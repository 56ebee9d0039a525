//! Translates errors into those of `wasi:http`.

use squall_http::Error;

use super::WasiError;

/// The nearest of the standard's cases. Where none says as much, the text goes with it.
pub(super) fn wasi_error(error: Error) -> WasiError {
    match error {
        Error::Timeout => WasiError::HttpResponseTimeout,
        Error::Dns(text) => WasiError::DnsError { rcode: Some(text), info_code: None },
        Error::Connect(text) if text.ends_with("connection refused") => WasiError::ConnectionRefused,
        Error::Connect(text) if text.contains("no answer within") => WasiError::ConnectionTimeout,
        Error::Connect(_) => WasiError::DestinationUnavailable,
        Error::Tls(_) => WasiError::TlsProtocolError,
        Error::Reset(_) => WasiError::ConnectionTerminated,
        Error::Protocol(_) => WasiError::HttpProtocolError,
        Error::TooLarge(_) => WasiError::HttpResponseBodySize(None),
        Error::TooManyRedirects(_) => WasiError::LoopDetected,
        Error::RefusedByPolicy(_) => WasiError::HttpRequestDenied,
        Error::InvalidRequest(text) | Error::Abandoned(text) | Error::NoRoom(text) => {
            WasiError::InternalError(Some(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_of_not_getting_a_connection_are_told_apart() {
        let of = |text: &str| format!("{:?}", wasi_error(Error::Connect(text.to_owned())));
        assert_eq!(of("connect to 127.0.0.1:1: connection refused"), "ConnectionRefused");
        assert_eq!(of("connect to 10.0.0.1:80: no answer within 30s"), "ConnectionTimeout");
        assert_eq!(of("connect to 10.0.0.1:80: network unreachable"), "DestinationUnavailable");
    }
}
