//! The objectives of a plan, kept with its run, so that it can be judged again; of a run that was killed, too.

use squall_history::format::{LimitsInfo, ObjectiveInfo, RunInfo};
use squall_plan::{Importance, Objective, PlanFile, TargetMonitoring, Threshold, ThresholdSpec};

use crate::objectives::objectives_in_force;

/// The objectives that hold beside these thresholds, to be kept.
pub(crate) fn objectives_to_store(file: &PlanFile, thresholds: &[Threshold]) -> Vec<ObjectiveInfo> {
    let info = |objective: &Objective| ObjectiveInfo {
        title: objective.title.clone(),
        target: objective.target.clone(),
        metric: objective.threshold.selector(),
        expression: objective.threshold.source.clone(),
        hoped: objective.importance == Importance::Desired,
    };
    objectives_in_force(&file.objectives, thresholds).iter().map(info).collect()
}

/// The limits of resources, to be kept.
pub(crate) fn limits_to_store(watching: &TargetMonitoring) -> LimitsInfo {
    let TargetMonitoring { cpu_max, memory_max, connection_pool, .. } = watching;
    LimitsInfo { cpu_max: *cpu_max, memory_max: *memory_max, connection_pool: *connection_pool }
}

/// Both, as they were kept. An objective that this Squall cannot read is left out.
pub fn stored_objectives(info: &RunInfo) -> (Vec<Objective>, TargetMonitoring) {
    let objective = |kept: &ObjectiveInfo| {
        Some(Objective {
            title: kept.title.clone(),
            target: kept.target.clone(),
            threshold: Threshold::parse(&kept.metric, &ThresholdSpec::new(&kept.expression)).ok()?,
            importance: if kept.hoped { Importance::Desired } else { Importance::Required },
        })
    };
    let LimitsInfo { cpu_max, memory_max, connection_pool } = info.limits;
    let watching = TargetMonitoring { cpu_max, memory_max, connection_pool, ..TargetMonitoring::default() };
    (info.objectives.iter().filter_map(objective).collect(), watching)
}
