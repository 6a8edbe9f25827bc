//! Reminders: mail at once or in a digest, short messages over the county's gateway.

use crate::on_both;
use crate::support::{Client, Database, Portal, readable};
use chrono::Duration;
use diesel::prelude::*;
use hmac::{Hmac, KeyInit, Mac};
use sanshe::accounts::{self, Addressee};
use sanshe::infra::channels::{Channel, Sms};
use sanshe::infra::config::{Mode, SmsHook};
use sanshe::infra::mail::Letter;
use sanshe::infra::store::machine_now;
use sanshe::infra::words::Language;
use sanshe::kernel::people::PersonId;
use sanshe::schema::{digest_items, jobs};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

const SECRET: &str = "a-shared-secret";

/// One request as the gateway got it.
#[derive(Clone, Debug)]
struct Got {
    signature: String,
    body: String,
}

/// A gateway on this machine that answers with these statuses in turn, then with 200; 0 is no answer at all.
struct Gateway {
    url: String,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Gateway {
    fn start(answers: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/send", listener.local_addr().unwrap());
        let got: Arc<Mutex<Vec<Got>>> = Arc::default();
        let (kept, mut answers) = (Arc::clone(&got), answers.iter().copied());
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut length, mut signature, mut line) = (0, String::new(), String::new());
                while reader.read_line(&mut line).unwrap() > 2 {
                    if let Some((name, value)) = line.trim().split_once(": ") {
                        match name.to_lowercase().as_str() {
                            "content-length" => length = value.parse().unwrap(),
                            "x-sanshe-signature" => signature = value.to_owned(),
                            _ => {}
                        }
                    }
                    line.clear();
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                kept.lock().unwrap().push(Got {
                    signature,
                    body: String::from_utf8(body).unwrap(),
                });
                let mut stream = stream;
                match answers.next().unwrap_or(200) {
                    0 => held.push(stream),
                    status => drop(write!(
                        stream,
                        "HTTP/1.1 {status} X\r\ncontent-length: 0\r\nlocation: http://127.0.0.1:1/\r\nconnection: close\r\n\r\n"
                    )),
                }
            }
        });
        Self { url, got }
    }

    fn hook(&self) -> SmsHook {
        SmsHook {
            url: self.url.clone(),
            secret: SECRET.into(),
        }
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// Number and text of the messages so far.
    fn texts(&self) -> Vec<(String, String)> {
        let text = |value: &serde_json::Value, name: &str| value[name].as_str().unwrap().to_owned();
        self.got()
            .iter()
            .map(|got| {
                let value: serde_json::Value = serde_json::from_str(&got.body).unwrap();
                (text(&value, "to"), text(&value, "text"))
            })
            .collect()
    }
}

fn with_gateway(database: Database, gateway: &Gateway) -> Portal {
    let hook = gateway.hook();
    Portal::start_with(Mode::Demo, database, move |config| config.sms = Some(hook))
}

/// What was put off may be tried again now.
fn let_patience_end(portal: &Portal) {
    portal.write(|tx| {
        diesel::update(jobs::table)
            .set(jobs::due_at.eq(machine_now()))
            .execute(tx.db)?;
        Ok(())
    });
    portal.run_jobs();
}

fn deliver(portal: &Portal, person: PersonId, kind: &'static str) {
    portal.write(move |tx| {
        let args = [
            ("role", "经办人"),
            ("body", "某局"),
            ("until", "2026-05-01"),
        ];
        let args = if kind == "term.ending" {
            &args[..]
        } else {
            &[]
        };
        accounts::deliver(tx, Addressee::Person(person), kind, args, "/account")
    });
}

const HOME: &str = "/account/messages";

fn choose(client: &Client, fields: &[(&str, &str)]) {
    client.submit(HOME, HOME, fields).expect(303);
}

fn confirmed_mobile(portal: &Portal, client: &Client, gateway: &Gateway) {
    client
        .submit(
            HOME,
            "/account/messages/mobile",
            &[("mobile", "138 0000 0000")],
        )
        .expect(303);
    portal.run_jobs();
    let (to, text) = gateway.texts().pop().unwrap();
    assert_eq!(to, "13800000000");
    let code: String = text.chars().filter(char::is_ascii_digit).take(6).collect();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let confirm = "/account/messages/mobile/confirm";
    client
        .submit(HOME, confirm, &[("one_time_code", wrong)])
        .expect(422);
    client
        .submit(HOME, confirm, &[("one_time_code", &code)])
        .expect(303);
    client.get(HOME).see("接收短信的手机号：13800000000");
}

fn short_messages_over_the_gateway(database: Database) {
    let gateway = Gateway::start(&[]);
    let portal = with_gateway(database, &gateway);
    let zhang = portal.person("zhang");
    let client = portal.signed_in("zhang");
    client
        .submit(HOME, "/account/messages/mobile", &[("mobile", "0512-1")])
        .expect(422);
    confirmed_mobile(&portal, &client, &gateway);
    deliver(&portal, zhang, "recovery.confirmed");
    portal.run_jobs();
    assert_eq!(gateway.got().len(), 1, "not without being asked for");
    choose(&client, &[("sms_account", "yes"), ("mail_account", "none")]);
    let mails = portal.mails().len();
    deliver(&portal, zhang, "recovery.confirmed");
    portal.run_jobs();
    let (to, text) = gateway.texts().pop().unwrap();
    assert_eq!(to, "13800000000");
    assert!(
        text.ends_with(&format!("{}/inbox", portal.origin)),
        "{text}"
    );
    assert!(
        !text.contains("zhang") && !text.contains("双重验证"),
        "{text}"
    );
    assert_eq!(portal.mails().len(), mails);
    client.get("/inbox").see("您的双重验证已重置");
    // What was sent is signed, and nobody else could have.
    let Got { signature, body } = gateway.got().pop().unwrap();
    let (seconds, mac) = signature
        .strip_prefix("t=")
        .and_then(|rest| rest.split_once(",v1="))
        .unwrap();
    let mut expected = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    expected.update(format!("{seconds}.{body}").as_bytes());
    assert_eq!(mac, hex::encode(expected.finalize().into_bytes()));
    // The number is let go.
    client
        .submit(HOME, "/account/messages/mobile/remove", &[])
        .expect(303);
    let before = gateway.got().len();
    deliver(&portal, zhang, "recovery.confirmed");
    portal.run_jobs();
    assert_eq!(gateway.got().len(), before);
}

fn a_gateway_that_fails_is_asked_again(database: Database) {
    let gateway = Gateway::start(&[200, 500, 302]);
    let portal = with_gateway(database, &gateway);
    let zhang = portal.person("zhang");
    let client = portal.signed_in("zhang");
    confirmed_mobile(&portal, &client, &gateway);
    choose(&client, &[("sms_account", "yes")]);
    deliver(&portal, zhang, "recovery.confirmed");
    portal.run_jobs();
    assert_eq!(gateway.got().len(), 2, "the second try has to wait");
    let error: Vec<Option<String>> = portal.read(|db| {
        let open = jobs::table.filter(jobs::done_at.is_null());
        Ok(open.select(jobs::last_error).load(db)?)
    });
    let error = error[0].clone().unwrap();
    assert!(error.contains("500") && !error.contains("138"), "{error}");
    // Someone who sends us elsewhere is no gateway either.
    let_patience_end(&portal);
    assert_eq!(gateway.got().len(), 3);
    let_patience_end(&portal);
    assert_eq!(gateway.got().len(), 4);
    let ids: Vec<String> = gateway
        .got()
        .iter()
        .map(|got| {
            let value: serde_json::Value = serde_json::from_str(&got.body).unwrap();
            value["id"].as_str().unwrap().to_owned()
        })
        .collect();
    assert!(
        ids[1] == ids[2] && ids[2] == ids[3] && ids[0] != ids[1],
        "{ids:?}"
    );
    let_patience_end(&portal);
    assert_eq!(gateway.got().len(), 4, "taken is taken");
}

#[test]
fn nobody_waits_for_a_gateway_that_hangs() {
    let gateway = Gateway::start(&[0]);
    let portal = Portal::start(Database::Sqlite);
    let sms = Sms::with_patience(&gateway.hook(), std::time::Duration::from_millis(200));
    let letter = Letter::new("13800000000", Language::Chinese, "inbox").link("/inbox");
    let begun = std::time::Instant::now();
    let failed = sms
        .send(&portal.state.config, &portal.state.words, &letter, 1)
        .unwrap_err();
    assert!(failed.to_string().contains("no answer in time"), "{failed}");
    assert!(begun.elapsed().as_secs() < 5);
    sms.send(&portal.state.config, &portal.state.words, &letter, 1)
        .unwrap();
}

fn a_code_is_tried_five_times(database: Database) {
    let gateway = Gateway::start(&[]);
    let portal = with_gateway(database, &gateway);
    portal.person("zhang");
    let client = portal.signed_in("zhang");
    client
        .submit(
            HOME,
            "/account/messages/mobile",
            &[("mobile", "13800000000")],
        )
        .expect(303);
    portal.run_jobs();
    let (_, text) = gateway.texts().pop().unwrap();
    let code: String = text.chars().filter(char::is_ascii_digit).take(6).collect();
    let page = client.get(HOME);
    let try_code = |code: &str| {
        let fields = [("one_time_code", code)];
        client.submit_from(&page, "/account/messages/mobile/confirm", &fields)
    };
    for n in 0..5 {
        let wrong = format!("{:06}", (code.parse::<u32>().unwrap() + 1 + n) % 1_000_000);
        try_code(&wrong).expect(422);
    }
    try_code(&code).expect(422);
    client.get(HOME).see_not("接收短信的手机号");
}

fn a_digest_comes_once_a_day(database: Database) {
    let portal = Portal::start(database);
    let zhang = portal.person("zhang");
    let client = portal.signed_in("zhang");
    // The portal's clock stands at 09:00 in China.
    choose(&client, &[("mail_account", "digest"), ("hour", "18")]);
    for _ in 0..3 {
        deliver(&portal, zhang, "term.ending");
    }
    assert_eq!(portal.mails().len(), 0);
    client.get("/inbox").see("即将到期");
    portal.move_clock_by(Duration::hours(8));
    assert_eq!(portal.mails().len(), 0);
    portal.move_clock_by(Duration::hours(1) + Duration::minutes(1));
    let mails = portal.mails();
    assert_eq!(mails.len(), 1);
    assert!(readable(&mails[0]).contains("3 条新通知"));
    // What came after it waits for the next day; what cannot wait does not.
    deliver(&portal, zhang, "term.ending");
    deliver(&portal, zhang, "recovery.confirmed");
    let mails = portal.mails();
    assert_eq!(mails.len(), 2);
    portal.move_clock_by(Duration::hours(23));
    assert_eq!(portal.mails().len(), 2);
    portal.move_clock_by(Duration::hours(1));
    assert_eq!(portal.mails().len(), 3);
    let left: i64 = portal.read(|db| Ok(digest_items::table.count().get_result(db)?));
    assert_eq!(left, 0);
    // None is none, at once is the rule.
    choose(&client, &[("mail_account", "none")]);
    deliver(&portal, zhang, "term.ending");
    assert_eq!(portal.mails().len(), 3);
    choose(&client, &[("mail_account", "at_once")]);
    deliver(&portal, zhang, "term.ending");
    assert_eq!(portal.mails().len(), 4);
    let bad = client.submit(HOME, HOME, &[("hour", "24")]);
    bad.expect(422);
}

on_both!(
    short_messages_over_the_gateway,
    a_gateway_that_fails_is_asked_again,
    a_code_is_tried_five_times,
    a_digest_comes_once_a_day,
);
