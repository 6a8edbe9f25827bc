//! In and out of the portal: sign-up, sign-in, reset, sessions, kept forms, members, administration, the inbox.

use crate::on_both;
use crate::support::browser::Browser;
use crate::support::{Client, Database, PASSWORD, Portal, Reply, link_in, readable};
use diesel::prelude::*;
use sanshe::accounts::{self, Addressee};
use sanshe::infra::store::machine_now;
use sanshe::kernel::people::PersonId;
use sanshe::kernel::roles::{BodyKind, Role};
use sanshe::schema::{events, invitations, messages, people, sessions, tokens};

const OTHER_PASSWORD: &str = "Another-horse-8";

fn email_of(name: &str) -> String {
    format!("{name}@test.invalid")
}

fn sign_in(client: &Client, email: &str, password: &str) -> Reply {
    client.submit(
        "/sign-in",
        "/sign-in",
        &[("email", email), ("password", password)],
    )
}

fn csrf(page: &Reply) -> String {
    let selector = scraper::Selector::parse("input[name=csrf]").unwrap();
    let html = page.html();
    let input = html.select(&selector).next().expect("a form");
    input.value().attr("value").unwrap().to_owned()
}

/// Who the page says that we are.
fn actor(client: &Client) -> Option<String> {
    let page = client.get("/about");
    let selector = scraper::Selector::parse("[data-actor]").unwrap();
    page.html()
        .select(&selector)
        .next()
        .map(|node| node.text().collect())
}

fn sign_up(client: &Client, name: &str, email: &str, password: &str) -> Reply {
    client.submit(
        "/sign-up",
        "/sign-up",
        &[("name", name), ("email", email), ("password", password)],
    )
}

/// The page without what differs from one request to the next.
fn steady(reply: &Reply) -> String {
    let mut text = reply.body.clone();
    for name in ["csrf", "once"] {
        let mark = format!("name=\"{name}\" value=\"");
        while let Some(at) = text.find(&mark) {
            let end = text[at + mark.len()..].find('"').unwrap() + at + mark.len();
            text.replace_range(at..=end, name);
        }
    }
    text
}

fn from_sign_up_to_sign_out(database: Database) {
    let portal = Portal::start(database);
    let client = portal.anonymous();
    let sent = sign_up(&client, "张三", " ZHANG＠Test.Invalid ", PASSWORD);
    assert_eq!(sent.location.as_deref(), Some("/sign-up/sent"));
    client.get("/sign-up/sent").see("请查收邮件");
    // Unconfirmed, nobody gets in.
    assert_eq!(sign_in(&client, &email_of("zhang"), PASSWORD).status, 422);

    let mails = portal.mails();
    assert_eq!(mails.len(), 1);
    let letter = readable(&mails[0]);
    assert!(letter.contains("您好"));
    assert!(!letter.contains("张三"), "typed by anybody");
    let link = link_in(&mails[0], &portal.origin);
    // A scanner that opens the link confirms nothing.
    assert_eq!(portal.anonymous().get(&link).status, 200);
    assert_eq!(sign_in(&client, &email_of("zhang"), PASSWORD).status, 422);

    let confirmed = client.submit(&link, "/confirm", &[]);
    assert_eq!(confirmed.location.as_deref(), Some("/account"));
    assert_eq!(actor(&client).as_deref(), Some("张三"));
    assert_eq!(client.get(&link).status, 410, "a link is good once");

    let page = client.get("/account");
    page.see("不随演示时钟变化");
    let out = client.submit_from(&page, "/sign-out", &[]);
    assert_eq!((out.status, out.location.as_deref()), (303, Some("/")));
    assert_eq!(actor(&client), None);
    assert_eq!(client.get("/account").status, 401);
    let again = sign_in(&client, "Zhang@test.invalid", PASSWORD);
    assert_eq!(again.location.as_deref(), Some("/account"));
    assert_eq!(actor(&client).as_deref(), Some("张三"));

    // What a reader of the database finds opens nothing.
    let token = link.split_once("token=").unwrap().1.to_owned();
    let (hashes, payloads) = portal.read(|db| {
        let hashes: Vec<String> = tokens::table.select(tokens::token_hash).load(db)?;
        let payloads: Vec<String> = events::table.select(events::payload).load(db)?;
        Ok((hashes, payloads))
    });
    assert_eq!(hashes.len(), 1);
    assert_ne!(hashes[0], token);
    assert!(payloads.iter().all(|payload| !payload.contains(&token)));
}

/// Somebody signs up with another's address; its owner confirms their own password or none.
fn a_strangers_sign_up_confirms_nothing_for_the_stranger(database: Database) {
    let portal = Portal::start(database);
    let (stranger, owner) = (portal.anonymous(), portal.anonymous());
    sign_up(&owner, "李四", &email_of("li"), PASSWORD);
    sign_up(&stranger, "李四", &email_of("li"), OTHER_PASSWORD);
    let mails = portal.mails();
    let (first, second) = (
        link_in(&mails[0], &portal.origin),
        link_in(&mails[1], &portal.origin),
    );
    assert_eq!(owner.get(&first).status, 410, "the last sign-up counts");
    // The owner follows the stranger's link: the browser is another one, so the password is asked for.
    let refused = owner.submit(&second, "/confirm", &[("password", PASSWORD)]);
    assert_eq!(refused.status, 422);
    assert_eq!(actor(&owner), None);
    assert_eq!(
        sign_in(&stranger, &email_of("li"), OTHER_PASSWORD).status,
        422
    );
    // Signing up again mends it.
    sign_up(&owner, "李四", &email_of("li"), PASSWORD);
    let link = link_in(&portal.mails()[2], &portal.origin);
    assert_eq!(owner.submit(&link, "/confirm", &[]).status, 303);
    assert_eq!(
        sign_in(&stranger, &email_of("li"), OTHER_PASSWORD).status,
        422
    );
}

fn a_reset_ends_everything_before_it(database: Database) {
    let portal = Portal::start(database);
    portal.person("zhang");
    let (old, new) = (portal.signed_in("zhang"), portal.anonymous());
    let forgot = |client: &Client| {
        let fields = [("email", "zhang@test.invalid")];
        client.submit("/forgot", "/forgot", &fields)
    };
    assert_eq!(forgot(&new).location.as_deref(), Some("/forgot/sent"));
    assert_eq!(forgot(&new).status, 303);
    let mails = portal.mails();
    let links: Vec<String> = mails.iter().map(|m| link_in(m, &portal.origin)).collect();
    assert_eq!(links.len(), 2);
    // Asking again does not spoil the first link; a weak password does not use it up.
    let weak = new.submit(&links[0], "/reset", &[("password", "short")]);
    assert_eq!(weak.status, 422);
    let done = new.submit(&links[0], "/reset", &[("password", OTHER_PASSWORD)]);
    assert_eq!(done.location.as_deref(), Some("/account"));
    assert_eq!(actor(&new).as_deref(), Some("zhang"));
    assert_eq!(actor(&old), None, "other sessions end");
    for link in &links {
        assert_eq!(new.get(link).status, 410, "every link of before ends");
    }
    assert_eq!(sign_in(&old, &email_of("zhang"), PASSWORD).status, 422);
    assert_eq!(
        sign_in(&old, &email_of("zhang"), OTHER_PASSWORD).status,
        303
    );
    assert!(readable(portal.mails().last().unwrap()).contains("刚刚修改"));
    assert_eq!(new.get("/reset?token=unknown").status, 410);
}

fn nobody_learns_who_has_an_account(database: Database) {
    let portal = Portal::start(database);
    portal.person("zhang");
    let client = portal.anonymous();
    client.get("/");
    let pairs = [email_of("zhang"), email_of("nobody")];
    let signed_up: Vec<Reply> = pairs
        .iter()
        .map(|email| sign_up(&client, "王五", email, PASSWORD))
        .collect();
    let forgot: Vec<Reply> = pairs
        .iter()
        .map(|email| client.submit("/forgot", "/forgot", &[("email", email)]))
        .collect();
    for both in [&signed_up, &forgot] {
        assert_eq!(both[0].status, both[1].status);
        assert_eq!(both[0].location, both[1].location);
        assert_eq!(both[0].body, both[1].body);
    }
    let wrong: Vec<String> = pairs
        .iter()
        .map(|email| {
            let reply = sign_in(&client, email, "wrong-password-1");
            assert_eq!(reply.status, 422);
            steady(&reply).replace(email.as_str(), "…")
        })
        .collect();
    assert_eq!(wrong[0], wrong[1]);
    // The mails differ, and only their owner reads them.
    let texts: Vec<String> = portal.mails().iter().map(|mail| readable(mail)).collect();
    assert!(texts.iter().any(|text| text.contains("此邮箱已有账号")));
    assert_eq!(texts.iter().filter(|t| t.contains("/confirm?")).count(), 1);
}

fn guesses_slow_down_strangers_only(database: Database) {
    let portal = Portal::start(database);
    portal.person("zhang");
    let (owner, stranger) = (portal.anonymous(), portal.anonymous());
    assert_eq!(sign_in(&owner, &email_of("zhang"), PASSWORD).status, 303);
    let statuses: Vec<u16> = (0..8)
        .map(|n| sign_in(&stranger, &email_of("zhang"), &format!("Wrong-guess-{n}")).status)
        .collect();
    assert_eq!(statuses[0], 422);
    assert_eq!(statuses[7], 429, "{statuses:?}");
    // Even the right password waits, on a device that is not known.
    assert_eq!(sign_in(&stranger, &email_of("zhang"), PASSWORD).status, 429);
    // The owner's device comes in.
    let page = owner.get("/account");
    owner.submit_from(&page, "/sign-out", &[]);
    assert_eq!(sign_in(&owner, &email_of("zhang"), PASSWORD).status, 303);
    // So does the owner at a new device, by mail.
    let fresh = portal.anonymous();
    fresh.submit("/forgot", "/forgot", &[("email", &email_of("zhang"))]);
    let link = link_in(portal.mails().last().unwrap(), &portal.origin);
    let done = fresh.submit(&link, "/reset", &[("password", OTHER_PASSWORD)]);
    assert_eq!(done.status, 303);
    // An address without an account is slowed in the same way.
    let statuses: Vec<u16> = (0..8)
        .map(|n| sign_in(&stranger, &email_of("nobody"), &format!("Wrong-guess-{n}")).status)
        .collect();
    assert_eq!((statuses[0], statuses[7]), (422, 429));
}

fn a_session_ends_at_once(database: Database) {
    let portal = Portal::start(database);
    portal.person("zhang");
    portal.person("li");
    let (here, there, li) = (
        portal.signed_in("zhang"),
        portal.signed_in("zhang"),
        portal.signed_in("li"),
    );
    let page = here.get("/account");
    let ended = here.submit_from(&page, "/account/sessions/end", &[]);
    assert_eq!(ended.status, 303);
    assert_eq!(there.get("/account").status, 401);
    assert_eq!(here.get("/account").status, 200);
    // Somebody else's session is not there to be ended.
    let mine: i64 = portal.read(|db| {
        let ids = sessions::table.filter(sessions::ended_at.is_null());
        Ok(ids
            .select(diesel::dsl::min(sessions::id))
            .first::<Option<i64>>(db)?
            .unwrap())
    });
    let third = portal.signed_in("li");
    let page = li.get("/account");
    let foreign = li.submit_from(
        &page,
        "/account/sessions/end",
        &[("session", &mine.to_string())],
    );
    assert_eq!(foreign.status, 404);
    assert_eq!(here.get("/account").status, 200);
    let page = li.get("/account");
    assert_eq!(
        li.submit_from(&page, "/account/sessions/end-others", &[])
            .status,
        303
    );
    assert_eq!(third.get("/account").status, 401);

    // Two hours without use, or twelve in all, end it too.
    portal.write(|tx| {
        diesel::update(sessions::table)
            .set(sessions::seen_at.eq(machine_now() - chrono::Duration::minutes(119)))
            .execute(tx.db)?;
        Ok(())
    });
    assert_eq!(here.get("/account").status, 200);
    // That use is kept beside the request.
    let begun = std::time::Instant::now();
    let is_kept = || {
        portal.read(|db| {
            let fresh = sessions::table
                .filter(sessions::seen_at.gt(machine_now() - chrono::Duration::minutes(1)));
            Ok(fresh.count().get_result::<i64>(db)?)
        }) == 1
    };
    while !is_kept() {
        assert!(begun.elapsed().as_secs() < 10, "the last use was not kept");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(li.get("/account").status, 200);
    portal.write(|tx| {
        diesel::update(sessions::table)
            .set(sessions::seen_at.eq(machine_now() - chrono::Duration::minutes(121)))
            .execute(tx.db)?;
        Ok(())
    });
    assert_eq!(here.get("/account").status, 401);
    let here = portal.signed_in("zhang");
    portal.write(|tx| {
        diesel::update(sessions::table)
            .set(sessions::expires_at.eq(machine_now()))
            .execute(tx.db)?;
        Ok(())
    });
    assert_eq!(here.get("/account").status, 401);
}

fn end_all_sessions(portal: &Portal) {
    portal.write(|tx| {
        diesel::update(sessions::table)
            .set(sessions::ended_at.eq(machine_now()))
            .execute(tx.db)?;
        Ok(())
    });
}

fn name_of(portal: &Portal, person: PersonId) -> String {
    portal.read(move |db| Ok(accounts::find_person(db, person)?.name))
}

fn an_expired_session_keeps_the_form(database: Database) {
    let portal = Portal::start(database);
    let zhang = portal.person("zhang");
    let client = portal.signed_in("zhang");
    let page = client.get("/account");
    end_all_sessions(&portal);
    let typed = "张 三丰 <b>\"&' \u{1f9d1}";
    let asked = client.submit_from(&page, "/account/name", &[("name", typed)]);
    assert_eq!(asked.status, 401);
    asked.see("您填写的内容已经保留");
    assert_eq!(name_of(&portal, zhang), "zhang");
    // A wrong password in between loses nothing.
    let email = email_of("zhang");
    let wrong = client.submit_from(
        &asked,
        "/sign-in",
        &[("email", &email), ("password", "wrong-password-1")],
    );
    assert_eq!(wrong.status, 422);
    let go_on = client.submit_from(
        &wrong,
        "/sign-in",
        &[("email", &email), ("password", PASSWORD)],
    );
    assert_eq!(go_on.status, 200);
    assert_eq!(
        name_of(&portal, zhang),
        "zhang",
        "nothing is sent by itself"
    );
    let done = client.submit_from(&go_on, "/account/name", &[]);
    assert_eq!(done.location.as_deref(), Some("/account"));
    assert_eq!(name_of(&portal, zhang), typed);
}

fn a_form_with_files_leads_back_to_its_page(database: Database) {
    let portal = Portal::start(database);
    let bureau = portal.body(BodyKind::Bureau, "县民政局", Some("320585"));
    let client = portal.member("zhang", bureau, &[Role::Officer]);
    let path = "/catalogue/import";
    let shown = client.get(path);
    end_all_sessions(&portal);
    let files: [(&str, &str, &[u8]); 1] = [("file", "a.csv", b"x")];
    let asked = client.upload_from(&shown, path, path, &[], &files);
    assert_eq!(asked.status, 401);
    let email = email_of("zhang");
    let fields = [("email", email.as_str()), ("password", PASSWORD)];
    let on = client.submit_from(&asked, "/sign-in", &fields);
    assert_eq!(on.location.as_deref(), Some(path));
}

fn a_page_asked_for_comes_after_the_sign_in(database: Database) {
    let portal = Portal::start(database);
    portal.person("zhang");
    let email = email_of("zhang");
    let asked = portal.anonymous();
    let page = asked.get("/inbox?after=31");
    assert_eq!(page.status, 401);
    let fields = [("email", email.as_str()), ("password", PASSWORD)];
    let on = asked.submit_from(&page, "/sign-in", &fields);
    assert_eq!(on.location.as_deref(), Some("/inbox?after=31"));
    for (n, next) in ["https://evil.example/", "//evil.example", "/\\evil.example"]
        .iter()
        .enumerate()
    {
        let client = portal.anonymous();
        let fields = [
            ("email", email.as_str()),
            ("password", PASSWORD),
            ("next", next),
        ];
        let on = client.submit(&format!("/sign-in?next={next}"), "/sign-in", &fields);
        assert_eq!(on.location.as_deref(), Some("/account"), "{n}");
        let back = client.get(&format!("/language?to=en&back={next}"));
        assert_eq!(back.location.as_deref(), Some("/"), "{n}");
    }
}

fn a_sign_in_begins_a_session_of_its_own(database: Database) {
    let portal = Portal::start(database);
    portal.person("zhang");
    portal.person("li");
    let client = portal.signed_in("li");
    // Whoever planted li's session finds it ended, and zhang's is another one.
    let page = client.get("/account");
    let reply = client.post_raw(
        "/sign-in",
        &[
            ("email", &email_of("zhang")),
            ("password", PASSWORD),
            ("csrf", &csrf(&page)),
        ],
    );
    assert_eq!(reply.status, 303);
    assert_eq!(actor(&client).as_deref(), Some("zhang"));
    let open: i64 = portal.read(|db| {
        Ok(sessions::table
            .filter(sessions::ended_at.is_null())
            .count()
            .get_result(db)?)
    });
    assert_eq!(open, 1);
}

fn risky_acts_want_the_password_again(database: Database) {
    let portal = Portal::start(database);
    let platform = portal.body(BodyKind::Platform, "平台运营单位", None);
    let bureau = portal.body(BodyKind::Bureau, "县民政局", Some("320585"));
    let zhang = portal.person("zhang");
    let admin = portal.member("admin", platform, &[Role::Administrator]);
    let path = format!("/admin/bodies/{bureau}");
    let page = admin.get(&path);
    portal.write(|tx| {
        diesel::update(sessions::table)
            .set(sessions::verified_at.eq(machine_now() - chrono::Duration::minutes(16)))
            .execute(tx.db)?;
        Ok(())
    });
    let grant = format!("{path}/grant");
    let fields = [("email", "zhang@test.invalid"), ("role", "officer")];
    let asked = admin.submit_from(&page, &grant, &fields);
    assert_eq!(asked.status, 403);
    let roles = || portal.read(move |db| Ok(accounts::list_members(db, bureau)?.len()));
    assert_eq!(roles(), 0);
    let wrong = admin.submit_from(&asked, "/sign-in", &[("password", "wrong-password-1")]);
    assert_eq!(wrong.status, 422);
    let go_on = admin.submit_from(&wrong, "/sign-in", &[("password", PASSWORD)]);
    assert_eq!(go_on.status, 200);
    assert_eq!(roles(), 0);
    let done = admin.submit_from(&go_on, &grant, &[]);
    assert_eq!(done.location, Some(path));
    let member = portal.read(move |db| Ok(accounts::list_members(db, bureau)?));
    assert_eq!(
        (member[0].person_id, member[0].role),
        (zhang, Role::Officer)
    );
}

fn a_form_without_its_token_is_kept_not_carried_out(database: Database) {
    let portal = Portal::start(database);
    let zhang = portal.person("zhang");
    let client = portal.signed_in("zhang");
    let fields = [("name", "改名"), ("version", "0")];
    for token in ["", "0123abcd"] {
        let fields = [fields[0], fields[1], ("csrf", token)];
        let refused = client.post_raw("/account/name", &fields);
        assert_eq!(refused.status, 403);
        assert_eq!(name_of(&portal, zhang), "zhang");
        refused.see("改名");
    }
    // Another session's token is no token either.
    portal.person("li");
    let foreign = csrf(&portal.signed_in("li").get("/account"));
    let refused = client.post_raw("/account/name", &[fields[0], fields[1], ("csrf", &foreign)]);
    assert_eq!(refused.status, 403);
    assert_eq!(name_of(&portal, zhang), "zhang");
    // The kept form is one button away.
    let done = client.submit_from(&refused, "/account/name", &[]);
    assert_eq!(done.status, 303);
    assert_eq!(name_of(&portal, zhang), "改名");
}

fn one_person_acts_for_one_body_at_a_time(database: Database) {
    let portal = Portal::start(database);
    let bureau = portal.body(BodyKind::Bureau, "县民政局", Some("320585"));
    let town = portal.body(
        BodyKind::TownGovernment,
        "城厢镇人民政府",
        Some("320585100"),
    );
    let other = portal.body(BodyKind::Bureau, "县司法局", Some("320585"));
    let zhang = portal.person("zhang");
    portal.grant(zhang, bureau, &[Role::Officer, Role::Reviewer]);
    portal.grant(zhang, town, &[Role::Officer]);
    let client = portal.signed_in("zhang");
    assert_eq!(actor(&client).as_deref(), Some("zhang · 县民政局"));
    let page = client.get("/account");
    let switched = client.submit_from(&page, "/account/switch", &[]);
    assert_eq!(switched.status, 303);
    assert_eq!(actor(&client).as_deref(), Some("zhang · 城厢镇人民政府"));
    let page = client.get("/account");
    let foreign = [("body", other.to_string())];
    let foreign = [(foreign[0].0, foreign[0].1.as_str())];
    let refused = client.submit_from(&page, "/account/switch", &foreign);
    assert_eq!(refused.status, 404);
    assert_eq!(actor(&client).as_deref(), Some("zhang · 城厢镇人民政府"));
}

fn a_notice_is_received_in_the_inbox(database: Database) {
    let portal = Portal::start(database);
    let provider = portal.body(BodyKind::Provider, "晨光社工服务中心", Some("320585"));
    let (zhang, li, stranger) = (
        portal.member("zhang", provider, &[Role::Submitter]),
        portal.member("li", provider, &[Role::Preparer]),
        portal.person("stranger"),
    );
    let received = portal.now();
    portal.write(move |tx| {
        accounts::deliver(tx, Addressee::Body(provider), "test", &[], "/projects/1")
    });
    portal.write(move |tx| accounts::deliver(tx, Addressee::Person(stranger), "test", &[], ""));
    assert_eq!(portal.mails().len(), 3);
    let ids: Vec<String> = portal.read(|db| {
        Ok(messages::table
            .order(messages::id)
            .select(messages::public_id)
            .load(db)?)
    });
    let first_read = || {
        portal.read(|db| {
            Ok(messages::table
                .order(messages::id)
                .select(messages::first_read_at)
                .first::<Option<chrono::NaiveDateTime>>(db)?)
        })
    };
    let list = zhang.get("/inbox");
    list.see(&format!("/inbox/{}", ids[0]));
    assert!(!list.body.contains(&format!("/inbox/{}\"", ids[1])));
    assert_eq!(first_read(), None, "a list opens nothing");
    portal.move_clock_by(chrono::Duration::hours(1));
    let shown = zhang.get(&format!("/inbox/{}", ids[0]));
    shown
        .see(&sanshe::kernel::instant::second(received))
        .see("/projects/1");
    let read = first_read().unwrap();
    assert!(
        read >= received + chrono::Duration::hours(1),
        "the portal's clock"
    );
    portal.move_clock_by(chrono::Duration::hours(1));
    assert_eq!(li.get(&format!("/inbox/{}", ids[0])).status, 200);
    assert_eq!(first_read(), Some(read), "the first time counts");
    for id in [ids[1].as_str(), "999", "x", "-1", "1"] {
        assert_eq!(zhang.get(&format!("/inbox/{id}")).status, 404, "{id}");
    }
    let outsider = portal.signed_in("stranger");
    assert_eq!(outsider.get(&format!("/inbox/{}", ids[0])).status, 404);
    assert_eq!(outsider.get(&format!("/inbox/{}", ids[1])).status, 200);
}

fn a_provider_gives_its_people_their_rights(database: Database) {
    let portal = Portal::start(database);
    let provider = portal.body(BodyKind::Provider, "晨光社工服务中心", Some("320585"));
    let zhang = portal.member("zhang", provider, &[Role::Submitter]);
    portal.person("li");
    let li = portal.signed_in("li");
    let invite = |email: &str, role: &str| {
        let fields = [("email", email), ("role", role)];
        zhang.submit("/account/members", "/account/members/invite", &fields)
    };
    // Who has an account and who has none look the same to the inviter.
    for name in ["li", "nobody"] {
        let reply = invite(&email_of(name), "preparer");
        assert_eq!(
            reply.location.as_deref(),
            Some("/account/members"),
            "{name}"
        );
    }
    assert_eq!(
        invite(&email_of("li"), "preparer").status,
        422,
        "invited already"
    );
    for wrong in ["signatory", "officer", "administrator", "nonsense", ""] {
        assert_eq!(invite(&email_of("li"), wrong).status, 422, "{wrong}");
    }
    assert_eq!(invite("no address", "preparer").status, 422);
    let members = || portal.read(move |db| Ok(accounts::list_members(db, provider)?));
    assert_eq!(
        members().len(),
        1,
        "nobody joins without a word of their own"
    );

    // Somebody else's invitation is not found.
    portal.person("eve");
    let eve = portal.signed_in("eve");
    let page = li.get("/account");
    let invitation: i64 = portal.read(|db| {
        Ok(invitations::table
            .filter(invitations::email.eq("li@test.invalid"))
            .select(invitations::id)
            .first(db)?)
    });
    let id = invitation.to_string();
    let token = csrf(&eve.get("/account"));
    let stolen = eve.post_raw(
        "/account/invitations/accept",
        &[("invitation", &id), ("csrf", &token)],
    );
    assert_eq!(stolen.status, 404);
    let accepted = li.submit_from(&page, "/account/invitations/accept", &[]);
    assert_eq!(accepted.status, 303);
    assert_eq!(members().len(), 2);
    assert_eq!(actor(&li).as_deref(), Some("li · 晨光社工服务中心"));
    // A preparer sees the members and changes nothing.
    let page = li.get("/account/members");
    assert!(!page.body.contains("/account/members/invite"));
    let token = csrf(&page);
    let fields = [
        ("email", "eve@test.invalid"),
        ("role", "preparer"),
        ("csrf", &token),
    ];
    assert_eq!(li.post_raw("/account/members/invite", &fields).status, 403);

    // The last who gives rights stays; another role ends at once.
    let (mine, its) = (members()[0].id.to_string(), members()[1].id.to_string());
    let end = |id: &str| {
        let page = format!("/work/memberships/{id}/end");
        zhang.submit(&page, &page, &[("reason", "离职")])
    };
    assert_eq!(end(&mine).status, 422);
    assert_eq!(end(&its).status, 303);
    let gone = format!("/work/memberships/{its}/end");
    assert_eq!(zhang.get(&gone).status, 404);
    assert_eq!(actor(&li).as_deref(), Some("li"));
    assert_eq!(members().len(), 1);
    let mails = portal.mails();
    assert!(readable(mails.last().unwrap()).contains("投标编制人"));
}

fn whoever_goes_takes_their_invitations_along(database: Database) {
    let portal = Portal::start(database);
    let provider = portal.body(BodyKind::Provider, "晨光社工服务中心", Some("320585"));
    let zhang = portal.member("zhang", provider, &[Role::Submitter]);
    let wang = portal.member("wang", provider, &[Role::Signatory]);
    let held = portal.read(move |db| Ok(accounts::list_members(db, provider)?));
    let end = |client: &Client, role: Role| {
        let id = held.iter().find(|m| m.role == role).unwrap().id.to_string();
        let page = format!("/work/memberships/{id}/end");
        client.submit(&page, &page, &[("reason", "离职")])
    };
    let invite = |client: &Client, email: &str, role: &str| {
        let fields = [("email", email), ("role", role)];
        client.submit("/account/members", "/account/members/invite", &fields)
    };
    end(&zhang, Role::Signatory).expect(422).see("签约人");
    invite(&zhang, "friend@test.invalid", "submitter").expect(303);
    invite(&wang, "colleague@test.invalid", "submitter").expect(303);
    invite(&wang, &email_of("zhang"), "preparer").expect(303);
    end(&wang, Role::Submitter).expect(303);
    let open: Vec<String> = portal.read(|db| {
        Ok(invitations::table
            .filter(invitations::ended_at.is_null())
            .select(invitations::email)
            .load(db)?)
    });
    assert_eq!(open, ["colleague@test.invalid"]);
    // Nobody's address is written to again and again, whoever asks.
    let mut answers = Vec::new();
    for _ in 0..4 {
        let reply = invite(&wang, "target@test.invalid", "preparer");
        answers.push(reply.status);
        if reply.status == 422 {
            reply.see("过于频繁");
        }
        portal.write(|tx| {
            diesel::update(invitations::table.filter(invitations::email.eq("target@test.invalid")))
                .set(invitations::ended_at.eq(tx.now))
                .execute(tx.db)?;
            Ok(())
        });
    }
    assert_eq!(answers, [303, 303, 303, 422]);
    // A provider's own words do not go to an address that nobody has confirmed.
    let mails = portal.mails();
    let told = |to: &str| {
        let mail = mails.iter().rfind(|mail| mail.contains(to)).unwrap();
        readable(mail).contains("晨光社工服务中心")
    };
    assert!(!told("target@test.invalid"));
    assert!(told(&email_of("zhang")));
    // So many invitations wait at most.
    let wang = portal.actor("wang");
    portal.write(move |tx| {
        let language = sanshe::infra::words::Language::Chinese;
        let mut most = 0;
        for n in 0..30 {
            let email = format!("n{n}@test.invalid");
            match accounts::invite(tx, &wang, &email, &[Role::Preparer], "编制", language) {
                Ok(()) => most += 1,
                Err(_) => break,
            }
        }
        assert_eq!(most, 19, "with the colleague's twenty");
        Ok(())
    });
}

/// A name cannot carry lines into letters and lists.
fn names_are_one_line(database: Database) {
    let portal = Portal::start(database);
    let zhang = portal.person("zhang");
    let client = portal.signed_in("zhang");
    let typed = [("name", "张\n\n请打开 \t链接")];
    client
        .submit("/account", "/account/name", &typed)
        .expect(303);
    assert_eq!(name_of(&portal, zhang), "张 请打开 链接");
}

fn strangers_do_not_lock_a_confirmation_link(database: Database) {
    let portal = Portal::start(database);
    let (owner, elsewhere) = (portal.anonymous(), portal.anonymous());
    sign_up(&owner, "李四", &email_of("li"), PASSWORD);
    let link = link_in(&portal.mails()[0], &portal.origin);
    let mut last = 0;
    for _ in 0..8 {
        last = sign_in(&portal.anonymous(), &email_of("li"), OTHER_PASSWORD).status;
    }
    assert_eq!(last, 429);
    let confirmed = elsewhere.submit(&link, "/confirm", &[("password", PASSWORD)]);
    assert_eq!(confirmed.status, 303);
}

fn administrators_make_bodies_and_give_roles(database: Database) {
    let portal = Portal::start(database);
    let platform = portal.body(BodyKind::Platform, "平台运营单位", None);
    let bureau = portal.body(BodyKind::Bureau, "县民政局", Some("320585"));
    let admin = portal.member("admin", platform, &[Role::Administrator]);
    let officer = portal.member("officer", bureau, &[Role::Officer]);
    for path in [
        "/admin/bodies",
        "/admin/bodies/new",
        &format!("/admin/bodies/{bureau}"),
    ] {
        assert_eq!(officer.get(path).status, 403, "{path}");
        assert_eq!(admin.get(path).status, 200, "{path}");
        assert_eq!(portal.anonymous().get(path).status, 401, "{path}");
    }
    for path in ["/admin/bodies/999", "/admin/bodies/x"] {
        assert_eq!(admin.get(path).status, 404, "{path}");
    }
    let good = [
        ("kind", "community_committee"),
        ("name", "梅园社区居民委员会"),
        ("region", "320585100"),
        ("phone", "0512－5555 0000"),
    ];
    for (name, value) in [
        ("kind", "provider"),
        ("kind", "circus"),
        ("kind", ""),
        ("name", ""),
        ("name", &"长".repeat(101)),
        ("region", "999999"),
        ("phone", "电话"),
    ] {
        let mut fields = good.to_vec();
        for field in &mut fields {
            if field.0 == name {
                field.1 = value;
            }
        }
        let reply = admin.submit("/admin/bodies/new", "/admin/bodies/new", &fields);
        assert_eq!(reply.status, 422, "{name} {value}");
        if name != "name" {
            reply.see("value=\"梅园社区居民委员会\"");
        }
    }
    let page = admin.get("/admin/bodies/new");
    let first = admin.submit_from(&page, "/admin/bodies/new", &good);
    let twin = admin.submit_from(&page, "/admin/bodies/new", &good);
    let path = first.location.clone().unwrap();
    assert_eq!(twin.location, first.location, "sent twice, made once");
    let body = portal.read(|db| Ok(accounts::list_bodies(db, &[BodyKind::CommunityCommittee])?));
    assert_eq!(body.len(), 1);
    assert_eq!(body[0].phone.as_deref(), Some("0512-5555 0000"));

    // At once with an account, by invitation without one.
    portal.person("worker");
    let grant = |email: &str, role: &str| {
        let fields = [("email", email), ("role", role)];
        admin.submit(&path, &format!("{path}/grant"), &fields)
    };
    assert_eq!(grant(&email_of("worker"), "community_worker").status, 303);
    assert_eq!(grant(&email_of("worker"), "community_worker").status, 422);
    assert_eq!(grant(&email_of("worker"), "officer").status, 422);
    assert_eq!(grant(&email_of("newcomer"), "signatory").status, 303);
    let newcomer = portal.anonymous();
    sign_up(&newcomer, "赵六", &email_of("newcomer"), PASSWORD);
    let link = link_in(portal.mails().last().unwrap(), &portal.origin);
    newcomer.submit(&link, "/confirm", &[]);
    let page = newcomer.get("/account");
    newcomer.submit_from(&page, "/account/invitations/accept", &[]);
    assert_eq!(
        actor(&newcomer).as_deref(),
        Some("赵六 · 梅园社区居民委员会")
    );

    // A stale form changes nothing.
    let page = admin.get(&path);
    let rename = |page: &Reply, name: &str| admin.submit_from(page, &path, &[("name", name)]);
    assert_eq!(rename(&page, "梅园南社区居民委员会").status, 303);
    assert_eq!(rename(&page, "别的名称").status, 409);
    admin.get(&path).see("梅园南社区居民委员会");
    // The last administrator stays.
    let mine = portal.read(move |db| Ok(accounts::list_members(db, platform)?.remove(0).id));
    let own = format!("/work/memberships/{mine}/end");
    let last = admin.submit(&own, &own, &[("reason", "离职")]);
    assert_eq!(last.status, 422);
}

fn the_first_administrator_comes_by_a_link(database: Database) {
    let portal = Portal::start(database);
    let token = portal.write(|tx| accounts::invite_first_administrator(tx, "Root@test.invalid"));
    let path = format!("/first-administrator?token={token}");
    let client = portal.anonymous();
    let fields = [
        ("name", "管理员"),
        ("body", "平台运营单位"),
        ("password", PASSWORD),
    ];
    let weak = client.submit(
        &path,
        "/first-administrator",
        &[fields[0], fields[1], ("password", "x")],
    );
    assert_eq!(weak.status, 422);
    let done = client.submit(&path, "/first-administrator", &fields);
    assert_eq!(done.location.as_deref(), Some("/admin/bodies"));
    assert_eq!(actor(&client).as_deref(), Some("管理员 · 平台运营单位"));
    assert_eq!(client.get("/admin/bodies").status, 200);
    assert_eq!(client.get(&path).status, 410);
    let again = portal
        .state
        .store
        .write_blocking(|tx| accounts::invite_first_administrator(tx, "second@test.invalid"));
    assert!(again.is_err(), "there is one already");
}

fn the_language_goes_with_the_person(database: Database) {
    let portal = Portal::start(database);
    let zhang = portal.person("zhang");
    let client = portal.signed_in("zhang");
    client.get("/account").see("我的账号");
    let back = client.get("/language?to=en&back=/account%3Fa%3D1");
    assert_eq!(back.location.as_deref(), Some("/account?a=1"));
    client.get("/account").see("My account");
    let language = portal.read(move |db| Ok(accounts::find_person(db, zhang)?.language));
    assert_eq!(language, "en");
    assert_eq!(client.get("/language?to=xx&back=/").status, 404);
    // A new browser learns it at sign-in.
    let fresh = portal.anonymous();
    sign_in(&fresh, &email_of("zhang"), PASSWORD);
    fresh.get("/account").see("My account");
}

fn the_demo_signs_in_by_one_click(database: Database) {
    let portal = Portal::start(database);
    let bureau = portal.body(BodyKind::Bureau, "县民政局", Some("320585"));
    let demo = portal.write(|tx| {
        let chinese = sanshe::infra::words::Language::Chinese;
        accounts::create_person(tx, "wang@demo.invalid", "王芳", "", chinese, true)
    });
    portal.grant(demo, bureau, &[Role::Officer, Role::Reviewer]);
    portal.person("zhang");
    let client = portal.anonymous();
    let page = client.get("/sign-in");
    page.see("王芳").see("县民政局 · 经办人 · 审核人");
    let click = |email: &str| client.submit_from(&page, "/demo/sign-in", &[("email", email)]);
    assert_eq!(click("zhang@test.invalid").status, 404);
    assert_eq!(click("nobody@demo.invalid").status, 404);
    assert_eq!(click("wang@demo.invalid").status, 303);
    assert_eq!(actor(&client).as_deref(), Some("王芳 · 县民政局"));
}

fn what_is_typed_wrong_is_said_at_the_field(database: Database) {
    let portal = Portal::start(database);
    let client = portal.anonymous();
    for (name, email, password, field) in [
        ("", "a@test.invalid", PASSWORD, "name"),
        (&*"名".repeat(61), "a@test.invalid", PASSWORD, "name"),
        ("张三", "", PASSWORD, "email"),
        ("张三", "张三", PASSWORD, "email"),
        ("张三", "a@b@test.invalid", PASSWORD, "email"),
        ("张三", "a@test.invalid", "", "password"),
        ("张三", "a@test.invalid", "Short-1", "password"),
        ("张三", "a@test.invalid", "onlylowercase", "password"),
    ] {
        let reply = sign_up(&client, name, email, password);
        assert_eq!(reply.status, 422, "{field}");
        reply.see(&format!("id=\"{field}-error\""));
        assert!(password.is_empty() || !reply.body.contains(password));
        if field != "name" {
            reply.see("value=\"张三\"");
        }
    }
    for name in [
        "👩‍👩‍👧 王",
        "אבג",
        "𠮷野家",
        "＜script＞",
        "<script>alert(1)</script>",
    ] {
        let email = format!("n{}@test.invalid", name.len());
        let reply = sign_up(&client, name, &email, PASSWORD);
        assert_eq!(reply.status, 303, "{name}");
    }
    let kept: i64 = portal.read(|db| Ok(people::table.count().get_result(db)?));
    assert!(kept >= 4);
    let raw = client.get("/sign-in");
    let token = csrf(&raw);
    for fields in [
        vec![("csrf", token.as_str())],
        vec![
            ("csrf", &token),
            ("email", "\u{0}\u{202e}"),
            ("password", "x"),
        ],
        vec![
            ("csrf", &token),
            ("email", "a@test.invalid"),
            ("password", ""),
        ],
    ] {
        assert_eq!(client.post_raw("/sign-in", &fields).status, 422);
    }
}

/// Every page of accounts in a real browser: nothing for axe to find, nothing too wide, nothing from elsewhere.
#[test]
fn the_pages_hold_in_a_browser() {
    for (width, language) in [(1280, "zh-CN"), (375, "en")] {
        let Some(browser) = Browser::open(width, language, true) else {
            return;
        };
        let portal = Portal::start(Database::Sqlite);
        let platform = portal.body(BodyKind::Platform, "平台运营单位", None);
        let bureau = portal.body(BodyKind::Bureau, "县民政局", Some("320585"));
        let zhang = portal.person("zhang");
        portal.grant(zhang, platform, &[Role::Administrator]);
        portal.grant(zhang, bureau, &[Role::Officer, Role::Signatory]);
        portal.signed_in("zhang");
        let chinese = sanshe::infra::words::Language::Chinese;
        let demo = portal.write(move |tx| {
            accounts::create_person(tx, "wang@demo.invalid", "王芳", "", chinese, true)
        });
        portal.grant(demo, bureau, &[Role::Officer]);
        portal.write(move |tx| {
            accounts::deliver(tx, Addressee::Person(zhang), "test", &[], "/account")
        });
        let message: String =
            portal.read(|db| Ok(messages::table.select(messages::public_id).first(db)?));
        let look = |path: &str, name: &str| {
            browser.go(&format!("{}{path}", portal.origin));
            if let Ok(folder) = std::env::var("SANSHE_TEST_PICTURES") {
                let file = format!("accounts-{name}-{width}.png");
                browser.screenshot(&std::path::Path::new(&folder).join(file));
            }
            assert_eq!(browser.axe(), Vec::<String>::new(), "{path} {width}");
            assert!(!browser.overflows(), "{path} {width}");
        };
        look("/sign-up", "sign-up");
        look("/sign-up/sent", "sent");
        look("/forgot", "forgot");
        look("/reset?token=gone", "gone");
        look("/account", "asked");
        look("/sign-in", "sign-in");
        browser.fill("email", "zhang@test.invalid");
        browser.fill("password", PASSWORD);
        browser.submit("main form");
        look("/account", "account");
        look("/account/members", "members");
        look("/admin/bodies", "bodies");
        look("/admin/bodies/new", "body-new");
        look(&format!("/admin/bodies/{bureau}"), "body");
        look("/inbox", "inbox");
        look(&format!("/inbox/{message}"), "message");
        assert_eq!(
            browser.console_errors(&[401, 410, 404]),
            Vec::<String>::new()
        );
        assert_eq!(
            browser.foreign_requests(&portal.origin),
            Vec::<String>::new()
        );
        portal.run_jobs();
    }
}

on_both!(
    from_sign_up_to_sign_out,
    a_strangers_sign_up_confirms_nothing_for_the_stranger,
    a_reset_ends_everything_before_it,
    nobody_learns_who_has_an_account,
    guesses_slow_down_strangers_only,
    a_session_ends_at_once,
    an_expired_session_keeps_the_form,
    a_form_with_files_leads_back_to_its_page,
    a_page_asked_for_comes_after_the_sign_in,
    a_sign_in_begins_a_session_of_its_own,
    risky_acts_want_the_password_again,
    a_form_without_its_token_is_kept_not_carried_out,
    one_person_acts_for_one_body_at_a_time,
    a_notice_is_received_in_the_inbox,
    a_provider_gives_its_people_their_rights,
    whoever_goes_takes_their_invitations_along,
    names_are_one_line,
    strangers_do_not_lock_a_confirmation_link,
    administrators_make_bodies_and_give_roles,
    the_first_administrator_comes_by_a_link,
    the_language_goes_with_the_person,
    the_demo_signs_in_by_one_click,
    what_is_typed_wrong_is_said_at_the_field,
);
