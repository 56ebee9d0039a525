//! Certificates of the client's own, and what is offered in a handshake.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use p12_keystore::{Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, PrivateKeyChain};
use rcgen::{CertificateParams, CertifiedIssuer, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{HandshakeKind, RootCertStore};
use tokio_rustls::TlsAcceptor;

use super::server::{Peer, ok, serve};
use super::*;
use crate::{ClientIdentity, ConnectionReuse, Material, Password, RouteConfig, TlsConfig, TlsError, TlsVersion};

/// What a server knows of a handshake: the client's certificate, the name sent, version, suite, and whether it resumed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Handshake {
    certificate: Option<Vec<u8>>,
    server_name: Option<String>,
    version: rustls::ProtocolVersion,
    suite: String,
    resumed: bool,
}

/// An authority, and a folder with certificates of its own.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Authority { issuer, folder }
    }

    fn certificate(&self, name: &str) -> (CertificateDer<'static>, String, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let issuer: &Issuer<'_, KeyPair> = &self.issuer;
        let certificate = params.signed_by(&key, issuer).unwrap();
        (certificate.der().clone(), certificate.pem(), key)
    }

    /// A client's certificate and key, in files of these names.
    fn client(&self, name: &str) -> (PathBuf, PathBuf, Vec<u8>) {
        let (der, pem, key) = self.certificate(name);
        let paths = [format!("{name}.pem"), format!("{name}.key")].map(|file| self.folder.path().join(file));
        std::fs::write(&paths[0], pem).unwrap();
        std::fs::write(&paths[1], key.serialize_pem()).unwrap();
        let [certificate, key] = paths;
        (certificate, key, der.to_vec())
    }

    /// A server that asks for certificates of this authority, and refuses clients without one if it must have one.
    async fn serve(&self, must_have_one: bool) -> (String, Rc<RefCell<Vec<Handshake>>>) {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider));
        let verifier = if must_have_one { verifier } else { verifier.allow_unauthenticated() }.build().unwrap();
        let (certificate, _, key) = self.certificate("localhost");
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.unwrap().with_client_cert_verifier(verifier);
        let acceptor = TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate], key).unwrap()));
        let handshakes: Rc<RefCell<Vec<Handshake>>> = Rc::default();
        let log = Rc::clone(&handshakes);
        let url = serve(move |_, peer| {
            let (acceptor, log) = (acceptor.clone(), Rc::clone(&log));
            async move {
                let Ok(stream) = acceptor.accept(peer.into_stream()).await else { return };
                let connection = stream.get_ref().1;
                log.borrow_mut().push(Handshake {
                    certificate: connection.peer_certificates().map(|chain| chain[0].to_vec()),
                    server_name: connection.server_name().map(str::to_owned),
                    version: connection.protocol_version().unwrap(),
                    suite: format!("{:?}", connection.negotiated_cipher_suite().unwrap().suite()),
                    resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
                });
                let mut peer = Peer::new(stream);
                while peer.request().await.is_some() {
                    peer.send(ok("hello").as_bytes()).await;
                }
            }
        })
        .await;
        (url.replace("http://127.0.0.1", "https://localhost"), handshakes)
    }

    fn trusted(&self) -> TlsConfig {
        TlsConfig { ca_file: Some(self.folder.path().join("ca.pem")), ..TlsConfig::default() }
    }
}

fn identity(certificate: &Path, key: &Path, hosts: &[&str]) -> ClientIdentity {
    ClientIdentity {
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        certificate: Material::File(certificate.to_owned()),
        key: Some(Material::File(key.to_owned())),
        password: None,
    }
}

fn world(tls: TlsConfig) -> World {
    World::new(ClientConfig { tls, reuse: ConnectionReuse::Never, ..ClientConfig::default() })
}

#[test]
fn a_server_that_asks_is_shown_the_certificate() {
    run(async {
        let authority = Authority::new();
        let (url, handshakes) = authority.serve(true).await;
        let (certificate, key, der) = authority.client("ada");
        let both = authority.folder.path().join("both.pem");
        let texts = [&certificate, &key].map(|path| std::fs::read_to_string(path).unwrap());
        std::fs::write(&both, texts.concat()).unwrap();
        for identity in [
            identity(&certificate, &key, &[]),
            ClientIdentity { key: None, ..identity(&both, &key, &[]) },
            ClientIdentity {
                certificate: Material::Pem(texts[0].clone()),
                key: Some(Material::Pem(texts[1].clone())),
                ..identity(&both, &key, &[])
            },
        ] {
            let world = world(TlsConfig { identities: vec![identity], ..authority.trusted() });
            assert_eq!(world.get(&url).await.unwrap().body(), b"hello");
            assert_eq!(handshakes.borrow_mut().pop().unwrap().certificate.as_ref(), Some(&der));
        }
        let world = world(authority.trusted());
        assert!(matches!(world.get(&url).await, Err(Error::Tls(_))));
    });
}

#[test]
fn a_certificate_in_pkcs12_is_read_with_its_password() {
    run(async {
        let authority = Authority::new();
        let (url, handshakes) = authority.serve(true).await;
        let (der, _, key) = authority.certificate("ada");
        let mut store = KeyStore::new();
        let chain = [Certificate::from_der(&der).unwrap(), Certificate::from_der(authority.issuer.der()).unwrap()];
        let entry = PrivateKeyChain::new(key.serialize_der(), "ada", chain);
        store.add_entry("ada", KeyStoreEntry::PrivateKeyChain(entry));
        let file = authority.folder.path().join("ada.p12");
        let identity = |password: &str| ClientIdentity {
            key: None,
            password: Some(Password(password.to_owned())),
            ..identity(&file, &file, &[])
        };
        for algorithm in
            [EncryptionAlgorithm::PbeWithHmacSha256AndAes256, EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc]
        {
            let writer = store.writer("secret").encryption_algorithm(algorithm).encryption_iterations(100);
            std::fs::write(&file, writer.write().unwrap()).unwrap();
            let world = world(TlsConfig { identities: vec![identity("secret")], ..authority.trusted() });
            assert_eq!(world.get(&url).await.unwrap().body(), b"hello");
            assert_eq!(handshakes.borrow_mut().pop().unwrap().certificate.as_deref(), Some(&*der));
        }
        let wrong = TlsConfig { identities: vec![identity("hunter2")], ..TlsConfig::default() };
        let text = SharedTls::build(&wrong).unwrap_err().to_string();
        assert!(text.contains("ada.p12") && text.contains("the password (--cert-password) is wrong"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    });
}

#[test]
fn each_host_is_shown_its_own_certificate() {
    run(async {
        let authority = Authority::new();
        let (url, handshakes) = authority.serve(false).await;
        let [ada, bob] = ["ada", "bob"].map(|name| authority.client(name));
        let identities = vec![
            identity(&ada.0, &ada.1, &["localhost", "*.shop.test"]),
            identity(&bob.0, &bob.1, &["127.0.0.1", "shop.test"]),
        ];
        let hosts = std::collections::BTreeMap::from([("*".to_owned(), "127.0.0.1".to_owned())]);
        let routes = RouteConfig { hosts: hosts.try_into().unwrap(), ..RouteConfig::default() };
        let tls = TlsConfig { insecure: true, identities, ..TlsConfig::default() };
        let config = ClientConfig { tls, routes, reuse: ConnectionReuse::Never, ..ClientConfig::default() };
        let world = World::new(config);
        for (host, shown) in [
            ("localhost", Some(&ada.2)),
            ("A.Shop.test", Some(&ada.2)),
            ("shop.test", Some(&bob.2)),
            ("127.0.0.1", Some(&bob.2)),
            ("other.test", None),
        ] {
            world.get(&url.replace("localhost", host)).await.unwrap();
            assert_eq!(handshakes.borrow_mut().pop().unwrap().certificate.as_ref(), shown, "{host}");
        }
    });
}

#[test]
fn a_certificate_that_cannot_be_used_is_named_before_the_run() {
    let authority = Authority::new();
    let [ada, bob] = ["ada", "bob"].map(|name| authority.client(name));
    let encrypted = authority.folder.path().join("encrypted.key");
    std::fs::write(&encrypted, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
        .unwrap();
    let missing = authority.folder.path().join("missing");
    for (certificate, key, file, expected) in [
        (&ada.0, &bob.1, &bob.1, "the key cannot be used with this certificate"),
        (&ada.0, &ada.0, &ada.0, "there is no private key in it"),
        (&ada.1, &ada.1, &ada.1, "there is no certificate in it"),
        (&ada.0, &encrypted, &encrypted, "the key is encrypted"),
        (&missing, &ada.1, &missing, "No such file"),
    ] {
        let identities = vec![identity(certificate, key, &[])];
        let error = SharedTls::build(&TlsConfig { identities, ..TlsConfig::default() }).unwrap_err();
        assert!(matches!(error, TlsError::ClientCertificate(_)));
        let text = error.to_string();
        assert!(text.contains(&*file.to_string_lossy()) && text.contains(expected), "{text}");
    }
}

#[test]
fn the_version_and_the_suite_are_those_that_were_chosen() {
    run(async {
        const OF_12: &str = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256";
        let authority = Authority::new();
        let (url, handshakes) = authority.serve(false).await;
        let trusted = || authority.trusted();
        for (tls, version, suite) in [
            (TlsConfig { highest: Some(TlsVersion::Tls12), ..trusted() }, rustls::ProtocolVersion::TLSv1_2, None),
            (TlsConfig { lowest: Some(TlsVersion::Tls13), ..trusted() }, rustls::ProtocolVersion::TLSv1_3, None),
            (
                TlsConfig { cipher_suites: vec![OF_12.to_owned()], ..trusted() },
                rustls::ProtocolVersion::TLSv1_2,
                Some(OF_12),
            ),
            (
                TlsConfig { cipher_suites: vec!["TLS_AES_128_GCM_SHA256".to_owned()], ..trusted() },
                rustls::ProtocolVersion::TLSv1_3,
                Some("TLS13_AES_128_GCM_SHA256"),
            ),
        ] {
            world(tls).get(&url).await.unwrap();
            let handshake = handshakes.borrow_mut().pop().unwrap();
            assert_eq!(handshake.version, version);
            assert!(suite.is_none_or(|suite| suite == handshake.suite), "{handshake:?}");
        }
    });
}

#[test]
fn another_name_is_sent_and_looked_for() {
    run(async {
        let authority = Authority::new();
        let (url, handshakes) = authority.serve(false).await;
        let url = url.replace("localhost", "127.0.0.1");
        let world = |name: &str| world(TlsConfig { server_name: Some(name.to_owned()), ..authority.trusted() });
        world("localhost").get(&url).await.unwrap();
        assert_eq!(handshakes.borrow_mut().pop().unwrap().server_name.as_deref(), Some("localhost"));
        let outcome = world("other.test").get(&url).await;
        assert!(matches!(&outcome, Err(Error::Tls(text)) if text.contains("not valid for name")), "{outcome:?}");
    });
}

#[test]
fn sessions_are_not_resumed_if_that_is_not_wanted() {
    run(async {
        let authority = Authority::new();
        let (url, handshakes) = authority.serve(false).await;
        for (no_resumption, expected) in [(false, [false, true]), (true, [false, false])] {
            for highest in [TlsVersion::Tls12, TlsVersion::Tls13] {
                let world = world(TlsConfig { no_resumption, highest: Some(highest), ..authority.trusted() });
                for _ in 0..2 {
                    world.get(&url).await.unwrap();
                }
                let resumed: Vec<bool> = handshakes.borrow_mut().drain(..).map(|one| one.resumed).collect();
                assert_eq!(resumed, expected, "{no_resumption} {highest:?}");
            }
        }
    });
}
