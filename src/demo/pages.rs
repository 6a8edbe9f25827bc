//! Pages of the demo; a live portal answers 404 to all of them.

use super::clock::{self, Move};
use super::mail::{self, Mail};
use crate::infra::failure::Failure;
use crate::web::{Answer, AppError, Form, View};
use actix_web::web::Path;
use serde_json::{Value, json};
use std::path::PathBuf;

/// How many letters the list shows.
const NEWEST: usize = 100;

fn in_demo(view: &View) -> Result<(), AppError> {
    if view.state.config.mode.is_demo() {
        Ok(())
    } else {
        Err(Failure::NotFound.into())
    }
}

/// The banner's buttons. The rounds of the runner block, so they run beside the server's own threads.
pub async fn move_clock(view: View, mut form: Form) -> Answer {
    in_demo(&view)?;
    let step: Move = form.one_of("move").ok_or(AppError::BadRequest)?;
    let state = view.state.clone();
    let moved = tokio::task::spawn_blocking(move || clock::make(&state, step))
        .await
        .map_err(AppError::internal)??;
    let flash = match moved {
        Some(_) => "demo-clock-moved",
        None => "demo-clock-nothing-problem",
    };
    Ok(view.see_other_with(&back(form.raw("back")), flash))
}

/// The page to go back to: a path of ours, never an address elsewhere.
fn back(path: &str) -> String {
    let is_ours = path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if is_ours {
        path.to_owned()
    } else {
        "/".to_owned()
    }
}

fn folder(view: &View) -> PathBuf {
    view.state.config.data.join("mail")
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, AppError> {
    Ok(tokio::task::spawn_blocking(work)
        .await
        .map_err(AppError::internal)??)
}

pub async fn list_mails(view: View) -> Answer {
    in_demo(&view)?;
    let folder = folder(&view);
    let mails: Vec<Value> = blocking(move || {
        mail::numbers(&folder, NEWEST)?
            .into_iter()
            .map(|number| Ok((number, mail::find(&folder, number)?)))
            .collect::<Result<Vec<(u64, Mail)>, Failure>>()
    })
    .await?
    .into_iter()
    .map(|(number, mail)| {
        json!({ "href": format!("/demo/mail/{number}"), "subject": mail.subject, "to": mail.to, "date": mail.date })
    })
    .collect();
    let title = view.say("demo-mail-title");
    view.render("demo/mails", "", &title, &json!({ "mails": mails }))
}

pub async fn show_mail(view: View, number: Path<u64>) -> Answer {
    in_demo(&view)?;
    let folder = folder(&view);
    let mail = blocking(move || mail::find(&folder, *number)).await?;
    let origin = view.state.config.link("");
    let body = json!({
        "subject": mail.subject,
        "to": mail.to,
        "date": mail.date,
        "lines": lines(&mail.text, &origin),
        "attachments": mail.attachments.iter()
            .map(|attachment| json!({ "name": attachment.name, "text": attachment.text }))
            .collect::<Vec<_>>(),
        "crumbs": [
            { "label": view.say("demo-mail-title"), "href": "/demo/mail" },
            { "label": mail.subject, "href": null },
        ],
    });
    view.render("demo/mail", "", &mail.subject, &body)
}

/// The text line by line, each cut into words, so that links to this portal can be followed.
fn lines(text: &str, origin: &str) -> Vec<Value> {
    text.lines()
        .map(|line| {
            let words: Vec<Value> = line
                .split_inclusive(' ')
                .map(|word| {
                    let path = word
                        .trim_end()
                        .strip_prefix(origin)
                        .filter(|path| path.starts_with('/'));
                    json!({ "text": word, "href": path })
                })
                .collect();
            json!({ "words": words })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_stays_here() {
        for (given, path) in [
            ("/projects?page=2", "/projects?page=2"),
            ("", "/"),
            ("//evil.invalid/", "/"),
            ("/\\evil.invalid", "/"),
            ("https://evil.invalid/", "/"),
            ("/a\r\nset-cookie: x", "/"),
            ("/中文", "/"),
        ] {
            assert_eq!(back(given), path, "{given:?}");
        }
    }

    #[test]
    fn only_links_to_this_portal_become_links() {
        let lines = lines(
            "打开: http://a.invalid/confirm?t=1\nhttp://b.invalid/x",
            "http://a.invalid",
        );
        let href = |line: usize, word: usize| {
            lines
                .get(line)
                .and_then(|line| line.pointer(&format!("/words/{word}/href")))
                .cloned()
        };
        assert_eq!(href(0, 1), Some(json!("/confirm?t=1")));
        assert_eq!(href(1, 0), Some(Value::Null));
    }
}
