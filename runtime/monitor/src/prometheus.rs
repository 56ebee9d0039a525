//! A query to a Prometheus: `GET /api/v1/query` of its HTTP API
//! (<https://prometheus.io/docs/prometheus/latest/querying/api/>).
//!
//! The query's name determines the meaning of its result: see [`meaning`].

use std::sync::Arc;

use serde::Deserialize;
use squall_metrics::{ResourceUnit, ResourceValue};
use url::Url;

use crate::fetch::get;
use crate::source::shown;

/// One query.
pub(crate) struct Query {
    source: Arc<str>,
    name: String,
    address: Url,
}

#[derive(Deserialize)]
struct QueryAnswer {
    status: String,
    error: Option<String>,
    data: Option<Data>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    result: serde_json::Value,
}

/// A time and a number, which is a text because it may be `NaN` or `+Inf`.
type Sample = (f64, String);

#[derive(Deserialize)]
struct Element {
    value: Sample,
}

impl Query {
    /// `server` is the Prometheus' own address, under which the API lies.
    pub(crate) fn new(server: &Url, name: &str, query: &str) -> Query {
        let mut address = server.clone();
        address.set_path(&format!("{}/api/v1/query", server.path().trim_end_matches('/')));
        address.set_query(None);
        address.query_pairs_mut().append_pair("query", query);
        let source = format!("{} ({name})", shown(server).trim_end_matches('/'));
        Query { source: source.into(), name: name.to_owned(), address }
    }

    pub(crate) fn source(&self) -> Arc<str> {
        Arc::clone(&self.source)
    }

    pub(crate) async fn ask(&self) -> Result<Vec<ResourceValue>, String> {
        let (status, text) = get(&self.address, "application/json").await?;
        let value = number(status, &text)?;
        Ok(vec![meaning(&self.name, value)?])
    }
}

/// The one number of an answer.
pub(crate) fn number(status: u16, text: &str) -> Result<f64, String> {
    let answer: QueryAnswer =
        serde_json::from_str(text).map_err(|_| format!("it answered {status}, and not as Prometheus"))?;
    let data = match answer.data {
        Some(data) if answer.status == "success" => data,
        _ => {
            return Err(format!(
                "it answered {status}: {}",
                answer.error.map_or_else(|| "no reason given".to_owned(), |error| shown_words(&error))
            ));
        }
    };
    let wrong = |error: serde_json::Error| format!("its answer cannot be read: {}", shown_words(&error.to_string()));
    let (_, value) = match data.result_type.as_str() {
        "scalar" => serde_json::from_value::<Sample>(data.result).map_err(wrong)?,
        "vector" => {
            let mut elements: Vec<Element> = serde_json::from_value(data.result).map_err(wrong)?;
            match elements.len() {
                1 => elements.remove(0).value,
                0 => return Err("the query has no result now".to_owned()),
                more => return Err(format!("the query has {more} results: make it one, with sum() or avg()")),
            }
        }
        other => {
            return Err(format!("the query's result is a {}: it must be one number at a time", shown_words(other)));
        }
    };
    value
        .parse()
        .ok()
        .filter(|value: &f64| value.is_finite())
        .ok_or_else(|| format!("the query's result is {}", shown_words(&value)))
}

/// A server's error text for display: on one line, and of limited length.
fn shown_words(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(200).collect()
}

/// The meaning of a number, by the user's name for its query. `cpu` and `memory`, and names in `_share` or `_ratio`,
/// are shares from 0 to 1; names in `_percent` are shares from 0 to 100, of `cpu` and `memory` as well; names in
/// `_bytes` are bytes; all others plain numbers.
fn meaning(name: &str, number: f64) -> Result<ResourceValue, String> {
    let made = |name: &str, unit, value, limit| ResourceValue { name: name.to_owned().into(), unit, value, limit };
    if let Some(name) = name.strip_suffix("_percent") {
        return Ok(made(name, ResourceUnit::Share, number / 100.0, Some(1.0)));
    }
    if let Some(name) = name.strip_suffix("_bytes") {
        return Ok(made(name, ResourceUnit::Bytes, number, None));
    }
    let is_share = matches!(name, "cpu" | "memory") || name.ends_with("_share") || name.ends_with("_ratio");
    match is_share {
        true if (0.0..=1.0).contains(&number) => Ok(made(name, ResourceUnit::Share, number, Some(1.0))),
        true => Err(format!(
            "{name} must be a share from 0 to 1, but the query returned {number}: name it {name}_percent or {name}_bytes, if it is one"
        )),
        false => Ok(made(name, ResourceUnit::Number, number, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_goes_to_the_api_below_the_servers_address() {
        let server = Url::parse("http://me:secret@host:9090/prom/").unwrap();
        let query = Query::new(&server, "cpu", "sum(rate(a[1m])) + 1");
        assert_eq!(query.address.path(), "/prom/api/v1/query");
        assert_eq!(query.address.query(), Some("query=sum%28rate%28a%5B1m%5D%29%29+%2B+1"));
        assert_eq!(&*query.source, "http://host:9090/prom (cpu)");
    }

    #[test]
    fn one_number_is_an_answer_and_all_else_is_told() {
        let vector =
            |result: &str| format!(r#"{{"status":"success","data":{{"resultType":"vector","result":{result}}}}}"#);
        let one = r#"{"metric":{},"value":[1700000000.5,"0.25"]}"#;
        assert_eq!(number(200, &vector(&format!("[{one}]"))), Ok(0.25));
        let scalar = r#"{"status":"success","data":{"resultType":"scalar","result":[1,"7"]}}"#;
        assert_eq!(number(200, scalar), Ok(7.0));
        assert!(number(200, &vector("[]")).unwrap_err().contains("no result"));
        assert!(number(200, &vector(&format!("[{one},{one}]"))).unwrap_err().contains("2 results"));
        assert!(number(200, &vector(r#"[{"metric":{},"value":[1,"NaN"]}]"#)).unwrap_err().ends_with("NaN"));
        let wrong = r#"{"status":"error","errorType":"bad_data","error":"parse error: unexpected end"}"#;
        assert_eq!(number(400, wrong), Err("it answered 400: parse error: unexpected end".to_owned()));
        assert!(number(404, "<html>").unwrap_err().contains("404"));
        let long = format!(r#"{{"status":"error","error":"a\u001b[2J{}"}}"#, "b".repeat(9_000));
        assert!(number(400, &long).is_err_and(|told| told.starts_with("it answered 400: a[2Jbbb") && told.len() < 300));
    }

    #[test]
    fn the_name_says_what_the_number_is() {
        let said = |name, number| meaning(name, number).map(|value| (value.name.into_owned(), value.unit, value.value));
        assert_eq!(said("cpu", 0.7), Ok(("cpu".to_owned(), ResourceUnit::Share, 0.7)));
        assert_eq!(said("cpu_percent", 70.0), Ok(("cpu".to_owned(), ResourceUnit::Share, 0.7)));
        assert_eq!(said("memory_bytes", 5e9), Ok(("memory".to_owned(), ResourceUnit::Bytes, 5e9)));
        assert_eq!(said("connections", 42.0), Ok(("connections".to_owned(), ResourceUnit::Number, 42.0)));
        assert!(said("cpu", 70.0).unwrap_err().contains("cpu_percent"));
    }
}
