//! A real browser: Debian's Chromium without a window, controlled by the DevTools protocol
//! (<https://chromedevtools.github.io/devtools-protocol/>) over a pair of pipes.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use super::skip;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Longer than any step takes here, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(120);

/// A browser with one page. It ends with its test.
pub struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    session: String,
    asked: u64,
    /// Events, in their order.
    events: VecDeque<Value>,
    complaints: Vec<String>,
    requests: Vec<String>,
    _profile: TempDir,
}

/// The page's appearance.
#[derive(Clone, Copy)]
pub struct Look {
    pub width: u32,
    pub dark: bool,
}

impl Browser {
    /// `None`, and a message, if there is no Chromium; in CI there has to be one.
    pub fn start() -> Option<Browser> {
        let profile = tempfile::tempdir().unwrap();
        // The protocol's messages travel over the descriptors 3 and 4; the shell makes them of its input and output.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null 2>/dev/null", "sh", "chromium"]);
        command.args(["--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run"]);
        command.args(["--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update"]);
        command.arg(format!("--user-data-dir={}", profile.path().display()));
        let is_there = Command::new("chromium").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !is_there.is_ok_and(|status| status.success()) {
            assert!(std::env::var_os("CI").is_none(), "in CI the pages are tested in a browser");
            skip("pages", "chromium is not installed (apt-get install chromium)");
            return None;
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (heard, from) = sync_channel(10_000);
        std::thread::spawn(move || {
            for message in BufReader::new(out).split(0) {
                let Some(message) = message.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()) else { return };
                if heard.send(message).is_err() {
                    return;
                }
            }
        });
        let (events, complaints, requests) = (VecDeque::new(), Vec::new(), Vec::new());
        let session = String::new();
        let mut browser =
            Browser { child, to, from, session, asked: 0, events, complaints, requests, _profile: profile };
        let page = browser.ask("Target.createTarget", json!({ "url": "about:blank" }))["targetId"].clone();
        let attached = browser.ask("Target.attachToTarget", json!({ "targetId": page, "flatten": true }));
        browser.session = attached["sessionId"].as_str().unwrap().to_owned();
        for part in ["Page", "Runtime", "Log", "Network"] {
            browser.ask(&format!("{part}.enable"), json!({}));
        }
        Some(browser)
    }

    /// Sends a command, and waits for its result.
    pub fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.try_to_ask(method, parameters).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The same, or the browser's error.
    fn try_to_ask(&mut self, method: &str, parameters: Value) -> Result<Value, Value> {
        self.asked += 1;
        let id = self.asked;
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if !self.session.is_empty() {
            message["sessionId"] = self.session.clone().into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).unwrap();
        loop {
            let answer = self.hear(method);
            if answer["id"] == id {
                return if answer["error"].is_null() {
                    Ok(answer["result"].clone())
                } else {
                    Err(answer["error"].clone())
                };
            }
            self.events.push_back(answer);
        }
    }

    fn hear(&mut self, waiting_for: &str) -> Value {
        let message = self.from.recv_timeout(PATIENCE);
        let message = message.unwrap_or_else(|error| panic!("{waiting_for}: {error}"));
        self.note(&message);
        message
    }

    /// Stores the page's errors and requests.
    fn note(&mut self, message: &Value) {
        let of = &message["params"];
        match message["method"].as_str().unwrap_or_default() {
            "Runtime.exceptionThrown" => self.complaints.push(of["exceptionDetails"].to_string()),
            "Runtime.consoleAPICalled" if of["type"] == "error" || of["type"] == "warning" => {
                self.complaints.push(of["args"].to_string());
            }
            "Log.entryAdded" => self.complaints.push(of["entry"].to_string()),
            "Network.requestWillBeSent" => self.requests.push(of["request"]["url"].as_str().unwrap().to_owned()),
            _ => {}
        }
    }

    /// Opens a page and waits until it is loaded.
    pub fn open(&mut self, url: &str) {
        self.events.clear();
        self.requests.clear();
        self.ask("Page.navigate", json!({ "url": url }));
        self.until("Page.loadEventFired");
    }

    pub fn open_file(&mut self, path: &Path) {
        self.open(&format!("file://{}", path.display()));
    }

    fn until(&mut self, event: &str) {
        while let Some(heard) = self.events.pop_front() {
            if heard["method"] == event {
                return;
            }
        }
        while self.hear(event)["method"] != event {}
    }

    /// The value of the expression in the page; promises are waited for.
    pub fn value(&mut self, expression: &str) -> Value {
        self.try_value(expression).unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    fn try_value(&mut self, expression: &str) -> Result<Value, Value> {
        let wanted = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let result = self.try_to_ask("Runtime.evaluate", wanted)?;
        assert!(result["exceptionDetails"].is_null(), "{expression}: {}", result["exceptionDetails"]);
        Ok(result["result"]["value"].clone())
    }

    /// Waits until the expression is true in the page. A page that is being replaced by the next one has no answer.
    pub fn until_true(&mut self, expression: &str) {
        let began = Instant::now();
        while !self.try_value(expression).is_ok_and(|value| value == true) {
            assert!(began.elapsed() < PATIENCE, "it never came true: {expression}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Shows the page in a window of that width, in light or dark, once it has been drawn so.
    pub fn look(&mut self, look: Look) {
        let mobile = look.width < 600;
        let height = if mobile { 780 } else { look.width * 9 / 16 };
        let size = json!({ "width": look.width, "height": height, "deviceScaleFactor": 1, "mobile": mobile });
        self.ask("Emulation.setDeviceMetricsOverride", size);
        let scheme = if look.dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.ask("Emulation.setEmulatedMedia", json!({ "features": features }));
        self.painted();
    }

    /// Waits until the changes are on the screen.
    fn painted(&mut self) {
        self.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))");
    }

    /// Clicks into the middle of the selector's element.
    pub fn click(&mut self, selector: &str) {
        let middle = self.value(&format!(
            "(() => {{ const it = document.querySelector({selector:?}); it.scrollIntoView({{ block: 'center' }}); \
             const at = it.getBoundingClientRect(); return [at.x + at.width / 2, at.y + at.height / 2]; }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": middle[0], "y": middle[1], "button": "left", "clickCount": 1 });
            self.ask("Input.dispatchMouseEvent", event);
        }
        self.painted();
    }

    /// Presses a key, as on the keyboard, with the focus on the selector's element.
    pub fn press(&mut self, selector: &str, key: &str) {
        self.value(&format!("document.querySelector({selector:?}).focus()"));
        let text = if key == "Enter" { "\r" } else { "" };
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            "ArrowLeft" => 37,
            "ArrowRight" => 39,
            other => u32::from(other.chars().next().unwrap()),
        };
        let text = if key.len() == 1 { key } else { text };
        let event = |kind: &str| {
            let mut event = json!({ "type": kind, "key": key, "windowsVirtualKeyCode": code });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = text.into();
            }
            event
        };
        self.ask("Input.dispatchKeyEvent", event("keyDown"));
        self.ask("Input.dispatchKeyEvent", event("keyUp"));
        self.painted();
    }

    /// The number of printed pages, in A4.
    pub fn printed_pages(&mut self) -> usize {
        let printed =
            self.ask("Page.printToPDF", json!({ "paperWidth": 8.27, "paperHeight": 11.69, "printBackground": true }));
        keep(&printed["data"], "print.pdf");
        let text = printed["data"].as_str().unwrap();
        let bytes = decoded(text);
        bytes.windows(b"/Type /Page\n".len()).filter(|window| *window == b"/Type /Page\n").count()
    }

    /// For people: with `SQUALL_SCREENSHOTS=FOLDER` a picture of the whole page is saved there.
    pub fn picture(&mut self, name: &str) {
        if std::env::var_os("SQUALL_SCREENSHOTS").is_some() {
            let shot = self.ask("Page.captureScreenshot", json!({ "captureBeyondViewport": true }));
            keep(&shot["data"], name);
        }
    }

    /// The page's errors since the browser started: empty, if all is well.
    pub fn complaints(&self) -> &[String] {
        &self.complaints
    }

    /// Network requests since the page was opened, without the page itself and its embedded data.
    pub fn requests(&self) -> Vec<&str> {
        self.requests.iter().map(String::as_str).filter(|url| !url.starts_with("data:")).skip(1).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn keep(data: &Value, name: &str) {
    if let Some(folder) = std::env::var_os("SQUALL_SCREENSHOTS") {
        std::fs::write(Path::new(&folder).join(name), decoded(data.as_str().unwrap())).unwrap();
    }
}

/// Base64.
fn decoded(text: &str) -> Vec<u8> {
    let digit = |letter: u8| match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u32> = text.bytes().filter(|letter| *letter != b'=').map(|letter| digit(letter).into()).collect();
    let group = |four: &[u32]| {
        let all = four.iter().enumerate().fold(0, |all, (place, digit)| all | digit << (18 - 6 * place));
        all.to_be_bytes()[1..four.len()].to_vec()
    };
    digits.chunks(4).flat_map(group).collect()
}
