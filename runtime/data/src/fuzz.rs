//! The target of `fuzz/` for this crate's parsers: files of data, in every format and encoding.

use std::collections::BTreeMap;
use std::io::Cursor;

use serde_json::value::RawValue;
use squall_fuzzing::{Outcome, assert_harmless};
use squall_plan::DataFormat;

use crate::load;
use crate::table::Table;

/// A file of data, whose first byte selects the format. Every row must have each of its fields once and be a JSON
/// object, and an error must name a line of the file.
pub fn data(bytes: &[u8]) -> Outcome {
    let Some((format, bytes)) = bytes.split_first() else { return Outcome::Refused };
    let format = match format % 4 {
        0 => DataFormat::Csv { delimiter: b',' },
        1 => DataFormat::Csv { delimiter: b'\t' },
        2 => DataFormat::Json,
        _ => DataFormat::NdJson,
    };
    let read = load::table_of(Cursor::new(bytes.to_vec()), bytes.len(), format);
    match &read {
        Ok(table) => check(table, bytes.len()),
        Err(wrong) => {
            assert_harmless(&wrong.reason);
            // Of UTF-16, each byte may be half of a line's end.
            let lines = 1 + bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() as u64;
            assert!(wrong.line.is_none_or(|line| (1..=lines).contains(&line)), "{wrong:?} of {lines}");
        }
    }
    Outcome::of(&read)
}

fn check(table: &Table, length: usize) {
    let columns = table.columns().len();
    assert!(table.length() > 0 && table.length() <= length as u64);
    assert!(
        table.size() <= 8 + (table.length() as usize + 1) * (16 + 9 * columns) + 3 * length,
        "{} bytes",
        table.size()
    );
    for row in 0..table.length().min(50) {
        // A number is kept as written, however large.
        let fields = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(&table.json(row));
        assert_eq!(
            fields.ok().map(|fields| fields.len()),
            Some(table.fields(row).count()),
            "row {row}: {}",
            table.json(row)
        );
    }
}

#[cfg(test)]
mod tests {
    use squall_fuzzing::{Counting, Memory, Target};

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    fn utf16(how: u8, text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        std::iter::once(how).chain(units.flat_map(unit)).collect()
    }

    #[test]
    fn data() {
        let csv = "name,note\nada,\"a \"\"quoted\"\", line\nand another\"\nbob,\n";
        let json = r#"[{"name": "ada \u00e9", "age": 36.50}, {"age": null, "more": [1, {"a": "b"}]}]"#;
        let lines = "{\"name\": \"ada\"}\r\n\n{\"age\": 1e3, \"name\": true}";
        let seeds = [
            format!("\0{csv}").into_bytes(),
            format!("\0\u{feff}{csv}").into_bytes(),
            format!("\x01{}", csv.replace(',', "\t")).into_bytes(),
            format!("\x02{json}").into_bytes(),
            format!("\x03\u{feff}{lines}").into_bytes(),
            utf16(0, csv, u16::to_le_bytes),
            utf16(3, lines, u16::to_be_bytes),
        ];
        let seeds: Vec<&Vec<u8>> = seeds.iter().collect();
        let pieces = ["\"\"", ",\"", "\"\n", "\r", "\n", "\t", "{\"a\":", "}", "null", "\u{feff}", "\\ud800", ",{}"];
        // A reader's buffer, and columns that each row has a place for.
        let memory = Memory { base: 2 << 20, per_byte: 200 };
        Target::new("data", super::data).seeds(&seeds).pieces(&pieces).memory(memory).inputs(10_000).for_a_while();
    }
}
