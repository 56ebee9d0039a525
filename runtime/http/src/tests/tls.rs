//! TLS against a server with a certificate of its own.

use std::cell::Cell;
use std::io::Write;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::NamedTempFile;
use tokio_rustls::TlsAcceptor;

use super::server::{Peer, ok, serve};
use super::*;
use crate::TlsConfig;
use crate::socket::Socket;
use crate::transport::{Counted, take};

/// A server with a self-signed certificate for "localhost".
pub(super) struct Secure {
    pub(super) url: String,
    pub(super) certificate: String,
    /// Bytes read and written by the server, below TLS.
    pub(super) traffic: Rc<Cell<(u64, u64)>>,
    /// For each handshake, whether it resumed a session.
    resumed: Rc<RefCell<Vec<bool>>>,
}

pub(super) async fn serve_tls() -> Secure {
    serve_tls_with(CertificateParams::new(vec!["localhost".to_owned()]).unwrap()).await
}

/// The certificate of `openssl req -x509 -subj /CN=NAME`: an authority that names its host in the common name alone.
fn made_by_openssl(name: &str) -> CertificateParams {
    let mut made = CertificateParams::default();
    made.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    made.distinguished_name = DistinguishedName::new();
    made.distinguished_name.push(DnType::OrganizationName, "Internet Widgits Pty Ltd");
    made.distinguished_name.push(DnType::CommonName, name);
    made
}

async fn serve_tls_with(certificate: CertificateParams) -> Secure {
    let signing_key = KeyPair::generate().unwrap();
    let certificate = certificate.self_signed(&signing_key).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let traffic: Rc<Cell<(u64, u64)>> = Rc::default();
    let resumed: Rc<RefCell<Vec<bool>>> = Rc::default();
    let url = {
        let (traffic, resumed) = (Rc::clone(&traffic), Rc::clone(&resumed));
        serve(move |_, peer| {
            let (acceptor, traffic, resumed) = (acceptor.clone(), Rc::clone(&traffic), Rc::clone(&resumed));
            async move {
                let stream = Counted::new(Socket::Tcp(peer.into_stream()));
                let counted = stream.traffic();
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let kind = stream.get_ref().1.handshake_kind();
                resumed.borrow_mut().push(kind == Some(rustls::HandshakeKind::Resumed));
                let mut peer = Peer::new(stream);
                while let Some(request) = peer.request().await {
                    peer.send(ok(request.line()).as_bytes()).await;
                    let (sent, received) = take(&counted);
                    let (before_received, before_sent) = traffic.get();
                    traffic.set((before_received + received, before_sent + sent));
                }
            }
        })
        .await
    };
    let url = url.replace("http://127.0.0.1", "https://localhost");
    Secure { url, certificate: certificate.pem(), traffic, resumed }
}

fn trusting(tls: TlsConfig) -> World {
    World::new(ClientConfig { tls, ..ClientConfig::default() })
}

fn insecure() -> TlsConfig {
    TlsConfig { insecure: true, ..TlsConfig::default() }
}

/// Trust in these certificates, as long as their file is there.
pub(super) fn given(certificates: &str) -> (NamedTempFile, TlsConfig) {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(certificates.as_bytes()).unwrap();
    let ca_file = Some(PathBuf::from(file.path()));
    (file, TlsConfig { ca_file, ..TlsConfig::default() })
}

/// Trusts these certificates, and asks the server by that name.
async fn ask(server: &Secure, certificates: &str, name: &str) -> (World, Result<Box<Response>, Error>) {
    let (_file, tls) = given(certificates);
    let world = trusting(tls);
    let outcome = world.get(&server.url.replace("localhost", name)).await;
    (world, outcome)
}

#[test]
fn a_certificate_as_openssl_makes_it_is_accepted_if_it_is_given() {
    run(async {
        for name in ["localhost", "127.0.0.1"] {
            let server = serve_tls_with(made_by_openssl(name)).await;
            let (_, outcome) = ask(&server, &server.certificate, name).await;
            assert_eq!(outcome.unwrap().body(), b"GET /", "{name}");
        }
        // Alternative names count more than the common name.
        let mut made = made_by_openssl("localhost");
        made.subject_alt_names = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().subject_alt_names;
        let server = serve_tls_with(made).await;
        assert!(ask(&server, &server.certificate, "127.0.0.1").await.1.is_ok());
        let (world, outcome) = ask(&server, &server.certificate, "localhost").await;
        only_failure(&world, outcome, FailureClass::Tls);
    });
}

#[test]
fn a_given_certificate_is_accepted_only_as_it_is_for_its_name_and_in_its_time() {
    run(async {
        let server = serve_tls_with(made_by_openssl("localhost")).await;
        let (world, outcome) = ask(&server, &server.certificate, "127.0.0.1").await;
        let text = only_failure(&world, outcome, FailureClass::Tls);
        assert!(text.contains("NotValidForName"), "{text}");
        // The same name, another key.
        let other = serve_tls_with(made_by_openssl("localhost")).await;
        let (world, outcome) = ask(&server, &other.certificate, "localhost").await;
        only_failure(&world, outcome, FailureClass::Tls);
        for (from, until) in [(2001, 2002), (4001, 4002)] {
            let mut made = made_by_openssl("localhost");
            (made.not_before, made.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
            let server = serve_tls_with(made).await;
            let (world, outcome) = ask(&server, &server.certificate, "localhost").await;
            let text = only_failure(&world, outcome, FailureClass::Tls);
            assert!(text.contains("expired") || text.contains("not valid yet"), "{text}");
        }
    });
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    run(async {
        let server = serve_tls().await;
        let world = trusting(TlsConfig::default());
        let text = only_failure(&world, world.get(&server.url).await, FailureClass::Tls);
        assert!(text.starts_with("TLS handshake with localhost:"), "{text}");
        assert!(text.contains("certificate"), "{text}");
    });
}

#[test]
fn it_is_accepted_if_its_file_is_given() {
    run(async {
        let server = serve_tls().await;
        let (_file, tls) = given(&server.certificate);
        let world = trusting(tls.clone());
        let response = world.get(&format!("{}/a", server.url)).await.unwrap();
        assert_eq!(response.body(), b"GET /a");
        assert!(response.phases().tls_handshaking.0 > 0);
        // But not for another name.
        let world = trusting(tls);
        let outcome = world.get(&server.url.replace("localhost", "127.0.0.1")).await;
        only_failure(&world, outcome, FailureClass::Tls);
    });
}

#[test]
fn anyone_is_accepted_if_told_so_and_bytes_are_counted_below_tls() {
    run(async {
        let server = serve_tls().await;
        let world = trusting(insecure());
        for _ in 0..3 {
            assert_eq!(world.get(&server.url).await.unwrap().body(), b"GET /");
        }
        assert_eq!(server.resumed.borrow().len(), 1);
        let (_, cell) = world.only_series();
        assert_eq!((cell.sent, cell.received), server.traffic.get());
        let phases = cell.blocked.sum() + cell.connecting.sum() + cell.tls_handshaking.sum() + cell.duration.sum();
        assert_eq!(phases, cell.response_time.sum());
    });
}

#[test]
fn sessions_are_resumed() {
    run(async {
        let server = serve_tls().await;
        let world = trusting(insecure());
        for _ in 0..2 {
            world.get(&server.url).await.unwrap();
            world.client.close();
        }
        assert_eq!(*server.resumed.borrow(), [false, true]);
    });
}

#[test]
fn a_server_that_speaks_no_tls() {
    run(async {
        let silent = serve(|_, mut peer| async move { peer.until_closed().await }).await;
        let config = ClientConfig { connect_timeout: Duration::from_millis(30), ..ClientConfig::default() };
        let world = World::new(config);
        let text = only_failure(&world, world.get(&silent.replace("http", "https")).await, FailureClass::Tls);
        assert!(text.contains("no answer within 30ms"), "{text}");

        let plain = serve(|_, mut peer| async move { peer.send(ok("hello").as_bytes()).await }).await;
        let world = trusting(insecure());
        only_failure(&world, world.get(&plain.replace("http", "https")).await, FailureClass::Tls);
    });
}
