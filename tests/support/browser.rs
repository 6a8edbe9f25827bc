//! A headless Chromium for the journeys: a real page, a real keyboard, and what the browser itself
//! complained about.
//!
//! Each [`Browser`] starts a chromedriver of its own on a free port and speaks the W3C `WebDriver`
//! protocol with it over plain HTTP, so tests stay ordinary synchronous functions. Chromium's own
//! extensions (device metrics, no scripts, full-page pictures) go through chromedriver's
//! `goog/cdp/execute`. Dropping the browser ends the session, the driver and the profile folder.
//!
//! Every failure panics with the command and the driver's message: in a test that is the report.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};

/// axe-core, unmodified; see axe.LICENSE beside it.
const AXE: &str = include_str!("axe.min.js");

/// The key under which the protocol wraps a reference to an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How long an element may take to appear and become usable.
const PATIENCE: Duration = Duration::from_secs(5);

/// Height of the window; pages scroll, pictures take the whole page.
const HEIGHT: u32 = 900;

static PROFILES: AtomicU32 = AtomicU32::new(0);

pub struct Browser {
    driver: Child,
    agent: ureq::Agent,
    session: String,
    chromium: Option<u64>,
    profile: PathBuf,
    width: RefCell<u32>,
    javascript: bool,
    /// The performance log is emptied by reading it, so what it said is kept here.
    seen: RefCell<Seen>,
}

#[derive(Default)]
struct Seen {
    requests: Vec<String>,
    documents: BTreeSet<String>,
    /// Documents asked for, and downloads begun, so far.
    started: usize,
    downloads: usize,
}

/// The page and the counts as they stood before a click.
struct Leaving {
    root: String,
    started: usize,
    downloads: usize,
}

/// An element on the current page; the reference dies with the page.
#[derive(Clone)]
struct Element(String);

impl Browser {
    /// Opens a window `width` CSS pixels wide (below 500: a phone) that asks for pages in `language`
    /// (`zh-CN`, `en`), with scripts on or off. `None` when `SANSHE_TEST_SKIP_BROWSER` is set, as
    /// tests/run does on a machine without Chromium.
    pub fn open(width: u32, language: &str, javascript: bool) -> Option<Self> {
        if std::env::var_os("SANSHE_TEST_SKIP_BROWSER").is_some() {
            eprintln!("skipped: browser (SANSHE_TEST_SKIP_BROWSER is set)");
            return None;
        }
        let chromium = program(&["chromium", "chromium-browser", "google-chrome"]);
        let number = PROFILES.fetch_add(1, Ordering::Relaxed);
        let profile = std::env::temp_dir().join(format!("browser-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&profile).expect("a folder for the browser's profile");

        let (driver, port) = start_driver(&profile);
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(90)))
            .build()
            .new_agent();
        // From here on the value owns the driver and the folder: a panic below cleans both up.
        let mut browser = Self {
            driver,
            agent,
            session: format!("http://127.0.0.1:{port}/session"),
            chromium: None,
            profile,
            width: RefCell::new(width),
            javascript,
            seen: RefCell::default(),
        };
        let wanted = browser.capabilities(&chromium, width, language);
        let opened = browser.post("", &wanted);
        browser.chromium = opened["capabilities"]["goog:processID"].as_u64();
        let id = opened["sessionId"]
            .as_str()
            .expect("a session id")
            .to_owned();
        browser.session = format!("{}/{id}", browser.session);
        browser.post(
            "/timeouts",
            &json!({ "implicit": 0, "pageLoad": 30_000, "script": 60_000 }),
        );
        browser.resize(width);
        if !javascript {
            browser.cdp(
                "Emulation.setScriptExecutionDisabled",
                &json!({ "value": true }),
            );
        }
        Some(browser)
    }

    fn capabilities(&self, chromium: &Path, width: u32, language: &str) -> Value {
        let short = language.split('-').next().unwrap_or(language);
        let languages = if short == language {
            language.to_owned()
        } else {
            format!("{language},{short}")
        };
        json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
            "goog:chromeOptions": {
                "binary": chromium,
                "args": [
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-dev-shm-usage",
                    "--disable-quic",
                    "--no-first-run",
                    "--no-default-browser-check",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    "--disable-extensions",
                    format!("--lang={language}"),
                    format!("--window-size={width},{HEIGHT}"),
                    format!("--user-data-dir={}", self.profile.join("user").display()),
                ],
                "prefs": {
                    "intl.accept_languages": languages,
                    "credentials_enable_service": false,
                    "profile.password_manager_leak_detection": false,
                },
            },
        } } })
    }

    // ---- going about -------------------------------------------------------------------------

    /// Loads the page and waits until it is there.
    pub fn go(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    pub fn url(&self) -> String {
        text_of(&self.get("/url"))
    }

    /// The text a reader sees.
    pub fn text(&self) -> String {
        let body = self.wait_for("css selector", "body", "the page's body");
        text_of(&self.get(&format!("/element/{}/text", body.0)))
    }

    /// The page's source as the browser holds it now.
    pub fn html(&self) -> String {
        text_of(&self.get("/source"))
    }

    /// Whether the page has such an element now, seen or not.
    pub fn has(&self, css: &str) -> bool {
        !self.find_all("css selector", css).is_empty()
    }

    /// The visible text of every element that matches.
    pub fn texts(&self, css: &str) -> Vec<String> {
        self.find_all("css selector", css)
            .iter()
            .map(|element| text_of(&self.get(&format!("/element/{}/text", element.0))))
            .collect()
    }

    /// Signs out by force: forgets every cookie of the current page's host.
    pub fn forget_cookies(&self) {
        self.call("DELETE", "/cookie", None);
    }

    /// Makes the window as wide as this; below 500 it is a phone's.
    pub fn resize(&self, width: u32) {
        *self.width.borrow_mut() = width;
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            &json!({
                "width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": width < 500,
            }),
        );
    }

    // ---- hands -------------------------------------------------------------------------------

    /// Clicks the first visible element that matches.
    pub fn click(&self, css: &str) {
        let element = self.wait_for("css selector", css, css);
        self.click_on(&element, css);
    }

    /// Clicks the link or button that reads so; one that says exactly this wins over one that
    /// contains it.
    pub fn click_text(&self, text: &str) {
        let quoted = xpath_literal(text);
        let path = format!(
            "//a[contains(normalize-space(.), {quoted})] \
             | //button[contains(normalize-space(.), {quoted})] \
             | //summary[contains(normalize-space(.), {quoted})] \
             | //input[(@type='submit' or @type='button') and contains(@value, {quoted})]"
        );
        let what = format!("a link or button that says “{text}”");
        let found = self.wait_for_all("xpath", &path, &what);
        let exact = found.iter().find(|element| {
            text_of(&self.get(&format!("/element/{}/text", element.0))).trim() == text
        });
        let element = exact.or_else(|| found.first()).expect("at least one");
        self.click_on(element, &what);
    }

    /// Replaces what the input or textarea of this name holds. Dates, times and colors take their
    /// form value (`2026-03-02`, `2026-03-02T09:30`), whatever the browser's language.
    pub fn fill(&self, name: &str, text: &str) {
        let quoted = css_string(name);
        let css = format!("input[name={quoted}]:not([type=hidden]), textarea[name={quoted}]");
        let element = self.wait_for("css selector", &css, &css);
        if self.set_at_once(&element, text) {
            return;
        }
        self.post(&format!("/element/{}/clear", element.0), &json!({}));
        if text.chars().all(|c| c <= '\u{FFFF}') {
            self.send_keys(&element, text);
        } else {
            // The driver types the basic plane only; rarer characters arrive as an input method's.
            self.click_on(&element, &css);
            self.cdp("Input.insertText", &json!({ "text": text }));
        }
    }

    /// Chooses the option of a select, or the radio button or checkbox, of this name and value.
    pub fn choose(&self, name: &str, value: &str) {
        let (name, value) = (css_string(name), css_string(value));
        let css = format!(
            "select[name={name}] option[value={value}], \
             input[type=radio][name={name}][value={value}], \
             input[type=checkbox][name={name}][value={value}]"
        );
        let element = self.wait_for_present(&css);
        if !self.is_selected(&element) {
            self.click_control(&element, &css);
        }
        assert!(self.is_selected(&element), "could not choose {css}");
    }

    /// Puts a file into the file input of this name.
    pub fn attach(&self, name: &str, path: &Path) {
        let path = path.canonicalize().expect("the file to attach");
        let css = format!("input[type=file][name={}]", css_string(name));
        let element = self.wait_for_present(&css);
        self.send_keys(&element, path.to_str().expect("a UTF-8 path"));
    }

    /// Sends a form as a person does: by its first visible submit button, or by the button that
    /// the selector itself names.
    pub fn submit(&self, css: &str) {
        let element = self.wait_for("css selector", css, css);
        let tag = text_of(&self.get(&format!("/element/{}/name", element.0)));
        if !tag.eq_ignore_ascii_case("form") {
            return self.click_on(&element, css);
        }
        let found = self.post(
            &format!("/element/{}/elements", element.0),
            &json!({
                "using": "css selector",
                "value": "button:not([type=button]):not([type=reset]), input[type=submit]",
            }),
        );
        let button = elements(&found)
            .into_iter()
            .find(|button| self.is_displayed(button))
            .unwrap_or_else(|| panic!("{css} has no visible submit button\n{}", self.scene()));
        self.click_on(&button, css);
    }

    /// Runs a function body in the page and returns what it returns. The driver's own scripts run
    /// even where the page's may not.
    pub fn script(&self, body: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": body, "args": [] }))
    }

    // ---- eyes --------------------------------------------------------------------------------

    /// Writes a picture of the whole page, as PNG.
    pub fn screenshot(&self, path: &Path) {
        let size = self.cdp("Page.getLayoutMetrics", &json!({}))["cssContentSize"].clone();
        let clip = json!({
            "x": 0, "y": 0, "scale": 1, "width": size["width"], "height": size["height"],
        });
        self.shoot(path, "png", &clip);
    }

    /// Writes a picture of the page from the top of an element on, as WebP.
    pub fn picture(&self, path: &Path, css: &str, height: u32) {
        let top = self.script(&format!(
            "return document.querySelector({css:?}).getBoundingClientRect().top + scrollY;"
        ));
        let width = *self.width.borrow();
        let clip = json!({ "x": 0, "y": top, "scale": 1, "width": width, "height": height });
        self.shoot(path, "webp", &clip);
    }

    fn shoot(&self, path: &Path, format: &str, clip: &Value) {
        let wanted = json!({
            "format": format, "captureBeyondViewport": true, "clip": clip,
        });
        let taken = self.cdp("Page.captureScreenshot", &wanted);
        let picture = base64::engine::general_purpose::STANDARD
            .decode(text_of(&taken["data"]))
            .expect("a picture in base64");
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).expect("a folder for the picture");
        }
        std::fs::write(path, picture).expect("the picture is written");
    }

    /// Whether the page is wider than the window.
    pub fn overflows(&self) -> bool {
        // A page without a viewport line is laid out 980 wide on a phone and must count as too wide.
        let width = *self.width.borrow();
        self.script(&format!(
            "const page = document.documentElement; \
             return page.scrollWidth > Math.min(page.clientWidth, {width});"
        )) == json!(true)
    }

    /// What axe-core finds serious or critical on this page: rule, element, what to do.
    pub fn axe(&self) -> Vec<String> {
        assert!(self.javascript, "axe needs a browser opened with scripts");
        self.script(AXE);
        let found = self.post(
            "/execute/async",
            &json!({ "args": [], "script": "
                const done = arguments[arguments.length - 1];
                axe.run(document, { resultTypes: ['violations'] }).then(
                    (result) => done({ violations: result.violations }),
                    (error) => done({ error: String(error) }));
            " }),
        );
        let violations = found["violations"]
            .as_array()
            .unwrap_or_else(|| panic!("axe failed: {found}"));
        let mut said = Vec::new();
        for violation in violations {
            for node in violation["nodes"].as_array().into_iter().flatten() {
                let impact = node["impact"].as_str().unwrap_or_default();
                if impact == "serious" || impact == "critical" {
                    let targets: Vec<String> = node["target"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .map(text_of)
                        .collect();
                    let summary = text_of(&node["failureSummary"]).replace('\n', " ");
                    said.push(format!(
                        "{} ({impact}) at {}: {summary}",
                        text_of(&violation["id"]),
                        targets.join(" "),
                    ));
                }
            }
        }
        said
    }

    /// The severe entries of the browser's own log since the last call: script errors, policy
    /// violations, what could not be loaded. A page that is meant to answer 404 or 409 makes the
    /// browser log that too: name such statuses, and documents (never images, styles or scripts)
    /// that were answered so are left out.
    pub fn console_errors(&self, expected_statuses: &[u16]) -> Vec<String> {
        self.read_performance_log();
        let seen = self.seen.borrow();
        let entries = self.log("browser");
        let expected = |entry: &Value, message: &str| {
            entry["source"] == "network"
                && expected_statuses
                    .iter()
                    .any(|status| message.contains(&format!("a status of {status} ")))
                && message
                    .split_once(" - ")
                    .is_some_and(|(url, _)| seen.documents.contains(url))
        };
        entries
            .iter()
            .filter(|entry| entry["level"] == "SEVERE")
            .filter_map(|entry| {
                let message = text_of(&entry["message"]);
                (!expected(entry, &message)).then_some(message)
            })
            .collect()
    }

    /// Every address this browser has asked for since it was opened that is neither of `origin`
    /// (`http://127.0.0.1:8080`) nor the browser's own.
    pub fn foreign_requests(&self, origin: &str) -> Vec<String> {
        self.read_performance_log();
        let origin = origin.trim_end_matches('/');
        let socket = origin.replacen("http", "ws", 1);
        let ours = |url: &str| {
            let url = url.strip_prefix("blob:").unwrap_or(url);
            let under = |origin: &str| {
                url.strip_prefix(origin)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
            };
            under(origin) || under(&socket)
        };
        let own = ["data:", "about:", "chrome:", "chrome-error:"];
        let mut foreign: Vec<String> = self.seen.borrow().requests.clone();
        foreign.retain(|url| !ours(url) && !own.iter().any(|scheme| url.starts_with(scheme)));
        foreign.dedup();
        foreign
    }

    fn read_performance_log(&self) {
        let entries = self.log("performance");
        let mut seen = self.seen.borrow_mut();
        for entry in entries {
            let Ok(event) = serde_json::from_str::<Value>(&text_of(&entry["message"])) else {
                panic!("an entry of the performance log is not JSON: {entry}");
            };
            let (method, event) = (
                event["message"]["method"].clone(),
                &event["message"]["params"],
            );
            if method == "Network.requestWillBeSent" {
                let url = text_of(&event["request"]["url"]);
                if event["type"] == "Document" {
                    seen.documents.insert(url.clone());
                    seen.started += 1;
                }
                seen.requests.push(url);
            } else if method == "Network.webSocketCreated" {
                seen.requests.push(text_of(&event["url"]));
            } else if method == "Page.downloadWillBegin" {
                seen.downloads += 1;
            }
        }
    }

    fn log(&self, kind: &str) -> Vec<Value> {
        match self.post("/se/log", &json!({ "type": kind })) {
            Value::Array(entries) => entries,
            other => panic!("the {kind} log is not a list: {other}"),
        }
    }

    // ---- elements ----------------------------------------------------------------------------

    fn find_all(&self, using: &str, value: &str) -> Vec<Element> {
        elements(&self.post("/elements", &json!({ "using": using, "value": value })))
    }

    /// Waits for elements that can be seen.
    fn wait_for_all(&self, using: &str, value: &str, what: &str) -> Vec<Element> {
        let start = Instant::now();
        loop {
            let mut found = self.find_all(using, value);
            found.retain(|element| self.is_displayed(element));
            if !found.is_empty() {
                return found;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "{what}: nothing to be seen\n{}",
                self.scene()
            );
            sleep(Duration::from_millis(50));
        }
    }

    fn wait_for(&self, using: &str, value: &str, what: &str) -> Element {
        self.wait_for_all(using, value, what).swap_remove(0)
    }

    /// Waits for an element that need not be visible: styled radio buttons and file inputs are
    /// often not.
    fn wait_for_present(&self, css: &str) -> Element {
        let start = Instant::now();
        loop {
            if let Some(element) = self.find_all("css selector", css).into_iter().next() {
                return element;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "{css}: not on the page\n{}",
                self.scene()
            );
            sleep(Duration::from_millis(50));
        }
    }

    fn is_displayed(&self, element: &Element) -> bool {
        // A page that has just been left takes its elements with it.
        self.ask("GET", &format!("/element/{}/displayed", element.0), None)
            .is_ok_and(|shown| shown == json!(true))
    }

    fn is_selected(&self, element: &Element) -> bool {
        self.get(&format!("/element/{}/selected", element.0)) == json!(true)
    }

    /// Sets the inputs whose keyboard entry depends on the browser's language; tells whether this
    /// was one.
    fn set_at_once(&self, element: &Element, value: &str) -> bool {
        let kind = text_of(&self.get(&format!("/element/{}/property/type", element.0)));
        let special = [
            "date",
            "datetime-local",
            "month",
            "week",
            "time",
            "color",
            "range",
        ];
        if !special.contains(&kind.as_str()) {
            return false;
        }
        let held = self.post(
            "/execute/sync",
            &json!({ "args": [{ ELEMENT: element.0 }, value], "script": "
                const [input, value] = arguments;
                input.focus();
                input.value = value;
                input.dispatchEvent(new Event('input', { bubbles: true }));
                input.dispatchEvent(new Event('change', { bubbles: true }));
                return input.value;
            " }),
        );
        assert!(
            !text_of(&held).is_empty() || value.is_empty(),
            "{value:?} is no value for an input of type {kind}"
        );
        true
    }

    fn send_keys(&self, element: &Element, text: &str) {
        self.post(
            &format!("/element/{}/value", element.0),
            &json!({ "text": text }),
        );
    }

    fn click_on(&self, element: &Element, what: &str) {
        if let Err(trouble) = self.try_click(element) {
            panic!("clicking {what}: {trouble}\n{}", self.scene());
        }
    }

    /// Clicks a radio button, checkbox or option; one that is hidden behind its label is clicked by
    /// the label, as a person does.
    fn click_control(&self, element: &Element, what: &str) {
        let Err(trouble) = self.try_click(element) else {
            return;
        };
        let id = text_of(&self.get(&format!("/element/{}/attribute/id", element.0)));
        let label = self
            .find_all("css selector", &format!("label[for={}]", css_string(&id)))
            .into_iter()
            .next()
            .unwrap_or_else(|| panic!("clicking {what}: {trouble}, and it has no label"));
        self.click_on(&label, what);
    }

    /// Clicks, and where the click should lead to another page, waits until it has: the driver
    /// itself returns before the browser has begun to leave, every few clicks.
    fn try_click(&self, element: &Element) -> Result<(), String> {
        let leads_away = self.ask(
            "POST",
            "/execute/sync",
            Some(&json!({ "args": [{ ELEMENT: element.0 }], "script": "
                const it = arguments[0].closest('a[href], button, input');
                if (!it) return false;
                if (it.tagName === 'A') {
                    return !it.target && it.href.split('#')[0] !== location.href.split('#')[0];
                }
                return ['submit', 'image'].includes(it.type) && Boolean(it.form)
                    && (it.formNoValidate || it.form.noValidate || it.form.checkValidity());
            " })),
        )? == json!(true);
        let leaving = leads_away.then(|| self.about_to_leave());
        self.ask(
            "POST",
            &format!("/element/{}/click", element.0),
            Some(&json!({})),
        )?;
        if let Some(leaving) = leaving {
            // Scripts may have other plans for a click; without them only a busy machine delays it.
            self.wait_until_left(&leaving, if self.javascript { 2 } else { 5 });
        }
        Ok(())
    }

    fn about_to_leave(&self) -> Leaving {
        let root = self.post(
            "/element",
            &json!({ "using": "css selector", "value": ":root" }),
        );
        self.read_performance_log();
        let seen = self.seen.borrow();
        Leaving {
            root: text_of(&root[ELEMENT]),
            started: seen.started,
            downloads: seen.downloads,
        }
    }

    /// Waits until the old page is gone, a download has begun, or nothing was asked for within
    /// `seconds`. The driver's next command then waits for the new page by itself.
    fn wait_until_left(&self, leaving: &Leaving, seconds: u64) {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(15) {
            if self
                .ask("GET", &format!("/element/{}/name", leaving.root), None)
                .is_err()
            {
                return;
            }
            self.read_performance_log();
            let (started, downloads) = {
                let seen = self.seen.borrow();
                (seen.started, seen.downloads)
            };
            let idle = started == leaving.started && start.elapsed() > Duration::from_secs(seconds);
            if idle || downloads > leaving.downloads {
                return;
            }
            sleep(Duration::from_millis(15));
        }
    }

    /// What a failed test needs to see.
    fn scene(&self) -> String {
        let url = self.ask("GET", "/url", None).unwrap_or_default();
        let text = self
            .ask(
                "POST",
                "/element",
                Some(&json!({ "using": "css selector", "value": "body" })),
            )
            .ok()
            .and_then(|found| found[ELEMENT].as_str().map(ToOwned::to_owned))
            .and_then(|body| self.ask("GET", &format!("/element/{body}/text"), None).ok())
            .unwrap_or_default();
        let text: String = text_of(&text).chars().take(1500).collect();
        format!("at {}\n{text}", text_of(&url))
    }

    // ---- the wire ----------------------------------------------------------------------------

    fn cdp(&self, command: &str, parameters: &Value) -> Value {
        self.post(
            "/goog/cdp/execute",
            &json!({ "cmd": command, "params": parameters }),
        )
    }

    fn get(&self, path: &str) -> Value {
        self.call("GET", path, None)
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.call("POST", path, Some(body))
    }

    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        self.ask(method, path, body)
            .unwrap_or_else(|trouble| panic!("browser: {method} {path}: {trouble}"))
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let address = format!("{}{path}", self.session);
        let answer = match (method, body) {
            ("GET", _) => self.agent.get(&address).call(),
            ("DELETE", _) => self.agent.delete(&address).call(),
            (_, body) => self
                .agent
                .post(&address)
                .content_type("application/json; charset=utf-8")
                .send(body.map(Value::to_string).unwrap_or_default()),
        };
        let mut answer = answer.map_err(|error| error.to_string())?;
        let text = answer
            .body_mut()
            .with_config()
            .limit(200 * 1024 * 1024)
            .read_to_string()
            .map_err(|error| error.to_string())?;
        let mut parsed: Value =
            serde_json::from_str(&text).map_err(|error| format!("{error} in {text:?}"))?;
        let value = parsed["value"].take();
        if answer.status().is_success() {
            Ok(value)
        } else {
            let message = text_of(&value["message"]);
            let first = message.lines().next().unwrap_or_default();
            Err(format!("{}: {first}", text_of(&value["error"])))
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Never panic here: the test may be failing already.
        let closed = self.ask("DELETE", "", None);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        if let (Err(_), Some(chromium)) = (closed, self.chromium) {
            // The driver could not end the browser it started, so end that one process.
            let _ = Command::new("kill").arg(chromium.to_string()).status();
        }
        for _ in 0..20 {
            // Chromium's helpers may still write while they end.
            match std::fs::remove_dir_all(&self.profile) {
                Ok(()) => break,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => break,
                Err(_) => sleep(Duration::from_millis(50)),
            }
        }
    }
}

/// Starts chromedriver on a port of its own choosing, which it prints. What it and its browser leave
/// behind goes into the `temporary` folder.
fn start_driver(temporary: &Path) -> (Child, u16) {
    let path = program(&["chromedriver"]);
    let mut driver = Command::new(&path)
        .arg("--port=0")
        .env("TMPDIR", temporary)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{} does not start: {error}", path.display()));
    let mut lines = BufReader::new(driver.stdout.take().expect("its output")).lines();
    let port = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| {
            let rest = line.split_once("successfully on port ")?.1;
            rest.trim_end_matches('.').parse().ok()
        })
        .unwrap_or_else(|| {
            let _ = driver.kill();
            let _ = driver.wait();
            panic!("{} ended without naming its port", path.display())
        });
    // A driver whose output nobody reads would stop once the pipe is full.
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    (driver, port)
}

/// The first of these programs that PATH has.
fn program(names: &[&str]) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    names
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| {
            panic!(
                "{} is not installed: run `bash tests/run`, which installs it, \
                 or set SANSHE_TEST_SKIP_BROWSER=1 to leave the browser tests out",
                names.join(" or ")
            )
        })
}

fn elements(found: &Value) -> Vec<Element> {
    found
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|element| element[ELEMENT].as_str())
        .map(|id| Element(id.to_owned()))
        .collect()
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A CSS string, whatever the name holds.
fn css_string(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// An `XPath` string; `XPath` 1.0 has no escapes, so quotes are glued in between.
fn xpath_literal(text: &str) -> String {
    if !text.contains('\'') {
        return format!("'{text}'");
    }
    let parts: Vec<String> = text.split('\'').map(|part| format!("'{part}'")).collect();
    format!("concat({})", parts.join(", \"'\", "))
}
