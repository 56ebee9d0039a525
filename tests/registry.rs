//! `squall push`, `squall pull` and `oci://`, against Debian's `docker-registry` (`apt-get install docker-registry`).

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::daemon::{between_questions, free_address, is_listening};
use crate::support::program::{Ended, Squall, guest};
use crate::support::skip;

/// An empty registry.
struct Registry {
    child: Child,
    address: String,
    folder: TempDir,
}

impl Registry {
    /// `None`, and a message, if the program is not installed.
    fn start(more: &str) -> Option<Registry> {
        let folder = tempfile::tempdir().unwrap();
        let address = free_address();
        let store = folder.path().join("store");
        let settings = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: '{address}'}}\n{more}",
            store.display()
        );
        let file = folder.path().join("config.yml");
        fs::write(&file, settings).unwrap();
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let Ok(child) = command.spawn() else {
            skip("registry", "docker-registry is not installed (apt-get install docker-registry)");
            return None;
        };
        let registry = Registry { child, address, folder };
        let began = Instant::now();
        while !is_listening(&registry.address) {
            assert!(began.elapsed() < Duration::from_secs(60), "docker-registry does not listen");
            between_questions();
        }
        Some(registry)
    }

    /// `squall` with its own cache and login.
    fn squall(&self, arguments: &[&str]) -> Squall {
        let own = |name: &str| self.folder.path().join(name).display().to_string();
        Squall::new(arguments).env("XDG_CACHE_HOME", &own("cache")).env("DOCKER_CONFIG", &own("docker"))
    }

    fn push(&self, name: &str) -> Ended {
        self.squall(&["push", &guest("minimal"), &self.at(name)]).run().expect_code(0)
    }

    fn at(&self, name: &str) -> String {
        format!("oci://{}/{name}", self.address)
    }

    /// The registry's response to a simple request.
    fn get(&self, path: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: x\r\nAccept: application/vnd.oci.image.manifest.v1+json\r\n\r\n")
            .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let head = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        answer.split_off(head)
    }

    fn stop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.stop();
    }
}

/// `sha256:...`, from the line that push and pull print.
fn digest(ended: &Ended) -> String {
    ended.out.lines().next().unwrap().split('@').nth(1).unwrap()[..71].to_owned()
}

#[test]
fn the_pulled_file_is_the_pushed_one_and_it_runs() {
    let Some(registry) = Registry::start("") else { return };
    let pushed = registry.push("team/shop:1");
    let output = registry.folder.path().join("back.wasm").display().to_string();
    let pulled = registry.squall(&["pull", &registry.at("team/shop:1"), "-o", &output]).run().expect_code(0);
    assert_eq!(digest(&pulled), digest(&pushed));
    assert_eq!(fs::read(Path::new(&output)).unwrap(), fs::read(guest("minimal")).unwrap());
    registry.squall(&["inspect", &registry.at("team/shop:1")]).run().expect_code(0);
    let target = format!("http://{}", registry.address);
    let ended = registry.squall(&["run", &registry.at("team/shop:1"), "--target", &target, "-u", "1", "-i", "3"]);
    assert_eq!(ended.exporting().run().expect_code(0).number("http_reqs", "count"), 3.0);
}

#[test]
fn the_registry_has_an_artifact_by_the_working_group_s_definition() {
    let Some(registry) = Registry::start("") else { return };
    let pushed = registry.push("shop:1");
    assert_eq!(digest(&registry.push("again:2")), digest(&pushed), "the same file, the same digest");
    let manifest: Value = serde_json::from_slice(&registry.get("/v2/shop/manifests/1")).unwrap();
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.wasm.config.v0+json");
    assert_eq!(manifest["layers"][0]["mediaType"], "application/wasm");
    assert_eq!(manifest["layers"][0]["annotations"]["org.opencontainers.image.title"], "minimal-rust.wasm");
    let config = manifest["config"]["digest"].as_str().unwrap();
    let config: Value = serde_json::from_slice(&registry.get(&format!("/v2/shop/blobs/{config}"))).unwrap();
    assert_eq!((&config["os"], &config["layerDigests"][0]), (&"wasip2".into(), &manifest["layers"][0]["digest"]));
}

/// A pair of keys, as OpenSSL makes them.
fn keys(registry: &Registry, name: &str) -> [String; 2] {
    let [private, public] = ["pem", "pub"].map(|ending| registry.folder.path().join(format!("{name}.{ending}")));
    let openssl = |arguments: &[&str]| assert!(Command::new("openssl").args(arguments).status().unwrap().success());
    let [private, public] = [private, public].map(|path| path.display().to_string());
    openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-quiet", "-out", &private]);
    openssl(&["pkey", "-in", &private, "-pubout", "-out", &public]);
    [private, public]
}

#[test]
fn only_signed_artifacts_are_run() {
    let Some(mut registry) = Registry::start("") else { return };
    registry.push("shop:1");
    let (shop, [ours, our_public], [theirs, their_public]) =
        (registry.at("shop:1"), keys(&registry, "ours"), keys(&registry, "theirs"));
    let inspect = |more: &[&str]| registry.squall(&["inspect", &shop, "--verify-key", &our_public]).args(more).run();
    let unsigned = inspect(&[]).expect_code(104);
    assert!(unsigned.err.contains("it has no signatures"), "{}", unsigned.err);
    registry.squall(&["sign", &shop, "--key", &theirs]).run().expect_code(0);
    let by_others = inspect(&[]).expect_code(104);
    assert!(by_others.err.contains("it has one signature, and none is by a key"), "{}", by_others.err);
    registry.squall(&["sign", &shop, "--key", &ours]).run().expect_code(0);
    inspect(&[]).expect_code(0);
    // The first signature is still there.
    registry.squall(&["inspect", &shop, "--verify-key", &their_public]).run().expect_code(0);
    registry.stop();
    registry.squall(&["inspect", &shop, "--verify-key", &our_public, "--offline"]).run().expect_code(0);
}

#[test]
fn a_file_s_signature_lies_beside_it() {
    let Some(registry) = Registry::start("") else { return };
    let [private, public] = keys(&registry, "ours");
    let file = registry.folder.path().join("shop.wasm").display().to_string();
    fs::copy(guest("minimal"), &file).unwrap();
    registry.squall(&["sign", &file, "--key", &private]).run().expect_code(0);
    registry.squall(&["inspect", &file, "--verify-key", &public, "--require-signature"]).run().expect_code(0);
    fs::copy(guest("shop"), &file).unwrap();
    let changed = registry.squall(&["inspect", &file, "--verify-key", &public]).run().expect_code(104);
    assert!(changed.err.contains("do not run it"), "{}", changed.err);
    let nobody = registry.squall(&["inspect", &file, "--require-signature"]).run().expect_code(104);
    assert!(nobody.err.contains("--verify-key"), "{}", nobody.err);
    // A component that a plan only reads is run as well.
    let plan = registry.folder.path().join("plan.yaml").display().to_string();
    fs::write(&plan, "component: shop.wasm\ntarget: http://127.0.0.1:1\nusers: 1\nduration: 1s\n").unwrap();
    for command in ["check", "show"] {
        let changed = registry.squall(&["plan", command, &plan, "--verify-key", &public]).run().expect_code(104);
        assert!(changed.err.contains("do not run it"), "{}", changed.err);
        let nobody = registry.squall(&["plan", command, &plan, "--require-signature"]).run().expect_code(104);
        assert!(nobody.err.contains("--verify-key"), "{}", nobody.err);
    }
    registry.squall(&["sign", &file, "--key", &private]).run().expect_code(0);
    registry.squall(&["plan", "check", &plan, "--verify-key", &public]).run().expect_code(0);
}

#[test]
fn without_a_network_the_cache_has_it() {
    let Some(mut registry) = Registry::start("") else { return };
    let pinned = format!("{}@{}", registry.at("shop"), digest(&registry.push("shop:1")));
    registry.squall(&["inspect", &registry.at("shop:1")]).run().expect_code(0);
    registry.stop();
    registry.squall(&["inspect", &pinned]).run().expect_code(0);
    registry.squall(&["inspect", "--offline", &registry.at("shop:1")]).run().expect_code(0);
    let online = registry.squall(&["inspect", &registry.at("shop:1")]).run().expect_code(104);
    assert!(online.err.contains("cannot connect"), "{}", online.err);
    let missing = registry.squall(&["inspect", "--offline", &registry.at("other:1")]).run().expect_code(104);
    assert!(missing.err.contains("not in the cache"), "{}", missing.err);
}

#[test]
fn a_missing_artifact_is_reported() {
    let Some(registry) = Registry::start("") else { return };
    let ended = registry.squall(&["run", &registry.at("nothing:1")]).run().expect_code(104);
    assert!(ended.err.contains("no such artifact"), "{}", ended.err);
    let ended = registry.squall(&["run", "oci://shop"]).run().expect_code(104);
    assert!(ended.err.contains("write oci://REGISTRY/NAME:TAG"), "{}", ended.err);
}

#[test]
fn a_login_of_docker_opens_a_closed_registry() {
    let folder = tempfile::tempdir().unwrap();
    let users = folder.path().join("users");
    // The name `me` and the bcrypt of `secret`, as `htpasswd -nbB me secret` writes them.
    fs::write(&users, "me:$2b$05$fwYVi71mQURnYqT/eZPmxeENqAojlgm9RImw9RoXtQEJY4WdGpeIi\n").unwrap();
    let auth = format!("auth: {{htpasswd: {{realm: x, path: {}}}}}\n", users.display());
    let Some(registry) = Registry::start(&auth) else { return };
    let arguments = ["push", &guest("minimal"), &registry.at("shop:1")];
    let ended = registry.squall(&arguments).run().expect_code(104);
    assert!(ended.err.contains("docker login"), "{}", ended.err);
    let docker = registry.folder.path().join("docker");
    fs::create_dir(&docker).unwrap();
    let login = |auth: &str| {
        let config = serde_json::json!({ "auths": { registry.address.as_str(): { "auth": auth } } });
        fs::write(docker.join("config.json"), config.to_string()).unwrap();
    };
    login("bWU6d3Jvbmc=");
    let ended = registry.squall(&arguments).run().expect_code(104);
    assert!(ended.err.contains("are wrong"), "{}", ended.err);
    login("bWU6c2VjcmV0");
    registry.squall(&arguments).run().expect_code(0);
}
