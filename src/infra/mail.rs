//! Mail: asked for in the action's transaction, sent by a job. It only reminds; the portal's inbox is the delivery.

use super::config::{Config, Smtp};
use super::failure::Failure;
use super::store::Tx;
use super::words::{Language, Words};
use handlebars::Handlebars;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Message, SmtpTransport, Transport};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// A mail by name: its words are the messages `mail-<name>-subject` and `mail-<name>-body`.
#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct Letter {
    pub to: String,
    pub language: String,
    pub name: String,
    pub args: Vec<(String, String)>,
    /// A path on the portal; the button at the end of the letter.
    pub link: Option<String>,
    /// File name and text, such as a receipt.
    pub attachment: Option<(String, String)>,
}

impl Letter {
    pub fn new(to: &str, language: Language, name: &str) -> Self {
        Self {
            to: to.to_owned(),
            language: language.as_str().to_owned(),
            name: name.to_owned(),
            args: Vec::new(),
            link: None,
            attachment: None,
        }
    }

    #[must_use]
    pub fn arg(mut self, name: &str, value: impl ToString) -> Self {
        self.args.push((name.to_owned(), value.to_string()));
        self
    }

    /// What its words are worded with.
    pub fn arguments(&self) -> Vec<(&str, &str)> {
        self.args
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    #[must_use]
    pub fn link(mut self, path: impl Into<String>) -> Self {
        self.link = Some(path.into());
        self
    }

    #[must_use]
    pub fn attach(mut self, file: impl Into<String>, text: impl Into<String>) -> Self {
        self.attachment = Some((file.into(), text.into()));
        self
    }
}

/// Puts a letter into the outbox of this transaction.
pub fn post(tx: &mut Tx, letter: &Letter) -> Result<(), Failure> {
    super::outbox::emit(tx, "mail.requested", ("mail", 0), letter)
}

enum Carrier {
    Smtp {
        transport: Box<SmtpTransport>,
        from: Mailbox,
    },
    /// Demo and tests: `.eml` files in a folder.
    Folder(PathBuf),
}

pub struct Mailer {
    carrier: Carrier,
    layout: Handlebars<'static>,
}

#[derive(Serialize)]
struct View<'a> {
    language: &'a str,
    subject: &'a str,
    paragraphs: Vec<&'a str>,
    link: Option<String>,
    button: String,
    footer: String,
}

impl Mailer {
    pub fn new(config: &Config) -> Result<Self, Failure> {
        let carrier = if let Some(smtp) = &config.smtp {
            Carrier::Smtp {
                transport: Box::new(transport(smtp)?),
                from: smtp
                    .from
                    .parse()
                    .map_err(|error| Failure::internal(format!("smtp.from: {error}")))?,
            }
        } else {
            let folder = config.data.join("mail");
            super::files::private_folder(&folder).map_err(Failure::internal)?;
            Carrier::Folder(folder)
        };
        let mut layout = Handlebars::new();
        layout.set_strict_mode(true);
        for name in ["html", "txt"] {
            let source =
                super::embedded::text(&format!("mail/layout.{name}.hbs")).unwrap_or_default();
            layout
                .register_template_string(name, source)
                .map_err(Failure::internal)?;
        }
        Ok(Self { carrier, layout })
    }

    /// Whether the server answers, and takes the password; blocking.
    pub fn probe(&self) -> Result<(), Failure> {
        match &self.carrier {
            Carrier::Smtp { transport, .. } => match transport.test_connection() {
                Ok(true) => Ok(()),
                Ok(false) => Err(Failure::internal("the mail server does not answer")),
                Err(error) => Err(Failure::internal(format!("the mail server: {error}"))),
            },
            Carrier::Folder(_) => Ok(()),
        }
    }

    /// Renders in the recipient's language and sends; blocking.
    pub fn send(
        &self,
        config: &Config,
        words: &Words,
        letter: &Letter,
        job: i64,
    ) -> Result<(), Failure> {
        let language: Language = letter.language.parse().unwrap_or(Language::Chinese);
        let args = letter.arguments();
        let mut subject =
            words.try_say(language, &format!("mail-{}-subject", letter.name), &args)?;
        let body = words.try_say(language, &format!("mail-{}-body", letter.name), &args)?;
        if config.mode.is_demo() {
            subject = format!("{} {subject}", words.say(language, "mail-demo-mark", &[]));
        }
        let view = View {
            language: language.as_str(),
            subject: &subject,
            paragraphs: body.split("\n\n").collect(),
            link: letter.link.as_ref().map(|path| config.link(path)),
            button: words.say(language, "mail-open", &[]),
            footer: words.say(
                language,
                if config.mode.is_demo() {
                    "mail-footer-demo"
                } else {
                    "mail-footer"
                },
                &[],
            ),
        };
        let html = self
            .layout
            .render("html", &view)
            .map_err(Failure::internal)?;
        // The text part is not HTML: paragraphs come through triple braces in its template.
        let text = self
            .layout
            .render("txt", &view)
            .map_err(Failure::internal)?;
        let from = match &self.carrier {
            Carrier::Smtp { from, .. } => from.clone(),
            Carrier::Folder(_) => "portal@sanshe.invalid".parse().map_err(Failure::internal)?,
        };
        let alternative = MultiPart::alternative_plain_html(text, html);
        let parts = match &letter.attachment {
            None => alternative,
            Some((name, content)) => MultiPart::mixed()
                .multipart(alternative)
                .singlepart(attachment(name, content)),
        };
        let message = Message::builder()
            .from(from)
            .to(letter
                .to
                .parse()
                .map_err(|_address| Failure::internal("address"))?)
            .subject(subject)
            .multipart(parts)
            .map_err(Failure::internal)?;
        match &self.carrier {
            Carrier::Smtp { transport, .. } => {
                // The server's words may repeat the address: only the kind of failure is kept.
                transport
                    .send(&message)
                    .map_err(|error| Failure::internal(format!("smtp {:?}", error.status())))?;
            }
            Carrier::Folder(folder) => {
                let path = folder.join(format!("{job:08}.eml"));
                std::fs::write(path, message.formatted()).map_err(Failure::internal)?;
            }
        }
        Ok(())
    }
}

fn attachment(name: &str, content: &str) -> SinglePart {
    Attachment::new(name.to_owned()).body(content.to_owned(), ContentType::TEXT_PLAIN)
}

fn transport(smtp: &Smtp) -> Result<SmtpTransport, Failure> {
    let builder = match smtp.security.as_str() {
        "none" => SmtpTransport::builder_dangerous(&smtp.host),
        "tls" => SmtpTransport::relay(&smtp.host).map_err(Failure::internal)?,
        "starttls" => SmtpTransport::starttls_relay(&smtp.host).map_err(Failure::internal)?,
        other => {
            return Err(Failure::internal(format!(
                "smtp.security: {other} is not tls, starttls or none"
            )));
        }
    };
    let builder = builder
        .port(smtp.port)
        .timeout(Some(Duration::from_secs(20)));
    Ok(match (&smtp.user, &smtp.password) {
        (Some(user), Some(password)) => builder
            .credentials(Credentials::new(user.clone(), password.clone()))
            .build(),
        _ => builder.build(),
    })
}
