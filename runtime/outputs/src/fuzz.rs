//! The target of `fuzz/` for this crate's input: outputs on the command line or in a plan, with their headers.

use squall_fuzzing::{Outcome, assert_harmless, text};

use crate::{Header, Kind, Output, Statistic};

/// An output, a header for one, or a statistic. A displayed output has no password.
pub fn output(bytes: &[u8]) -> Outcome {
    let text = text(bytes);
    let (output, header, statistic) = (text.parse::<Output>(), text.parse::<Header>(), text.parse::<Statistic>());
    let problems = [output.as_ref().err(), header.as_ref().err(), statistic.as_ref().err()];
    problems.into_iter().flatten().for_each(|problem| assert_harmless(problem));
    if let Ok(output) = &output {
        let shown = output.to_string();
        let is_file = matches!(output.kind(), Kind::Json | Kind::Csv);
        let url = shown.split_once('=').and_then(|(_, place)| url::Url::parse(place).ok());
        assert!(is_file || url.is_none_or(|url| url.password().is_none_or(|password| password == "***")), "{shown}");
    }
    if output.is_ok() || header.is_ok() || statistic.is_ok() { Outcome::Taken } else { Outcome::Refused }
}

#[cfg(test)]
mod tests {
    use squall_fuzzing::{Counting, Target};

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    #[test]
    fn outputs() {
        let seeds = [
            "json=a=b.json",
            "openmetrics=:9464",
            "influxdb=http://me:secret@a/b?x=y",
            "statsd=localhost:8125",
            "otlp=Authorization: Bearer x",
            "p(99.9)",
        ];
        Target::new("output", super::output).seeds(&seeds).pieces(&["=", "://", "@", ":", "p("]).for_a_while();
    }
}
