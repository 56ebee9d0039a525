//! Links a file, to be looked at: `cargo run -p squall-link --example link FROM TO`.

fn main() {
    let mut files = std::env::args().skip(1);
    let (from, to) = files.next().zip(files.next()).expect("two files");
    let linked = squall_link::link(&std::fs::read(from).expect("a component")).expect("linked");
    std::fs::write(to, linked).expect("written");
}
