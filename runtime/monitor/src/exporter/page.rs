//! The values in a page of an exporter, of the machine, of containers, of a process. A single page has levels; growth
//! needs two pages.
//!
//! The names are those of node_exporter 1.x (`node_*`), cAdvisor 0.4x (`container_*`, `machine_*`) and Prometheus' client
//! libraries (`process_*`).

use std::collections::BTreeMap;

use squall_metrics::{ResourceUnit, ResourceValue};

use super::text::{Sample, samples};
use crate::{names, share, value};

/// A page with more containers than these is of a machine with many; the load is on few.
const MOST_CONTAINERS: usize = 100;

/// Gauges that count connections, with the labels that must hold: PostgreSQL, nginx, Redis, HikariCP.
const CONNECTIONS: [&str; 4] = [
    "pg_stat_database_numbackends",
    "nginx_connections_active",
    "redis_connected_clients",
    "hikaricp_connections_active",
];

/// Seconds in which a runtime stood still for its garbage collector: Micrometer and the JVM's client library, Go, Node.js.
const GC_PAUSES: [&str; 4] = [
    "jvm_gc_pause_seconds_sum",
    "jvm_gc_collection_seconds_sum",
    "go_gc_duration_seconds_sum",
    "nodejs_gc_duration_seconds_sum",
];
/// The page of memory that `node_vmstat_*` counts, in bytes.
const MEMORY_PAGE: f64 = 4096.0;

/// The known values of one page.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Page {
    /// By container; the name of the machine or the process is empty.
    subjects: BTreeMap<String, Subject>,
    machine_cores: Option<f64>,
    machine_memory: Option<f64>,
    /// Whether the page is one of an exporter, so that its `process_*` are of the exporter, not of the target.
    is_of_exporter: bool,
}

/// The values of one machine, container or process.
#[derive(Clone, Debug, Default, PartialEq)]
struct Subject {
    /// Processor time of all modes, and of those in which there was nothing to do, in seconds.
    processor_all: Counter,
    processor_idle: Counter,
    /// Processor time in seconds, where the page has only that.
    processor: Counter,
    quota: Option<f64>,
    period: Option<f64>,
    memory: Option<f64>,
    memory_total: Option<f64>,
    memory_available: Option<f64>,
    memory_limit: Option<f64>,
    disk_read: Counter,
    disk_written: Counter,
    network_received: Counter,
    network_sent: Counter,
    connections: Option<f64>,
    descriptors: Option<f64>,
    descriptors_limit: Option<f64>,
    threads: Option<f64>,
    processor_waiting: Counter,
    processor_stolen: Counter,
    /// Seconds in which each disk worked.
    disks: BTreeMap<String, Counter>,
    disk_operations: Counter,
    disk_took: Counter,
    swapped_pages: Counter,
    kills: Counter,
    segments_sent: Counter,
    segments_sent_again: Counter,
    gc_pauses: Counter,
}

/// Something that only grows, added up over devices, processors and the like.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Counter {
    sum: Option<f64>,
    at_ms: Option<f64>,
}

impl Counter {
    fn add(&mut self, sample: &Sample<'_>) {
        self.sum = Some(self.sum.unwrap_or(0.0) + sample.value);
        self.at_ms = self.at_ms.into_iter().chain(sample.at_ms).reduce(f64::max);
    }

    /// Its growth, and the seconds for it. `None` if the counter was reset, or was not read in between.
    fn growth(self, before: Counter, seconds: f64) -> Option<(f64, f64)> {
        let seconds = match (self.at_ms, before.at_ms) {
            (Some(now), Some(then)) => (now - then) / 1e3,
            _ => seconds,
        };
        let growth = self.sum? - before.sum?;
        (growth >= 0.0 && seconds > 0.0).then_some((growth, seconds))
    }

    fn rate(self, before: Counter, seconds: f64) -> Option<f64> {
        self.growth(before, seconds).map(|(growth, seconds)| growth / seconds)
    }
}

fn add(sum: &mut Option<f64>, value: f64) {
    *sum = Some(sum.unwrap_or(0.0) + value);
}

impl Page {
    /// Reads a page.
    ///
    /// # Errors
    /// A sentence, if nothing in it is understood.
    pub(super) fn read(text: &str) -> Result<Page, String> {
        let mut page = Page::default();
        let mut process = Subject::default();
        for sample in samples(text) {
            match sample.name {
                name if name.starts_with("node_") => page.of_machine(&sample),
                name if name.starts_with("container_") => page.of_container(&sample),
                name if name.starts_with("process_") => of_process(&mut process, &sample),
                name if GC_PAUSES.contains(&name) => process.gc_pauses.add(&sample),
                name if name.ends_with("_exporter_build_info") || name == "cadvisor_version_info" => {
                    page.is_of_exporter = true;
                }
                "machine_cpu_cores" => page.machine_cores = Some(sample.value),
                "machine_memory_bytes" => page.machine_memory = Some(sample.value),
                name if CONNECTIONS.contains(&name) => add(&mut page.own().connections, sample.value),
                _ => {}
            }
        }
        if !page.is_of_exporter && process != Subject::default() {
            let connections = page.subjects.remove("").unwrap_or_default().connections;
            page.subjects.insert(String::new(), Subject { connections, ..process });
        }
        if page.subjects.is_empty() {
            return Err("none of its metrics is understood (node_*, container_*, process_*)".to_owned());
        }
        Ok(page)
    }

    fn own(&mut self) -> &mut Subject {
        self.subjects.entry(String::new()).or_default()
    }

    fn of_machine(&mut self, sample: &Sample<'_>) {
        self.is_of_exporter = true;
        let device = sample.label("device");
        // Devices on top of other disks would count twice.
        let is_disk = !["dm-", "md", "loop", "ram", "sr"].iter().any(|kind| device.starts_with(kind));
        let machine = self.own();
        match sample.name {
            "node_cpu_seconds_total" => {
                machine.processor_all.add(sample);
                if matches!(sample.label("mode"), "idle" | "iowait") {
                    machine.processor_idle.add(sample);
                }
                match sample.label("mode") {
                    "iowait" => machine.processor_waiting.add(sample),
                    "steal" => machine.processor_stolen.add(sample),
                    _ => {}
                }
            }
            "node_disk_io_time_seconds_total" if is_disk => {
                machine.disks.entry(device.to_owned()).or_default().add(sample);
            }
            "node_disk_reads_completed_total" | "node_disk_writes_completed_total" if is_disk => {
                machine.disk_operations.add(sample);
            }
            "node_disk_read_time_seconds_total" | "node_disk_write_time_seconds_total" if is_disk => {
                machine.disk_took.add(sample);
            }
            "node_vmstat_pswpin" | "node_vmstat_pswpout" => machine.swapped_pages.add(sample),
            "node_vmstat_oom_kill" => machine.kills.add(sample),
            "node_netstat_Tcp_OutSegs" => machine.segments_sent.add(sample),
            "node_netstat_Tcp_RetransSegs" => machine.segments_sent_again.add(sample),
            "node_memory_MemTotal_bytes" => machine.memory_total = Some(sample.value),
            "node_memory_MemAvailable_bytes" => machine.memory_available = Some(sample.value),
            "node_disk_read_bytes_total" if is_disk => machine.disk_read.add(sample),
            "node_disk_written_bytes_total" if is_disk => machine.disk_written.add(sample),
            "node_network_receive_bytes_total" if device != "lo" => machine.network_received.add(sample),
            "node_network_transmit_bytes_total" if device != "lo" => machine.network_sent.add(sample),
            "node_netstat_Tcp_CurrEstab" => machine.connections = Some(sample.value),
            "node_filefd_allocated" => machine.descriptors = Some(sample.value),
            "node_filefd_maximum" => machine.descriptors_limit = Some(sample.value),
            _ => {}
        }
    }

    fn of_container(&mut self, sample: &Sample<'_>) {
        self.is_of_exporter = true;
        let Some(name) = container(sample) else { return };
        if !self.subjects.contains_key(name) && self.subjects.len() >= MOST_CONTAINERS {
            return;
        }
        let subject = self.subjects.entry(name.to_owned()).or_default();
        match sample.name {
            "container_cpu_usage_seconds_total" => subject.processor.add(sample),
            "container_spec_cpu_quota" => subject.quota = Some(sample.value),
            "container_spec_cpu_period" => subject.period = Some(sample.value),
            "container_memory_working_set_bytes" => add(&mut subject.memory, sample.value),
            // 0 means that there is no limit.
            "container_spec_memory_limit_bytes" if sample.value > 0.0 => subject.memory_limit = Some(sample.value),
            "container_fs_reads_bytes_total" => subject.disk_read.add(sample),
            "container_fs_writes_bytes_total" => subject.disk_written.add(sample),
            "container_network_receive_bytes_total" => subject.network_received.add(sample),
            "container_network_transmit_bytes_total" => subject.network_sent.add(sample),
            "container_file_descriptors" => add(&mut subject.descriptors, sample.value),
            "container_threads" => add(&mut subject.threads, sample.value),
            _ => {}
        }
    }

    /// The page's values, by container. Growth is since the page `before`, read that many seconds earlier.
    pub(super) fn values(&self, before: Option<(f64, &Page)>) -> Vec<(String, Vec<ResourceValue>)> {
        let values = self.subjects.iter().map(|(name, subject)| {
            let before = before.and_then(|(seconds, page)| Some((seconds, page.subjects.get(name)?)));
            (name.clone(), subject.values(before, self))
        });
        values.collect()
    }
}

/// The container of a sample: Docker's have a name, Kubernetes' a pod and a container. Groups without either (slices of
/// the system) are skipped.
fn container<'a>(sample: &Sample<'a>) -> Option<&'a str> {
    let named = ["name", "container", "pod"].into_iter().map(|label| sample.label(label));
    named.into_iter().find(|name| !name.is_empty()).filter(|name| *name != "POD")
}

fn of_process(process: &mut Subject, sample: &Sample<'_>) {
    match sample.name {
        "process_cpu_seconds_total" => process.processor.add(sample),
        "process_resident_memory_bytes" => add(&mut process.memory, sample.value),
        "process_open_fds" => add(&mut process.descriptors, sample.value),
        "process_max_fds" => process.descriptors_limit = Some(sample.value),
        "process_threads" => add(&mut process.threads, sample.value),
        "process_network_receive_bytes_total" => process.network_received.add(sample),
        "process_network_transmit_bytes_total" => process.network_sent.add(sample),
        _ => {}
    }
}

impl Subject {
    fn values(&self, before: Option<(f64, &Subject)>, page: &Page) -> Vec<ResourceValue> {
        let mut values = Vec::new();
        if let Some((seconds, before)) = before {
            let all = self.processor_all.growth(before.processor_all, seconds);
            let idle = self.processor_idle.growth(before.processor_idle, seconds);
            if let (Some((all, _)), Some((idle, _))) = (all, idle)
                && all > 0.0
            {
                values.push(share(names::CPU, (1.0 - idle / all).max(0.0)));
            }
            if let Some(cores) = self.processor.rate(before.processor, seconds) {
                let limit = self.cores().or(page.machine_cores);
                values.extend(limit.map(|limit| share(names::CPU, cores / limit)));
                values.push(value(names::CPU_CORES, ResourceUnit::Number, cores, limit));
            }
            let rates = [
                ("disk_read", self.disk_read, before.disk_read),
                ("disk_written", self.disk_written, before.disk_written),
                ("network_received", self.network_received, before.network_received),
                ("network_sent", self.network_sent, before.network_sent),
            ];
            let rates = rates.into_iter().filter_map(|(name, now, before)| {
                Some(value(name, ResourceUnit::BytesPerSecond, now.rate(before, seconds)?, None))
            });
            values.extend(rates);
            values.extend(self.waits(before, seconds));
        }
        let used = self.memory_total.zip(self.memory_available).map(|(total, available)| total - available);
        let limit = self.memory_limit.or(self.memory_total).or(page.machine_memory);
        let levels = [
            (names::MEMORY, ResourceUnit::Bytes, self.memory.or(used), limit),
            (names::CONNECTIONS, ResourceUnit::Number, self.connections, None),
            (names::DESCRIPTORS, ResourceUnit::Number, self.descriptors, self.descriptors_limit.filter(is_reached)),
            ("threads", ResourceUnit::Number, self.threads, None),
        ];
        values
            .extend(levels.into_iter().filter_map(|(name, unit, level, limit)| Some(value(name, unit, level?, limit))));
        values
    }

    /// What slows every program of a machine, and what a runtime does beside its work.
    fn waits(&self, before: &Subject, seconds: f64) -> Vec<ResourceValue> {
        let all = self.processor_all.growth(before.processor_all, seconds).map(|(growth, _)| growth);
        let of_all = |now: Counter, before: Counter| {
            let (part, _) = now.growth(before, seconds)?;
            all.filter(|all| *all > 0.0).map(|all| (part / all).min(1.0))
        };
        let of = |part: Counter, part_before: Counter, whole: Counter, whole_before: Counter| {
            let ((part, _), (whole, _)) = (part.growth(part_before, seconds)?, whole.growth(whole_before, seconds)?);
            (whole > 0.0).then(|| part / whole)
        };
        let disks = self.disks.iter().filter_map(|(disk, now)| now.rate(*before.disks.get(disk)?, seconds));
        let shares = [
            (names::CPU_WAITING, of_all(self.processor_waiting, before.processor_waiting)),
            (names::CPU_STOLEN, of_all(self.processor_stolen, before.processor_stolen)),
            (names::DISK_BUSY, disks.reduce(f64::max).map(|busy| busy.min(1.0))),
            (
                names::RETRANSMITTED,
                of(self.segments_sent_again, before.segments_sent_again, self.segments_sent, before.segments_sent),
            ),
            (names::GC_PAUSES, self.gc_pauses.rate(before.gc_pauses, seconds).map(|pauses| pauses.min(1.0))),
        ];
        let latency = of(self.disk_took, before.disk_took, self.disk_operations, before.disk_operations);
        let swapped = self.swapped_pages.rate(before.swapped_pages, seconds).map(|pages| pages * MEMORY_PAGE);
        let kills = self.kills.growth(before.kills, seconds).map(|(kills, _)| kills);
        let levels = [
            (names::DISK_LATENCY, ResourceUnit::Number, latency.map(|seconds| seconds * 1e3)),
            (names::SWAPPED, ResourceUnit::BytesPerSecond, swapped),
            (names::OUT_OF_MEMORY_KILLS, ResourceUnit::Number, kills),
        ];
        let shares = shares.into_iter().filter_map(|(name, part)| Some(share(name, part?)));
        let levels = levels.into_iter().filter_map(|(name, unit, level)| Some(value(name, unit, level?, None)));
        shares.chain(levels).collect()
    }

    fn cores(&self) -> Option<f64> {
        let (quota, period) = (self.quota?, self.period?);
        (quota > 0.0 && period > 0.0).then(|| quota / period)
    }
}

/// Linux writes "no limit" as a number larger than any machine.
fn is_reached(limit: &f64) -> bool {
    *limit < 1e15
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_values(before: &str, now: &str, seconds: f64) -> BTreeMap<(String, String), (f64, Option<f64>)> {
        let (before, now) = (Page::read(before).unwrap(), Page::read(now).unwrap());
        let values = now.values(Some((seconds, &before))).into_iter();
        let named = values.flat_map(|(about, values)| values.into_iter().map(move |value| (about.clone(), value)));
        named.map(|(about, value)| ((about, value.name.into_owned()), (value.value, value.limit))).collect()
    }

    fn key(about: &str, name: &str) -> (String, String) {
        (about.to_owned(), name.to_owned())
    }

    fn node(idle: f64, user: f64, iowait: f64, read: f64) -> String {
        format!(
            "node_exporter_build_info{{version=\"1.5\"}} 1\nnode_cpu_seconds_total{{cpu=\"0\",mode=\"idle\"}} {idle}\n\
             node_cpu_seconds_total{{cpu=\"0\",mode=\"user\"}} {user}\nnode_cpu_seconds_total{{cpu=\"0\",mode=\"iowait\"}} {iowait}\n\
             node_memory_MemTotal_bytes 1000\nnode_memory_MemAvailable_bytes 250\n\
             node_disk_read_bytes_total{{device=\"sda\"}} {read}\nnode_disk_read_bytes_total{{device=\"dm-0\"}} {read}\n\
             node_network_receive_bytes_total{{device=\"lo\"}} {read}\nnode_network_receive_bytes_total{{device=\"eth0\"}} {read}\n\
             node_netstat_Tcp_CurrEstab 17\nprocess_resident_memory_bytes 5\n"
        )
    }

    #[test]
    fn a_machine_as_node_exporter_shows_it() {
        let told = read_values(&node(100.0, 50.0, 10.0, 0.0), &node(100.5, 51.2, 10.3, 4_096.0), 2.0);
        // Of two seconds, 0.8 were idle or waiting for the disk.
        assert!((told[&key("", "cpu")].0 - 0.6).abs() < 1e-9, "{told:?}");
        assert_eq!(told[&key("", "memory")], (750.0, Some(1_000.0)), "and not the exporter's own memory");
        assert_eq!(told[&key("", "disk_read")].0, 2_048.0);
        assert_eq!(told[&key("", "network_received")].0, 2_048.0);
        assert_eq!(told[&key("", "connections")].0, 17.0);
        assert!(!told.contains_key(&key("", "threads")));
    }

    #[test]
    fn what_slows_a_machine_as_node_exporter_shows_it() {
        let page = |steal: f64, busy: f64, operations: f64, took: f64, swapped: f64, again: f64| {
            format!(
                "node_cpu_seconds_total{{cpu=\"0\",mode=\"idle\"}} {}\nnode_cpu_seconds_total{{cpu=\"0\",mode=\"steal\"}} {steal}\n\
                 node_disk_io_time_seconds_total{{device=\"sda\"}} {busy}\nnode_disk_io_time_seconds_total{{device=\"sdb\"}} 1\n\
                 node_disk_reads_completed_total{{device=\"sda\"}} {operations}\nnode_disk_read_time_seconds_total{{device=\"sda\"}} {took}\n\
                 node_vmstat_pswpout {swapped}\nnode_vmstat_oom_kill {swapped}\nnode_netstat_Tcp_OutSegs {}\n\
                 node_netstat_Tcp_RetransSegs {again}\n",
                10.0 - steal,
                operations * 10.0
            )
        };
        let told = read_values(&page(0.0, 0.0, 0.0, 0.0, 0.0, 0.0), &page(3.0, 1.8, 100.0, 2.0, 2.0, 50.0), 2.0);
        assert_eq!(told[&key("", "disk_busy")].0, 0.9);
        assert_eq!(told[&key("", "disk_latency_ms")].0, 20.0);
        assert_eq!(told[&key("", "swapped")].0, 4_096.0);
        assert_eq!(told[&key("", "out_of_memory_kills")].0, 2.0);
        assert_eq!(told[&key("", "retransmitted")].0, 0.05);
    }

    #[test]
    fn pauses_of_a_collector_are_a_share_of_the_time() {
        let page = |seconds: f64| {
            format!("process_cpu_seconds_total 1\njvm_gc_pause_seconds_sum{{action=\"minor\"}} {seconds}\n")
        };
        assert_eq!(read_values(&page(1.0), &page(1.5), 2.0)[&key("", "gc_pauses")].0, 0.25);
    }

    #[test]
    fn containers_as_cadvisor_shows_them() {
        let page = |seconds: f64, at: u64| {
            format!(
                "cadvisor_version_info 1\nmachine_cpu_cores 4\nmachine_memory_bytes 8000\n\
                 container_cpu_usage_seconds_total{{id=\"/\",name=\"\"}} 900 {at}\n\
                 container_cpu_usage_seconds_total{{id=\"/d/1\",name=\"web\",cpu=\"cpu00\"}} {seconds} {at}\n\
                 container_cpu_usage_seconds_total{{id=\"/d/1\",name=\"web\",cpu=\"cpu01\"}} 5 {at}\n\
                 container_spec_cpu_quota{{name=\"web\"}} 50000\ncontainer_spec_cpu_period{{name=\"web\"}} 100000\n\
                 container_memory_working_set_bytes{{name=\"web\"}} 600\ncontainer_spec_memory_limit_bytes{{name=\"web\"}} 2000\n\
                 container_memory_working_set_bytes{{name=\"db\"}} 700\ncontainer_spec_memory_limit_bytes{{name=\"db\"}} 0\n"
            )
        };
        // Asked after a second, but cAdvisor's own look was ten seconds later.
        let seen = read_values(&page(1.0, 1_000), &page(3.0, 11_000), 1.0);
        assert_eq!(seen[&key("web", "cpu_cores")], (0.2, Some(0.5)));
        assert_eq!(seen[&key("web", "cpu")].0, 0.4, "of its quota");
        assert_eq!(seen[&key("web", "memory")], (600.0, Some(2_000.0)));
        assert_eq!(seen[&key("db", "memory")], (700.0, Some(8_000.0)));
        // Asked again before it looked again: nothing new is known.
        let seen = read_values(&page(3.0, 11_000), &page(3.0, 11_000), 1.0);
        assert!(!seen.contains_key(&key("web", "cpu")), "{seen:?}");
    }

    #[test]
    fn a_process_as_client_libraries_show_it() {
        let page = |seconds: f64| {
            format!(
                "process_cpu_seconds_total {seconds}\nprocess_resident_memory_bytes 5e6\nprocess_open_fds 12\nprocess_max_fds 1024\nhikaricp_connections_active{{pool=\"a\"}} 3\nhikaricp_connections_active{{pool=\"b\"}} 4\n"
            )
        };
        let seen = read_values(&page(1.0), &page(2.5), 1.0);
        assert_eq!(seen[&key("", "cpu_cores")], (1.5, None));
        assert!(!seen.contains_key(&key("", "cpu")), "the number of processors is unknown");
        assert_eq!(seen[&key("", "descriptors")], (12.0, Some(1_024.0)));
        assert_eq!((seen[&key("", "memory")].0, seen[&key("", "connections")].0), (5e6, 7.0));
        // It was restarted.
        assert!(!read_values(&page(9.0), &page(1.0), 1.0).contains_key(&key("", "cpu_cores")));
    }

    #[test]
    fn a_page_of_something_else_is_told() {
        assert!(Page::read("<html>\n<body>no metrics</body>\n").unwrap_err().contains("none of its metrics"));
        assert!(Page::read("my_app_orders_total 7\n").is_err());
    }
}
