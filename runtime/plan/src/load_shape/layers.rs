//! What a lower layer still has to say about the load, once an upper one has spoken. Must not know what the options come
//! to: that is decided once, when all layers lie on each other.

use squall_schedule::ExecutorKind;

use crate::options::Options;
use crate::threshold::names_scenario;

use super::open;

/// Drops what a lower layer says about the load where the upper layer says something else in its place.
///
/// As in k6, `duration`, `iterations`, `stages` and `rate` each begin a shape of their own, while `vus` is a number beside
/// them that stays. Where keeping it would make a contradiction that was not written (fewer iterations than VUs), it gives
/// way. A rate and a duration belong together: each of them alone changes just that of the rate below.
///
/// Scenarios are a shape, too: they and a whole load of another layer take each other's place.
pub(crate) fn drop_overridden(lower: &mut Options, upper: &Options) {
    if upper.scenarios.is_some() {
        drop_shape(lower);
        (lower.vus, lower.flow) = (None, None);
        drop_scenarios(lower);
        return;
    }
    if is_whole_load(upper) {
        drop_scenarios(lower);
    }
    if upper.iterations.is_some() || upper.stages.is_some() {
        drop_shape(lower);
        if upper.stages.is_some() {
            lower.vus = None;
        }
        let each_vu_has_its_own = upper.executor == Some(ExecutorKind::PerVuIterations);
        if let (Some(iterations), false) = (upper.iterations, each_vu_has_its_own) {
            lower.vus = lower.vus.map(|vus| vus.min(iterations.max(1)));
        }
    } else if upper.rate.is_some() {
        // With iterations, a duration is something else.
        let duration = lower.duration.filter(|_| lower.iterations.is_none());
        let executor = lower.executor.filter(|executor| open::has_a_rate(*executor));
        drop_shape(lower);
        (lower.duration, lower.executor) = (duration, executor);
    } else if upper.duration.is_some() {
        let another_shape = upper.vus.is_some() || upper.executor.is_some_and(|executor| !open::has_a_rate(executor));
        if lower.rate.is_none() || another_shape {
            drop_shape(lower);
        }
    } else if upper.vus.is_some() && lower.stages.is_some() && !open::follows_rates(lower) {
        // So many VUs, not so many to begin with.
        drop_shape(lower);
    }
    drop_loads_below_vus(lower, upper);
}

fn is_whole_load(options: &Options) -> bool {
    let Options { duration, iterations, stages, rate, executor, .. } = options;
    duration.is_some() || iterations.is_some() || stages.is_some() || rate.is_some() || executor.is_some()
}

/// What must hold of a scenario goes with it.
fn drop_scenarios(options: &mut Options) {
    let Some(dropped) = options.scenarios.take() else { return };
    let of_dropped = |selector: &str| dropped.iter().any(|scenario| names_scenario(selector, &scenario.name));
    if let Some(thresholds) = &mut options.thresholds {
        thresholds.retain(|selector, _| !of_dropped(selector));
    }
}

fn drop_shape(options: &mut Options) {
    options.duration = None;
    options.iterations = None;
    options.stages = None;
    options.executor = None;
    options.start_vus = None;
    options.max_duration = None;
    options.rate = None;
    options.time_unit = None;
    options.start_rate = None;
    options.pre_allocated_vus = None;
    options.max_vus = None;
}

/// `vus` and `pre_allocated_vus` are the same number for a rate, and both stay within `max_vus`.
fn drop_loads_below_vus(lower: &mut Options, upper: &Options) {
    if upper.pre_allocated_vus.is_some() {
        lower.vus = None;
    }
    if upper.vus.is_some() {
        lower.pre_allocated_vus = None;
    }
    if let Some(vus) = upper.pre_allocated_vus.or(upper.vus) {
        lower.max_vus = lower.max_vus.map(|most| most.max(vus));
    }
    if let Some(most) = upper.max_vus {
        lower.vus = lower.vus.map(|vus| vus.min(most));
        lower.pre_allocated_vus = lower.pre_allocated_vus.map(|vus| vus.min(most));
    }
}
