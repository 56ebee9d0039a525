//! Reads traces from OTLP's messages in Protocol Buffers
//! (<https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto>). The
//! numbers are those of its fields.

use std::borrow::Cow;

use squall_findings::span::{SpanId, TraceId};

use crate::attributes::{AttributeValue, Attributes};
use crate::intake::{Intake, WireSpan};
use crate::protobuf::{FieldValue, Fields, WireError, messages};

/// Reads an `ExportTraceServiceRequest`. Spans before an error are taken.
pub(crate) fn read_traces(request: &[u8], intake: &mut Intake) -> Result<(), WireError> {
    for resource_spans in messages(request, 1) {
        read_resource_spans(resource_spans?, intake)?;
    }
    Ok(())
}

/// A resource may come after its spans, so it is looked for first. The same is true of a scope.
fn read_resource_spans(message: &[u8], intake: &mut Intake) -> Result<(), WireError> {
    intake.begin_service(&read_service_name(message)?);
    for scope_spans in messages(message, 2) {
        read_scope_spans(scope_spans?, intake)?;
    }
    Ok(())
}

fn read_service_name(resource_spans: &[u8]) -> Result<Cow<'_, str>, WireError> {
    let mut name = Cow::Borrowed("");
    for resource in messages(resource_spans, 1) {
        for attribute in messages(resource?, 1) {
            if let (b"service.name", AttributeValue::Text(text)) = read_attribute(attribute?)? {
                name = text;
            }
        }
    }
    Ok(name)
}

fn read_scope_spans(message: &[u8], intake: &mut Intake) -> Result<(), WireError> {
    let mut scope_name: &[u8] = b"";
    for scope in messages(message, 1) {
        for name in messages(scope?, 1) {
            scope_name = name?;
        }
    }
    intake.begin_scope(&String::from_utf8_lossy(scope_name));
    for span in messages(message, 2) {
        read_span(span?, intake)?;
    }
    Ok(())
}

fn read_span(message: &[u8], intake: &mut Intake) -> Result<(), WireError> {
    let mut span = WireSpan::default();
    for field in Fields::of(message) {
        match field? {
            (1, FieldValue::Bytes(trace)) => span.trace = trace_id(trace),
            (2, FieldValue::Bytes(id)) => span.id = span_id(id),
            (4, FieldValue::Bytes(parent)) => span.parent = span_id(parent),
            (5, FieldValue::Bytes(name)) => span.name = String::from_utf8_lossy(name),
            (6, FieldValue::Varint(kind)) => span.kind = kind,
            (7, FieldValue::Fixed64(began)) => span.began = began,
            (8, FieldValue::Fixed64(ended)) => span.ended = ended,
            (15, FieldValue::Bytes(status)) => span.status = read_status(status)?,
            _ => {}
        }
    }
    intake.take(&span, || read_attributes(message))
}

fn read_status(message: &[u8]) -> Result<u64, WireError> {
    let mut code = 0;
    for field in Fields::of(message) {
        if let (3, FieldValue::Varint(number)) = field? {
            code = number;
        }
    }
    Ok(code)
}

fn read_attributes(span: &[u8]) -> Result<Attributes<'_>, WireError> {
    let mut attributes = Attributes::default();
    for attribute in messages(span, 9) {
        let (key, value) = read_attribute(attribute?)?;
        // All known keys are ASCII.
        if let Ok(key) = std::str::from_utf8(key) {
            attributes.add(key, value);
        }
    }
    Ok(attributes)
}

fn read_attribute(message: &[u8]) -> Result<(&[u8], AttributeValue<'_>), WireError> {
    let (mut key, mut value): (&[u8], _) = (b"", AttributeValue::Other(b""));
    for field in Fields::of(message) {
        match field? {
            (1, FieldValue::Bytes(bytes)) => key = bytes,
            (2, FieldValue::Bytes(bytes)) => value = read_value(bytes)?,
            _ => {}
        }
    }
    Ok((key, value))
}

/// An `AnyValue`. Lists within it are not read.
fn read_value(message: &[u8]) -> Result<AttributeValue<'_>, WireError> {
    let mut value = AttributeValue::Other(message);
    for field in Fields::of(message) {
        value = match field? {
            (1, FieldValue::Bytes(text)) => AttributeValue::Text(String::from_utf8_lossy(text)),
            (3, FieldValue::Varint(number)) => AttributeValue::Integer(number.cast_signed()),
            _ => AttributeValue::Other(message),
        };
    }
    Ok(value)
}

/// An id of 16 bytes that is not 0.
fn trace_id(bytes: &[u8]) -> Option<TraceId> {
    let number = u128::from_be_bytes(bytes.try_into().ok()?);
    (number != 0).then_some(TraceId(number))
}

/// An id of 8 bytes that is not 0.
fn span_id(bytes: &[u8]) -> Option<SpanId> {
    let number = u64::from_be_bytes(bytes.try_into().ok()?);
    (number != 0).then_some(SpanId(number))
}
