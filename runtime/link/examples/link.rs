//! Links a file: `cargo run -p squall-link --example link FROM TO`.

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let component = std::fs::read(&arguments[1]).expect("a component");
    match squall_link::link(&component) {
        Ok(linked) => std::fs::write(&arguments[2], linked).expect("written"),
        Err(unlinked) => eprintln!("left as it is: {unlinked}"),
    }
}
