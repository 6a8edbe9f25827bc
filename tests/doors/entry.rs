//! Ways in: guessing, forged sessions, redirects after the sign-in, and what the answers tell of accounts.

use crate::support::{Client, Database, PASSWORD, Portal, Reply};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use sanshe::infra::store::machine_now;
use sanshe::infra::tokens;
use sanshe::schema::sessions;
use std::time::{Duration, Instant};

fn sign_in(client: &Client, email: &str, password: &str, next: &str) -> Reply {
    let page = client.get("/sign-in");
    let fields = [("email", email), ("password", password), ("next", next)];
    client.submit_from(&page, "/sign-in", &fields)
}

fn address(n: usize) -> String {
    format!("clerk{n}@test.invalid")
}

/// Fifty colleagues come in at nine, all behind one address; whoever tries one password on many accounts from there is
/// slowed down, and does not lock out the desks that are known.
#[test]
fn an_office_behind_one_address_works_and_a_guesser_does_not() {
    let portal = Portal::start(Database::Sqlite);
    let desks: Vec<Client> = (0..50)
        .map(|n| {
            portal.person(&format!("clerk{n}"));
            portal.anonymous()
        })
        .collect();
    for (n, desk) in desks.iter().enumerate() {
        assert_eq!(
            sign_in(desk, &address(n), PASSWORD, "").status,
            303,
            "desk {n}"
        );
    }
    let guesser = portal.anonymous();
    let statuses: Vec<u16> = (0..40)
        .map(|n| sign_in(&guesser, &address(n), "spring-2026-x", "").status)
        .collect();
    assert!(
        statuses.iter().filter(|status| **status == 429).count() > 15,
        "{statuses:?}"
    );
    for n in [0, 7, 49] {
        let page = desks[n].get("/account");
        desks[n].submit_from(&page, "/sign-out", &[]);
        assert_eq!(
            sign_in(&desks[n], &address(n), PASSWORD, "").status,
            303,
            "desk {n}"
        );
    }
}

/// Whether there is an account does not show in the time that a refusal takes: the password is hashed either way.
#[test]
fn a_refusal_takes_the_same_time_with_and_without_an_account() {
    let portal = Portal::start(Database::Sqlite);
    portal.person("zhang");
    let time = |email: &str| -> Duration {
        let tries = (0..5).map(|_| {
            let client = portal.anonymous();
            let page = client.get("/sign-in");
            let fields = [("email", email), ("password", "wrong-password-1")];
            let begun = Instant::now();
            assert_eq!(client.submit_from(&page, "/sign-in", &fields).status, 422);
            begun.elapsed()
        });
        // The quickest of them: what else the machine does only makes it slower.
        tries.min().unwrap()
    };
    let (known, unknown) = (time("zhang@test.invalid"), time("nobody@test.invalid"));
    let hashing = {
        let begun = Instant::now();
        sanshe::accounts::hash_password("wrong-password-1").unwrap();
        begun.elapsed()
    };
    // Neither is answered in less than half a hash's time.
    assert!(
        known * 2 > hashing && unknown * 2 > hashing,
        "{known:?} {unknown:?} {hashing:?}"
    );
}

#[test]
fn a_sign_in_leads_nowhere_else() {
    let portal = Portal::start(Database::Sqlite);
    for (n, next) in [
        "//evil.invalid",
        "///evil.invalid",
        "https://evil.invalid/",
        "/\\evil.invalid",
        "\\\\evil.invalid",
        "javascript:alert(1)",
        "/\tevil.invalid",
        "/\r\nlocation: https://evil.invalid",
        "evil.invalid",
    ]
    .into_iter()
    .enumerate()
    {
        let client = portal.anonymous();
        portal.person(&format!("clerk{n}"));
        let reply = sign_in(&client, &address(n), PASSWORD, next);
        let to = reply.expect(303).location.clone().unwrap();
        assert!(
            to.starts_with('/') && !to.starts_with("//") && !to.contains("evil"),
            "{next:?}: {to}"
        );
        let query: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let reply = client.get(&format!("/language?to=en&back={query}"));
        let to = reply.expect(303).location.clone().unwrap();
        assert!(
            to.starts_with('/') && !to.starts_with("//") && !to.contains("evil"),
            "{next:?}: {to}"
        );
    }
}

/// No algorithm, another one, another key, another session, nothing at all; and what was ended stays ended.
#[test]
fn a_forged_session_opens_nothing() {
    let portal = Portal::start(Database::Sqlite);
    portal.person("zhang");
    let actor = portal.actor("zhang");
    let key = portal.state.secrets.token_key();
    let (id, now) = (actor.session_id, machine_now());
    let good = tokens::issue(key, id, now).unwrap();
    let opens = |token: &str| {
        let client = portal.anonymous();
        client.keep_session(token);
        client.get("/account").status == 200
    };
    assert!(opens(&good));
    // An old one is good as long as the session's row is; it is issued anew.
    assert!(opens(
        &tokens::issue(key, id, now - chrono::Duration::hours(2)).unwrap()
    ));
    let parts: Vec<&str> = good.split('.').collect();
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let claims = encode(&format!(r#"{{"sid":{id},"exp":99999999999}}"#));
    let with = |algorithm: &str, rest: &str| {
        format!(
            "{}.{rest}",
            encode(&format!(r#"{{"typ":"JWT","alg":"{algorithm}"}}"#))
        )
    };
    let mut wrong: Vec<String> = [
        "none", "None", "NONE", "HS512", "RS256", "ES256", "EdDSA", "",
    ]
    .iter()
    .flat_map(|algorithm| {
        [
            with(algorithm, &format!("{claims}.")),
            with(algorithm, &format!("{claims}.{}", parts[2])),
            with(algorithm, &format!("{}.{}", parts[1], parts[2])),
        ]
    })
    .collect();
    wrong.extend([
        tokens::issue(b"another key of the same length!!", id, now).unwrap(),
        tokens::issue(b"", id, now).unwrap(),
        format!("{}.{claims}.{}", parts[0], parts[2]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{good}x"),
        id.to_string(),
        String::new(),
    ]);
    for token in &wrong {
        assert!(!opens(token), "{token}");
    }
    let mine = tokens::issue(key, id, now).unwrap();
    portal.write(move |tx| {
        diesel::update(sessions::table.find(id.0))
            .set(sessions::ended_at.eq(tx.machine_now()))
            .execute(tx.db)?;
        Ok(())
    });
    assert!(!opens(&mine) && !opens(&good));
}
