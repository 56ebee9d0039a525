//! The requests of the OCI distribution specification for pushing and pulling.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE};
use hyper::{Method, Request, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use squall_plain_http::authority;
use url::Url;

use crate::Access;
use crate::challenge::Challenge;
use crate::credentials::{Identity, basic};
use crate::digest::Digest;
use crate::error::{RegistryError, shown};
use crate::manifest::MANIFEST;
use crate::reference::Reference;
use crate::transport::{Answer, Exchanged, exchange};

/// The largest manifest that registries must take.
const MANIFEST_LIMIT: usize = 4 * 1024 * 1024;
const REDIRECTS: usize = 5;

/// A repository in a registry.
pub(crate) struct Client<'a> {
    reference: &'a Reference,
    root: Url,
    identity: Identity,
    /// `pull` or `pull,push`.
    actions: &'static str,
    /// The value of `Authorization`, once the registry has demanded it.
    authorization: Option<String>,
}

/// A request before authentication.
struct Ask<'b> {
    method: Method,
    url: Url,
    header: Option<(hyper::header::HeaderName, &'b str)>,
    body: Bytes,
    limit: usize,
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl<'a> Client<'a> {
    pub fn new(reference: &'a Reference, access: &Access, actions: &'static str) -> Result<Client<'a>, RegistryError> {
        let scheme = if access.plain_http || reference.is_loopback() { "http" } else { "https" };
        let host = if reference.host() == "docker.io" { "registry-1.docker.io" } else { reference.host() };
        let root = Url::parse(&format!("{scheme}://{host}/v2/{}/", reference.name()));
        let root = root.map_err(|error| unreachable(host, error.to_string()))?;
        let identity = access.credentials.for_host(reference.host())?;
        Ok(Client { reference, root, identity, actions, authorization: None })
    }

    /// The manifest's bytes, checked against the reference's digest, if it has one.
    pub async fn manifest(&mut self) -> Result<Bytes, RegistryError> {
        let url = self.at(&format!("manifests/{}", self.reference.manifest_name()))?;
        let header = Some((ACCEPT, MANIFEST));
        let ask = Ask { method: Method::GET, url, header, body: Bytes::new(), limit: MANIFEST_LIMIT };
        let answer = self.ask(&ask, &[StatusCode::OK]).await?;
        if let Some(digest) = self.reference.digest() {
            verify("the manifest", digest, &answer.body)?;
        }
        Ok(answer.body)
    }

    /// A blob's bytes, at most `most`.
    pub async fn blob(&mut self, digest: &Digest, most: u64) -> Result<Bytes, RegistryError> {
        let url = self.at(&format!("blobs/{digest}"))?;
        let limit = usize::try_from(most).unwrap_or(usize::MAX);
        let ask = Ask { method: Method::GET, url, header: None, body: Bytes::new(), limit };
        let answer = self.ask(&ask, &[StatusCode::OK]).await?;
        if answer.body.len() > limit {
            return Err(RegistryError::TooLarge { reference: self.reference.to_string(), most });
        }
        verify("the file", digest, &answer.body)?;
        Ok(answer.body)
    }

    /// Uploads a blob unless the registry has it.
    pub async fn put_blob(&mut self, digest: &Digest, bytes: Bytes) -> Result<(), RegistryError> {
        let url = self.at(&format!("blobs/{digest}"))?;
        let ask = Ask { method: Method::HEAD, url, header: None, body: Bytes::new(), limit: 0 };
        if self.ask(&ask, &[StatusCode::OK, StatusCode::NOT_FOUND]).await?.status == StatusCode::OK {
            return Ok(());
        }
        let url = self.at("blobs/uploads/")?;
        let begin = Ask { method: Method::POST, url, header: None, body: Bytes::new(), limit: MANIFEST_LIMIT };
        let begun = self.ask(&begin, &[StatusCode::ACCEPTED]).await?;
        let mut url = location(&begin.url, &begun).ok_or_else(|| self.refused(&begin, &begun))?;
        url.query_pairs_mut().append_pair("digest", digest.as_str());
        let header = Some((CONTENT_TYPE, "application/octet-stream"));
        let put = Ask { method: Method::PUT, url, header, body: bytes, limit: MANIFEST_LIMIT };
        self.ask(&put, &[StatusCode::CREATED]).await.map(|_| ())
    }

    /// Uploads a manifest, which names the blobs.
    pub async fn put_manifest(&mut self, bytes: Bytes) -> Result<(), RegistryError> {
        let name = self.reference.tag().unwrap_or(self.reference.manifest_name());
        let url = self.at(&format!("manifests/{name}"))?;
        let header = Some((CONTENT_TYPE, MANIFEST));
        let ask = Ask { method: Method::PUT, url, header, body: bytes, limit: MANIFEST_LIMIT };
        self.ask(&ask, &[StatusCode::CREATED]).await.map(|_| ())
    }

    /// Sends a request, authenticates if the registry demands it, and returns a response with one of the expected
    /// statuses.
    async fn ask(&mut self, ask: &Ask<'_>, expected: &[StatusCode]) -> Result<Answer, RegistryError> {
        let mut answer = self.send(ask).await?;
        if answer.status == StatusCode::UNAUTHORIZED {
            let wanted = answer.headers.get(WWW_AUTHENTICATE).and_then(|value| Challenge::read(value.to_str().ok()?));
            self.authorization = match wanted {
                Some(challenge) => self.answer_to(&challenge).await?,
                None => None,
            };
            if self.authorization.is_some() {
                answer = self.send(ask).await?;
            }
        }
        if expected.contains(&answer.status) { Ok(answer) } else { Err(self.refused(ask, &answer)) }
    }

    /// Sends a request, and follows redirects. Other hosts do not get the credentials.
    async fn send(&self, ask: &Ask<'_>) -> Result<Answer, RegistryError> {
        let mut url = ask.url.clone();
        for _ in 0..=REDIRECTS {
            let mut request = Request::builder().method(ask.method.clone());
            if let Some((name, value)) = &ask.header {
                request = request.header(name, *value);
            }
            if let Some(authorization) = self.authorization.as_ref().filter(|_| same_place(&url, &self.root)) {
                request = request.header(AUTHORIZATION, authorization);
            }
            let request = request.body(Full::new(ask.body.clone()));
            let request = request.map_err(|error| unreachable(&authority(&url), error.to_string()))?;
            let answer = match exchange(&url, request, ask.limit.max(MANIFEST_LIMIT)).await? {
                Exchanged::Answer(answer) => answer,
                Exchanged::TooLarge(most) => {
                    return Err(RegistryError::TooLarge { reference: self.reference.to_string(), most: most as u64 });
                }
            };
            match location(&url, &answer).filter(|_| answer.status.is_redirection()) {
                Some(next) if self.root.scheme() == "https" && next.scheme() != "https" => {
                    return Err(unreachable(&authority(&url), format!("it redirects to {next}, which has no TLS")));
                }
                Some(next) => url = next,
                None => return Ok(answer),
            }
        }
        Err(unreachable(&authority(&self.root), format!("more than {REDIRECTS} redirects")))
    }

    /// The authorization for a challenge; `None` if nothing would help.
    async fn answer_to(&self, challenge: &Challenge) -> Result<Option<String>, RegistryError> {
        match (challenge, &self.identity) {
            (Challenge::Basic, Identity::Password { user, password }) => Ok(Some(basic(user, password))),
            (Challenge::Basic, _) => Ok(None),
            (Challenge::Bearer { realm, service }, identity) => {
                self.token(realm, service.as_deref(), identity).await.map(Some)
            }
        }
    }

    /// A token, by Docker's token authentication.
    async fn token(&self, realm: &str, service: Option<&str>, who: &Identity) -> Result<String, RegistryError> {
        let host = authority(&self.root);
        let mut url = Url::parse(realm).map_err(|error| unreachable(&host, format!("realm {realm:?}: {error}")))?;
        if self.root.scheme() == "https" && url.scheme() != "https" {
            return Err(unreachable(&host, format!("it demands the password at {url}, which has no TLS")));
        }
        let scope = format!("repository:{}:{}", self.reference.name(), self.actions);
        let mut pairs = vec![("scope", scope.as_str())];
        pairs.extend(service.map(|service| ("service", service)));
        let mut request = Request::builder();
        let mut body = String::new();
        match who {
            Identity::RefreshToken(token) => {
                pairs.extend([("grant_type", "refresh_token"), ("client_id", "squall"), ("refresh_token", token)]);
                body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
                request = request.method(Method::POST).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            }
            Identity::Password { user, password } => {
                url.query_pairs_mut().extend_pairs(pairs);
                request = request.header(AUTHORIZATION, basic(user, password));
            }
            Identity::Anonymous => {
                url.query_pairs_mut().extend_pairs(pairs);
            }
        }
        let request = request.body(Full::new(Bytes::from(body)));
        let request = request.map_err(|error| unreachable(&authority(&url), error.to_string()))?;
        let Exchanged::Answer(answer) = exchange(&url, request, MANIFEST_LIMIT).await? else {
            return Err(unreachable(&authority(&url), "its answer has no end".to_owned()));
        };
        if answer.status != StatusCode::OK {
            return Err(self.unauthorised(&answer));
        }
        let token: Option<Token> = serde_json::from_slice(&answer.body).ok();
        match token.and_then(|token| token.token.or(token.access_token)) {
            Some(token) => Ok(format!("Bearer {token}")),
            None => Err(unreachable(&authority(&url), "its answer has no token".to_owned())),
        }
    }

    fn at(&self, path: &str) -> Result<Url, RegistryError> {
        self.root.join(path).map_err(|error| unreachable(&authority(&self.root), error.to_string()))
    }

    fn refused(&self, ask: &Ask<'_>, answer: &Answer) -> RegistryError {
        let reference = self.reference.to_string();
        match answer.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => self.unauthorised(answer),
            StatusCode::NOT_FOUND => RegistryError::NotFound { reference, message: message(answer) },
            status => RegistryError::Refused {
                reference,
                status: status.as_u16(),
                method: ask.method.to_string(),
                path: ask.url.path().to_owned(),
                message: message(answer),
            },
        }
    }

    fn unauthorised(&self, answer: &Answer) -> RegistryError {
        RegistryError::Unauthorised {
            reference: self.reference.to_string(),
            host: self.reference.host().to_owned(),
            status: answer.status.as_u16(),
            message: message(answer),
            known: self.identity != Identity::Anonymous,
        }
    }
}

fn verify(what: &str, expected: &Digest, bytes: &[u8]) -> Result<(), RegistryError> {
    let actual = Digest::of(bytes);
    if actual == *expected {
        return Ok(());
    }
    Err(RegistryError::WrongDigest { what: what.to_owned(), expected: expected.clone(), actual })
}

fn location(base: &Url, answer: &Answer) -> Option<Url> {
    base.join(answer.headers.get(LOCATION)?.to_str().ok()?).ok()
}

fn same_place(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

fn unreachable(host: &str, problem: String) -> RegistryError {
    RegistryError::Unreachable { host: host.to_owned(), problem }
}

/// The first error in the registry's response.
fn message(answer: &Answer) -> String {
    let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = document["errors"][0]["message"].as_str().unwrap_or_default();
    shown(text)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;
    use crate::cache::ArtifactCache;
    use crate::credentials::Credentials;
    use crate::pull;

    /// A registry with one artifact, whose manifest claims `said` bytes, and which never stops sending. The channel
    /// reports the number of bytes that the client took.
    fn endless(said: u64) -> (String, std::sync::mpsc::Receiver<usize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (taken, counted) = std::sync::mpsc::sync_channel(16);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = [0; 4096];
                let length = stream.read(&mut head).unwrap();
                if String::from_utf8_lossy(&head[..length]).contains("/manifests/") {
                    let digest = Digest::of(b"x");
                    let manifest = format!(
                        r#"{{"layers": [{{"mediaType": "application/wasm", "digest": "{digest}", "size": {said}}}]}}"#
                    );
                    let length = manifest.len();
                    write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{manifest}").unwrap();
                    continue;
                }
                write!(stream, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").unwrap();
                let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
                let mut sent = 0;
                while sent < 1 << 30 && stream.write_all(chunk.as_bytes()).is_ok() {
                    sent += 0x10000;
                }
                taken.send(sent).unwrap();
            }
        });
        (address, counted)
    }

    #[test]
    fn no_more_is_fetched_than_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let largest = 8 << 20;
        let access = Access {
            plain_http: true,
            offline: false,
            largest,
            cache: ArtifactCache::at(folder.path()),
            credentials: Credentials::in_file(&folder.path().join("none")),
        };
        let refused = |address: &str| {
            let reference: Reference = format!("oci://{address}/shop:1").parse().unwrap();
            let error = pull(&reference, &access).unwrap_err().to_string();
            assert!(error.contains("it is larger than 8 MiB") && error.contains("--max-component-size"), "{error}");
        };
        // An artifact that lies about its size is fetched up to the limit, plus the content of the system's buffers.
        let (address, taken) = endless(1);
        refused(&address);
        assert!(taken.recv().unwrap() < 64 << 20);
        // One that announces its size is not even requested.
        let (address, taken) = endless(largest + 1);
        refused(&address);
        assert!(taken.try_recv().is_err());
        assert!(!folder.path().join("sha256").exists(), "no part of it is kept");
    }
}
