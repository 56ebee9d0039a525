//! Commands that change a run while it goes on: their syntax, and the commands that its load allows. The terminal, the
//! control API and its client all use them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use squall_load::{Steering, StoppedBy};
use squall_plan::{Executor, Plan, Rate};

/// The commands that can be typed.
pub const HELP: &str = "type: pause, resume, stop, vus NUMBER, or rate NUMBER/s";

/// One change to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Begin no more iterations until resumed.
    Pause,
    /// Go on.
    Resume,
    /// Begin no more iterations, and end the run when those under way have ended.
    Stop,
    /// A number of virtual users.
    Vus(u64),
    /// A rate of iterations.
    Rate(Rate),
}

impl FromStr for Command {
    type Err = String;

    /// Reads a typed line: `vus 50`.
    fn from_str(line: &str) -> Result<Command, String> {
        let (word, value) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
        match (word, value.trim()) {
            ("pause", "") => Ok(Command::Pause),
            ("resume", "") => Ok(Command::Resume),
            ("stop", "") => Ok(Command::Stop),
            ("vus", number) => {
                let vus = number.parse().map(Command::Vus);
                vus.map_err(|_| format!("{number:?} is not a number of virtual users: type vus 50"))
            }
            ("rate", rate) => {
                rate.parse().map(Command::Rate).map_err(|error: squall_plan::RateError| error.to_string())
            }
            _ => Err(HELP.to_owned()),
        }
    }
}

impl fmt::Display for Command {
    /// The confirmation of a command.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::Pause => formatter.write_str("paused: no more iterations begin"),
            Command::Resume => formatter.write_str("resumed"),
            Command::Stop => formatter.write_str("stopping"),
            Command::Vus(1) => formatter.write_str("1 virtual user from now on"),
            Command::Vus(vus) => write!(formatter, "{vus} virtual users from now on"),
            Command::Rate(rate) => write!(formatter, "{rate} from now on"),
        }
    }
}

/// A run, as far as others may change it.
#[derive(Clone, Debug)]
pub struct Controls {
    plan: Arc<Plan>,
    most: Rate,
    steering: Steering,
}

impl Controls {
    /// For that load, which may be changed to a rate of `most`.
    pub fn new(plan: Plan, most: Rate, steering: Steering) -> Controls {
        Controls { plan: Arc::new(plan), most, steering }
    }

    /// The plan that the run started with.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The kind of the load's executor, or the number of scenarios if there are several.
    pub fn kind(&self) -> String {
        match &*self.plan.scenarios {
            [only] => only.executor.kind().to_string(),
            several => format!("{} scenarios", several.len()),
        }
    }

    /// The part of the load that may be changed.
    pub fn controlled(&self) -> Option<&Executor> {
        self.plan.controlled().map(|scenario| &scenario.executor)
    }

    /// The settings requested at present.
    pub fn steering(&self) -> &Steering {
        &self.steering
    }

    /// Whether there is more to be done than to stop.
    pub fn can_change(&self) -> bool {
        self.controlled().is_some()
    }

    /// Executes all commands, or none if one of them is not allowed.
    ///
    /// # Errors
    /// A sentence with the remedy.
    pub fn follow(&self, commands: &[Command], by: StoppedBy) -> Result<(), String> {
        commands.iter().try_for_each(|command| self.allows(*command))?;
        for command in commands {
            match command {
                Command::Pause => self.steering.pause(),
                Command::Resume => self.steering.resume(),
                Command::Stop => self.steering.stop_gracefully(by),
                Command::Vus(vus) => self.steering.set_vus(*vus),
                Command::Rate(rate) => self.steering.set_rate(*rate),
            }
        }
        Ok(())
    }

    fn allows(&self, command: Command) -> Result<(), String> {
        if command == Command::Stop {
            return Ok(());
        }
        let Some(Executor::ExternallyControlled { max_vus, rate, .. }) = self.controlled() else {
            return Err(format!(
                "this load is {} and follows its plan, it can only be stopped: to pause or change a load, run it with \
                 --executor externally-controlled",
                self.kind()
            ));
        };
        match command {
            _ if self.steering.is_stopping() => Err("the run is stopping: it cannot be changed any more".to_owned()),
            Command::Vus(_) if rate.is_some() => {
                Err("this load has a rate, and as many virtual users as that needs: set the rate, like 500/s"
                    .to_owned())
            }
            Command::Rate(_) if rate.is_none() => {
                Err("this load has virtual users and no rate: set the virtual users, or start the run with --rate"
                    .to_owned())
            }
            Command::Vus(vus) if vus > *max_vus => {
                Err(format!("at most {max_vus} virtual users: to have more, start the run with a higher --max-vus"))
            }
            Command::Rate(rate) if rate > self.most => Err(format!("at most {} can be asked for", self.most)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use squall_plan::{Defaults, MAX_RATE, Options};

    use super::*;

    fn controls(rate: Option<&str>) -> Controls {
        let rate = rate.map(|rate| format!(r#", "rate": "{rate}""#)).unwrap_or_default();
        let options = format!(r#"{{"executor": "externally-controlled", "vus": 5, "max_vus": 10{rate}}}"#);
        Controls::new(plan(&options), MAX_RATE, Steering::default())
    }

    fn plan(options: &str) -> Plan {
        let options = Options::from_json(options).unwrap();
        Plan::resolve(options, &[("browse".to_owned(), 1)], Defaults { threads: 1, seed: 1 }).unwrap()
    }

    fn follow(controls: &Controls, line: &str) -> Result<(), String> {
        controls.follow(&[line.parse()?], StoppedBy::Terminal)
    }

    #[test]
    fn lines_are_understood() {
        assert_eq!(" pause ".parse(), Ok(Command::Pause));
        assert_eq!("vus 10".parse(), Ok(Command::Vus(10)));
        assert_eq!("rate 90/m".parse(), Ok(Command::Rate("90/m".parse().unwrap())));
        for (line, sentence) in [
            ("", HELP),
            ("faster", HELP),
            ("pause 5", HELP),
            ("vus many", "\"many\" is not a number of virtual users: type vus 50"),
            ("rate fast", "\"fast\" is not a rate; write one as 1000/s, 90/m or 0.5/s"),
        ] {
            assert_eq!(line.parse::<Command>(), Err(sentence.to_owned()), "{line}");
        }
    }

    #[test]
    fn commands_reach_the_run() {
        let closed = controls(None);
        follow(&closed, "vus 10").unwrap();
        follow(&closed, "pause").unwrap();
        assert_eq!((closed.steering.vus(), closed.steering.is_paused()), (Some(10), true));
        follow(&closed, "resume").unwrap();
        assert!(!closed.steering.is_paused());
        let open = controls(Some("5/s"));
        follow(&open, "rate 90/m").unwrap();
        assert_eq!(open.steering.rate(), Some("90/m".parse().unwrap()));
    }

    #[test]
    fn an_impossible_command_is_refused_with_all_others() {
        for (controls, line, part) in [
            (controls(None), "vus 11", "at most 10 virtual users"),
            (controls(None), "rate 5/s", "virtual users and no rate"),
            (controls(Some("5/s")), "vus 5", "this load has a rate"),
            (controls(Some("5/s")), "rate 10000001/s", "at most 10000000/s"),
        ] {
            let sentence = controls.follow(&[Command::Pause, line.parse().unwrap()], StoppedBy::Api).unwrap_err();
            assert!(sentence.contains(part), "{line}: {sentence}");
            assert!(!controls.steering.is_paused(), "{line}");
        }
    }

    #[test]
    fn every_load_can_be_stopped_and_only_one_kind_changed() {
        let fixed = Controls::new(plan(r#"{"vus": 1, "duration": "1s"}"#), MAX_RATE, Steering::default());
        let sentence = follow(&fixed, "pause").unwrap_err();
        assert!(sentence.contains("this load is constant-vus"), "{sentence}");
        assert!(sentence.contains("--executor externally-controlled"), "{sentence}");
        follow(&fixed, "stop").unwrap();
        assert!(fixed.steering.is_stopping());
    }

    #[test]
    fn a_run_that_stops_is_not_changed_any_more() {
        let stopping = controls(None);
        follow(&stopping, "stop").unwrap();
        assert!(follow(&stopping, "resume").unwrap_err().contains("stopping"));
        follow(&stopping, "stop").unwrap();
    }
}
