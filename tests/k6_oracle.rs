//! Scripts that k6 1.8.1 and Squall run with the same result: their log lines after `>> `, and their exit code. The
//! expectations are k6's results; where k6 is installed, they are compared again.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use crate::support::program::Squall;
use crate::support::server::{Reply, Server};

/// The options that both get with each script.
const ENVIRONMENT: [&str; 3] = ["VUS=3", "JSON={\"limit\":5}", "STAGE=prod"];
const FILES: [(&str, &str); 2] = [("prod.json", "{\"name\":\"prod\",\"vus\":2}"), ("users.csv", "ann\nbob\n")];
/// A secret of both, for `k6/secrets`.
const SECRET: (&str, &str) = ("TOKEN", "sesame42");

/// A script, and its expected result.
struct Script {
    text: &'static str,
    /// The exit codes of k6 and of Squall, which finds some mistakes earlier than k6, when it builds the script.
    k6: i32,
    squall: i32,
    /// Sorted: virtual users run in any order.
    says: &'static [&'static str],
    /// Part of the errors that both show.
    complains: &'static str,
}

impl Script {
    const fn new(text: &'static str, says: &'static [&'static str]) -> Script {
        Script { text, k6: 0, squall: 0, says, complains: "" }
    }

    const fn failing(text: &'static str, complains: &'static str) -> Script {
        Script { text, k6: 107, squall: 107, says: &[], complains }
    }

    const fn not_built(text: &'static str, complains: &'static str) -> Script {
        Script { squall: 104, ..Script::failing(text, complains) }
    }
}

/// The environment reaches the top level, and the options with it.
const ENVIRONMENT_SCRIPTS: &[Script] = &[
    Script::new(
        "export const options = { scenarios: { all: { executor: 'per-vu-iterations', vus: Number(__ENV.VUS || 1), iterations: 2 } } };
         export default function () { console.log(`>> ${__VU} ${__ITER}`); }",
        &["1 0", "1 1", "2 0", "2 1", "3 0", "3 1"],
    ),
    Script::new(
        "if (!__ENV.VUS) throw new Error('set VUS');
         const { limit } = JSON.parse(__ENV.JSON);
         const stage = JSON.parse(open(`./${__ENV.STAGE}.json`));
         const users = open('./users.csv').trim().split('\\n');
         const bytes = new Uint8Array(open(`users.csv${__ENV.NOWHERE ?? ''}`, 'b'));
         export const options = { vus: stage.vus, iterations: stage.vus };
         export default function () { console.log(`>> ${limit} ${stage.name} ${users.length} ${bytes.length}`); }",
        &["5 prod 2 8", "5 prod 2 8"],
    ),
    Script::failing("if (!__ENV.NOWHERE) throw new Error('set NOWHERE');\nexport default function () {}", "set NOWHERE"),
    Script::failing("open(`./${__ENV.VUS}.json`);\nexport default function () {}", "3.json"),
    Script::not_built("open('./3.json');\nexport default function () {}", "3.json"),
    Script::not_built("null.nothing;\nexport default function () {}", "nothing"),
];

/// `k6/execution`.
const EXECUTION_SCRIPTS: &[Script] = &[
    Script::new(
        "import exec from 'k6/execution';
         export const options = { vus: 3, iterations: 10 };
         export default function () { console.log(`>> ${exec.scenario.iterationInTest} ${exec.scenario.iterationInTest === exec.scenario.iterationInInstance}`); }",
        &["0 true", "1 true", "2 true", "3 true", "4 true", "5 true", "6 true", "7 true", "8 true", "9 true"],
    ),
    Script::new(
        "import exec from 'k6/execution';
         export const options = { scenarios: {
           a: { executor: 'per-vu-iterations', vus: 2, iterations: 3 },
           b: { executor: 'shared-iterations', vus: 2, iterations: 4, exec: 'other' },
           c: { executor: 'constant-arrival-rate', rate: 50, timeUnit: '1s', duration: '1s', preAllocatedVUs: 2, exec: 'third' },
         } };
         export default function () { console.log(`>> a ${exec.scenario.iterationInTest}`); }
         export function other() { console.log(`>> b ${exec.scenario.iterationInTest}`); }
         export function third() { if (exec.scenario.iterationInTest < 4) console.log(`>> c ${exec.scenario.iterationInTest}`); }",
        &["a 0", "a 1", "a 2", "a 3", "a 4", "a 5", "b 0", "b 1", "b 2", "b 3", "c 0", "c 1", "c 2", "c 3"],
    ),
    Script::new(
        "import exec from 'k6/execution';
         export const options = { scenarios: { s: { executor: 'shared-iterations', vus: 2, iterations: 4, maxDuration: '1m' } } };
         const kinds = (part) => Object.keys(exec[part]).sort().map((name) => `${name}:${typeof exec[part][name]}`).join(' ');
         export function setup() {
           const { vu, instance } = exec;
           console.log(`>> setup ${vu.idInTest} ${vu.iterationInScenario} ${instance.iterationsCompleted} ${instance.vusActive} ${instance.vusInitialized}`);
           try { console.log(`>> ${exec.scenario.name}`); } catch (error) { console.log(`>> ${error.message.replace(/^GoError: /, '')}`); }
         }
         export default function () {
           if (exec.scenario.iterationInTest !== 0) return;
           for (const part of Object.keys(exec).sort()) console.log(`>> ${part} ${kinds(part)}`);
           const { name, executor, progress, startTime } = exec.scenario;
           console.log(`>> ${name} ${executor} ${progress >= 0 && progress < 1} ${Number.isInteger(startTime)} ${Math.abs(Date.now() - startTime) < 60000}`);
           console.log(`>> ${exec.instance.vusInitialized} ${exec.instance.iterationsInterrupted} ${exec.instance.currentTestRunDuration > 0}`);
           console.log(`>> ${exec.vu.tags.scenario} ${Object.isFrozen(exec.test.options)}`);
         }",
        &[
            "2 0 true",
            "getting scenario information outside of the VU context is not supported",
            "instance currentTestRunDuration:number iterationsCompleted:number iterationsInterrupted:number vusActive:number vusInitialized:number",
            "s shared-iterations true true true",
            "s true",
            "scenario executor:string iterationInInstance:number iterationInTest:number name:string progress:number startTime:number",
            "setup 0 0 0 0 2",
            "test abort:function fail:function options:object",
            "vu idInInstance:number idInTest:number iterationInInstance:number iterationInScenario:number metrics:object tags:object",
        ],
    ),
    Script::new(
        "import exec from 'k6/execution';
         import { sleep } from 'k6';
         export const options = { scenarios: {
           work: { executor: 'per-vu-iterations', vus: 2, iterations: 2 },
           cut: { executor: 'constant-vus', vus: 1, duration: '1s', gracefulStop: '0s', exec: 'cut' },
           look: { executor: 'per-vu-iterations', vus: 1, iterations: 1, startTime: '3s', exec: 'look' },
         } };
         export default function () {}
         export function cut() { sleep(60); }
         export function look() {
           const { iterationsCompleted, iterationsInterrupted, vusActive } = exec.instance;
           console.log(`>> ${iterationsCompleted} ${iterationsInterrupted} ${vusActive} ${exec.scenario.progress} ${exec.scenario.name}`);
         }",
        &["4 1 1 0 look"],
    ),
    Script::new(
        "import exec from 'k6/execution';
         const said = [];
         for (const ask of [() => exec.scenario.name, () => exec.vu.idInTest, () => exec.instance.vusActive, () => exec.test.options]) {
           try { said.push(ask()); } catch (error) { said.push(error.message.replace(/^GoError: /, '')); }
         }
         export default function () { for (const line of said) console.log(`>> ${line}`); }",
        &[
            "getting VU information in the init context is not supported",
            "getting instance information in the init context is not supported",
            "getting scenario information outside of the VU context is not supported",
            "getting test options in the init context is not supported",
        ],
    ),
    Script::new(
        "import exec from 'k6/execution';
         import { group } from 'k6';
         export default function () { group('a', () => group('b', () => console.log(`>> ${exec.vu.tags.group} ${exec.vu.tags.scenario}`))); }",
        &["::a::b default"],
    ),
];

/// Options, in the spellings that k6 takes.
const OPTION_SCRIPTS: &[Script] = &[
    Script::new(
        "import exec from 'k6/execution';
         export const options = { vus: '2', duration: 1000, gracefulStop: '500' };
         export default function () { if (exec.scenario.iterationInTest === 0) console.log(`>> ${JSON.stringify(exec.test.options.scenarios)}`); }",
        &[r#"{"default":{"executor":"constant-vus","startTime":null,"gracefulStop":null,"env":null,"exec":null,"tags":null,"vus":2,"duration":"1s"}}"#],
    ),
    Script::new(
        "import exec from 'k6/execution';
         export const options = {
           setupTimeout: 5000, teardownTimeout: '7000', minIterationDuration: '1',
           scenarios: {
             a: { executor: 'constant-arrival-rate', rate: '50', timeUnit: 1000, duration: '1000', preAllocatedVUs: '2', maxVUs: '3', startTime: '10', gracefulStop: 1500.5, env: { A: 'b' }, tags: { t: 'u' } },
             b: { executor: 'ramping-vus', startVUs: '1', stages: [{ duration: 1000, target: '1' }, { duration: '500', target: 0 }], gracefulRampDown: '20000', exec: 'other' },
             c: { executor: 'per-vu-iterations', vus: '2', iterations: '1', maxDuration: 5400000, exec: 'other' },
             d: { executor: 'ramping-arrival-rate', startRate: '10', timeUnit: '1000', stages: [{ duration: '1000', target: '20' }], preAllocatedVUs: 1, exec: 'other' },
           },
         };
         export default function () {
           if (exec.scenario.iterationInTest !== 0) return;
           const { setupTimeout, teardownTimeout, minIterationDuration, scenarios } = exec.test.options;
           console.log(`>> ${setupTimeout} ${teardownTimeout} ${minIterationDuration}`);
           for (const [name, options] of Object.entries(scenarios)) console.log(`>> ${name} ${JSON.stringify(Object.entries(options).sort())}`);
         }
         export function other() {}",
        &[
            "5s 7s 1ms",
            r#"a [["duration","1s"],["env",{"A":"b"}],["exec",null],["executor","constant-arrival-rate"],["gracefulStop","1.5005s"],["maxVUs",3],["preAllocatedVUs",2],["rate",50],["startTime","10ms"],["tags",{"t":"u"}],["timeUnit","1s"]]"#,
            r#"b [["env",null],["exec","other"],["executor","ramping-vus"],["gracefulRampDown","20s"],["gracefulStop",null],["stages",[{"duration":"1s","target":1},{"duration":"500ms","target":0}]],["startTime",null],["startVUs",1],["tags",null]]"#,
            r#"c [["env",null],["exec","other"],["executor","per-vu-iterations"],["gracefulStop",null],["iterations",1],["maxDuration","1h30m0s"],["startTime",null],["tags",null],["vus",2]]"#,
            r#"d [["env",null],["exec","other"],["executor","ramping-arrival-rate"],["gracefulStop",null],["maxVUs",null],["preAllocatedVUs",1],["stages",[{"duration":"1s","target":20}]],["startRate",10],["startTime",null],["tags",null],["timeUnit","1s"]]"#,
        ],
    ),
    Script::new(
        "import exec from 'k6/execution';
         export const options = { vus: '1', stages: [{ duration: 1500, target: '2' }, { duration: '300ms', target: 0 }, { target: 3 }] };
         export default function () { if (exec.scenario.iterationInTest === 0) console.log(`>> ${JSON.stringify(exec.test.options.scenarios)}`); }",
        &[r#"{"default":{"executor":"ramping-vus","startTime":null,"gracefulStop":null,"env":null,"exec":null,"tags":null,"startVUs":1,"stages":[{"duration":"1.5s","target":2},{"duration":"300ms","target":0}],"gracefulRampDown":null}}"#],
    ),
    Script::new(
        "import exec from 'k6/execution';
         export default function () { console.log(`>> ${JSON.stringify(exec.test.options.scenarios)} ${exec.scenario.name}`); }",
        &[r#"{"default":{"executor":"per-vu-iterations","startTime":null,"gracefulStop":null,"env":null,"exec":null,"tags":null,"vus":null,"iterations":null,"maxDuration":null}} default"#],
    ),
    Script::new(
        "export const options = { noSetup: true, noTeardown: true, vus: 1, iterations: 1 };
         export function setup() { console.log('>> setup'); return 1; }
         export default function (data) { console.log(`>> run ${data}`); }
         export function teardown() { console.log('>> teardown'); }",
        &["run undefined"],
    ),
    Script::new(
        "import http from 'k6/http';
         export default function () {
           for (const timeout of ['300', 300, '0.3s', 300.5]) console.log(`>> ${http.get(`${__ENV.HOST}/slow`, { timeout }).error_code}`);
           console.log(`>> ${http.get(`${__ENV.HOST}/`, { timeout: '20000' }).status}`);
         }",
        &["1050", "1050", "1050", "1050", "200"],
    ),
    Script::new(
        "import http from 'k6/http';
         export default function () {
           for (const compression of ['gzip', 'deflate', 'deflate, gzip', '']) http.post(`${__ENV.HOST}/taken`, 'a'.repeat(1000), { compression });
           for (const [encoding, short] of http.get(`${__ENV.HOST}/taken`).json()) console.log(`>> ${encoding} ${short}`);
         }",
        &[" false", "deflate true", "deflate, gzip true", "gzip true"],
    ),
];

/// Checks and secrets.
const MODULE_SCRIPTS: &[Script] = &[
    Script::new(
        "import { check } from 'k6';
         export const options = { iterations: 1, thresholds: { checks: ['rate==0'] } };
         export default function () {
           try { check(1, { x: async () => false }); } catch (error) { console.log(`>> ${/does not support async functions/.test(String(error))}`); }
           try { check(1, { y: () => { throw new Error('boo'); }, z: true }); } catch (error) { console.log(`>> ${error.message}`); }
         }",
        &["boo", "true"],
    ),
    Script::new(
        "import secrets from 'k6/secrets';
         export default async function () {
           console.log(`>> ${(await secrets.get('TOKEN')).length} ${(await secrets.source('default').get('TOKEN')).length}`);
           for (const get of [() => secrets.get('NONE'), () => secrets.source('vault').get('TOKEN')]) {
             try { await get(); console.log('>> found'); } catch (error) { console.log('>> none'); }
           }
         }",
        &["8 8", "none", "none"],
    ),
];

#[test]
fn the_environment_reaches_the_top_level() {
    ENVIRONMENT_SCRIPTS.iter().for_each(both);
}

#[test]
fn k6_execution_knows_the_run() {
    EXECUTION_SCRIPTS.iter().for_each(both);
}

#[test]
fn options_are_read_in_all_spellings() {
    OPTION_SCRIPTS.iter().for_each(both);
}

#[test]
fn checks_and_secrets_are_k6s() {
    MODULE_SCRIPTS.iter().for_each(both);
}

/// Runs a script with Squall and, where it is installed, with k6.
#[expect(clippy::print_stdout, reason = "whoever runs the tests is to know what they did not try")]
fn both(script: &Script) {
    let server = start_server();
    let host = format!("HOST={}", server.url());
    let allowed = server.url().trim_start_matches("http://").to_owned();
    let environment: Vec<&str> = ENVIRONMENT.iter().chain([&host.as_str()]).flat_map(|pair| ["-e", pair]).collect();
    let (name, value) = SECRET;

    let squall = Squall::new(&["run", "script.js", "--compat", "k6", "--allow", &allowed]).args(&environment);
    write(squall.folder(), script.text);
    let ended = squall.env(name, value).args(&["--secret", &format!("{name}=env")]).run();
    agree("Squall", script, &ended.err);
    ended.expect_code_or_busy(script.squall);

    let server = start_server();
    let host = format!("HOST={}", server.url());
    let environment: Vec<&str> = ENVIRONMENT.iter().chain([&host.as_str()]).flat_map(|pair| ["-e", pair]).collect();
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), script.text);
    let mut k6 = Command::new("k6");
    k6.args(["run", "--quiet", "--no-usage-report", "--log-format", "raw", "script.js"]).args(&environment);
    k6.args(["--secret-source", &format!("mock=default,{name}={value}")]).current_dir(folder.path());
    match k6.output() {
        Ok(output) => {
            agree("k6", script, &String::from_utf8_lossy(&output.stderr));
            assert_eq!(output.status.code(), Some(script.k6), "k6, {}", script.text);
        }
        Err(_) => println!("k6 is not asked: it is not installed"),
    }
}

/// One page that answers late, and one that returns the encoding of posted bodies, and whether they are short.
fn start_server() -> Server {
    let taken: Mutex<Vec<(String, bool)>> = Mutex::default();
    Server::start(move |request| match (request.method.as_str(), request.path.as_str()) {
        (_, "/slow") => Reply::ok("late").after(Duration::from_secs(3)),
        ("POST", "/taken") => {
            let encoding = request.headers.get("content-encoding").cloned().unwrap_or_default();
            taken.lock().unwrap().push((encoding, request.body.len() < 100));
            Reply::ok("")
        }
        (_, "/taken") => Reply::ok(&serde_json::to_string(&*taken.lock().unwrap()).unwrap()),
        _ => Reply::ok("hello"),
    })
}

fn write(folder: &Path, script: &str) {
    let files = FILES.into_iter().chain([("script.js", script)]);
    files.for_each(|(name, text)| fs::write(folder.join(name), text).unwrap());
}

/// A line of a log as often as it was written: Squall tells equal lines once, and sums up the others.
fn repeated(line: &str) -> impl Iterator<Item = &str> {
    let (text, times) = match line.split_once(" ... repeated ") {
        Some((text, "once")) => (text, 1),
        Some((text, times)) => (text, times.trim_end_matches(" times").parse().unwrap()),
        None => (line, 1),
    };
    std::iter::repeat_n(text, times)
}

fn agree(program: &str, script: &Script, log: &str) {
    // After the line's prefix, which names its source.
    let lines = log.lines().filter_map(|line| Some(line.split_once(">> ")?.1.trim_end()));
    let mut says: Vec<&str> = lines.flat_map(repeated).collect();
    says.sort_unstable();
    let mut expected = script.says.to_vec();
    expected.sort_unstable();
    assert_eq!(says, expected, "{program}, {}\n{log}", script.text);
    assert!(log.contains(script.complains), "{program}, {}\n{log}", script.text);
}
