//! Array jobs on a real Slurm. The agent is a script that records its environment.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use squall_launchers::{
    AgentLaunch, AgentStates, LaunchErrorKind, LaunchId, Launched, Launcher, RunToken, Secret, Slurm, SlurmSettings,
};

use crate::cluster::{Cluster, wait};
use crate::support::{PASSWORD, TOKEN, launch, write_script};

/// Writes its environment and its arguments, then ends as its index says, or waits for a file.
const AGENT: &str = r#"#!/bin/sh
here=$(dirname "$0")
{ env; printf 'arguments=%s\n' "$*"; } >"$here/seen-$SLURM_ARRAY_TASK_ID.new"
[ -z "$SQUALL_NATS_CREDS" ] || cat "$SQUALL_NATS_CREDS" >"$here/creds-$SLURM_ARRAY_TASK_ID"
mv "$here/seen-$SLURM_ARRAY_TASK_ID.new" "$here/seen-$SLURM_ARRAY_TASK_ID"
case "$SQUALL_RUN-$SLURM_ARRAY_TASK_ID" in failing-1) exit 98 ;; esac
while [ ! -f "$here/over" ]; do sleep 0.1; done
"#;

/// A launcher of scripts in a folder of their own.
fn launcher(cluster: &Cluster, folder: &Path, settings: SlurmSettings) -> Slurm {
    fs::create_dir_all(folder).unwrap();
    write_script(&folder.join("agent.sh"), AGENT);
    let program = folder.join("agent.sh").display().to_string();
    Slurm::new(SlurmSettings { program, ..settings }, cluster.tools()).unwrap()
}

fn wait_for(slurm: &Slurm, launched: &Launched, what: &str, condition: impl Fn(&AgentStates) -> bool) -> AgentStates {
    wait(|| condition(&slurm.inspect(launched).unwrap()), what);
    slurm.inspect(launched).unwrap()
}

fn number(launched: &Launched) -> String {
    match launched.id {
        LaunchId::SlurmJob { number } => number.to_string(),
        _ => panic!("{:?}", launched.id),
    }
}

#[test]
fn a_real_slurm_runs_the_agents() {
    let Some(cluster) = Cluster::start("a_real_slurm_runs_the_agents") else { return };
    agents_run_and_end(&cluster);
    secrets_are_in_a_file_if_asked(&cluster);
    failures_have_their_reasons(&cluster);
    waiting_has_its_reasons(&cluster);
    refusals_are_passed_on(&cluster);
}

fn agents_run_and_end(cluster: &Cluster) {
    let folder = cluster.path("agents");
    let slurm = launcher(cluster, &folder, SlurmSettings::default());
    let launch = launch("r1", 3);
    let launched = slurm.launch(&launch).unwrap();
    wait_for(&slurm, &launched, "no running agents", |states| states.running == 3);
    wait(|| (0..3).all(|index| folder.join(format!("seen-{index}")).exists()), "no agents");
    let seen = fs::read_to_string(folder.join("seen-2")).unwrap();
    for line in [
        "SQUALL_RUN=r1",
        "SQUALL_TOKEN=t0ken-t0ken-t0ken",
        "SQUALL_NATS=nats://squall:s3cret@nats.example.com:4222",
        "SLURM_ARRAY_TASK_ID=2",
        "SLURM_CPUS_PER_TASK=2",
        "SLURM_MEM_PER_NODE=500",
        "arguments=agent it's",
    ] {
        assert!(seen.lines().any(|found| found == line), "{line}: {seen}");
    }
    // What cargo sets for tests is not in the job.
    assert!(!seen.contains("CARGO_"), "{seen}");
    secrets_are_not_shown(cluster, &launched);
    the_same_launch_is_found(&slurm, &launch, &launched);

    fs::write(folder.join("over"), "").unwrap();
    let ended = wait_for(&slurm, &launched, "no end", |states| states.succeeded == 3);
    assert_eq!(ended.problems, []);
    slurm.clean_up(&launched).unwrap();
    slurm.clean_up(&launched).unwrap();
}

fn secrets_are_not_shown(cluster: &Cluster, launched: &Launched) {
    let number = number(launched);
    let shown = cluster.output("scontrol", &["--details", "show", "job", &number]);
    assert!(shown.contains("TimeLimit=00:02:00") && shown.contains("JobName=squall-r1"), "{shown}");
    let script = cluster.output("scontrol", &["write", "batch_script", &format!("{number}_0"), "-"]);
    let queued = cluster.output("squeue", &["--Format=All:|", &format!("--jobs={number}")]);
    for secret in [TOKEN, PASSWORD] {
        assert!(!format!("{shown}{script}{queued}").contains(secret), "{shown}{script}{queued}");
        // Slurm keeps the environment where its own user alone can read it.
        for file in cluster.files_with(secret).iter().filter(|file| !file.starts_with(cluster.path("agents"))) {
            let is_closed =
                file.ancestors().take(4).any(|path| path.metadata().is_ok_and(|found| found.mode() & 0o077 == 0));
            assert!(is_closed, "{}", file.display());
        }
    }
}

fn the_same_launch_is_found(slurm: &Slurm, launch: &AgentLaunch, launched: &Launched) {
    assert_eq!(&slurm.launch(launch).unwrap(), launched);
    let mut other = launch.clone();
    other.token = RunToken::new("another-t0ken-another").unwrap();
    let error = slurm.launch(&other).unwrap_err();
    assert_eq!(error.kind, LaunchErrorKind::Refused);
    assert!(error.message.contains("`scancel --name=squall-r1`"), "{error}");
}

fn secrets_are_in_a_file_if_asked(cluster: &Cluster) {
    let (folder, secrets) = (cluster.path("file-agents"), cluster.path("file-secrets"));
    fs::create_dir(&secrets).unwrap();
    let settings = SlurmSettings {
        secrets_folder: Some(secrets.clone()),
        log_folder: Some(folder.clone()),
        partition: Some("main".to_owned()),
        exclusive: true,
        ..SlurmSettings::default()
    };
    let slurm = launcher(cluster, &folder, settings);
    let mut launch = launch("r2", 1);
    launch.token = RunToken::new("file-t0ken-file-t0ken").unwrap();
    launch.nats_creds = Some(Secret::new("-----BEGIN NATS USER JWT-----\nit's\n"));
    let launched = slurm.launch(&launch).unwrap();
    for file in ["squall-r2.env", "squall-r2.creds"] {
        assert_eq!(secrets.join(file).metadata().unwrap().mode() & 0o777, 0o600);
    }
    wait(|| folder.join("seen-0").exists(), "no agent");
    assert!(fs::read_to_string(folder.join("seen-0")).unwrap().contains("SQUALL_TOKEN=file-t0ken-file-t0ken\n"));
    assert_eq!(fs::read_to_string(folder.join("creds-0")).unwrap(), "-----BEGIN NATS USER JWT-----\nit's\n");
    // Slurm itself has never seen it.
    let found = cluster.files_with("file-t0ken-file-t0ken");
    assert!(found.iter().all(|file| file.starts_with(&folder) || file.starts_with(&secrets)), "{found:?}");
    assert!(folder.join(format!("squall-r2-{}-0.log", number(&launched))).exists());

    slurm.clean_up(&launched).unwrap();
    assert_eq!(fs::read_dir(&secrets).unwrap().count(), 0);
    let ended = wait_for(&slurm, &launched, "not cancelled", |states| states.failed == 1);
    assert!(ended.problems[0].sentence.contains("was cancelled"), "{:?}", ended.problems);
}

fn failures_have_their_reasons(cluster: &Cluster) {
    let slurm = launcher(cluster, &cluster.path("failing"), SlurmSettings::default());
    let launched = slurm.launch(&launch("failing", 2)).unwrap();
    let states = wait_for(&slurm, &launched, "no failure", |states| states.failed == 1 && states.running == 1);
    assert_eq!(states.problems[0].agents, ["task 1"]);
    assert!(
        states.problems[0].is_final && states.problems[0].sentence.contains("exit code 98 on "),
        "{:?}",
        states.problems
    );
    slurm.clean_up(&launched).unwrap();

    let settings = SlurmSettings { program: "/nonexistent/squall".to_owned(), ..SlurmSettings::default() };
    let slurm = Slurm::new(settings, cluster.tools()).unwrap();
    let launched = slurm.launch(&launch("absent", 2)).unwrap();
    let states = wait_for(&slurm, &launched, "no failure", |states| states.failed == 2);
    assert!(states.problems[0].sentence.contains("no squall on "), "{:?}", states.problems);
    slurm.clean_up(&launched).unwrap();
}

fn waiting_has_its_reasons(cluster: &Cluster) {
    let settings = SlurmSettings { partition: Some("down".to_owned()), ..SlurmSettings::default() };
    let slurm = launcher(cluster, &cluster.path("waiting"), settings);
    let launched = slurm.launch(&launch("waiting", 2)).unwrap();
    let states = wait_for(&slurm, &launched, "no reason", |states| !states.problems.is_empty());
    assert_eq!((states.waiting, states.problems[0].is_final), (2, true));
    assert!(states.problems[0].sentence.contains("(PartitionDown)"), "{:?}", states.problems);
    slurm.clean_up(&launched).unwrap();

    // Five agents of two processors are too many for eight.
    let slurm = launcher(cluster, &cluster.path("full"), SlurmSettings::default());
    let launched = slurm.launch(&launch("full", 5)).unwrap();
    let is_full = |states: &AgentStates| states.running == 4 && !states.problems.is_empty();
    let states = wait_for(&slurm, &launched, "not full", is_full);
    assert_eq!((states.waiting, states.problems[0].is_final), (1, false));
    assert!(states.problems[0].sentence.contains("(Resources)"), "{:?}", states.problems);
    slurm.clean_up(&launched).unwrap();
}

fn refusals_are_passed_on(cluster: &Cluster) {
    let settings = SlurmSettings { partition: Some("nowhere".to_owned()), ..SlurmSettings::default() };
    let slurm = launcher(cluster, &cluster.path("refused"), settings);
    let error = slurm.launch(&launch("refused", 2)).unwrap_err();
    assert_eq!(error.kind, LaunchErrorKind::Refused);
    assert!(error.message.contains("invalid partition specified: nowhere"), "{error}");
    assert!(error.message.ends_with("name another by --launch-option partition=NAME"), "{error}");

    let slurm = launcher(cluster, &cluster.path("refused"), SlurmSettings::default());
    let mut large = launch("large", 2);
    large.resources.memory_mib = 1 << 20;
    let error = slurm.launch(&large).unwrap_err();
    assert!(error.message.ends_with("give agents less processor or memory"), "{error}");
}
