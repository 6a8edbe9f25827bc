//! The second face: the ten steps by the script of the guide, the document, and whatever a program may send.

use crate::on_both;
use crate::support::program::{Answer, EVERYTHING, Program, make_token};
use crate::support::tendering::{self, open_tender};
use crate::support::{Database, Portal};
use sanshe::demo;
use sanshe::web::api::{Kind, Operation, operations};
use serde_json::{Value, json};
use std::process::Command;

fn told(database: Database) -> Portal {
    let portal = Portal::start(database);
    demo::tell(&portal.state).unwrap();
    portal.run_jobs();
    portal
}

/// `docs/api-walk.sh` is what the guide tells a reader to run; it stops at the first answer that is not 200.
fn the_ten_steps_by_curl(database: Database) {
    let portal = told(database);
    let walk = Command::new("bash")
        .arg("docs/api-walk.sh")
        .arg(&portal.origin)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&walk.stdout);
    let wrong = String::from_utf8_lossy(&walk.stderr);
    assert!(walk.status.success(), "{said}\n{wrong}");
    assert!(said.contains(r#""state":"published""#), "{said}");
    assert_eq!(said.matches("\n== ").count(), 11, "{said}");
    portal.run_jobs();
}
on_both!(the_ten_steps_by_curl);

fn document(portal: &Portal) -> Value {
    let page = portal.anonymous().get("/api/v1/openapi.json");
    serde_json::from_str(&page.expect(200).body).unwrap()
}

#[test]
fn the_document_is_openapi_and_knows_every_operation() {
    let portal = Portal::start(Database::Sqlite);
    let document = document(&portal);
    let spec = oas3::from_json(document.to_string()).unwrap();
    spec.validate_version().unwrap();
    let known: usize = spec
        .paths
        .iter()
        .flatten()
        .map(|(_, path)| path.methods().into_iter().count())
        .sum();
    assert_eq!(known, operations().len());
    assert!(known > 80, "{known}");
    // The readable page lists each, in both languages.
    for language in ["zh-CN", "en"] {
        let mut reader = portal.anonymous();
        reader.language = language;
        let page = reader.get("/api");
        for operation in operations() {
            assert!(
                page.expect(200).has(&format!("details#{}", operation.id)),
                "{}",
                operation.id
            );
        }
    }
}

/// A small generator of its own, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.roll(of.len())]
    }
}

const TEXTS: &[&str] = &[
    "",
    "1",
    "社区助老巡访服务",
    "A0402",
    "320585100001",
    "0512-00000000",
    "😀𠮷\u{202e}abc",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "=1+1",
    "\u{0}",
    "－１２．３",
    "480000.00",
    "99999999999999999999999999",
    "2026-02-30",
    "2026-08-31",
    "2026-06-30T17:00",
    "9999-12-31T23:59:59Z",
    "yes",
];
const IDS: &[&str] = &[
    "1",
    "2",
    "3",
    "5",
    "8",
    "0",
    "-1",
    "999999999",
    "9223372036854775808",
    "x",
    "%00",
    "A0402",
    "2026",
    "320585100001",
];

fn value(dice: &mut Dice, kind: Kind) -> Value {
    match dice.roll(8) {
        0 => [
            json!(null),
            json!(-1),
            json!(1.5),
            json!([]),
            json!({"a": 1}),
            json!(true),
        ][dice.roll(6)]
        .clone(),
        1 => json!("长".repeat(6000)),
        2..=4 => json!(dice.one(TEXTS)),
        _ => match kind {
            Kind::Boolean => json!(dice.roll(2) == 0),
            Kind::Integer => json!(i64::try_from(dice.roll(3000)).unwrap() - 5),
            Kind::OneOf(values) => json!(dice.one(values)),
            Kind::Money => json!("120000.00"),
            Kind::Points => json!("12.5"),
            Kind::Date => json!("2026-09-01"),
            Kind::Instant => json!("2026-06-30T09:00:00Z"),
            Kind::Text(_) => json!(dice.one(TEXTS)),
        },
    }
}

fn ask(dice: &mut Dice, program: &Program, operation: &Operation) -> (String, Value, Answer) {
    let mut path = String::new();
    for part in operation.path.split('/').skip(1) {
        path.push('/');
        path.push_str(if part.starts_with('{') {
            dice.one(IDS)
        } else {
            part
        });
    }
    if operation.method == "GET" {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for field in &operation.fields {
            if dice.roll(2) == 0 {
                query.append_pair(field.name, dice.one(TEXTS));
            }
        }
        let path = format!("{path}?{}", query.finish());
        let answer = program.get(&path);
        return (path, Value::Null, answer);
    }
    let mut body = json!({});
    for field in &operation.fields {
        if dice.roll(5) == 0 {
            continue;
        }
        let name = if field.is_family {
            format!("{}1", field.name)
        } else {
            field.name.to_owned()
        };
        let one = value(dice, field.kind);
        body[name] = if field.is_many && dice.roll(4) > 0 {
            json!([one])
        } else {
            one
        };
    }
    if dice.roll(6) == 0 {
        body["nobody_knows"] = json!(1);
    }
    let mut headers = Vec::new();
    if dice.roll(4) > 0 {
        headers.push((
            "if-match",
            dice.one(&["\"0\"", "\"1\"", "\"-1\"", "x", "\"\""]),
        ));
    }
    let key = dice.roll(1_000_000_000).to_string();
    if dice.roll(3) == 0 {
        headers.push(("idempotency-key", key.as_str()));
    }
    let answer = program.post_with(&path, &body, &headers);
    (path, body, answer)
}

/// Nothing that is sent makes it fail, and every answer is one that the document promises.
fn whatever_is_sent_is_answered_as_documented(database: Database) {
    let portal = told(database);
    let document = document(&portal);
    let people: Vec<Option<&str>> = vec![
        None,
        Some("officer"),
        Some("chenxi"),
        Some("expert1"),
        Some("reviewer"),
        Some("admin"),
    ];
    let scopes = [&EVERYTHING[..], &["accounts"]].concat();
    let programs: Vec<Program> = people
        .iter()
        .map(|who| {
            let token =
                who.map(|who| make_token(&portal.signed_in_as(&demo::address(who)), &scopes));
            Program::new(&portal, token)
        })
        .collect();
    let mut dice = Dice(0x5a4e_5348);
    let (mut asked, mut done) = (0, 0);
    for round in 0..4 {
        for operation in operations() {
            for (who, program) in people.iter().zip(&programs) {
                let (path, body, answer) = ask(&mut dice, program, operation);
                let at = format!("round {round}, {who:?}: {} {path} {body}", operation.method);
                asked += 1;
                done += usize::from(answer.status == 200);
                check(&document, operation, &answer, &at);
            }
        }
    }
    assert!(asked > 1500, "{asked}");
    assert!(
        done > 100,
        "{done} of {asked} were carried out: the fuzzer reaches nothing"
    );
    portal.run_jobs();
}
on_both!(whatever_is_sent_is_answered_as_documented);

fn check(document: &Value, operation: &Operation, answer: &Answer, at: &str) {
    assert!(
        answer.status < 500,
        "{at}: {} {:#}",
        answer.status,
        answer.json
    );
    let method = operation.method.to_ascii_lowercase();
    let described = &document["paths"][operation.address()][method]["responses"];
    let mut response = &described[answer.status.to_string()];
    assert!(
        response.is_object(),
        "{at}: {} is not documented: {:#}",
        answer.status,
        answer.json
    );
    if let Some(place) = response["$ref"].as_str() {
        response = document.pointer(place.trim_start_matches('#')).unwrap();
    }
    let Some(content) = response["content"].as_object() else {
        return;
    };
    let media = content.get(&answer.media);
    // A file has the media type that it has.
    let Some(media) = media else {
        assert!(
            content.contains_key("application/octet-stream"),
            "{at}: {}",
            answer.media
        );
        return;
    };
    let schema = json!({ "allOf": [media["schema"]], "components": document["components"] });
    let validator = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<String> = validator
        .iter_errors(&answer.json)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{at}: {wrong:?}\n{:#}", answer.json);
}

fn a_token_opens_what_it_was_made_for(database: Database) {
    let portal = Portal::start(database);
    let tendering = open_tender(&portal);
    let bidder = tendering::bidder(&portal, "li");
    let question = format!("{}/questions", tendering.path(""));
    let asks = json!({ "question": "能否分期？" });
    Program::new(&portal, None)
        .post(&question, &asks)
        .refused(401, "sign-in-first");
    Program::new(&portal, Some("sanshe_00".into()))
        .get("/projects")
        .refused(401, "sign-in-first");
    let reader = Program::of(&portal, &bidder, &["read"]);
    reader.get("/me").expect(200);
    reader.post(&question, &asks).refused(403, "scope");
    let writer = Program::of(&portal, &bidder, &["bids"]);
    assert_eq!(
        writer.get("/me").expect(200).json["scopes"],
        json!(["bids"])
    );
    writer.post(&question, &asks).expect(200);
    // A session's cookie opens nothing here, so no page of another site can act.
    bidder.get("/api/v1/me").expect(401);
    // Roles come from the memberships of this moment, not from the token.
    writer
        .post(&format!("{}/cancel", tendering.path("")), &json!({}))
        .refused(403, "scope");
    // Ended is ended.
    let list = bidder.get("/account/tokens");
    bidder
        .submit_from(&list, "/account/tokens/end", &[])
        .expect(303);
    bidder
        .submit("/account/tokens", "/account/tokens/end", &[])
        .expect(303);
    writer.get("/me").refused(401, "sign-in-first");
    reader.get("/me").refused(401, "sign-in-first");
}
on_both!(a_token_opens_what_it_was_made_for);

fn a_key_is_carried_out_once(database: Database) {
    let portal = Portal::start(database);
    let tendering = open_tender(&portal);
    let bidder = tendering::bidder(&portal, "li");
    let program = Program::of(&portal, &bidder, &["bids"]);
    let question = format!("{}/questions", tendering.path(""));
    let key = [("idempotency-key", "a-1")];
    let count = || {
        let list = program.get(&question).expect(200);
        list.json["rows"].as_array().unwrap().len()
    };
    // What is refused takes no key: it may be put right and sent again.
    program
        .post_with(&question, &json!({ "question": "" }), &key)
        .refused(422, "form-missing");
    let asks = json!({ "question": "能否分期？" });
    let first = program.post_with(&question, &asks, &key).expect(200);
    let again = program.post_with(&question, &asks, &key).expect(200);
    assert_eq!(first.json, again.json);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(count(), 1);
    program
        .post_with(&question, &json!({ "question": "另一个" }), &key)
        .refused(422, "key-reused");
    // Twelve at once: one is carried out, the others hear of it.
    let key = [("idempotency-key", "a-2")];
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let ask = || {
            program
                .post_with(&question, &json!({ "question": "同时" }), &key)
                .status
        };
        let threads: Vec<_> = (0..12).map(|_| scope.spawn(ask)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(statuses.contains(&200), "{statuses:?}");
    assert!(
        statuses.iter().all(|status| matches!(status, 200 | 409)),
        "{statuses:?}"
    );
    assert_eq!(count(), 2);
    // The same key of somebody else is another key.
    let other = Program::of(&portal, &tendering::bidder(&portal, "wang"), &["bids"]);
    other
        .post_with(&question, &asks, &[("idempotency-key", "a-1")])
        .expect(200);
    portal.run_jobs();
}
on_both!(a_key_is_carried_out_once);

fn a_change_names_the_version_that_was_read(database: Database) {
    let portal = Portal::start(database);
    let tendering = open_tender(&portal);
    let program = Program::of(&portal, &tendering::bidder(&portal, "li"), &["bids"]);
    let (bid, draft) = (tendering.path("/bid"), tendering.path("/bid/draft"));
    let price = |price: &str| json!({ "price": price, "proposal": "每周一次" });
    program
        .post(&draft, &price("100000.00"))
        .refused(428, "if-match");
    let tag = program.get(&bid).expect(200).tag();
    program
        .post_with(&draft, &price("100000.00"), &[("if-match", &tag)])
        .expect(200);
    program
        .post_with(&draft, &price("90000.00"), &[("if-match", &tag)])
        .refused(409, "form-changed");
    let now = program.get(&bid).expect(200);
    assert_eq!(now.json["draft"]["price"], "100000.00");
    assert_ne!(now.tag(), tag);
    // Refusals stand at their fields, with a code that stays.
    let tag = now.tag();
    let refused = program
        .post_with(&draft, &price("-1"), &[("if-match", &tag)])
        .expect(422);
    assert_eq!(refused.json["errors"][0]["field"], "price");
    program
        .post_with(&draft, &json!({ "prize": "1" }), &[("if-match", &tag)])
        .refused(422, "api-unknown-field");
}
on_both!(a_change_names_the_version_that_was_read);

/// Members, roles and bodies are cared for by program as on the pages.
fn roles_are_given_and_ended_by_program(database: Database) {
    use sanshe::kernel::roles::{BodyKind, Role};
    let mut portal = Portal::start(database);
    portal.may_leave_jobs = true;
    let platform = portal.body(BodyKind::Platform, "平台运营中心", None);
    let root = portal.member("root", platform, &[Role::Administrator]);
    let admin = Program::of(&portal, &root, &["accounts"]);
    let founded = admin
        .post(
            "/admin/bodies",
            &json!({ "kind": "bureau", "name": "某局" }),
        )
        .expect(200);
    let page = founded.json["page"].as_str().unwrap().to_owned();
    for name in ["mei", "lan"] {
        portal.person(name);
        let grants = json!({ "email": format!("{name}@test.invalid"), "role": "officer" });
        admin.post(&format!("{page}/grant"), &grants).expect(200);
    }
    let body = admin.get(&page).expect(200);
    let members = body.json["members"].as_array().unwrap().clone();
    assert_eq!(members.len(), 2, "{:#}", body.json);
    let renames = json!({ "name": "某管理局" });
    admin.post(&page, &renames).refused(428, "if-match");
    let tag = [("if-match", body.tag())];
    let tag = [(tag[0].0, tag[0].1.as_str())];
    admin.post_with(&page, &renames, &tag).expect(200);
    assert_eq!(
        admin.get(&page).expect(200).json["body"]["name"],
        "某管理局"
    );
    let of = |name: &str, what: &str| {
        let member = members.iter().find(|member| member["name"] == name);
        member.unwrap()[what].as_i64().unwrap()
    };
    let mei = of("mei", "id");
    admin
        .post(
            &format!("/account/memberships/{mei}/term"),
            &json!({ "last_day": "2099-12-31" }),
        )
        .expect(200);
    assert_eq!(
        admin.get(&page).expect(200).json["appointments"][0]["until"],
        "2099-12-31"
    );
    let ends = json!({ "successor": of("lan", "person") });
    admin
        .post(&format!("/work/memberships/{mei}/end"), &ends)
        .expect(200);
    assert_eq!(
        admin.get(&page).expect(200).json["members"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // An officer cares for nobody, and a token without the scope opens nothing.
    let lan = Program::of(&portal, &portal.signed_in("lan"), &["accounts"]);
    lan.get("/admin/bodies").expect(403);
    assert_eq!(
        lan.get("/account/members").expect(200).json["members"][0]["name"],
        "lan"
    );
    lan.post(
        "/account/members/invite",
        &json!({ "email": "neu@test.invalid", "role": ["officer"] }),
    )
    .refused(403, "forbidden");
    let reader = Program::of(&portal, &root, &["read"]);
    reader.get("/admin/bodies").refused(403, "scope");
    let figures = admin.get("/operations").expect(200);
    assert!(figures.json["disk_free"].as_u64().unwrap() > 0);
    let tokens = admin.get("/account/tokens").expect(200);
    assert_eq!(tokens.json.as_array().unwrap().len(), 2);
    let kinds = [
        "purchases",
        "bids",
        "contracts",
        "panels",
        "organization",
        "account",
    ];
    let mut choices = json!({ "hour": 9 });
    for kind in kinds {
        choices[format!("mail_{kind}")] = json!("digest");
    }
    admin.post("/account/messages", &choices).expect(200);
    assert_eq!(
        admin.get("/account/messages").expect(200).json["kinds"][0]["mail"],
        "digest"
    );
}
on_both!(roles_are_given_and_ended_by_program);
