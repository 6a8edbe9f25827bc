//! Mail goes through a real SMTP conversation; a server that is away is tried again, and nothing is lost.

use crate::support::{Database, Portal};
use sanshe::infra::config::{Config, Mode, Smtp};
use sanshe::infra::mail::{Letter, Mailer};
use sanshe::infra::words::Language;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

/// A small SMTP server on loopback that keeps what it is given.
fn smtp_server() -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let mut mail = String::new();
            stream.write_all(b"220 test ESMTP\r\n").unwrap();
            while let Some(Ok(line)) = lines.next() {
                let answer: &[u8] = match line.split(' ').next().unwrap_or_default() {
                    "EHLO" => b"250-test\r\n250 8BITMIME\r\n",
                    "DATA" => {
                        stream.write_all(b"354 go on\r\n").unwrap();
                        for line in lines.by_ref() {
                            let line = line.unwrap();
                            if line == "." {
                                break;
                            }
                            mail.push_str(&line);
                            mail.push('\n');
                        }
                        sender.send(std::mem::take(&mut mail)).unwrap();
                        b"250 kept\r\n"
                    }
                    "QUIT" => {
                        stream.write_all(b"221 bye\r\n").unwrap();
                        break;
                    }
                    _ => b"250 ok\r\n",
                };
                stream.write_all(answer).unwrap();
            }
        }
    });
    (port, receiver)
}

fn live_config(portal: &Portal, port: u16) -> Config {
    let mut config = portal.state.config.clone();
    config.mode = Mode::Live;
    config.origin = "https://portal.test.invalid".into();
    config.prefix = "/sanshe".into();
    config.smtp = Some(Smtp {
        host: "127.0.0.1".into(),
        port,
        user: None,
        password: None,
        security: "none".into(),
        from: "三社 <portal@test.invalid>".into(),
    });
    config
}

#[test]
fn a_letter_arrives_in_the_recipients_language_with_links_from_the_public_address() {
    let portal = Portal::start(Database::Sqlite);
    let (port, mails) = smtp_server();
    let config = live_config(&portal, port);
    let mailer = Mailer::new(&config).unwrap();
    for (language, greeting) in [
        (Language::Chinese, "=?utf-8?b?"),
        (Language::English, "Subject: "),
    ] {
        let letter = Letter::new("zhang@test.invalid", language, "inbox")
            .arg("name", "张三")
            .link("/inbox");
        mailer
            .send(&config, &portal.state.words, &letter, 1)
            .unwrap();
        let mail = mails.recv().unwrap();
        assert!(mail.contains(greeting), "{mail}");
        assert!(mail.contains("To: zhang@test.invalid"), "{mail}");
        assert!(
            mail.contains("text/plain") && mail.contains("text/html"),
            "{mail}"
        );
        // Quoted-printable breaks long lines softly.
        let unfolded = mail.replace("=\n", "");
        assert!(
            decoded(&unfolded).contains("https://portal.test.invalid/sanshe/inbox"),
            "{unfolded}"
        );
    }
}

/// The body as text, whatever its transfer encoding.
fn decoded(mail: &str) -> String {
    use base64::Engine;
    let mut text = mail.to_owned();
    for block in mail.split("\n\n") {
        let packed: String = block
            .lines()
            .take_while(|line| !line.starts_with("--"))
            .collect();
        if let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(packed) {
            text.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    text
}

#[test]
fn an_address_cannot_smuggle_headers() {
    let portal = Portal::start(Database::Sqlite);
    let (port, _mails) = smtp_server();
    let config = live_config(&portal, port);
    let mailer = Mailer::new(&config).unwrap();
    let letter = Letter::new(
        "a@test.invalid\r\nBcc: b@test.invalid",
        Language::Chinese,
        "inbox",
    )
    .arg("name", "x");
    assert!(
        mailer
            .send(&config, &portal.state.words, &letter, 1)
            .is_err()
    );
}

#[test]
fn a_server_that_is_away_is_an_error_without_the_address() {
    let portal = Portal::start(Database::Sqlite);
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let config = live_config(&portal, closed);
    let mailer = Mailer::new(&config).unwrap();
    let letter = Letter::new("zhang@test.invalid", Language::Chinese, "inbox").arg("name", "x");
    let error = mailer
        .send(&config, &portal.state.words, &letter, 1)
        .unwrap_err()
        .to_string();
    assert!(!error.contains("zhang"), "{error}");
}
