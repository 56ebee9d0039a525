//! What a real Slurm seldom does, by scripts in its place.

use std::fs;
use std::path::Path;

use squall_launchers::{LaunchErrorKind, LaunchId, Launched, Launcher, Slurm, SlurmSettings, Tools};
use tempfile::TempDir;

use crate::support::{PASSWORD, TOKEN, launch, write_script};

/// A folder with these programs; those that are not named do nothing.
fn programs(scripts: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["sbatch", "squeue", "scancel", "sacct"] {
        let script = scripts.iter().find(|(named, _)| *named == name).map_or("cat >/dev/null", |(_, script)| script);
        write_script(&folder.path().join(name), &format!("#!/bin/sh\nhere=$(dirname \"$0\")\n{script}\n"));
    }
    folder
}

fn slurm(folder: &Path, settings: SlurmSettings) -> Slurm {
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    Slurm::new(settings, Tools::on_path(path)).unwrap()
}

#[test]
fn secrets_are_on_no_command_line_and_not_in_the_script() {
    let folder =
        programs(&[("sbatch", "echo \"$*\" >$here/arguments; cat >$here/script; env >$here/env; echo '77;west'")]);
    let settings = SlurmSettings {
        account: Some("team".to_owned()),
        variables: vec!["CARGO_PKG_NAME".to_owned()],
        ..SlurmSettings::default()
    };
    let slurm = slurm(folder.path(), settings);
    let launched = slurm.launch(&launch("r1", 20)).unwrap();
    assert_eq!(launched.id, LaunchId::SlurmJob { number: 77 });
    let read = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap();
    let (arguments, script, environment) = (read("arguments"), read("script"), read("env"));
    assert!(arguments.contains("--array=0-19 ") && arguments.contains("--account=team"), "{arguments}");
    assert_eq!(script, "#!/bin/sh\nexport SQUALL_RUN=r1\nexec squall agent 'it'\\''s'\n");
    let preview = slurm.preview(&launch("r1", 20)).unwrap();
    assert!(preview.contains("in the environment of sbatch"), "{preview}");
    for secret in [TOKEN, PASSWORD] {
        assert!(!format!("{arguments}{script}{preview}").contains(secret));
        assert!(environment.contains(secret));
    }
    assert!(environment.contains("CARGO_PKG_NAME=") && !environment.contains("CARGO_PKG_VERSION="), "{environment}");
}

#[test]
fn strange_answers_are_reported() {
    let folder = programs(&[("sbatch", "cat >/dev/null; echo welcome")]);
    let error = slurm(folder.path(), SlurmSettings::default()).launch(&launch("r1", 2)).unwrap_err();
    assert_eq!(error.kind, LaunchErrorKind::Unclear);
    assert!(error.message.contains("look for the job by `squeue --me`"), "{error}");

    let down = "echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >&2; exit 1";
    let folder = programs(&[("squeue", down), ("scancel", down)]);
    let slurm = slurm(folder.path(), SlurmSettings::default());
    let error = slurm.launch(&launch("r1", 2)).unwrap_err();
    assert!(error.message.contains("try again when slurmctld runs"), "{error}");
    let launched = Launched { run: "r1".parse().unwrap(), agents: 2, id: LaunchId::SlurmJob { number: 5 } };
    assert_eq!(slurm.inspect(&launched).unwrap_err().kind, LaunchErrorKind::Unclear);
    assert!(slurm.clean_up(&launched).unwrap_err().message.ends_with("end it by `scancel 5`"));
}

#[test]
fn files_with_secrets_are_removed_if_the_job_is_refused() {
    let folder =
        programs(&[("sbatch", "cat >/dev/null; ls $here/secrets >$here/seen; echo 'sbatch: error: no' >&2; exit 1")]);
    let secrets = folder.path().join("secrets");
    fs::create_dir(&secrets).unwrap();
    let settings = SlurmSettings { secrets_folder: Some(secrets.clone()), ..SlurmSettings::default() };
    let error = slurm(folder.path(), settings).launch(&launch("r1", 2)).unwrap_err();
    assert!(error.message.contains("change the launch options"), "{error}");
    assert_eq!(fs::read_to_string(folder.path().join("seen")).unwrap(), "squall-r1.env\n");
    assert_eq!(fs::read_dir(&secrets).unwrap().count(), 0);
    let mut creds = launch("r1", 2);
    creds.nats_creds = Some(squall_launchers::Secret::new("x"));
    let error = slurm(folder.path(), SlurmSettings::default()).launch(&creds).unwrap_err();
    assert!(error.message.ends_with("secrets-folder=FOLDER"), "{error}");
}

#[test]
fn after_its_minutes_in_the_queue_a_task_is_in_the_accounting() {
    let folder = programs(&[
        ("squeue", "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1"),
        ("sacct", "printf '5_0|COMPLETED|n1|0:0\\n5_1|OUT_OF_MEMORY|n2|0:125\\n'"),
    ]);
    let slurm = slurm(folder.path(), SlurmSettings::default());
    let launched = Launched { run: "r1".parse().unwrap(), agents: 3, id: LaunchId::SlurmJob { number: 5 } };
    let states = slurm.inspect(&launched).unwrap();
    assert_eq!((states.succeeded, states.failed), (1, 2));
    assert!(states.problems[0].sentence.contains("give agents more memory"));
    assert!(states.problems[1].sentence.contains("does not know 1 of 3 tasks any more"));
}

#[test]
fn without_slurm_the_remedy_is_a_login_node() {
    let empty = tempfile::tempdir().unwrap();
    let error = Slurm::new(SlurmSettings::default(), Tools::on_path(empty.path())).unwrap_err();
    assert!(error.message.contains("on a login node"), "{error}");
}
