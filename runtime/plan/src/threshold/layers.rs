//! The thresholds of several layers: they add up, and a layer can loosen or tighten a bound of a lower one. Must not know
//! what else a layer says.

use std::collections::BTreeMap;

use super::{Threshold, ThresholdSpec};

/// Thresholds by selector, as a layer holds them.
type Specs = BTreeMap<String, Vec<ThresholdSpec>>;

/// Drops the thresholds of a lower layer that bound the same value from the same side as one of the upper layer. What
/// cannot be read stays, to be reported with the other mistakes.
pub(crate) fn drop_overridden(lower: &mut Specs, upper: &Specs) {
    let upper: Vec<Threshold> = readable(upper).collect();
    lower.retain(|selector, specs| {
        specs.retain(|spec| {
            let is_taken_over = |lower: Threshold| upper.iter().any(|upper| upper.bounds_the_same_as(&lower));
            !Threshold::parse(selector, spec).is_ok_and(is_taken_over)
        });
        !specs.is_empty()
    });
}

/// All thresholds of both, the upper ones first; what both say alike once.
pub(crate) fn add_up(upper: Option<Specs>, lower: Option<Specs>) -> Option<Specs> {
    match (upper, lower) {
        (Some(mut all), Some(lower)) => {
            for (selector, specs) in lower {
                let known = all.entry(selector).or_default();
                for spec in specs {
                    if !known.contains(&spec) {
                        known.push(spec);
                    }
                }
            }
            Some(all)
        }
        (upper, lower) => upper.or(lower),
    }
}

fn readable(specs: &Specs) -> impl Iterator<Item = Threshold> {
    let each = specs.iter().flat_map(|(selector, specs)| specs.iter().map(move |spec| (selector, spec)));
    each.filter_map(|(selector, spec)| Threshold::parse(selector, spec).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specs(all: &[(&str, &[&str])]) -> Specs {
        let list = |expressions: &[&str]| expressions.iter().map(|text| ThresholdSpec::from(*text)).collect();
        all.iter().map(|(selector, expressions)| ((*selector).to_owned(), list(expressions))).collect()
    }

    fn laid(upper: &[(&str, &[&str])], lower: &[(&str, &[&str])]) -> Specs {
        let (upper, mut lower) = (specs(upper), specs(lower));
        drop_overridden(&mut lower, &upper);
        add_up(Some(upper), Some(lower)).unwrap()
    }

    #[test]
    fn thresholds_of_layers_add_up() {
        let all = laid(&[("m", &["p(99)<1s"]), ("n", &["avg<2"])], &[("m", &["p(95)<1ms"]), ("o", &["max<3"])]);
        assert_eq!(all, specs(&[("m", &["p(99)<1s", "p(95)<1ms"]), ("n", &["avg<2"]), ("o", &["max<3"])]));
    }

    #[test]
    fn the_upper_layer_has_the_last_word_on_the_same_bound() {
        for (upper, lower) in [
            (("m", "p(95)<800"), ("m", "p(95)<=500")),
            (("m", "rate>=0.9"), ("m", "rate>0.99")),
            (("m{a:b,c:d}", "p(95)<800"), ("m{ c:d , a:b }", "p(95)<500")),
        ] {
            let all = laid(&[(upper.0, &[upper.1])], &[(lower.0, &[lower.1])]);
            assert_eq!(all, specs(&[(upper.0, &[upper.1])]), "{lower:?}");
        }
    }

    #[test]
    fn other_bounds_of_the_same_metric_stay() {
        for (upper, lower) in [
            (("m", "count<10"), ("m", "count>0")),
            (("m", "p(95)<800"), ("m", "p(99)<500")),
            (("m", "avg<1"), ("m{a:b}", "avg<2")),
            (("m", "count!=1"), ("m", "count==2")),
        ] {
            let all = laid(&[(upper.0, &[upper.1])], &[(lower.0, &[lower.1])]);
            assert_eq!(all.values().map(Vec::len).sum::<usize>(), 2, "{upper:?} {lower:?}");
        }
    }

    #[test]
    fn within_a_layer_both_hold() {
        let both = &["p(95)<500", "p(95)<1000"];
        assert_eq!(laid(&[("n", &["avg<1"])], &[("m", both)])["m"].len(), 2);
        assert_eq!(laid(&[("m", both)], &[("m", &["p(95)<100"])])["m"].len(), 2);
    }

    #[test]
    fn what_cannot_be_read_is_kept_to_be_reported() {
        assert_eq!(laid(&[("m", &["avg<1"])], &[("m", &["avg<<1"])])["m"].len(), 2);
    }
}
