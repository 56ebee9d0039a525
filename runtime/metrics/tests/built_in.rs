//! Every built-in metric is read by its name, and comes to the known answer.

mod everything;

use everything::{everything, expect};
use squall_metrics::{Aggregate, BUILT_IN, Selector, Totals};

/// Narrower and narrower, with tags that only some of the metrics have.
const TAGS: &[&[(&str, &str)]] = &[
    &[],
    &[("flow", "browse")],
    &[("scenario", "buyers")],
    &[("team", "shop")],
    &[("group", "::setup")],
    &[("name", "/shelf"), ("expected_response", "true")],
    &[("proto", "HTTP/2.0")],
    &[("error", "timeout")],
    &[("error", "")],
    &[("check", "is ok")],
    &[("transaction", "order")],
    &[("name", "db")],
];

fn text(totals: &Totals, metric: &str, tags: &[(&str, &str)]) -> String {
    let tags: Vec<_> = tags.iter().map(|(tag, value)| ((*tag).to_owned(), (*value).to_owned())).collect();
    let value = match totals.select(Selector { metric, tags: &tags }).expect("a built-in metric") {
        Aggregate::Counter(sum) => sum.to_string(),
        Aggregate::Gauge(None) => "never set".to_owned(),
        Aggregate::Gauge(Some(cell)) => format!("{} from {} to {}", cell.value, cell.min, cell.max),
        Aggregate::Rate(cell) => format!("{} of {}", cell.passes, cell.passes + cell.fails),
        Aggregate::Trend(times) => {
            let [sum, min, max] = [times.sum(), times.min(), times.max()].map(|time| time.as_millis_f64());
            format!("{} of {sum} ms, from {min} to {max}", times.count())
        }
    };
    let tags: Vec<String> = tags.iter().map(|(tag, value)| format!("{tag}:{value}")).collect();
    format!("{metric}{{{}}} {value}\n", tags.join(","))
}

#[test]
fn every_metric_is_read_by_its_name() {
    let totals = everything();
    let all = BUILT_IN.iter().flat_map(|metric| TAGS.iter().map(|tags| text(&totals, metric.name, tags)));
    expect(env!("CARGO_MANIFEST_DIR"), "tests/data/built_in.txt", &all.collect::<String>());
}

/// The kinds that a page of the documentation gives a metric: `| `a`, `b` | trend, rate | ...`.
fn documented_kind(page: &str, metric: &str) -> Option<String> {
    page.lines().find_map(|line| {
        let [_, names, kinds, ..] = line.split('|').collect::<Vec<_>>()[..] else { return None };
        let index = names.split(',').position(|name| name.trim() == format!("`{metric}`"))?;
        let kinds: Vec<&str> = kinds.split(',').map(str::trim).collect();
        Some((*kinds.get(index).or(kinds.first())?).to_owned())
    })
}

#[test]
fn every_metric_is_documented() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");
    let page = std::fs::read_to_string(page).expect("the page");
    for metric in BUILT_IN {
        let kind = documented_kind(&page, metric.name);
        assert_eq!(kind, Some(metric.kind.to_string()), "{} in docs/metrics.md", metric.name);
    }
}
