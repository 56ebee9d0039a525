use squall_plan::PlannedData;
use tempfile::TempDir;

use crate::{DataSet, Table};

struct Folder(TempDir);

impl Folder {
    fn load(&self, file: &str) -> Result<DataSet, String> {
        let (name, rest) = file.split_once('=').unwrap();
        let mut options = squall_plan::parse_cli_data(file).unwrap().1;
        let path = self.0.path().join(options.file.take().unwrap());
        options.file = Some(path);
        let options = squall_plan::Options { data: [(name.to_owned(), options)].into(), ..Default::default() };
        let defaults = squall_plan::Defaults { threads: 1, seed: 1 };
        let plan = squall_plan::Plan::resolve(options, &[("main".to_owned(), 1)], defaults).expect(rest);
        let planned: Vec<PlannedData> = plan.data;
        let folder = format!("{}/", self.0.path().display());
        DataSet::load(&planned, 2, 1).map_err(|error| error.to_string().replace(&folder, ""))
    }
}

fn folder(file: &str, content: impl AsRef<[u8]>) -> Folder {
    let folder = Folder(tempfile::tempdir().unwrap());
    std::fs::write(folder.0.path().join(file), content).unwrap();
    folder
}

fn table(file: &str, content: impl AsRef<[u8]>) -> Table {
    let set = folder(file, content).load(&format!("d={file}")).unwrap();
    set.feed(0).unwrap().table().clone()
}

fn mistake(file: &str, content: impl AsRef<[u8]>) -> String {
    folder(file, content).load(&format!("d={file}")).err().unwrap()
}

fn rows(table: &Table) -> Vec<Vec<String>> {
    let row = |row| table.fields(row).map(|(_, value)| value.text.to_owned()).collect();
    (0..table.length()).map(row).collect()
}

#[test]
fn csv_as_it_should_be() {
    let table = table("a.csv", "name,note\r\nada,\"says \"\"hi\"\", twice\r\nand more\"\r\n\r\n\"\",ü\r\n");
    assert_eq!(table.columns().collect::<Vec<_>>(), ["name", "note"]);
    assert_eq!(rows(&table), [["ada", "says \"hi\", twice\r\nand more"], ["", "ü"]]);
    assert_eq!(table.json(1), r#"{"name":"","note":"ü"}"#);
    assert_eq!(table.get(0, "name").unwrap().unwrap().text, "ada");
    assert_eq!(table.bytes(0, "name").unwrap().unwrap(), "ada");
}

#[test]
fn other_delimiters_and_a_byte_order_mark() {
    assert_eq!(rows(&table("a.tsv", "\u{feff}a\tb\n1\t2,5\n")), [["1", "2,5"]]);
    let set = folder("a.csv", "\u{feff}\"a\";b\n1;2\n").load("d=a.csv,delimiter=;").unwrap();
    assert_eq!(set.feed(0).unwrap().table().get(0, "a").unwrap().unwrap().text, "1");
}

#[test]
fn csv_that_is_not_right() {
    assert_eq!(
        mistake("a.csv", "a,b\n1,2\n\"x\ny\",2\n3\n4,5\n"),
        "--data d=a.csv, line 5: 1 field where the first line names 2 columns"
    );
    assert_eq!(mistake("a.csv", ""), "--data d=a.csv: it is empty: CSV begins with a line of column names");
    assert_eq!(mistake("a.csv", "a,b\n"), "--data d=a.csv: there are no rows in it");
    assert_eq!(mistake("a.csv", "a,b,a\n1,2,3\n"), "--data d=a.csv, line 1: two columns are named \"a\"");
    assert_eq!(
        mistake("a.csv", b"a\nb\nM\xfcller\n"),
        "--data d=a.csv, line 3: this is not UTF-8 text: convert the file, as with iconv -f latin1 -t utf-8"
    );
    let missing = folder("a.csv", "").load("d=b.csv").err().unwrap();
    assert_eq!(missing, "--data d=b.csv: No such file or directory (os error 2)");
}

#[test]
fn a_quote_that_is_not_closed_is_told() {
    let closed = "a,b\n\"x, \"\"y\"\"\",\"2\n3\"\n5\" disk,\"4\" \n";
    assert_eq!(rows(&table("a.csv", closed)), [["x, \"y\"", "2\n3"], ["5\" disk", "4 "]]);
    assert_eq!(rows(&table("a.csv", "a\r\n\"x\ny\"\r\n\"z\"")), [["x\ny"], ["z"]]);
    assert_eq!(
        mistake("a.csv", "a,b\n1,2\n\"ada,3\n4,5\n6,7\n"),
        "--data d=a.csv, line 3: a quote that is opened here is not closed; within a field, a quote is written twice: \"\""
    );
    assert_eq!(
        mistake("a.csv", "\u{feff}\"a,b\n1,2\n"),
        "--data d=a.csv, line 1: a quote that is opened here is not closed; within a field, a quote is written twice: \"\""
    );
    // The next quote ends it, wherever that is.
    for rows in ["\"ada,3\n4,5\n\"bob\",7\n", "\"ada\n4\n\"bob\"\n5\n\"eve\"\n"] {
        let told = mistake("a.csv", format!("a,b\n{rows}"));
        assert!(told.starts_with("--data d=a.csv, line 2: a quote that is opened here is closed in line 4"), "{told}");
    }
    assert!(mistake("a.tsv", "a\tb\n\"1\t2\n3\t4\n").contains("line 2: a quote"));
    // The earlier mistake is reported first.
    assert!(mistake("a.csv", "a,b\n1\n\"2,3\n").contains("line 2: 1 field where"));
}

#[test]
fn utf_16_is_read_by_its_mark() {
    let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<_>>();
    for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let text = utf16("\u{feff}name\tage\r\nMüller 🦀\t36\r\n", bytes);
        assert_eq!(rows(&table("a.tsv", text)), [["Müller 🦀", "36"]]);
        let json = utf16("\u{feff}[{\"name\": \"ü\"}]", bytes);
        assert_eq!(rows(&table("a.json", &json)), [["ü"]]);
        assert_eq!(rows(&table("a.ndjson", utf16("\u{feff}{\"name\": \"ü\"}\n", bytes))), [["ü"]]);
        for file in ["a.csv", "a.json", "a.ndjson"] {
            let told = mistake(file, utf16("a,b\n1,2\n", bytes));
            assert!(told.contains("line 1: this is not UTF-8 text; it looks like UTF-16 without"), "{told}");
        }
    }
    let cut = &utf16("\u{feff}a\n1\n2\n", u16::to_le_bytes);
    assert!(mistake("a.csv", &cut[..cut.len() - 1]).contains("line 3: this is not UTF-16 text"));
    let lone = [cut.as_slice(), &[0, 0xD8]].concat();
    assert!(mistake("a.csv", lone).contains("line 4: this is not UTF-16 text"));
}

const JSON: &str = r#"[{"name": "ada \u00fc", "age": 36, "tags": ["a", "b"]},
 {"age": 12345678901234567890123, "name": null, "last": true}]"#;

#[test]
fn json_keeps_what_it_holds() {
    let lines = JSON.trim_matches(['[', ']']).replace("},", "}");
    for table in [table("a.json", format!("\u{feff}{JSON}\n")), table("a.jsonl", format!("\u{feff}{lines}\n\n"))] {
        assert_eq!(table.columns().collect::<Vec<_>>(), ["name", "age", "tags", "last"]);
        let get = |row, column| table.get(row, column).unwrap().map(|value| value.text);
        assert_eq!((get(0, "name"), get(0, "age"), get(0, "tags")), (Some("ada ü"), Some("36"), Some(r#"["a", "b"]"#)));
        assert_eq!((get(1, "age"), get(1, "tags")), (Some("12345678901234567890123"), None));
        assert_eq!((get(0, "last"), get(1, "last"), get(1, "name")), (None, Some("true"), Some("null")));
        assert_eq!(table.json(0), r#"{"name":"ada ü","age":36,"tags":["a", "b"]}"#);
        assert_eq!(table.json(1), r#"{"name":null,"age":12345678901234567890123,"last":true}"#);
        assert_eq!(
            table.get(0, "nmae").unwrap_err().to_string(),
            "there is no column \"nmae\": the columns are name, age, tags, last"
        );
    }
}

#[test]
fn json_that_is_not_right() {
    let mistake = |file: &str, content: &str| mistake(file, content).split_off("--data d=".len());
    assert_eq!(mistake("a.json", "[{\"a\": 1},\n{\"a\": 2,}]"), "a.json, line 2: trailing comma");
    assert_eq!(
        mistake("a.json", "[\n{\"a\": 1},\n3]"),
        "a.json, line 3: invalid type: integer `3`, expected an object, as in {\"name\": \"ada\"}"
    );
    assert_eq!(mistake("a.json", "{\"a\": 1}"), "a.json, line 1: invalid type: map, expected an array of objects");
    assert_eq!(mistake("a.json", "[]"), "a.json: there are no rows in it");
    assert_eq!(mistake("a.json", ""), "a.json, line 1: EOF while parsing a value");
    assert_eq!(mistake("a.json", "[{\"a\": 1}] 2"), "a.json, line 1: trailing characters");
    assert_eq!(mistake("a.ndjson", "{\"a\": 1}\n\n{\"a\" 2}\n"), "a.ndjson, line 3: expected `:`");
    assert_eq!(mistake("a.ndjson", "\n"), "a.ndjson: there are no rows in it");
}

#[test]
fn a_file_as_it_is() {
    let folder = folder("a.csv", b"\xff\x00");
    let set = folder.load("upload=file:a.csv").unwrap();
    assert_eq!(set.blob("upload").unwrap(), &b"\xff\x00"[..]);
    assert_eq!(
        set.find_feed("upload").unwrap_err().to_string(),
        "data \"upload\" was given as file:, to be sent unchanged: it has no rows"
    );
    assert_eq!(
        set.find_feed("users").unwrap_err().to_string(),
        "there is no data \"users\": give it with --data users=FILE (given are upload)"
    );
}

#[test]
fn a_user_s_policy_is_checked_before_the_run() {
    let error = folder("a.csv", "a\n1\n").load("d=a.csv,policy=unique-per-vu").err().unwrap();
    assert!(error.contains("needs one for each of up to 2 virtual users"), "{error}");
}

#[test]
fn a_device_is_no_data_and_a_wide_file_is_told_at_once() {
    for format in ["csv", "json", "ndjson", "file"] {
        let options = squall_plan::parse_cli_data(&format!("d={format}:/dev/zero"));
        let options = squall_plan::Options { data: [options.unwrap()].into(), ..Default::default() };
        let defaults = squall_plan::Defaults { threads: 1, seed: 1 };
        let plan = squall_plan::Plan::resolve(options, &[("main".to_owned(), 1)], defaults).unwrap();
        let error = DataSet::load(&plan.data, 2, 1).err().unwrap().to_string();
        assert_eq!(error, "--data d=/dev/zero: this is a device: give a file, or a pipe", "{format}");
    }
    let header: Vec<String> = (0..1_000_000).map(|column| format!("c{column}")).collect();
    let error = mistake("a.csv", header.join(","));
    assert_eq!(error, "--data d=a.csv, line 1: there are 1000000 columns: at most 10000 can be read");
    assert!(mistake("a.csv", header[..10_001].join(",")).contains("10001 columns: at most 10000"));
    let widest = table("a.csv", format!("{}\n{}\n", header[..10_000].join(","), ",".repeat(9_999)));
    assert_eq!(widest.columns().count(), 10_000);
    let names: Vec<String> = header.iter().map(|name| format!("\"{name}\":1")).collect();
    let object = format!("{{{}}}", names.join(","));
    assert!(mistake("a.ndjson", &object).contains("1000000 columns: at most 10000"));
    assert!(mistake("a.json", format!("[{object}]")).contains("1000000 columns: at most 10000"));
}

#[test]
fn data_can_come_through_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("a.csv");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, "name\nada\n").unwrap()
    });
    let set = Folder(folder).load("d=a.csv").unwrap();
    writer.join().unwrap();
    assert_eq!(rows(set.feed(0).unwrap().table()), [["ada"]]);
}
