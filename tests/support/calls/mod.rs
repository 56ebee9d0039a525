//! A guest that calls everything: each function that a scenario may import, in random sequences, with hostile
//! arguments. It is made from the contract, so it forgets no function. It uses the canonical ABI by hand, so no
//! language's checks protect the host: texts overlap or are not UTF-8, handles are of another kind or do not exist.

mod contract;
mod driver;
mod values;

pub use contract::Contract;

/// Bytes that are initially in the guest's memory.
struct Data {
    end: usize,
    segments: String,
}

impl Data {
    fn new() -> Data {
        // Not at 0, where results go.
        Data { end: 4096, segments: String::new() }
    }

    /// The place of the bytes.
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

/// The guest, as a core module with the metadata of its world. Its texts are these, among others that it makes up; some
/// of its requests go to the first one.
///
/// - `-e SEED=N`: another N, other sequences. An iteration's sequence depends only on its number, and on the state that
///   earlier ones have left in its instance.
/// - `-e TAME=1`: each call is recorded as a check of its name, and texts are these only, so that there is room for the
///   names.
pub fn guest(contract: &Contract, texts: &[String]) -> Vec<u8> {
    let text = driver::module(contract, texts);
    let mut module = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"));
    let encoding = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &contract.resolve, contract.world, encoding).unwrap();
    module
}
