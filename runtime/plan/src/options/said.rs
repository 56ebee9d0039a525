//! What a layer says, as text for people, option by option.

use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;

use super::Options;
use crate::credentials::without_credentials;
use crate::duration::HumanDuration;

impl Options {
    /// Every option that this layer says, by its documented name, in the order of [`Options`]; entries of mappings one by
    /// one, as `weights.browse`.
    pub fn said(&self) -> Vec<(String, String)> {
        let mut said = Said(Vec::new());
        for scenario in self.scenarios.iter().flatten() {
            let prefix = format!("scenarios.{}", scenario.name);
            said.option(&format!("{prefix}.component"), scenario.component.as_ref());
            said.time(&format!("{prefix}.start_time"), scenario.start_time);
            said.0.extend(scenario.own.said().into_iter().map(|(key, value)| (format!("{prefix}.{key}"), value)));
        }
        said.option("vus", self.vus);
        said.time("duration", self.duration);
        said.option("iterations", self.iterations);
        let stages = self.stages.as_ref().map(|stages| list(stages));
        said.option("stages", stages);
        said.option("executor", self.executor);
        said.time("max_duration", self.max_duration);
        said.time("graceful_stop", self.graceful_stop);
        said.time("graceful_ramp_down", self.graceful_ramp_down);
        said.option("start_vus", self.start_vus);
        said.option("rate", self.rate);
        said.time("time_unit", self.time_unit);
        said.option("start_rate", self.start_rate);
        said.option("pre_allocated_vus", self.pre_allocated_vus);
        said.option("max_vus", self.max_vus);
        said.option("arrival", self.arrival);
        said.time("max_backlog", self.max_backlog);
        said.option("warmup", self.warmup);
        said.option("pacing", self.pacing);
        said.option("flow", self.flow.as_ref());
        said.entries("weights", self.weights.iter().flatten());
        said.entries("think_time", &self.think_time);
        for (selector, specs) in self.thresholds.iter().flatten() {
            // Each by itself: they may come from several layers.
            for spec in specs {
                said.option(&format!("thresholds.{selector}"), Some(&spec.expression));
            }
        }
        said.option("target", self.target.as_deref().map(without_credentials));
        said.entries("env", self.env.iter().map(|(name, value)| (name, without_credentials_of_url(value))));
        for (name, data) in &self.data {
            let file = data.file.as_ref().map(|file| file.display());
            said.option(&format!("data.{name}"), file);
            said.option(&format!("data.{name}.policy"), data.policy);
            said.option(&format!("data.{name}.at_end"), data.at_end);
        }
        said.entries("tags", &self.tags);
        said.option("seed", self.seed);
        said.option("threads", self.threads);
        said.option("insecure", self.http.insecure);
        said.option("cacert", self.http.cacert.as_ref().map(|file| file.display()));
        said.time("request_timeout", self.http.request_timeout);
        said.time("connect_timeout", self.http.connect_timeout);
        said.option("max_redirects", self.http.max_redirects);
        said.option("no_connection_reuse", self.http.no_connection_reuse);
        said.option("discard_response_bodies", self.http.discard_response_bodies);
        said.option("user_agent", self.http.user_agent.as_ref());
        said.option("connection_pool", self.http.connection_pool);
        said.option("batch_per_origin", self.http.batch_per_origin);
        said.time("setup_timeout", self.setup_timeout);
        said.time("teardown_timeout", self.teardown_timeout);
        said.time("min_iteration_duration", self.min_iteration_duration);
        said.option("max_series", self.max_series);
        said.0
    }
}

struct Said(Vec<(String, String)>);

impl Said {
    fn option(&mut self, key: &str, value: Option<impl Display>) {
        self.0.extend(value.map(|value| (key.to_owned(), value.to_string())));
    }

    fn time(&mut self, key: &str, value: Option<Duration>) {
        self.option(key, value.map(HumanDuration));
    }

    fn entries<'a>(&mut self, key: &str, entries: impl IntoIterator<Item = (&'a String, impl Display)>) {
        for (name, value) in entries {
            self.option(&format!("{key}.{name}"), Some(value));
        }
    }
}

/// A value that may be a URL, or anything else with an `@` in it.
fn without_credentials_of_url(value: &str) -> Cow<'_, str> {
    if value.contains("://") { without_credentials(value) } else { value.into() }
}

fn list(items: &[impl Display]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
