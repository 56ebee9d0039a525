//! What was typed, as the top layer of the plan's options.

use squall_plan::{HttpOptions, Options, ThresholdSpec};

use crate::args::load::LoadArgs;
use crate::args::requests::HttpArgs;

/// The layer that the command line makes.
pub fn from_arguments(load: &LoadArgs, http: &HttpArgs) -> Options {
    let mut options = Options {
        vus: load.vus,
        duration: load.duration,
        iterations: load.iterations,
        stages: (!load.stages.is_empty()).then(|| load.stages.clone()),
        executor: load.executor,
        rate: load.rate,
        pre_allocated_vus: load.pre_allocated_vus,
        max_vus: load.max_vus,
        arrival: load.arrival,
        max_backlog: load.max_backlog,
        warmup: load.warmup,
        pacing: load.pacing,
        graceful_stop: load.graceful_stop,
        flow: load.flow.clone(),
        env: load.env.iter().cloned().collect(),
        tags: load.tags.iter().cloned().collect(),
        data: load.data.iter().cloned().collect(),
        seed: load.seed,
        threads: load.threads,
        min_iteration_duration: load.min_iteration_duration,
        max_series: load.max_series,
        http: http_options(http),
        ..Options::default()
    };
    for (selector, spec) in &load.thresholds {
        let spec = ThresholdSpec {
            abort_on_fail: spec.abort_on_fail || load.abort_on_fail,
            delay_abort_eval: load.delay_abort_eval.unwrap_or(spec.delay_abort_eval),
            ..spec.clone()
        };
        add_threshold(&mut options, selector, spec);
    }
    options
}

fn add_threshold(options: &mut Options, selector: &str, spec: ThresholdSpec) {
    let thresholds = options.thresholds.get_or_insert_default();
    thresholds.entry(selector.to_owned()).or_default().push(spec);
}

fn http_options(http: &HttpArgs) -> HttpOptions {
    // A flag that was not given says nothing, so that a lower layer may.
    let flag = |given: bool| given.then_some(true);
    HttpOptions {
        insecure: flag(http.insecure),
        cacert: http.cacert.clone(),
        request_timeout: http.timeout,
        connect_timeout: http.connect_timeout,
        max_redirects: http.max_redirects,
        no_connection_reuse: flag(http.no_connection_reuse),
        connection_pool: http.connection_pool,
        discard_response_bodies: flag(http.discard_response_bodies),
        user_agent: http.user_agent.clone(),
        ..HttpOptions::default()
    }
}
