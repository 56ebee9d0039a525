//! The targets of `fuzz/` for this crate's parsers: answers of exporters, of a Prometheus and of the system.

use squall_fuzzing::{Outcome, assert_brief, assert_harmless, text};

use crate::{exporter, process, prometheus, source};

/// A page of an exporter. Its values must have names, and be of few containers.
pub fn exporter_page(bytes: &[u8]) -> Outcome {
    let read = exporter::read_twice(&text(bytes));
    match &read {
        Ok(said) => {
            assert!(said.len() <= 102 && said.iter().flat_map(|(_, values)| values).all(|value| !value.name.is_empty()))
        }
        Err(problem) => assert_brief(problem),
    }
    Outcome::of(&read)
}

/// A Prometheus' answer to a query.
pub fn prometheus_answer(bytes: &[u8]) -> Outcome {
    let read = prometheus::number(200, &text(bytes));
    match &read {
        Ok(number) => assert!(number.is_finite()),
        Err(problem) => assert_brief(problem),
    }
    Outcome::of(&read)
}

/// The address of an exporter or a Prometheus.
pub fn watched_address(bytes: &[u8]) -> Outcome {
    let text = text(bytes);
    let read = source::parse(&text);
    match &read {
        Ok(url) => assert!(source::parse(&source::shown(url)).is_ok_and(|url| url.password().is_none())),
        Err(error) => assert_harmless(&error.to_string()),
    }
    Outcome::of(&read)
}

/// Files below `/proc` and `/sys/fs/cgroup`, which have the names of processes in them.
pub fn system_file(bytes: &[u8]) -> Outcome {
    if process::understands(&text(bytes)) || crate::machine::understands(&text(bytes)) {
        Outcome::Taken
    } else {
        Outcome::Refused
    }
}

#[cfg(test)]
mod tests {
    use squall_fuzzing::{Counting, Target};

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    #[test]
    fn exporter_pages() {
        let seeds = [
            "# TYPE node_cpu_seconds_total counter\nnode_cpu_seconds_total{cpu=\"0\",mode=\"idle\"} 12.5 1395066363000\n\
             node_memory_MemTotal_bytes 1e9\nnode_memory_MemAvailable_bytes 5e8\nnode_disk_read_bytes_total{device=\"sda\"} 7\n",
            "container_cpu_usage_seconds_total{name=\"we\\\"b\",id=\"/a}b\"} 3\ncontainer_memory_working_set_bytes{pod=\"x\"} +Inf\n\
             container_spec_cpu_quota{name=\"web\"} 50000\nmachine_cpu_cores 4\n",
            "process_cpu_seconds_total 3\nprocess_resident_memory_bytes 1e7\nprocess_open_fds 9\nnginx_connections_active NaN\n",
        ];
        let pieces = ["{", "}", "=\"", "\\\"", "\n", "container_threads{name=\"a\"} 1\n", " -1", "NaN", "device=\""];
        Target::new("exporter_page", super::exporter_page).seeds(&seeds).pieces(&pieces).for_a_while();
    }

    #[test]
    fn prometheus_answers() {
        let seeds = [
            r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1700000000.5,"0.25"]}]}}"#,
            r#"{"status":"success","data":{"resultType":"scalar","result":[1,"7"]}}"#,
        ];
        let pieces = ["\"error\":", "null", "\"NaN\"", "matrix", "\"status\":\"error\","];
        Target::new("prometheus_answer", super::prometheus_answer).seeds(&seeds).pieces(&pieces).for_a_while();
    }

    #[test]
    fn watched_addresses() {
        let seeds = ["http://ada:secret@127.0.0.1:9100/metrics?x=y", "https://[::1]/"];
        Target::new("watched_address", super::watched_address).seeds(&seeds).pieces(&["://", "@", ":"]).for_a_while();
    }

    #[test]
    fn system_files() {
        let seeds = [
            "42 (a) (b c) S 7 42 42 0 -1 4194560 100 0 0 0 250 50 9 9 20 0 16 0 98765 1000000 333 184467 1 1 0\n",
            "usage_usec 1000000\nuser_usec 1\nnr_periods 100\nnr_throttled 10\n",
            "8:0 rbytes=1000 wbytes=0 rios=1\n8:16 rbytes=500 wbytes=70 rios=1\n",
            "50000 100000\n",
            "sl\n 1: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000  0  0 102 1 0 20 4 30 10 -1\n",
        ];
        Target::new("system_file", super::system_file).seeds(&seeds).pieces(&[") ", " (", " 01 ", "max"]).for_a_while();
    }
}
