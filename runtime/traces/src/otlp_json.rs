//! Reads traces from OTLP's messages in JSON (<https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>): ids
//! are hexadecimal, integers of 64 bits numbers or texts. One span is read at a time, so that memory is bounded by the
//! text; lists stay text until the object around them is known, because its fields come in any order.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::value::RawValue;
use squall_findings::span::{SpanId, TraceId};

use crate::attributes::{AttributeValue, Attributes};
use crate::intake::{Intake, WireSpan};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(borrow, default)]
    resource_spans: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    #[serde(borrow, default)]
    resource: Option<Resource<'a>>,
    #[serde(borrow, default)]
    scope_spans: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Resource<'a> {
    #[serde(borrow, default)]
    attributes: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ScopeSpans<'a> {
    #[serde(borrow, default)]
    scope: Option<Scope<'a>>,
    #[serde(borrow, default)]
    spans: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Scope<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonSpan<'a> {
    #[serde(borrow, default)]
    trace_id: Text<'a>,
    #[serde(borrow, default)]
    span_id: Text<'a>,
    #[serde(borrow, default)]
    parent_span_id: Text<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(default)]
    kind: Integer,
    #[serde(default)]
    start_time_unix_nano: Integer,
    #[serde(default)]
    end_time_unix_nano: Integer,
    #[serde(default)]
    status: Option<Status>,
    #[serde(borrow, default)]
    attributes: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    code: Integer,
}

#[derive(Deserialize)]
struct KeyValue<'a> {
    #[serde(borrow, default)]
    key: Text<'a>,
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnyValue<'a> {
    #[serde(borrow, default)]
    string_value: Option<Text<'a>>,
    #[serde(default)]
    int_value: Option<Integer>,
}

/// Reads an `ExportTraceServiceRequest`. Spans before an error are taken.
pub(crate) fn read_traces(request: &[u8], intake: &mut Intake) -> Result<(), serde_json::Error> {
    let request: Request<'_> = serde_json::from_slice(request)?;
    for_each(request.resource_spans, |resource: ResourceSpans<'_>| {
        let attributes = resource.resource.and_then(|resource| resource.attributes);
        intake.begin_service(&read_service_name(attributes)?);
        for_each(resource.scope_spans, |scope: ScopeSpans<'_>| {
            intake.begin_scope(&scope.scope.map(|scope| scope.name.0).unwrap_or_default());
            for_each(scope.spans, |span| take_span(span, intake))
        })
    })
}

/// An error's reason, of bounded length: it may have texts of the request in it. The place that it ends with is that in
/// an element of a list, and would mislead.
pub(crate) fn describe_error(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.split(" at line ").next().unwrap_or_default().chars().take(300).collect()
}

fn read_service_name(attributes: Option<&RawValue>) -> Result<Cow<'_, str>, serde_json::Error> {
    let mut name = Cow::Borrowed("");
    for_each(attributes, |attribute: KeyValue<'_>| {
        if attribute.key.0 == "service.name"
            && let AttributeValue::Text(text) = read_value(attribute.value)?
        {
            name = text;
        }
        Ok(())
    })?;
    Ok(name)
}

fn take_span<'a>(span: JsonSpan<'a>, intake: &mut Intake) -> Result<(), serde_json::Error> {
    let wire = WireSpan {
        trace: parse_hexadecimal(&span.trace_id.0, 32).map(TraceId),
        id: parse_hexadecimal(&span.span_id.0, 16).map(|id| SpanId(id as u64)),
        parent: parse_hexadecimal(&span.parent_span_id.0, 16).map(|id| SpanId(id as u64)),
        name: span.name.0,
        kind: span.kind.0.unsigned_abs(),
        began: span.start_time_unix_nano.0.unsigned_abs(),
        ended: span.end_time_unix_nano.0.unsigned_abs(),
        status: span.status.map_or(0, |status| status.code.0.unsigned_abs()),
    };
    intake.take(&wire, || read_attributes(span.attributes))
}

fn read_attributes(list: Option<&RawValue>) -> Result<Attributes<'_>, serde_json::Error> {
    let mut attributes = Attributes::default();
    for_each(list, |attribute: KeyValue<'_>| {
        attributes.add(&attribute.key.0, read_value(attribute.value)?);
        Ok(())
    })?;
    Ok(attributes)
}

fn read_value(value: Option<&RawValue>) -> Result<AttributeValue<'_>, serde_json::Error> {
    let text = value.map_or("{}", RawValue::get);
    let value: AnyValue<'_> = serde_json::from_str(text)?;
    Ok(match (value.string_value, value.int_value) {
        (Some(Text(text)), _) => AttributeValue::Text(text),
        (None, Some(Integer(number))) => AttributeValue::Integer(number),
        (None, None) => AttributeValue::Other(text.as_bytes()),
    })
}

/// A number with exactly these digits, unless it is 0.
fn parse_hexadecimal(text: &str, digits: usize) -> Option<u128> {
    let is_complete = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u128::from_str_radix(text, 16).ok().filter(|number| is_complete && *number != 0)
}

/// Reads a list, one element at a time.
fn for_each<'a, T: Deserialize<'a>>(
    list: Option<&'a RawValue>,
    take: impl FnMut(T) -> Result<(), serde_json::Error>,
) -> Result<(), serde_json::Error> {
    let Some(list) = list else { return Ok(()) };
    serde_json::Deserializer::from_str(list.get()).deserialize_seq(Elements(take, PhantomData))
}

struct Elements<T, F>(F, PhantomData<T>);

impl<'a, T: Deserialize<'a>, F: FnMut(T) -> Result<(), serde_json::Error>> Visitor<'a> for Elements<T, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'a>>(mut self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element()? {
            (self.0)(element).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

/// A text out of the request itself, unless it has escapes. `null` is the empty one.
#[derive(Default)]
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text<'a>, D::Error> {
        struct OfText;
        impl<'de> Visitor<'de> for OfText {
            type Value = Text<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Text<'de>, E> {
                Ok(Text::default())
            }
        }
        deserializer.deserialize_any(OfText)
    }
}

/// A whole number, or a text with one. `null` is 0.
#[derive(Default)]
struct Integer(i64);

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Integer, D::Error> {
        struct OfNumber;
        impl Visitor<'_> for OfNumber {
            type Value = Integer;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a whole number, or a string with one")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Integer, E> {
                Ok(Integer(number))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Integer, E> {
                Ok(Integer(i64::try_from(number).unwrap_or(i64::MAX)))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Integer, E> {
                Ok(Integer(number as i64))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Integer, E> {
                text.parse().map(Integer).map_err(|_| E::invalid_value(de::Unexpected::Str(&shown(text)), &self))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Integer, E> {
                Ok(Integer(0))
            }
        }
        deserializer.deserialize_any(OfNumber)
    }
}

/// The beginning of a text, for an error.
fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}
