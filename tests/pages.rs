//! The report, the trend and the dashboard in a real browser. `SQUALL_SCREENSHOTS=FOLDER` saves its screenshots.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::browser::{Browser, Look};
use crate::support::mmc::Queue;
use crate::support::mmc_server;
use crate::support::one_hour_summary::summary_of_an_hour;
use crate::support::program::{Squall, guest};
use crate::support::server::{Reply, Server};

/// The page of an hour's run with 50 names.
fn report_of_an_hour() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (summary, page) = (folder.path().join("summary.json"), folder.path().join("report.html"));
    std::fs::write(&summary, summary_of_an_hour().to_string()).unwrap();
    let arguments = ["report", summary.to_str().unwrap(), "--report", page.to_str().unwrap()];
    Squall::new(&arguments).run().expect_code(0);
    (folder, page)
}

/// For each chart of the page, its name and the number of colours in its picture: paper, grid, text and lines.
const COLOURS: &str = "[...document.querySelectorAll('.plot')].map((place) => { \
    const canvas = place.querySelector('canvas'); if (!canvas) return [place.id, 0]; \
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height); \
    const seen = new Set(); \
    for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 200) seen.add(data[at] << 16 | data[at + 1] << 8 | data[at + 2]); \
    return [place.id, seen.size]; })";
const OVERFLOW: &str = "document.documentElement.scrollWidth - document.documentElement.clientWidth";

fn assert_charts_are_drawn(browser: &mut Browser, least: usize) {
    nothing_is_wrong(browser);
    let charts = browser.value(COLOURS);
    let charts = charts.as_array().unwrap();
    assert!(charts.len() >= least, "{charts:?}");
    for chart in charts {
        assert!(chart[1].as_u64().unwrap() > 3, "nothing is drawn in {chart}");
    }
}

fn nothing_is_wrong(browser: &Browser) {
    assert!(browser.complaints().is_empty(), "{:#?}", browser.complaints());
}

#[test]
fn the_report_of_an_hour_is_small_quick_and_asks_for_nothing() {
    let Some(mut browser) = Browser::start() else { return };
    let (_folder, page) = report_of_an_hour();
    let size = std::fs::metadata(&page).unwrap().len();
    assert!(size < 1_000_000, "{size} bytes");
    browser.look(Look { width: 1_280, dark: false });
    browser.open_file(&page);
    // The browser's own stopwatch, up to the last script's end; charts are drawn by then.
    let took = browser.value("performance.getEntriesByType('navigation')[0].loadEventEnd").as_f64().unwrap();
    println!("{size} bytes, loaded in {took:.0} ms");
    assert_charts_are_drawn(&mut browser, 5 + 4 + 4);
    // 1 s on an idle machine; tests share theirs.
    assert!(took < 5_000.0, "{took} ms");
    assert_eq!(browser.requests(), Vec::<&str>::new());
    nothing_is_wrong(&browser);
}

#[test]
fn the_report_fits_all_screens_in_light_and_dark_and_on_paper() {
    let Some(mut browser) = Browser::start() else { return };
    let (_folder, page) = report_of_an_hour();
    for (width, dark) in [(360, false), (360, true), (1_280, false), (1_280, true), (3_840, false), (3_840, true)] {
        browser.look(Look { width, dark });
        browser.open_file(&page);
        browser.picture(&format!("report-{width}-{}.png", if dark { "dark" } else { "light" }));
        assert_eq!(browser.value(OVERFLOW), 0, "the page is wider than {width} pixels");
        assert_charts_are_drawn(&mut browser, 13);
        let paper = browser.value("getComputedStyle(document.body).backgroundColor");
        let (light, night) = ("rgb(246, 247, 249)", "rgb(17, 22, 29)");
        assert_eq!(paper, if dark { night } else { light });
    }
    // The button goes against the system's setting.
    browser.click("#theme");
    assert_eq!(browser.value("getComputedStyle(document.body).backgroundColor"), "rgb(246, 247, 249)");
    let pages = browser.printed_pages();
    assert!((2..=14).contains(&pages), "{pages} printed pages");
    nothing_is_wrong(&browser);
}

#[test]
fn tables_sort_by_click_and_by_keyboard() {
    let Some(mut browser) = Browser::start() else { return };
    let (_folder, page) = report_of_an_hour();
    browser.look(Look { width: 1_280, dark: false });
    browser.open_file(&page);
    let column = |browser: &mut Browser, number: usize| -> Vec<f64> {
        let cells = format!(
            "[...document.querySelectorAll('#requests tbody tr')].map((row) => Number(row.cells[{number}].dataset.value))"
        );
        browser.value(&cells).as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
    };
    let head = "#requests th:nth-child(4) > button";
    browser.click(head);
    let failed = column(&mut browser, 3);
    assert_eq!(failed.len(), 50);
    assert!(failed.is_sorted_by(|one, next| one >= next), "the most first: {failed:?}");
    assert_eq!(browser.value("document.querySelector('#requests th:nth-child(4)').ariaSort"), "descending");
    browser.press(head, "Enter");
    assert!(column(&mut browser, 3).is_sorted(), "the other way round");
    let first = "#requests th:nth-child(1) > button";
    browser.press(first, "Enter");
    let top = browser.value("document.querySelector('#requests tbody td').textContent");
    assert!(top.as_str().unwrap().contains("section-00"), "{top}");
    nothing_is_wrong(&browser);
}

#[test]
fn charts_zoom_together_and_by_keyboard() {
    let Some(mut browser) = Browser::start() else { return };
    let (_folder, page) = report_of_an_hour();
    browser.look(Look { width: 1_280, dark: false });
    browser.open_file(&page);
    assert_eq!(browser.value("document.getElementById('whole').disabled"), true);
    let chart = "#over-time .chart";
    browser.press(chart, "ArrowRight");
    let legend = "document.querySelector('#latency .u-legend').textContent";
    assert!(browser.value(legend).as_str().unwrap().contains("0:00"), "{}", browser.value(legend));
    browser.press(chart, "+");
    assert_eq!(browser.value("document.getElementById('whole').disabled"), false);
    browser.press(chart, "Escape");
    assert_eq!(browser.value("document.getElementById('whole').disabled"), true);
    browser.press("#trend-charts .chart", "ArrowLeft");
    let readout = browser.value("document.querySelector('#trend-charts .readout').textContent");
    let readout = readout.as_str().unwrap();
    assert!(readout.contains("20260959-060000-000000") && readout.contains("2026-10-30 06:00:00 UTC"), "{readout}");
    nothing_is_wrong(&browser);
}

#[test]
fn the_dashboard_keeps_up_with_the_run() {
    let Some(mut browser) = Browser::start() else { return };
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(5)));
    let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-u", "2", "-d", "10m"]);
    let mut running = squall.args(&["--dashboard=127.0.0.1:0"]).start();
    let line = running.until_said("dashboard: http://");
    let url = format!("http://{}", line.split("http://").nth(1).unwrap().trim());
    browser.look(Look { width: 1_280, dark: false });
    browser.open(&url);
    // Without --control the page has no buttons, and says why.
    browser.until_true("document.getElementById('control-hint').textContent.includes('--control')");
    assert_eq!(browser.value(SHOWN_CONTROLS), "");
    let requests = "Number(document.querySelector('#requests td[data-value]')?.dataset.value ?? 0)";
    browser.until_true(&format!("{requests} > 0"));
    browser.value(&format!("squallSeen = {requests}; true"));
    browser.until_true(&format!("{requests} > squallSeen"));
    browser.until_true("document.querySelectorAll('.plot canvas').length >= 5");
    browser.picture("dashboard.png");
    assert_charts_are_drawn(&mut browser, 5);
    // The charts come first, and no verdict yet.
    let top = |id: &str| format!("document.getElementById('{id}').getBoundingClientRect().top");
    assert_eq!(browser.value(&format!("{} < {}", top("over-time"), top("tables"))), true);
    assert_eq!(browser.value("document.getElementById('verdict').textContent"), "");
    assert!(browser.requests().iter().all(|asked| asked.starts_with(&url)), "{:?}", browser.requests());
    nothing_is_wrong(&browser);
    running.signal("INT");
    browser.until_true("document.getElementById('live').textContent === 'ended'");
    browser.picture("dashboard-ended.png");
    let verdict = browser.value("document.querySelector('#verdict .word').textContent");
    assert!(["Warning", "Critical", "Invalid"].contains(&verdict.as_str().unwrap()), "{verdict}");
    nothing_is_wrong(&browser);
    drop(browser);
    running.wait();
}

/// The buttons that a dashboard shows, by their names.
const SHOWN_CONTROLS: &str = "['pause', 'scale', 'stop'].filter((id) => !document.getElementById(id).hidden).join(' ')";

#[test]
fn the_dashboard_waits_for_the_first_second_and_changes_the_run() {
    let Some(mut browser) = Browser::start() else { return };
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(5)));
    let load =
        ["--executor", "externally-controlled", "-u", "2", "--max-vus", "10", "-d", "10m", "--control", "127.0.0.1:0"];
    let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "--dashboard=127.0.0.1:0"]);
    let mut running = squall.args(&load).start();
    let line = running.until_said("dashboard: http://");
    let url = format!("http://{}", line.split("http://").nth(1).unwrap().trim());
    for (width, dark) in [(360, true), (1_280, false), (2_560, true)] {
        browser.look(Look { width, dark });
        browser.open(&url);
        // As it is before the first update.
        assert_eq!(
            browser.value("document.getElementById('waiting') !== null && document.body.dataset.state !== undefined"),
            true
        );
        browser.until_true("document.body.dataset.state === 'running'");
        assert_eq!(browser.value("getComputedStyle(document.getElementById('waiting')).display"), "none");
        assert_eq!(browser.value(OVERFLOW), 0, "the page is wider than {width} pixels");
        assert_charts_are_drawn(&mut browser, 5);
        browser.picture(&format!("live-{width}.png"));
    }
    browser.value("document.body.dataset.state = 'waiting'; true");
    assert_eq!(browser.value("getComputedStyle(document.getElementById('over-time')).display"), "none");
    assert_eq!(browser.value("getComputedStyle(document.getElementById('waiting')).display"), "block");
    assert_eq!(browser.value(SHOWN_CONTROLS), "pause scale stop");
    browser.value("document.getElementById('load').value = 7; true");
    browser.click("#scale button");
    browser.until_true("document.getElementById('control-answer').textContent === '7 users from now on'");
    browser.until_true("document.getElementById('users').textContent === '7 of 7 asked for'");
    browser.value(
        "document.getElementById('load').value = 7; document.getElementById('load').removeAttribute('max'); true",
    );
    browser.click("#pause");
    browser.until_true("document.getElementById('state').textContent === 'paused'");
    browser.click("#pause");
    browser.until_true("document.getElementById('state').textContent === 'running'");
    browser.click("#stop");
    browser.until_true("document.body.dataset.state === 'ended'");
    assert_eq!(browser.value(SHOWN_CONTROLS), "");
    nothing_is_wrong(&browser);
    drop(browser);
    running.wait().expect_code_or_busy(103);
}

#[test]
fn the_history_of_stored_runs_is_a_page_and_a_part_of_the_report() {
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(5)));
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (runs, report, trend, later) = (path("runs"), path("report.html"), path("trend.html"), path("later.html"));
    for _ in 0..3 {
        let run =
            ["run", &guest("minimal"), "--target", &server.url(), "-i", "50", "--runs-dir", &runs, "--report", &report];
        Squall::new(&run).run().expect_code(0);
    }
    let data = path("trend.json");
    Squall::new(&["trend", "--runs-dir", &runs, "--report", &trend, "--report", &data]).run().expect_code(0);
    let told: Value = serde_json::from_str(&std::fs::read_to_string(&data).unwrap()).unwrap();
    assert_eq!(told["runs"].as_array().unwrap().len(), 3);
    assert_eq!(told["figures"][0]["values"].as_array().unwrap().len(), 3);
    Squall::new(&["report", "last", "--runs-dir", &runs, "--report", &later]).run().expect_code(0);
    let Some(mut browser) = Browser::start() else { return };
    browser.look(Look { width: 1_280, dark: true });
    for (page, charts) in [(&report, 6), (&trend, 1)] {
        browser.open_file(page.as_ref());
        browser.picture(&format!("real-{charts}.png"));
        assert_charts_are_drawn(&mut browser, charts);
        browser.press("#trend-charts .chart", "ArrowLeft");
        let readout = browser.value("document.querySelector('#trend-charts .readout').textContent");
        assert!(readout.as_str().unwrap().contains(told["runs"][2]["id"].as_str().unwrap()), "{readout}");
    }
    // The report of a stored run has the same content as at its end.
    let mut shown = |page: &String| {
        browser.open_file(page.as_ref());
        browser.value("document.querySelector('main').innerText")
    };
    assert_eq!(shown(&later), shown(&report));
    nothing_is_wrong(&browser);
}

#[test]
fn a_search_is_a_page_with_a_chart_by_rate() {
    let server = mmc_server::serve(Queue { workers: 4, service: 50.0 }, 1);
    let limit =
        ["--threshold", "response_time=p(95)<300", "--min-rate", "25", "--max-rate", "3000", "--max-vus", "100"];
    let short = ["--trial", "1s", "--settle", "200ms", "--precision", "40%", "--report", "search.html"];
    let squall = Squall::new(&["breakpoint", &guest("minimal"), "--target", &server.url()]);
    let ended = squall.args(&limit).args(&short).run();
    // If other processes take the machine's time, a search ends with that, and has a page, too.
    assert!(matches!(ended.code, 0 | 98), "{}", ended.err);
    let Some(mut browser) = Browser::start() else { return };
    for (width, dark) in [(360, true), (1_280, false)] {
        browser.look(Look { width, dark });
        browser.open_file(&ended.folder().join("search.html"));
        browser.picture(&format!("search-{width}.png"));
        assert_eq!(browser.value(OVERFLOW), 0, "the page is wider than {width} pixels");
        assert_charts_are_drawn(&mut browser, 2);
    }
    let trials = browser.value("document.querySelectorAll('#trials tbody tr').length").as_u64().unwrap();
    let told =
        ended.out.lines().filter(|line| matches!(line.split_whitespace().nth(3), Some("good" | "bad" | "invalid")));
    assert_eq!(trials, told.count() as u64);
    browser.press("#by-rate .chart", "ArrowRight");
    let legend = browser.value("document.querySelector('#rate-times .u-legend').textContent");
    assert!(legend.as_str().unwrap().contains("25/s"), "{legend}");
    nothing_is_wrong(&browser);
}

#[test]
fn a_run_that_cannot_be_reported_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().display().to_string();
    let refused = |arguments: &[&str]| Squall::new(arguments).args(&["--runs-dir", &runs]).run();
    let ended = refused(&["report", "none.json", "--report", "r.html"]).expect_code(104);
    assert!(ended.err.contains("none.json: No such file"), "{}", ended.err);
    let ended = refused(&["report", "none.json"]).expect_code(104);
    assert!(ended.err.contains("say with --report FILE where"), "{}", ended.err);
    let ended = refused(&["trend", "--report", "trend.pdf"]).expect_code(2);
    assert!(ended.err.contains("its ending must say its form: .html or .json"), "{}", ended.err);
    let server = Server::start(|_| Reply::ok("hello"));
    for _ in 0..2 {
        refused(&["run", &guest("minimal"), "--target", &server.url(), "-i", "5"]).expect_code(0);
    }
    let ended = refused(&["report", "last", "--report", "r.pdf"]).expect_code(2);
    assert!(ended.err.contains("its ending must say its form"), "{}", ended.err);
}

#[test]
fn several_runs_are_one_page() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(2)));
    let file = |name: &str| folder.path().join(name).display().to_string();
    for (summary, users) in [("one.json", "1"), ("two.json", "2")] {
        let minimal = guest("minimal");
        let arguments = ["run", &minimal, "--target", &server.url(), "-u", users, "-d", "2s", "--no-save"];
        Squall::new(&arguments).args(&["--summary-json", &file(summary)]).run().expect_code_or_busy(0);
    }
    let page = file("both.html");
    Squall::new(&["report", &file("one.json"), &file("two.json"), "--report", &page]).run().expect_code(0);
    let Some(mut browser) = Browser::start() else { return };
    browser.open_file(page.as_ref());
    assert_charts_are_drawn(&mut browser, 10);
    // The charts of one run zoom together, and leave those of the other alone.
    browser.press("#run-1-over-time .chart", "+");
    assert_eq!(browser.value("document.getElementById('run-1-whole').disabled"), false);
    assert_eq!(browser.value("document.getElementById('run-2-whole').disabled"), true);
    assert_eq!(browser.value(OVERFLOW), 0);
    assert!(browser.printed_pages() > 2);
    browser.picture("combined");
}
