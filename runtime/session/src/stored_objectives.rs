//! The objectives of a plan, kept with its run, so that it can be judged again; of a run that was killed, too.

use squall_history::StoredRun;
use squall_history::format::{LimitsInfo, ObjectiveInfo};
use squall_insight::{Demands, Judgement};
use squall_metrics::Totals;
use squall_plan::{Importance, Objective, TargetMonitoring, Threshold, ThresholdSpec};

/// The objectives, to be kept.
pub(crate) fn objectives_to_store(demands: &Demands) -> Vec<ObjectiveInfo> {
    let info = |objective: &Objective| ObjectiveInfo {
        title: objective.title.clone(),
        target: objective.target.clone(),
        metric: objective.threshold.selector(),
        expression: objective.threshold.source.clone(),
        hoped: objective.importance == Importance::Desired,
    };
    demands.objectives.iter().map(info).collect()
}

/// The limits of resources, to be kept.
pub(crate) fn limits_to_store(watching: &TargetMonitoring) -> LimitsInfo {
    let TargetMonitoring { cpu_max, memory_max, connection_pool, .. } = watching;
    LimitsInfo { cpu_max: *cpu_max, memory_max: *memory_max, connection_pool: *connection_pool }
}

/// The judgement on a kept run, of which those are the totals. Thresholds are as they were judged when it ended; an
/// objective that this Squall cannot read is left out.
pub(crate) fn judge_stored(run: &StoredRun, totals: &Totals) -> Judgement {
    let objective = |kept: &ObjectiveInfo| {
        Some(Objective {
            title: kept.title.clone(),
            target: kept.target.clone(),
            threshold: Threshold::parse(&kept.metric, &ThresholdSpec::new(&kept.expression)).ok()?,
            importance: if kept.hoped { Importance::Desired } else { Importance::Required },
        })
    };
    let LimitsInfo { cpu_max, memory_max, connection_pool } = run.info.limits;
    let demands = Demands {
        thresholds: run.thresholds(),
        objectives: run.info.objectives.iter().filter_map(objective).collect(),
        limits: TargetMonitoring { cpu_max, memory_max, connection_pool, ..TargetMonitoring::default() },
    };
    demands.judge_evaluated(run.judged_thresholds(totals), totals, &run.generator())
}
