use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};
use proptest::prelude::*;

use super::*;
use crate::clock::Nanos;
use crate::{Band, BandParts};

fn of(values: &[u64]) -> Histogram {
    let mut histogram = Histogram::new();
    for value in values {
        histogram.record(Nanos(*value));
    }
    histogram
}

/// The same values in the reference implementation.
fn reference(values: &[u64]) -> hdrhistogram::Histogram<u64> {
    let mut reference = hdrhistogram::Histogram::new_with_bounds(1, GREATEST, 3).expect("bounds");
    for value in values {
        reference.record(((value + 500) / 1000).min(GREATEST)).expect("in range");
    }
    reference
}

fn buckets(histogram: &Histogram) -> Vec<(u64, u64, u64)> {
    histogram.buckets().collect()
}

/// Durations of all sizes, from zero to hours.
fn durations(most: usize) -> impl Strategy<Value = Vec<u64>> {
    let of_one_size = (0u32..44).prop_flat_map(|bits| 0u64..(1 << bits));
    proptest::collection::vec(of_one_size, 0..most)
}

#[test]
fn bytes_of_a_known_histogram() {
    // Two values of 0 µs, one of 1 µs, one of 4 µs: counts 2, 1, then two empty, then 1.
    let bytes = of(&[0, 100, 1_000, 4_000]).encode();
    assert_eq!(bytes[..4], [0x1c, 0x84, 0x93, 0x14]);
    assert_eq!(u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]) as usize, bytes.len() - 8);
    let plain = inflate(&bytes[8..]).expect("a zlib stream");
    assert_eq!(plain[..16], [0x1c, 0x84, 0x93, 0x13, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 3]);
    assert_eq!(plain[HEADER..], [4, 2, 3, 2]);
}

#[test]
fn an_empty_histogram_can_be_read_back_and_by_the_reference() {
    let bytes = Histogram::new().encode();
    assert!(Histogram::decode(&bytes).expect("ours").is_empty());
    let theirs: hdrhistogram::Histogram<u64> = Deserializer::new().deserialize(&mut &bytes[..]).expect("theirs");
    assert!(theirs.is_empty());
}

#[test]
fn the_longest_numbers_survive() {
    for number in [0, 1, -1, 63, 64, -64, -65, 1 << 55, i64::MAX, i64::MIN] {
        let mut bytes = Vec::new();
        write_number(number, &mut bytes);
        assert!(bytes.len() <= LONGEST_NUMBER);
        let mut fields = Fields(&bytes);
        assert_eq!(fields.number(), Ok(number));
        assert!(fields.0.is_empty());
    }
}

#[test]
fn an_unreadable_histogram_is_refused_with_its_reason() {
    assert_eq!(Histogram::decode(b"").err(), Some(DecodeError::Damaged));
    assert_eq!(Histogram::decode(b"something else").err(), Some(DecodeError::Cookie));
    let bytes = of(&[1_000_000]).encode();
    assert_eq!(Histogram::decode(&bytes[..bytes.len() - 1]).err(), Some(DecodeError::Damaged));

    let two_digits = hdrhistogram::Histogram::<u64>::new_with_bounds(1, GREATEST, 2).expect("bounds");
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(&two_digits, &mut bytes).expect("in memory");
    assert_eq!(Histogram::decode(&bytes).err(), Some(DecodeError::Layout { digits: 2, lowest: 1 }));

    let mut beyond = hdrhistogram::Histogram::<u64>::new_with_bounds(1, GREATEST * 8, 3).expect("bounds");
    beyond.record(GREATEST * 4).expect("in range");
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(&beyond, &mut bytes).expect("in memory");
    assert_eq!(Histogram::decode(&bytes).err(), Some(DecodeError::TooGreat));
}

#[test]
fn a_least_above_the_greatest_does_no_harm() {
    let histogram = of(&[1_000, 5_000]).with_exact(Nanos(9_000), Nanos(10), Nanos(0));
    assert_eq!(histogram.percentile(50.0), Nanos(9_000));
    let parts = of(&[1_000]);
    let bands = vec![BandParts { band: Band::ALL[0], histogram: parts }];
    let histogram = Histogram::new().with_bands(bands, [3.0, -3.0, 0.0]);
    assert!((-3.0..=3.0).contains(&histogram.percentile_value(50.0)));
}

#[test]
fn empty_counters_without_end_are_too_many() {
    let mut counts = Vec::new();
    // The greatest number that can be counted, and one more.
    for number in [i64::MIN, -i64::MAX, 0, 1] {
        write_number(number, &mut counts);
    }
    assert_eq!(Histogram::from_counts(&counts).err(), Some(DecodeError::TooGreat));
}

#[test]
fn a_busy_second_takes_about_a_kilobyte() {
    // 2,000 requests between 10 and 40 ms.
    let values: Vec<u64> = (0..2_000u64).map(|i| 10_000_000 + i * i * 7_919 % 30_000_000).collect();
    let length = of(&values).encode().len();
    assert!(length < 1_300, "{length} bytes");
}

proptest! {
    #[test]
    fn the_reference_reads_what_we_write(values in durations(300)) {
        let bytes = of(&values).encode();
        let theirs: hdrhistogram::Histogram<u64> = Deserializer::new().deserialize(&mut &bytes[..]).expect("decodes");
        prop_assert_eq!(theirs, reference(&values));
    }

    #[test]
    fn we_read_what_the_reference_writes(values in durations(300)) {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new().serialize(&reference(&values), &mut bytes).expect("in memory");
        let ours = Histogram::decode(&bytes).expect("decodes");
        prop_assert_eq!(buckets(&ours), buckets(&of(&values)));
        prop_assert_eq!(ours.count(), values.len() as u64);
    }

    #[test]
    fn a_round_trip_keeps_counts_and_nearly_keeps_the_rest(values in durations(300)) {
        let before = of(&values);
        let after = Histogram::decode(&before.encode()).expect("decodes");
        prop_assert_eq!(buckets(&after), buckets(&before));
        prop_assert_eq!(after.encode(), before.encode());
        for (ours, exact) in [(after.min(), before.min()), (after.max(), before.max()), (after.mean(), before.mean())] {
            prop_assert!(ours.0.abs_diff(exact.0) <= exact.0 / 1000 + 1000, "{ours} for {exact}");
        }
    }

    #[test]
    fn damaged_bytes_are_refused_or_read_but_never_a_panic(
        values in durations(50), place in any::<prop::sample::Index>(), bit in 0u32..8,
    ) {
        let mut bytes = of(&values).encode();
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        let _ = Histogram::decode(&bytes);
        let _ = Histogram::from_counts(&bytes);
    }

    #[test]
    fn decoded_histograms_merge_to_the_same_in_any_order(parts in proptest::collection::vec(durations(40), 1..6)) {
        let decoded: Vec<Histogram> =
            parts.iter().map(|values| Histogram::decode(&of(values).encode()).expect("decodes")).collect();
        let (mut forth, mut back) = (Histogram::new(), Histogram::new());
        decoded.iter().for_each(|part| forth.merge(part));
        decoded.iter().rev().for_each(|part| back.merge(part));
        prop_assert_eq!(forth.encode(), back.encode());
        prop_assert_eq!((forth.min(), forth.max(), forth.sum()), (back.min(), back.max(), back.sum()));
        prop_assert_eq!(buckets(&forth), buckets(&of(&parts.concat())));
    }
}
