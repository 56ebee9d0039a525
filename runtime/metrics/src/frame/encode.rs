//! From an interval to a frame. `decode.rs` is the way back. Everything is sorted, so that the same interval makes the
//! same frame.

use std::collections::HashMap;
use std::hash::BuildHasher;

use super::VERSION;
use super::bytes::FrameWriter;
use super::cells::write_cell;
use super::layout::layout;
use super::names::WrittenNames;
use crate::cell::Cell;
use crate::interval::{CustomCell, Interval, Problem, ProblemCell};
use crate::keys::{CustomKey, FlowId, MetricId, NameId, RequestKey};
use crate::registry::Registry;
use crate::traced_request::{TracedRequest, TracedRequests};

pub(super) fn encode(interval: &Interval, registry: &Registry) -> Vec<u8> {
    let mut body = Encoder { writer: FrameWriter::default(), names: WrittenNames::new(registry) };
    body.interval(interval);
    body.tagged(interval);

    let mut frame = FrameWriter::default();
    frame.byte(VERSION);
    frame.bytes.extend(layout().to_le_bytes());
    body.names.write(&mut frame);
    frame.bytes.extend(body.writer.bytes);
    frame.bytes
}

struct Encoder<'a> {
    writer: FrameWriter,
    names: WrittenNames<'a>,
}

impl Encoder<'_> {
    fn interval(&mut self, interval: &Interval) {
        self.cells(&interval.requests, Encoder::request_key);
        self.cells(&interval.iterations, Encoder::flow);
        self.cells(&interval.checks, Encoder::named_key);
        self.cells(&interval.transactions, Encoder::named_key);
        self.cells(&interval.streams, Encoder::named_key);
        self.cells(&interval.sockets, Encoder::named_key);
        self.cells(&interval.websockets, Encoder::named_key);
        self.cells(&interval.server_timings, Encoder::named_key);
        self.customs(interval);
        self.problems(interval);
        self.cells(&interval.dropped, Encoder::flow);
        write_cell(&interval.run, &mut self.writer);
        write_cell(&interval.pacing, &mut self.writer);
        self.traced(&interval.traced);
        self.writer.number(interval.busy.0);
    }

    /// Intervals by tags have no tagged intervals themselves.
    fn tagged(&mut self, interval: &Interval) {
        let with_tags = |(id, tagged)| Some((self.names.registry.tags(id)?, tagged));
        let tagged: Vec<_> = sorted(&interval.tagged).filter_map(with_tags).collect();
        self.writer.number(tagged.len() as u64);
        for (tags, tagged) in tagged {
            self.writer.number(tags.len() as u64);
            for (name, value) in &tags {
                self.writer.text(name);
                self.writer.text(value);
            }
            self.interval(tagged);
        }
    }

    fn cells<K: Copy + Ord, C: Cell>(
        &mut self,
        cells: &HashMap<K, C, impl BuildHasher>,
        write_key: impl Fn(&mut Self, K),
    ) {
        self.writer.number(cells.len() as u64);
        for (key, cell) in sorted(cells) {
            write_key(self, key);
            write_cell(cell, &mut self.writer);
        }
    }

    fn flow(&mut self, flow: FlowId) {
        self.writer.number(u64::from(flow.0));
    }

    fn name(&mut self, id: NameId) {
        let name = self.names.name(id);
        self.writer.number(name);
    }

    fn request_key(&mut self, key: RequestKey) {
        self.flow(key.flow);
        self.name(key.name);
        self.writer.byte(key.method as u8);
        self.writer.number(u64::from(key.status));
        self.writer.byte(key.failure);
        self.writer.byte(u8::from(key.expected));
        self.writer.byte(key.proto as u8);
    }

    fn named_key(&mut self, key: CustomKey) {
        self.flow(key.flow);
        self.name(NameId(key.id));
    }

    fn customs(&mut self, interval: &Interval) {
        let with_metric = |(key, cell): (CustomKey, _)| Some((key.flow, self.names.metric(MetricId(key.id))?, cell));
        let customs: Vec<_> = sorted(&interval.customs).filter_map(with_metric).collect();
        self.writer.number(customs.len() as u64);
        for (flow, metric, cell) in customs {
            self.flow(flow);
            self.writer.number(metric);
            match cell {
                CustomCell::Counter(sum) => self.writer.float(*sum),
                CustomCell::Gauge(gauge) => {
                    self.writer.number(gauge.at.0);
                    [gauge.value, gauge.min, gauge.max].into_iter().for_each(|value| self.writer.float(value));
                }
                CustomCell::Rate(rate) => write_cell(rate, &mut self.writer),
                CustomCell::Trend(histogram) => histogram.write(&mut self.writer),
            }
        }
    }

    fn problems(&mut self, interval: &Interval) {
        self.writer.number(interval.problems.len() as u64);
        for (problem, cell) in sorted(&interval.problems) {
            match problem {
                Problem::Request(flow, class) => {
                    self.writer.byte(0);
                    self.flow(flow);
                    self.writer.byte(class as u8);
                }
                Problem::Failed(flow) => {
                    self.writer.byte(1);
                    self.flow(flow);
                }
                Problem::Trapped(flow) => {
                    self.writer.byte(2);
                    self.flow(flow);
                }
                Problem::Start => self.writer.byte(3),
            }
            self.problem_cell(cell);
        }
    }

    fn problem_cell(&mut self, cell: &ProblemCell) {
        self.writer.number(cell.count);
        self.writer.number(cell.examples.len() as u64);
        for (text, count) in &cell.examples {
            self.writer.text(text);
            self.writer.number(*count);
        }
    }

    fn traced(&mut self, traced: &TracedRequests) {
        self.writer.number(traced.left_out());
        self.writer.number(traced.requests().len() as u64);
        traced.requests().iter().for_each(|request| self.traced_request(request));
    }

    fn traced_request(&mut self, request: &TracedRequest) {
        self.writer.bytes.extend(request.trace.to_le_bytes());
        self.flow(request.flow);
        self.name(request.name);
        self.writer.byte(request.method as u8);
        self.writer.byte(u8::from(request.failed));
        self.writer.number(request.ended.0);
        self.writer.number(request.service_time.0);
        self.writer.number(request.received);
    }
}

/// The cells of a kind, in the order of their keys.
fn sorted<K: Copy + Ord, C>(cells: &HashMap<K, C, impl BuildHasher>) -> impl Iterator<Item = (K, &C)> {
    let mut cells: Vec<(K, &C)> = cells.iter().map(|(key, cell)| (*key, cell)).collect();
    cells.sort_unstable_by_key(|(key, _)| *key);
    cells.into_iter()
}
