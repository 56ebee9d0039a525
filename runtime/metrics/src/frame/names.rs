//! The names of a frame: numbered anew by the encoder, and by the registry of the decoder.

use rustc_hash::FxHashMap;

use super::FrameError;
use super::bytes::{FrameReader, FrameWriter};
use crate::builtin::{Kind, Unit};
use crate::keys::{MetricId, NameId};
use crate::registry::{MetricInfo, Numbered, Registry, cut};

/// In the order of declaration.
const KINDS: [Kind; 4] = [Kind::Counter, Kind::Gauge, Kind::Rate, Kind::Trend];
const UNITS: [Unit; 3] = [Unit::Number, Unit::Time, Unit::Data];

/// The names that an encoder has met.
pub(super) struct WrittenNames<'a> {
    pub(super) registry: &'a Registry,
    texts: Vec<String>,
    names: FxHashMap<NameId, u64>,
    metrics: Vec<(u64, MetricInfo)>,
    metric_numbers: FxHashMap<MetricId, u64>,
}

impl<'a> WrittenNames<'a> {
    pub(super) fn new(registry: &'a Registry) -> WrittenNames<'a> {
        let (names, metric_numbers) = (FxHashMap::from_iter([(NameId::OTHER, 0)]), FxHashMap::default());
        WrittenNames { registry, texts: Vec::new(), names, metrics: Vec::new(), metric_numbers }
    }

    /// The frame's number of a name.
    pub(super) fn name(&mut self, id: NameId) -> u64 {
        *self.names.entry(id).or_insert_with(|| {
            self.texts.push(self.registry.name(id));
            self.texts.len() as u64
        })
    }

    /// The frame's number of a metric; `None` if the registry does not have it.
    pub(super) fn metric(&mut self, id: MetricId) -> Option<u64> {
        if let Some(number) = self.metric_numbers.get(&id) {
            return Some(*number);
        }
        let info = self.registry.metric(id)?;
        self.texts.push(info.name.clone());
        let number = self.metrics.len() as u64;
        self.metrics.push((self.texts.len() as u64, info));
        self.metric_numbers.insert(id, number);
        Some(number)
    }

    pub(super) fn write(&self, writer: &mut FrameWriter) {
        writer.number(self.texts.len() as u64);
        self.texts.iter().for_each(|text| writer.text(text));
        writer.number(self.metrics.len() as u64);
        for (name, info) in &self.metrics {
            writer.number(*name);
            writer.byte(info.kind as u8);
            writer.byte(info.unit as u8);
        }
    }
}

/// A text of a frame, and its numbers here once it is used.
struct ReadText<'a> {
    text: &'a str,
    name: Option<NameId>,
    server_timing: Option<NameId>,
}

/// The names of a frame that is decoded.
pub(super) struct ReadNames<'a> {
    pub(super) registry: &'a Registry,
    texts: Vec<ReadText<'a>>,
    metrics: Vec<(Kind, MetricId)>,
}

impl<'a> ReadNames<'a> {
    /// Fails if the registry has a metric of another kind, or no room for one.
    pub(super) fn read(reader: &mut FrameReader<'a>, registry: &'a Registry) -> Result<ReadNames<'a>, FrameError> {
        let mut names = ReadNames { registry, texts: Vec::new(), metrics: Vec::new() };
        for _ in 0..reader.number()? {
            names.texts.push(ReadText { text: reader.text()?, name: None, server_timing: None });
        }
        for _ in 0..reader.number()? {
            let name = names.text(reader.small()?)?.ok_or(FrameError::Damaged)?.text;
            let (kind, unit) = (reader.one_of(&KINDS)?, reader.one_of(&UNITS)?);
            names.metrics.push((kind, registry.register(name, kind, unit)?));
        }
        Ok(names)
    }

    /// The text with this number; `None` for `(other)`.
    fn text(&mut self, number: usize) -> Result<Option<&mut ReadText<'a>>, FrameError> {
        let Some(index) = number.checked_sub(1) else { return Ok(None) };
        self.texts.get_mut(index).ok_or(FrameError::Damaged).map(Some)
    }

    /// The name of a request, a check or a transaction.
    pub(super) fn name(&mut self, reader: &mut FrameReader<'_>) -> Result<NameId, FrameError> {
        let registry = self.registry;
        let Some(text) = self.text(reader.small()?)? else { return Ok(NameId::OTHER) };
        Ok(*text.name.get_or_insert_with(|| registry.intern(cut(&registry.presentable(text.text)))))
    }

    /// The name of a server's timing, which has a limit of its own.
    pub(super) fn server_timing(&mut self, reader: &mut FrameReader<'_>) -> Result<NameId, FrameError> {
        let registry = self.registry;
        let Some(text) = self.text(reader.small()?)? else { return Ok(NameId::OTHER) };
        Ok(*text.server_timing.get_or_insert_with(|| {
            match registry.server_timing(cut(&registry.presentable(text.text))) {
                Numbered::As(id) => id,
                Numbered::NoMore(_) => NameId::OTHER,
            }
        }))
    }

    pub(super) fn metric(&self, reader: &mut FrameReader<'_>) -> Result<(Kind, MetricId), FrameError> {
        self.metrics.get(reader.small::<usize>()?).copied().ok_or(FrameError::Damaged)
    }
}
