//! Real processes, started for the purpose.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use super::*;

/// A shell that runs this, and ends with the test.
struct Shell(Child);

impl Shell {
    fn running(script: &str) -> Shell {
        let mut command = Command::new("sh");
        let shell = Shell(command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap());
        // Just started, it may still have the name of its parent.
        while Stat::of(shell.0.id()).is_none_or(|stat| stat.command != "sh") {
            std::thread::yield_now();
        }
        shell
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn look(group: &mut ProcessGroup, at: u64) -> BTreeMap<String, ResourceValue> {
    let mut all = group.look(Nanos(at));
    let (_, said) = all.remove(0);
    said.unwrap().into_iter().map(|value| (value.name.clone().into_owned(), value)).collect()
}

#[test]
fn a_process_and_its_children_are_added_up() {
    // The shell waits for its child, and both are there.
    let shell = Shell::running("sleep 20 & exec 3<&0; read line");
    let mut group = ProcessGroup::new(&WatchedProcess::Id(u64::from(shell.0.id())));
    assert_eq!(&*group.name, format!("process {} (sh)", shell.0.id()));
    let mut seen = look(&mut group, 0);
    while seen["threads"].value < 2.0 {
        // A group that looks for the first time looks for connections, too.
        group = ProcessGroup::new(&WatchedProcess::Id(u64::from(shell.0.id())));
        seen = look(&mut group, 0);
    }
    assert!(seen["memory"].value > 1e5 && seen["memory"].limit.unwrap() > seen["memory"].value, "{seen:?}");
    assert!(seen["descriptors"].value >= 6.0, "{seen:?}");
    assert_eq!(seen["connections"].value, 0.0);
    let child = Stat::all().into_values().find(|stat| stat.parent == shell.0.id()).unwrap();
    drop(Command::new("kill").arg(child.id.to_string()).status());
}

#[test]
fn processor_time_is_a_share_of_the_machine() {
    let shell = Shell::running("while :; do :; done");
    let id = shell.0.id();
    let mut group = ProcessGroup::new(&WatchedProcess::Id(u64::from(id)));
    let ticks = || Stat::of(id).unwrap().ticks;
    let before = ticks();
    let first = look(&mut group, 0);
    assert!(!first.contains_key("cpu"), "a rate takes two looks: {first:?}");
    let began = ticks();
    while ticks() < began + 20 {}
    // For any time that has passed: 20 ticks of a hundredth in a nominal second are a fifth of a core, or a bit more.
    let seen = look(&mut group, 1_000_000_000);
    let cores = seen["cpu_cores"].value;
    let counted = (ticks() - before) as f64 / group.machine.ticks_per_second;
    assert!(cores >= 0.2 && cores <= counted, "{cores} of at most {counted}");
    assert!((seen["cpu"].value - cores / group.machine.processors).abs() < 1e-12);
}

#[test]
fn connections_are_those_of_the_process() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let clients: Vec<TcpStream> = (0..3).map(|_| TcpStream::connect(listener.local_addr().unwrap()).unwrap()).collect();
    let servers: Vec<TcpStream> = (0..3).map(|_| listener.accept().unwrap().0).collect();
    let own = std::process::id();
    let sockets = Descriptors::of(own).unwrap().sockets.into_iter().collect();
    let both = established(own, &sockets).unwrap();
    drop((clients, servers));
    // Other tests of this process have connections, too.
    assert!(both >= 6, "{both}");
}

#[test]
fn a_process_that_ends_is_a_gap() {
    let mut shell = Shell::running("read line");
    let mut group = ProcessGroup::new(&WatchedProcess::Id(u64::from(shell.0.id())));
    assert!(group.look(Nanos(0))[0].1.is_ok());
    shell.0.kill().unwrap();
    shell.0.wait().unwrap();
    assert_eq!(group.look(Nanos(1))[0].1, Err("it has ended".to_owned()));
    let mut nobody = ProcessGroup::new(&WatchedProcess::Name("no-such-name".to_owned()));
    assert_eq!(nobody.look(Nanos(0))[0].1, Err("no process is named \"no-such-name\"".to_owned()));
}
