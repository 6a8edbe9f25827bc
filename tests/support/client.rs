//! A browser without scripts: cookies, forms as the page shows them, redirects on demand.

use scraper::{Html, Selector};
use std::collections::BTreeMap;
use std::io::Read;

pub struct Reply {
    pub status: u16,
    pub location: Option<String>,
    pub body: String,
    pub bytes: Vec<u8>,
    pub headers: BTreeMap<String, String>,
}

impl Reply {
    pub fn html(&self) -> Html {
        Html::parse_document(&self.body)
    }

    /// The visible text of the first match.
    pub fn text_of(&self, css: &str) -> Option<String> {
        let selector = Selector::parse(css).unwrap();
        self.html()
            .select(&selector)
            .next()
            .map(|element| element.text().collect::<String>().trim().to_owned())
    }

    pub fn has(&self, css: &str) -> bool {
        let selector = Selector::parse(css).unwrap();
        self.html().select(&selector).next().is_some()
    }

    /// The error messages of the summary on top.
    pub fn errors(&self) -> Vec<String> {
        let selector = Selector::parse(".govuk-error-summary a").unwrap();
        self.html()
            .select(&selector)
            .map(|element| element.text().collect::<String>().trim().to_owned())
            .collect()
    }

    #[track_caller]
    pub fn expect(&self, status: u16) -> &Self {
        assert_eq!(
            self.status,
            status,
            "{:?} {:?}\n{}",
            self.location,
            self.errors(),
            excerpt(&self.body)
        );
        self
    }

    /// The form token of any form on the page.
    #[track_caller]
    pub fn token(&self) -> String {
        let selector = Selector::parse("input[name=csrf]").unwrap();
        let html = self.html();
        let input = html.select(&selector).next().expect("no form on the page");
        input.value().attr("value").unwrap().to_owned()
    }

    #[track_caller]
    pub fn see_not(&self, text: &str) -> &Self {
        assert!(!self.body.contains(text), "{text:?} is shown");
        self
    }

    #[track_caller]
    pub fn see(&self, text: &str) -> &Self {
        assert!(
            self.body.contains(text),
            "no {text:?} in\n{}",
            excerpt(&self.body)
        );
        self
    }
}

fn excerpt(body: &str) -> String {
    let main = body.find("<main").map_or(body, |at| &body[at..]);
    main.chars().take(4000).collect()
}

pub struct Client {
    pub origin: String,
    agent: ureq::Agent,
    pub language: &'static str,
    session: std::sync::Mutex<String>,
}

impl Client {
    pub fn new(origin: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            // The server closes a connection that rests for five seconds.
            .max_idle_age(std::time::Duration::from_secs(3))
            .build();
        Self {
            origin: origin.to_owned(),
            agent: config.into(),
            language: "zh-CN",
            session: std::sync::Mutex::default(),
        }
    }

    /// The same person at another address of the portal.
    pub fn moved_to(&self, origin: &str) -> Self {
        let session = self.session.lock().unwrap().clone();
        let moved = Self::new(origin);
        moved.keep_session(&session);
        moved
    }

    /// Takes a session that the test began.
    pub fn keep_session(&self, token: &str) {
        let uri: ureq::http::Uri = self.origin.parse().unwrap();
        let cookie = ureq::Cookie::parse(format!("session={token}; Path=/"), &uri).unwrap();
        self.agent.cookie_jar_lock().insert(cookie, &uri).unwrap();
        token.clone_into(&mut self.session.lock().unwrap());
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Reply {
        self.fetch(path)
            .unwrap_or_else(|error| panic!("no answer to {path}: {error}"))
    }

    /// The same with a header more.
    pub fn get_with(&self, path: &str, name: &str, value: &str) -> Reply {
        let request = self.agent.get(self.url(path)).header(name, value);
        read_reply(request.call().expect("no answer")).expect("no answer")
    }

    /// `None` when the server is not there, or dies while it answers.
    pub fn try_get(&self, path: &str) -> Option<Reply> {
        self.fetch(path).ok()
    }

    fn fetch(&self, path: &str) -> Result<Reply, ureq::Error> {
        let request = self
            .agent
            .get(self.url(path))
            .header("accept-language", self.language);
        read_reply(request.call()?)
    }

    fn url(&self, path: &str) -> String {
        if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.origin)
        }
    }

    /// Posts fields as they are, with no token: what an attacker or a script would send.
    pub fn post_raw(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.try_post_raw(path, fields).expect("no answer")
    }

    /// `None` when the server is not there, or dies while it answers.
    pub fn try_post_raw(&self, path: &str, fields: &[(&str, &str)]) -> Option<Reply> {
        self.try_post_from(&self.origin, path, fields)
    }

    /// The same, sent by a page of another site.
    pub fn post_from(&self, origin: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.try_post_from(origin, path, fields).expect("no answer")
    }

    fn try_post_from(&self, origin: &str, path: &str, fields: &[(&str, &str)]) -> Option<Reply> {
        let request = self
            .agent
            .post(self.url(path))
            .header("accept-language", self.language)
            .header("origin", origin);
        read_reply(request.send_form(fields.iter().copied()).ok()?).ok()
    }

    /// The same as a form with files that holds none; its token stands in the address.
    pub fn post_parts(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let (media, body) = parts_of(fields);
        let token = fields.iter().find(|(name, _)| *name == "csrf");
        let address = format!("{path}?csrf={}", token.map_or("", |(_, token)| token));
        let request = self
            .agent
            .post(self.url(&address))
            .header("accept-language", self.language)
            .header("origin", &self.origin)
            .header("content-type", media);
        reply(request.send(body).unwrap())
    }

    /// Opens `page`, takes the form whose action is `action` (or the page's own path) with everything that it holds,
    /// sets `fields` over it, and posts it.
    #[track_caller]
    pub fn submit(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Reply {
        let shown = self.get(page);
        assert_eq!(shown.status, 200, "{page}: {}", excerpt(&shown.body));
        self.submit_from(&shown, action, fields)
    }

    /// The same from a page already shown.
    #[track_caller]
    pub fn submit_from(&self, shown: &Reply, action: &str, fields: &[(&str, &str)]) -> Reply {
        self.try_submit_from(shown, action, fields)
            .expect("no answer")
    }

    /// `None` when the server is not there, or dies while it answers: then nothing is known of what became of it.
    #[track_caller]
    pub fn try_submit_from(
        &self,
        shown: &Reply,
        action: &str,
        fields: &[(&str, &str)],
    ) -> Option<Reply> {
        let mut pairs = form_fields(&shown.html(), action)
            .unwrap_or_else(|| panic!("no form with action {action} in\n{}", excerpt(&shown.body)));
        for (name, _) in fields {
            pairs.retain(|(have, _)| have != name);
        }
        pairs.extend(
            fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let request = self
            .agent
            .post(self.url(action))
            .header("accept-language", self.language)
            .header("origin", &self.origin);
        let pairs = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        read_reply(request.send_form(pairs).ok()?).ok()
    }

    /// Posts a form with files: its action carries the token in its address, as the page shows it.
    #[track_caller]
    pub fn upload(
        &self,
        page: &str,
        action: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &str, &[u8])],
    ) -> Reply {
        let shown = self.get(page);
        assert_eq!(shown.status, 200, "{page}: {}", excerpt(&shown.body));
        self.upload_from(&shown, page, action, fields, files)
    }

    /// The same from a page already shown.
    #[track_caller]
    pub fn upload_from(
        &self,
        shown: &Reply,
        page: &str,
        action: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &str, &[u8])],
    ) -> Reply {
        let html = shown.html();
        let selector = Selector::parse("form").unwrap();
        let full = html
            .select(&selector)
            .filter_map(|form| form.value().attr("action"))
            .find(|have| have.split('?').next() == Some(action))
            .unwrap_or_else(|| panic!("no form with action {action}"))
            .to_owned();
        let mut pairs = form_fields(&html, &full).unwrap();
        for (name, _) in fields {
            pairs.retain(|(have, _)| have != name);
        }
        pairs.extend(
            fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let boundary = "----sanshe-test-boundary-7f3a";
        let mut body = Vec::new();
        for (name, value) in &pairs {
            body.extend(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
        }
        for (name, file, bytes) in files {
            body.extend(
                format!(
                    "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
                )
                .into_bytes(),
            );
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend(format!("--{boundary}--\r\n").into_bytes());
        let request = self
            .agent
            .post(self.url(&full))
            .header("accept-language", self.language)
            .header("origin", &self.origin)
            .header("referer", self.url(page))
            .header(
                "content-type",
                format!("multipart/form-data; boundary={boundary}"),
            );
        reply(request.send(&body[..]).unwrap())
    }
}

/// Media type and body of a multipart form of plain fields.
pub fn parts_of(fields: &[(&str, &str)]) -> (String, String) {
    let boundary = "----sanshe-test-boundary-7f3a";
    let parts = fields.iter().map(|(name, value)| {
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        )
    });
    let body = parts.collect::<String>() + &format!("--{boundary}--\r\n");
    (format!("multipart/form-data; boundary={boundary}"), body)
}

/// What a browser would send for the form with this action: hidden, typed, chosen and checked fields.
fn form_fields(html: &Html, action: &str) -> Option<Vec<(String, String)>> {
    let forms = Selector::parse("form").unwrap();
    let controls = Selector::parse("input, textarea, select").unwrap();
    let options = Selector::parse("option").unwrap();
    let form = html.select(&forms).find(|form| {
        form.value().attr("action") == Some(action)
            && form
                .value()
                .attr("method")
                .is_some_and(|m| m.eq_ignore_ascii_case("post"))
    })?;
    let mut pairs = Vec::new();
    for control in form.select(&controls) {
        let element = control.value();
        let Some(name) = element.attr("name") else {
            continue;
        };
        let name = name.to_owned();
        match (element.name(), element.attr("type").unwrap_or("text")) {
            ("textarea", _) => pairs.push((name, control.text().collect())),
            ("select", _) => {
                let chosen = control
                    .select(&options)
                    .find(|option| option.value().attr("selected").is_some())
                    .or_else(|| control.select(&options).next());
                if let Some(option) = chosen {
                    pairs.push((
                        name,
                        option.value().attr("value").unwrap_or_default().to_owned(),
                    ));
                }
            }
            (_, "checkbox" | "radio") if element.attr("checked").is_none() => {}
            (_, "file" | "submit" | "button") => {}
            _ => pairs.push((name, element.attr("value").unwrap_or_default().to_owned())),
        }
    }
    Some(pairs)
}

fn reply(response: ureq::http::Response<ureq::Body>) -> Reply {
    read_reply(response).expect("the answer broke off")
}

fn read_reply(mut response: ureq::http::Response<ureq::Body>) -> Result<Reply, ureq::Error> {
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let status = response.status().as_u16();
    let location = header("location");
    let headers: BTreeMap<String, String> = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                value.to_str().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    let mut bytes = Vec::new();
    response.body_mut().as_reader().read_to_end(&mut bytes)?;
    // The portal compares each kept copy in the tests.
    assert!(
        !headers.contains_key("x-stale-copy"),
        "{}",
        String::from_utf8_lossy(&bytes)
    );
    Ok(Reply {
        status,
        location,
        body: String::from_utf8_lossy(&bytes).into_owned(),
        bytes,
        headers,
    })
}
