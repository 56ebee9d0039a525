//! From a frame to an interval, among the names of the receiver's registry. A frame may come from a stranger: nothing in
//! it is trusted.

use std::collections::hash_map::Entry;
use std::hash::Hash;

use rustc_hash::FxHashMap;

use super::bytes::{FrameReader, add_amount};
use super::cells::add_cell;
use super::layout::layout;
use super::names::ReadNames;
use super::{FrameError, VERSION};
use crate::builtin::Kind;
use crate::cell::Cell;
use crate::clock::Nanos;
use crate::histogram::Histogram;
use crate::interval::{CustomCell, GaugeCell, Interval, Problem, RateCell};
use crate::keys::{CustomKey, FlowId, Method, NameId, Protocol, RequestKey};
use crate::registry::Registry;
use crate::sample::FailureClass;
use crate::traced_request::{TracedRequest, TracedRequests};

pub(super) fn decode(bytes: &[u8], registry: &Registry) -> Result<Interval, FrameError> {
    let mut reader = FrameReader::new(bytes);
    match reader.byte()? {
        VERSION => {}
        version => return Err(FrameError::Version(version)),
    }
    if u32::from_le_bytes(reader.array()?) != layout() {
        return Err(FrameError::Layout);
    }
    let names = ReadNames::read(&mut reader, registry)?;
    let mut decoder = Decoder { reader, names };
    let mut interval = Interval::default();
    decoder.interval(&mut interval)?;
    decoder.tagged(&mut interval)?;
    decoder.reader.end()?;
    Ok(interval)
}

struct Decoder<'a> {
    reader: FrameReader<'a>,
    names: ReadNames<'a>,
}

impl Decoder<'_> {
    /// Adds what is read.
    fn interval(&mut self, interval: &mut Interval) -> Result<(), FrameError> {
        self.cells(&mut interval.requests, Decoder::request_key)?;
        self.cells(&mut interval.iterations, Decoder::flow)?;
        self.cells(&mut interval.checks, Decoder::named_key)?;
        self.cells(&mut interval.transactions, Decoder::named_key)?;
        self.cells(&mut interval.streams, Decoder::named_key)?;
        self.cells(&mut interval.sockets, Decoder::named_key)?;
        self.cells(&mut interval.websockets, Decoder::named_key)?;
        self.cells(&mut interval.server_timings, Decoder::server_timing_key)?;
        self.customs(interval)?;
        self.problems(interval)?;
        self.cells(&mut interval.dropped, Decoder::flow)?;
        add_cell(&mut interval.run, &mut self.reader)?;
        add_cell(&mut interval.pacing, &mut self.reader)?;
        self.traced(&mut interval.traced)?;
        interval.busy = Nanos(add_amount(interval.busy.0, self.reader.number()?)?);
        Ok(())
    }

    fn tagged(&mut self, interval: &mut Interval) -> Result<(), FrameError> {
        for _ in 0..self.reader.number()? {
            let mut tags = Vec::new();
            for _ in 0..self.reader.number()? {
                tags.push((self.reader.text()?.to_owned(), self.reader.text()?.to_owned()));
            }
            let set = self.names.registry.tag_set(tags);
            if set.is_none() {
                // No threshold asks for them here, and these samples are among all others, too.
                self.interval(&mut Interval::default())?;
            } else {
                self.interval(interval.tagged.entry(set).or_default())?;
            }
        }
        Ok(())
    }

    fn cells<K: Eq + Hash, C: Cell>(
        &mut self,
        cells: &mut FxHashMap<K, C>,
        read_key: impl Fn(&mut Self) -> Result<K, FrameError>,
    ) -> Result<(), FrameError> {
        for _ in 0..self.reader.number()? {
            let key = read_key(self)?;
            add_cell(cells.entry(key).or_default(), &mut self.reader)?;
        }
        Ok(())
    }

    fn flow(&mut self) -> Result<FlowId, FrameError> {
        self.reader.small().map(FlowId)
    }

    fn name(&mut self) -> Result<NameId, FrameError> {
        self.names.name(&mut self.reader)
    }

    fn method(&mut self) -> Result<Method, FrameError> {
        self.reader.one_of(&Method::ALL)
    }

    fn failure(&mut self) -> Result<Option<FailureClass>, FrameError> {
        let number = self.reader.byte()?;
        let class = FailureClass::ALL.into_iter().find(|class| *class as u8 == number);
        if number != 0 && class.is_none() { Err(FrameError::Damaged) } else { Ok(class) }
    }

    fn request_key(&mut self) -> Result<RequestKey, FrameError> {
        let key = RequestKey {
            flow: self.flow()?,
            name: self.name()?,
            method: self.method()?,
            status: self.reader.small()?,
            failure: self.failure()?.map_or(0, |class| class as u8),
            expected: self.reader.flag()?,
            proto: self.reader.one_of(&Protocol::ALL)?,
        };
        let other = key.in_other();
        Ok(if key == other || self.names.registry.admit(key) { key } else { other })
    }

    fn named_key(&mut self) -> Result<CustomKey, FrameError> {
        Ok(CustomKey { flow: self.flow()?, id: self.name()?.0 })
    }

    fn server_timing_key(&mut self) -> Result<CustomKey, FrameError> {
        Ok(CustomKey { flow: self.flow()?, id: self.names.server_timing(&mut self.reader)?.0 })
    }

    fn customs(&mut self, interval: &mut Interval) -> Result<(), FrameError> {
        for _ in 0..self.reader.number()? {
            let flow = self.flow()?;
            let (kind, metric) = self.names.metric(&mut self.reader)?;
            match interval.customs.entry(CustomKey { flow, id: metric.0 }) {
                Entry::Vacant(place) => drop(place.insert(self.custom_cell(kind)?)),
                // Two sets of tags can be one here.
                Entry::Occupied(mut place) => match place.get_mut() {
                    CustomCell::Rate(ours) => add_cell(ours, &mut self.reader)?,
                    CustomCell::Trend(ours) => ours.add_read(&mut self.reader)?,
                    ours => ours.merge(&self.custom_cell(kind)?),
                },
            }
        }
        Ok(())
    }

    fn custom_cell(&mut self, kind: Kind) -> Result<CustomCell, FrameError> {
        Ok(match kind {
            Kind::Counter => CustomCell::Counter(self.reader.float()?),
            Kind::Gauge => CustomCell::Gauge(self.gauge()?),
            Kind::Rate => {
                let mut rate = RateCell::default();
                add_cell(&mut rate, &mut self.reader)?;
                CustomCell::Rate(rate)
            }
            Kind::Trend => {
                let mut trend = Histogram::new();
                trend.add_read(&mut self.reader)?;
                CustomCell::Trend(trend)
            }
        })
    }

    fn gauge(&mut self) -> Result<GaugeCell, FrameError> {
        let at = Nanos(self.reader.number()?);
        let (value, min, max) = (self.reader.float()?, self.reader.float()?, self.reader.float()?);
        if min <= value && value <= max { Ok(GaugeCell { at, value, min, max }) } else { Err(FrameError::Damaged) }
    }

    fn problems(&mut self, interval: &mut Interval) -> Result<(), FrameError> {
        for _ in 0..self.reader.number()? {
            let problem = match self.reader.byte()? {
                0 => Problem::Request(self.flow()?, self.failure()?.ok_or(FrameError::Damaged)?),
                1 => Problem::Failed(self.flow()?),
                2 => Problem::Trapped(self.flow()?),
                3 => Problem::Start,
                _ => return Err(FrameError::Damaged),
            };
            let cell = interval.problems.entry(problem).or_default();
            let (count, mut shown) = (self.reader.amount()?, 0);
            add_amount(cell.count, count)?;
            for _ in 0..self.reader.number()? {
                let text = self.names.registry.presentable(self.reader.text()?);
                let of_text = self.reader.amount()?;
                shown = add_amount(shown, of_text)?;
                if shown > count {
                    return Err(FrameError::Damaged);
                }
                cell.add(&text, of_text);
            }
            cell.count += count - shown;
        }
        Ok(())
    }

    fn traced(&mut self, traced: &mut TracedRequests) -> Result<(), FrameError> {
        traced.leave_out(self.reader.amount()?);
        for _ in 0..self.reader.number()? {
            traced.push(TracedRequest {
                trace: u128::from_le_bytes(self.reader.array()?),
                flow: self.flow()?,
                name: self.name()?,
                method: self.method()?,
                failed: self.reader.flag()?,
                ended: Nanos(self.reader.number()?),
                service_time: Nanos(self.reader.number()?),
                received: self.reader.number()?,
            });
        }
        Ok(())
    }
}
