use super::*;
use crate::{Defaults, Options, Plan};

fn typed(text: &str) -> Result<(String, DataOptions), String> {
    parse_cli_data(text).map_err(|error| error.to_string())
}

fn planned(json: &str) -> Result<Vec<PlannedData>, Vec<String>> {
    let flows = [("main".to_owned(), 1)];
    let plan = Plan::resolve(Options::from_json(json).unwrap(), &flows, Defaults { threads: 1, seed: 1 });
    plan.map(|plan| plan.data).map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect())
}

#[test]
fn a_file_and_its_settings() {
    let (name, users) = typed("users=data/users.csv,policy=unique-per-vu,at-end=stop,delimiter=;").unwrap();
    assert_eq!(name, "users");
    assert_eq!(users.file.unwrap().to_str(), Some("data/users.csv"));
    assert_eq!((users.policy, users.at_end), (Some(Policy::UniquePerVu), Some(AtEnd::Stop)));
    assert_eq!((users.format, users.delimiter), (None, Some(b';')));
    let (_, upload) = typed("upload=file:a=b.csv").unwrap();
    assert_eq!((upload.format, upload.file.unwrap().to_str()), (Some(DataFormat::File), Some("a=b.csv")));
    // What is before the colon is no format, so it is a name.
    assert_eq!(typed("x=odd:name.csv").unwrap().1.file.unwrap().to_str(), Some("odd:name.csv"));
}

#[test]
fn mistakes_are_told() {
    for (text, sentence) in [
        ("users.csv", "write NAME=FILE, as in users=users.csv or upload=file:big.bin"),
        ("=users.csv", "write NAME=FILE, as in users=users.csv or upload=file:big.bin"),
        ("users=", "write NAME=FILE, as in users=users.csv or upload=file:big.bin"),
        ("users=a.csv,policy=shufle", "unknown policy \"shufle\": did you mean \"shuffle\"?"),
        ("users=a.csv,at-end=loop", "unknown at-end \"loop\": use recycle or stop or error"),
        ("users=a.csv,delimiter=::", "the delimiter \"::\" is none: write one ASCII character, or tab"),
        (
            "users=a.csv,shuffle",
            "\"shuffle\" is not a setting of data: write policy=.., at-end=.. or delimiter=.. behind the file",
        ),
    ] {
        assert_eq!(typed(text), Err(sentence.to_owned()), "{text}");
    }
}

#[test]
fn extensions_say_what_is_in_a_file() {
    let format = |file: &str| planned(&format!("{{\"data\": {{\"d\": {file:?}}}}}")).map(|data| data[0].format);
    assert_eq!(format("a.CSV"), Ok(DataFormat::Csv { delimiter: b',' }));
    assert_eq!(format("a.csv,delimiter=;"), Ok(DataFormat::Csv { delimiter: b';' }));
    assert_eq!(format("a.tsv"), Ok(DataFormat::Csv { delimiter: b'\t' }));
    assert_eq!(format("csv:a.txt"), Ok(DataFormat::Csv { delimiter: b',' }));
    assert_eq!(format("a.json"), Ok(DataFormat::Json));
    assert_eq!(format("a.jsonl"), Ok(DataFormat::NdJson));
    assert_eq!(format("file:a.csv"), Ok(DataFormat::File));
    assert_eq!(
        format("a.bin"),
        Err(vec![
            "--data d: the name of a.bin does not say what is in it; write --data d=FORMAT:a.bin with csv, tsv, json or \
             ndjson, or with file for bytes that are sent as they are"
                .to_owned()
        ])
    );
}

#[test]
fn what_does_not_fit_together() {
    let mistake = |settings: &str| planned(&format!("{{\"data\": {{\"d\": {settings:?}}}}}")).unwrap_err().remove(0);
    assert_eq!(
        mistake("a.csv,policy=once-each,at-end=recycle"),
        "--data d: at-end=recycle does not go with policy=once-each: no row may come again; use stop or error, or \
         policy=sequential"
    );
    assert_eq!(
        mistake("a.csv,policy=random,at-end=stop"),
        "--data d: at-end=stop does not go with policy=random: rows that are drawn never come to an end; use \
         policy=shuffle"
    );
    assert_eq!(mistake("a.json,delimiter=;"), "--data d: only CSV has a delimiter");
    assert!(mistake("file:a.bin,policy=random").contains("has no rows"));
}

#[test]
fn a_component_says_what_it_needs_and_the_user_where_it_is() {
    let suggested = Options::from_json(r#"{"data": {"users": {"policy": "once_each", "atEnd": "error"}}}"#).unwrap();
    assert_eq!(
        planned(r#"{"data": {"users": {"policy": "shuffle"}}}"#),
        Err(vec!["the scenario needs data that is not given: add --data users=FILE".to_owned()])
    );
    let typed = Options { data: [parse_cli_data("users=u.csv,at-end=stop").unwrap()].into(), ..Options::default() };
    let both = typed.over(suggested).data.remove("users").unwrap();
    assert_eq!((both.policy, both.at_end), (Some(Policy::OnceEach), Some(AtEnd::Stop)));
    assert_eq!(both.file.unwrap().to_str(), Some("u.csv"));
}

#[test]
fn keys_of_the_object_form_are_checked() {
    let mistake = Options::from_json(r#"{"data": {"users": {"file": "a.csv", "polcy": "random"}}}"#).unwrap_err();
    assert!(mistake.to_string().contains("unknown key \"polcy\": did you mean \"policy\"?"), "{mistake}");
}
