//! Puts the SDKs into the program: one archive, and its digest.

use std::env;
use std::fs::File;
use std::io;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, Header};

#[path = "src/sdk/pack.rs"]
mod pack;

fn main() -> io::Result<()> {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (part, _) in pack::PARTS {
        println!("cargo:rerun-if-changed={}", checkout.join(part).display());
    }
    println!("cargo:rerun-if-changed={}", checkout.join(pack::WORKSPACE).display());
    let files = pack::collect(&checkout)?;
    let output = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    let archive = File::create(Path::new(&output).join("sdk.tar.gz"))?;
    let mut archive = Builder::new(GzEncoder::new(archive, Compression::best()));
    for (path, contents) in &files {
        let mut header = Header::new_ustar();
        header.set_size(contents.len() as u64);
        archive.append_data(&mut header, path, contents.as_slice())?;
    }
    archive.into_inner()?.finish()?;
    println!("cargo:rustc-env=SQUALL_SDK_DIGEST={}", pack::digest(&files));
    Ok(())
}
