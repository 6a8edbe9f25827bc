//! A program at the portal's API: a token, JSON, headers.

use super::{Client, Portal};
use serde_json::Value;
use std::collections::BTreeMap;

pub struct Program {
    origin: String,
    agent: ureq::Agent,
    pub token: Option<String>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub media: String,
    pub headers: BTreeMap<String, String>,
    /// Null when it is no JSON.
    pub json: Value,
}

impl Answer {
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:#}", self.json);
        self
    }

    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!(self.json["code"], code, "{:#}", self.json);
        assert_eq!(self.media, "application/problem+json");
        self.expect(status)
    }

    pub fn tag(&self) -> String {
        self.headers["etag"].clone()
    }
}

pub const EVERYTHING: [&str; 7] = [
    "read",
    "catalogue",
    "organizations",
    "projects",
    "bids",
    "evaluation",
    "contracts",
];

/// Makes a token on the page, as its person does.
#[track_caller]
pub fn make_token(client: &Client, scopes: &[&str]) -> String {
    let mut fields = vec![("name", "test"), ("days", "7")];
    fields.extend(scopes.iter().map(|scope| ("scope", *scope)));
    let page = client.submit("/account/tokens", "/account/tokens", &fields);
    let secret = page.expect(200).text_of("code").unwrap();
    assert!(secret.starts_with("sanshe_"), "{secret}");
    secret
}

impl Program {
    pub fn new(portal: &Portal, token: Option<String>) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_age(std::time::Duration::from_secs(3))
            .build();
        Self {
            origin: portal.origin.clone(),
            agent: config.into(),
            token,
        }
    }

    /// With a new token of the person behind `client`.
    pub fn of(portal: &Portal, client: &Client, scopes: &[&str]) -> Self {
        Self::new(portal, Some(make_token(client, scopes)))
    }

    /// `path` below `/api/v1`.
    pub fn get(&self, path: &str) -> Answer {
        let mut request = self.agent.get(format!("{}/api/v1{path}", self.origin));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        read(request.call().unwrap())
    }

    /// A form with files that holds none.
    pub fn post_parts(&self, path: &str) -> Answer {
        let (media, body) = super::client::parts_of(&[("none", "none")]);
        let mut request = self
            .agent
            .post(format!("{}/api/v1{path}", self.origin))
            .header("content-type", media)
            .header("if-match", "\"-5\"");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        read(request.send(body).unwrap())
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with(path, body, &[])
    }

    pub fn post_with(&self, path: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
        let mut request = self
            .agent
            .post(format!("{}/api/v1{path}", self.origin))
            .header("content-type", "application/json");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request.send(body.to_string()).unwrap())
    }
}

fn read(response: ureq::http::Response<ureq::Body>) -> Answer {
    let (head, mut body) = response.into_parts();
    let headers: BTreeMap<String, String> = head
        .headers
        .iter()
        .map(|(name, value)| {
            let value = value.to_str().unwrap_or_default().to_owned();
            (name.as_str().to_owned(), value)
        })
        .collect();
    let media = headers.get("content-type").cloned().unwrap_or_default();
    let bytes = body.read_to_vec().unwrap();
    Answer {
        status: head.status.as_u16(),
        media: media.split(';').next().unwrap_or_default().to_owned(),
        headers,
        json: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    }
}
