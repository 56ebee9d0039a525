//! A guest that calls everything: each function that a scenario may import, in random sequences, with hostile arguments. It is made
//! from the contract, so it forgets no function, and it speaks the canonical ABI by hand, so that no language's good manners are in
//! its way: texts overlap or are no UTF-8, handles are of another kind or none at all.

mod contract;
mod driver;
mod values;

pub use contract::Contract;

/// Bytes that are in the guest's memory from the beginning.
struct Data {
    end: usize,
    segments: String,
}

impl Data {
    fn new() -> Data {
        // Not at 0, where results go.
        Data { end: 4096, segments: String::new() }
    }

    /// Where they are.
    fn put(&mut self, bytes: &[u8]) -> usize {
        let at = self.reserve(bytes.len());
        let escaped: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
        self.segments.push_str(&format!("(data (i32.const {at}) \"{escaped}\")\n"));
        at
    }

    fn numbers(&mut self, numbers: &[usize]) -> usize {
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| (*number as u32).to_le_bytes()).collect();
        self.put(&bytes)
    }

    /// A list of (address, length).
    fn texts<T: AsRef<str>>(&mut self, texts: &[T]) -> usize {
        let places: Vec<usize> =
            texts.iter().map(T::as_ref).flat_map(|text| [self.put(text.as_bytes()), text.len()]).collect();
        self.numbers(&places)
    }

    fn reserve(&mut self, bytes: usize) -> usize {
        let at = self.end;
        self.end = (at + bytes).next_multiple_of(8);
        at
    }
}

/// The guest, as a core module with the metadata of its world. Its texts are these, among others that it makes up; the first is where
/// some of its requests go.
///
/// - `-e SEED=N`: another N, other sequences. Which of them an iteration makes depends on its number alone, and on what earlier ones
///   have left behind in its instance.
/// - `-e TAME=1`: what is called is recorded as a check of its name, and texts are these only, so that there is room for the names.
pub fn guest(contract: &Contract, texts: &[String]) -> Vec<u8> {
    let text = driver::module(contract, texts);
    let mut module = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"));
    let encoding = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &contract.resolve, contract.world, encoding).unwrap();
    module
}
