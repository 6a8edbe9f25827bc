//! Two-factor sign-in: set up, asked for, recovered; the idle desk; another e-mail address.

use crate::on_both;
use crate::support::{Client, Database, PASSWORD, Portal, Reply, link_in, readable};
use diesel::prelude::*;
use sanshe::infra::config::Mode;
use sanshe::infra::store::machine_now;
use sanshe::kernel::people::PersonId;
use sanshe::kernel::roles::{BodyKind, Role};
use sanshe::schema::{people, recovery_codes, second_factors, sessions};
use totp_rs::{Builder, Secret};

const HOME: &str = "/account/two-factors";
const SET_UP: &str = "/account/two-factors/set-up";

fn code_at(key: &str, seconds: i64) -> String {
    let key = Secret::try_from_base32(key.replace('-', "")).unwrap();
    let totp = Builder::new().with_secret(key).build().unwrap();
    let at = machine_now().and_utc().timestamp() + seconds;
    totp.generate(u64::try_from(at).unwrap()).to_string()
}

fn code(key: &str) -> String {
    code_at(key, 0)
}

/// The next code may be one of these moments again.
fn let_time_pass(portal: &Portal) {
    portal.write(|tx| {
        diesel::update(second_factors::table)
            .set(second_factors::last_step.eq(0))
            .execute(tx.db)?;
        Ok(())
    });
}

fn begin(client: &Client) -> String {
    let begun = client.submit(HOME, "/account/two-factors/begin", &[]);
    assert_eq!(begun.location.as_deref(), Some(SET_UP));
    client.get(SET_UP).text_of("aside .mono").unwrap()
}

/// Sets up the second factor: its key, and the recovery codes.
fn enrol(client: &Client) -> (String, Vec<String>) {
    let (key, codes, _used) = enrol_by(client);
    (key, codes)
}

/// The same, and the code that did it: half a minute later another one would stand for this moment.
fn enrol_by(client: &Client) -> (String, Vec<String>, String) {
    let key = begin(client);
    let used = code(&key);
    let done = client.submit(SET_UP, SET_UP, &[("one_time_code", &used)]);
    done.expect(200);
    let selector = scraper::Selector::parse("ul.recovery-codes li").unwrap();
    let codes = done.html();
    let codes = codes.select(&selector).map(|li| li.text().collect());
    (key, codes.collect(), used)
}

fn with_password(client: &Client, name: &str) -> Reply {
    let email = format!("{name}@test.invalid");
    client.submit(
        "/sign-in",
        "/sign-in",
        &[("email", &email), ("password", PASSWORD)],
    )
}

fn with_code(client: &Client, page: &Reply, code: &str) -> Reply {
    client.submit_from(page, "/sign-in/code", &[("one_time_code", code)])
}

fn is_in(client: &Client) -> bool {
    client.get("/account").status == 200
}

fn set_up_and_asked_for(database: Database) {
    let portal = Portal::start(database);
    let zhang = portal.person("zhang");
    let (client, elsewhere) = (portal.signed_in("zhang"), portal.signed_in("zhang"));
    let key = begin(&client);
    // Begun is not on: the password still signs in.
    assert_eq!(with_password(&portal.anonymous(), "zhang").status, 303);
    let page = client.get(SET_UP);
    assert!(page.has("svg.qr path"));
    let wrong = client.submit_from(&page, SET_UP, &[("one_time_code", "000000")]);
    wrong.expect(422).see("动态口令不正确");
    let old = code_at(&key, -90);
    client
        .submit_from(&page, SET_UP, &[("one_time_code", &old)])
        .expect(422);
    let (key, codes, used) = enrol_by(&client);
    assert_eq!(codes.len(), 10);
    assert!(!is_in(&elsewhere), "other sessions end");
    let sealed: Vec<Option<Vec<u8>>> = portal.read(|db| {
        Ok(second_factors::table
            .select(second_factors::secret)
            .load(db)?)
    });
    assert!(sealed[0].as_ref().unwrap().starts_with(b"age-encryption"));
    let kept: Vec<String> = portal.read(|db| {
        Ok(recovery_codes::table
            .select(recovery_codes::code_hash)
            .load(db)?)
    });
    assert!(codes.iter().all(|code| !kept.contains(code)));
    client.get(SET_UP).expect(303);

    // The code that set it up is used; the next one is good, once.
    let fresh = portal.anonymous();
    let asked = with_password(&fresh, "zhang");
    asked.expect(200).see("请输入动态口令");
    assert!(!is_in(&fresh));
    with_code(&fresh, &asked, &used).expect(422);
    let_time_pass(&portal);
    let typed = code(&key);
    with_code(&fresh, &asked, &typed).expect(303);
    assert!(is_in(&fresh));
    let other = portal.anonymous();
    let asked = with_password(&other, "zhang");
    with_code(&other, &asked, &typed).expect(422);
    assert!(!is_in(&other), "a code is good once");
    // What one browser began, another one cannot end.
    let thief = portal.anonymous();
    let page = thief.get("/sign-in");
    let half = asked.html();
    let selector = scraper::Selector::parse("input[name=half]").unwrap();
    let half = half.select(&selector).next().unwrap();
    let half = half.value().attr("value").unwrap().to_owned();
    let_time_pass(&portal);
    let stolen = thief.post_raw(
        "/sign-in/code",
        &[
            ("csrf", &page.token()),
            ("half", &half),
            ("one_time_code", &code(&key)),
        ],
    );
    stolen.expect(422);
    assert!(!is_in(&thief));
    // A recovery code does it once, typed in capitals or without hyphens.
    let typed = codes[3].to_uppercase().replace('-', " ");
    with_code(&other, &asked, &typed).expect(303);
    assert!(is_in(&other));
    let third = portal.anonymous();
    let asked = with_password(&third, "zhang");
    with_code(&third, &asked, &codes[3]).expect(422);
    assert!(readable(portal.mails().last().unwrap()).contains("剩余可用恢复码 9 个"));
    // New ones make the old ones void.
    client
        .submit(HOME, "/account/two-factors/codes", &[])
        .expect(200);
    with_code(&third, &asked, &codes[4]).expect(422);
    assert_eq!(
        portal.read(|db| Ok(sanshe::accounts::find_person(db, zhang)?.name)),
        "zhang"
    );
    // Off again, at the owner's wish.
    client
        .submit(HOME, "/account/two-factors/end", &[])
        .expect(303);
    assert_eq!(with_password(&portal.anonymous(), "zhang").status, 303);
}

fn a_form_survives_both_pages(database: Database) {
    let portal = Portal::start(database);
    let zhang = portal.person("zhang");
    let client = portal.signed_in("zhang");
    let (key, _) = enrol(&client);
    let page = client.get("/account");
    end_sessions(&portal);
    let asked = client.submit_from(&page, "/account/name", &[("name", "张三丰")]);
    asked.expect(401);
    let fields = [("email", "zhang@test.invalid"), ("password", PASSWORD)];
    let asked = client.submit_from(&asked, "/sign-in", &fields);
    asked.expect(200);
    with_code(&client, &asked, "000000").expect(422);
    let_time_pass(&portal);
    let go_on = with_code(&client, &asked, &code(&key));
    go_on.expect(200);
    client.submit_from(&go_on, "/account/name", &[]).expect(303);
    let name = portal.read(move |db| Ok(sanshe::accounts::find_person(db, zhang)?.name));
    assert_eq!(name, "张三丰");
}

fn end_sessions(portal: &Portal) {
    portal.write(|tx| {
        diesel::update(sessions::table)
            .set(sessions::ended_at.eq(machine_now()))
            .execute(tx.db)?;
        Ok(())
    });
}

/// The password of all sessions was typed long ago.
fn grow_old(portal: &Portal) {
    portal.write(|tx| {
        diesel::update(sessions::table)
            .set(sessions::verified_at.eq(machine_now() - chrono::Duration::minutes(16)))
            .execute(tx.db)?;
        Ok(())
    });
}

fn risky_acts_ask_for_both(database: Database) {
    let portal = Portal::start(database);
    let platform = portal.body(BodyKind::Platform, "平台运营中心", None);
    let client = portal.member("admin", platform, &[Role::Administrator]);
    let (key, _) = enrol(&client);
    let right = [("kind", "bureau"), ("name", "示范教育局"), ("region", "")];
    let page = client.get("/admin/bodies/new");
    grow_old(&portal);
    let asked = client.submit_from(&page, "/admin/bodies/new", &right);
    asked.expect(403).see("动态口令");
    let verify = |password: &str, code: &str| {
        let fields = [("password", password), ("one_time_code", code)];
        client.submit_from(&asked, "/sign-in", &fields)
    };
    let_time_pass(&portal);
    let now = code(&key);
    verify(PASSWORD, "").expect(422);
    verify(PASSWORD, "000000").expect(422);
    verify("wrong-password-1", &now).expect(422);
    let go_on = verify(PASSWORD, &now);
    go_on.expect(200);
    client
        .submit_from(&go_on, "/admin/bodies/new", &[])
        .expect(303);
    // So do the account's own safeguards.
    for (page, action) in [
        (HOME, "/account/two-factors/end"),
        (HOME, "/account/two-factors/codes"),
        (HOME, "/account/two-factors/begin"),
        ("/account/email", "/account/email"),
    ] {
        let shown = client.get(page);
        grow_old(&portal);
        client.submit_from(&shown, action, &[]).expect(403);
    }
}

fn a_mailbox_alone_lets_nobody_in(database: Database) {
    let portal = Portal::start(database);
    portal.person("zhang");
    let (key, _) = enrol(&portal.signed_in("zhang"));
    let thief = portal.anonymous();
    thief.submit("/forgot", "/forgot", &[("email", "zhang@test.invalid")]);
    let link = link_in(portal.mails().last().unwrap(), &portal.origin);
    let page = with_password(&thief, "zhang");
    let done = thief.submit(&link, "/reset", &[("password", "Another-horse-8")]);
    assert_eq!(done.location.as_deref(), Some("/sign-in"));
    assert!(!is_in(&thief));
    // What was begun with the old password is void.
    let_time_pass(&portal);
    with_code(&thief, &page, &code(&key))
        .expect(422)
        .see("重新登录");
    assert!(!is_in(&thief));
}

fn codes_are_guessed_slowly(database: Database) {
    let portal = Portal::start(database);
    portal.person("zhang");
    let owner = portal.anonymous();
    with_password(&owner, "zhang").expect(303);
    let (key, codes) = enrol(&owner);
    let stranger = portal.anonymous();
    let asked = with_password(&stranger, "zhang");
    for n in 0..6 {
        with_code(&stranger, &asked, &format!("{n:06}")).expect(422);
    }
    let_time_pass(&portal);
    with_code(&stranger, &asked, &code(&key))
        .expect(422)
        .see("尝试次数过多");
    with_code(&stranger, &asked, &codes[0]).expect(422);
    assert!(!is_in(&stranger));
    // The owner's own browser comes in.
    let page = owner.get("/account");
    owner.submit_from(&page, "/sign-out", &[]);
    let asked = with_password(&owner, "zhang");
    with_code(&owner, &asked, &code(&key)).expect(303);
}

fn staff_must_have_one(database: Database) {
    let portal = Portal::start_as(Mode::Live, database);
    let bureau = portal.body(BodyKind::Bureau, "示范民政局", Some("320585"));
    let provider = portal.body(BodyKind::Provider, "晨曦服务中心", None);
    let platform = portal.body(BodyKind::Platform, "平台运营中心", None);
    let officer = portal.member("officer", bureau, &[Role::Officer]);
    let expert = portal.member("expert", platform, &[Role::Expert]);
    let submitter = portal.member("submitter", provider, &[Role::Submitter]);
    submitter.get("/work").expect(200);
    for client in [&officer, &expert] {
        for path in ["/work", "/account", "/", "/projects/new", "/account/email"] {
            let led = client.get(path);
            assert_eq!(led.location.as_deref(), Some(HOME), "{path}");
        }
        let page = client.get(HOME);
        page.expect(200).see("须先启用双重验证");
        let fields = [("csrf", page.token()), ("name", "x".to_owned())];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let posted = client.post_raw("/account/name", &fields);
        assert_eq!(posted.location.as_deref(), Some(HOME));
    }
    enrol(&officer);
    officer.get("/work").expect(200);
    let page = officer.get(HOME);
    assert!(!page.has("form[action='/account/two-factors/end']"));
    let token = page.token();
    officer
        .post_raw("/account/two-factors/end", &[("csrf", &token)])
        .expect(422);
    officer.get("/work").expect(200);
    // Out is always open.
    expert.submit(HOME, "/sign-out", &[]).expect(303);
}

fn two_administrators_recover_an_account(database: Database) {
    let portal = Portal::start(database);
    let platform = portal.body(BodyKind::Platform, "平台运营中心", None);
    let one = portal.member("one", platform, &[Role::Administrator]);
    let two = portal.member("two", platform, &[Role::Administrator]);
    let zhang = portal.person("zhang");
    let client = portal.signed_in("zhang");
    let home = "/admin/recoveries";
    let propose = |by: &Client, email: &str| {
        let fields = [("email", email), ("reason", "本人持身份证到场")];
        by.submit(home, home, &fields)
    };
    let email = "zhang@test.invalid";
    propose(&one, email).expect(422);
    enrol(&client);
    propose(&one, email).expect(303);
    propose(&two, email).expect(422);
    assert!(readable(portal.mails().last().unwrap()).contains("待另一名管理员确认"));
    // The one who proposed neither sees the button nor may send it.
    let page = one.get(home);
    let confirm = "/admin/recoveries/1/confirm";
    assert!(!page.has(&format!("form[action='{confirm}']")));
    let token = page.token();
    one.post_raw(confirm, &[("csrf", &token)]).expect(422);
    assert!(is_in(&client));
    // Too late is too late; void and proposed anew.
    portal.write(|tx| {
        use sanshe::schema::recoveries;
        diesel::update(recoveries::table)
            .set(recoveries::proposed_at.eq(machine_now() - chrono::Duration::days(7)))
            .execute(tx.db)?;
        Ok(())
    });
    let token = two.get(home).token();
    two.post_raw(confirm, &[("csrf", &token)]).expect(422);
    propose(&one, email).expect(303);
    act(&two, home, "confirm").expect(303);
    assert!(!is_in(&client), "every session ends");
    let fresh = portal.anonymous();
    with_password(&fresh, "zhang").expect(303);
    fresh.get("/inbox").see("您的双重验证已重置");
    let left: i64 = portal.read(move |db| {
        let codes = recovery_codes::table.filter(recovery_codes::person_id.eq(zhang));
        Ok(codes.count().get_result(db)?)
    });
    assert_eq!(left, 0);
    // Nobody recovers their own account, and a withdrawn proposal is gone.
    enrol(&one);
    propose(&one, "one@test.invalid").expect(422);
    propose(&two, "one@test.invalid").expect(303);
    let shown = two.get(home);
    let withdrawn = action_of(&shown, "withdraw");
    act(&one, home, "withdraw").expect(303);
    let confirm = withdrawn.replace("withdraw", "confirm");
    two.post_raw(&confirm, &[("csrf", &shown.token())])
        .expect(404);
}

/// Where the page's first form of this kind goes.
fn action_of(page: &Reply, last: &str) -> String {
    let selector = scraper::Selector::parse(&format!("form[action$='/{last}']")).unwrap();
    let html = page.html();
    let form = html.select(&selector).next().expect("no such form");
    form.value().attr("action").unwrap().to_owned()
}

fn act(client: &Client, page: &str, last: &str) -> Reply {
    let shown = client.get(page);
    client.submit_from(&shown, &action_of(&shown, last), &[])
}

fn an_idle_desk_is_locked_and_keeps_the_form(database: Database) {
    let portal = Portal::start(database);
    let bureau = portal.body(BodyKind::Bureau, "示范民政局", Some("320585"));
    let officer = portal.member("officer", bureau, &[Role::Officer]);
    portal.person("zhang");
    let zhang = portal.signed_in("zhang");
    let rest = |minutes| {
        portal.write(move |tx| {
            diesel::update(sessions::table)
                .set(sessions::seen_at.eq(machine_now() - chrono::Duration::minutes(minutes)))
                .execute(tx.db)?;
            Ok(())
        });
    };
    let page = officer.get("/account");
    rest(29);
    assert!(is_in(&officer));
    // That use is kept beside the request.
    let is_kept = || {
        portal.read(|db| {
            let fresh = machine_now() - chrono::Duration::minutes(1);
            let kept = sessions::table.filter(sessions::seen_at.gt(fresh));
            Ok(kept.count().get_result::<i64>(db)?)
        }) == 1
    };
    let begun = std::time::Instant::now();
    while !is_kept() {
        assert!(begun.elapsed().as_secs() < 10, "the last use was not kept");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    rest(31);
    assert!(is_in(&zhang), "who serves no public body has longer");
    let asked = officer.submit_from(&page, "/account/name", &[("name", "王小明")]);
    asked.expect(401).see("您填写的内容已经保留");
    let fields = [("email", "officer@test.invalid"), ("password", PASSWORD)];
    let go_on = officer.submit_from(&asked, "/sign-in", &fields);
    go_on.expect(200);
    officer
        .submit_from(&go_on, "/account/name", &[])
        .expect(303);
    officer.get("/account").expect(200).see("王小明");
    // The session that rested does not come back.
    let open: i64 = portal.read(|db| {
        let open = sessions::table.filter(sessions::ended_at.is_null());
        Ok(open.count().get_result(db)?)
    });
    assert_eq!(open, 2);
}

fn another_address_is_confirmed_by_its_owner(database: Database) {
    let portal = Portal::start(database);
    let zhang = portal.person("zhang");
    portal.person("li");
    let (client, elsewhere) = (portal.signed_in("zhang"), portal.signed_in("zhang"));
    let ask = |email: &str| client.submit("/account/email", "/account/email", &[("email", email)]);
    ask("zhang@test.invalid").expect(422);
    // Whether the address has an account is not told to the asker.
    let taken = ask("li@test.invalid");
    assert_eq!(taken.location.as_deref(), Some("/account/email"));
    assert!(portal.mails().iter().all(|mail| !mail.contains("token")));
    ask(" New@Test.Invalid ").expect(303);
    let mails = portal.mails();
    let [.., told, asked] = mails.as_slice() else {
        panic!("{}", mails.len());
    };
    assert!(told.contains("To: zhang@test.invalid"));
    assert!(readable(told).contains("new@test.invalid"));
    assert!(asked.contains("To: new@test.invalid"));
    let link = link_in(asked, &portal.origin);
    // Its reader must be the person: a mistyped address gives nobody the account.
    let li = portal.signed_in("li");
    li.get(&link).expect(410);
    let secret = link.split_once("token=").unwrap().1;
    let token = li.get("/account").token();
    let fields = [("csrf", token.as_str()), ("token", secret)];
    li.post_raw("/account/email/confirm", &fields).expect(404);
    assert_eq!(email_of(&portal, zhang), "zhang@test.invalid");
    client
        .submit(&link, "/account/email/confirm", &[])
        .expect(303);
    assert_eq!(email_of(&portal, zhang), "new@test.invalid");
    assert!(is_in(&client) && !is_in(&elsewhere));
    client.get(&link).expect(410);
    let last = portal.mails().pop().unwrap();
    assert!(last.contains("To: zhang@test.invalid"));
    assert!(readable(&last).contains("已更换为 new@test.invalid"));
}

fn email_of(portal: &Portal, person: PersonId) -> String {
    portal.read(move |db| Ok(people::table.find(person).select(people::email).first(db)?))
}

on_both!(
    set_up_and_asked_for,
    a_form_survives_both_pages,
    risky_acts_ask_for_both,
    a_mailbox_alone_lets_nobody_in,
    codes_are_guessed_slowly,
    staff_must_have_one,
    two_administrators_recover_an_account,
    an_idle_desk_is_locked_and_keeps_the_form,
    another_address_is_confirmed_by_its_owner,
);
