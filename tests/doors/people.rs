//! Who tries the doors: the demo's people, and for every role in every kind of body somebody of another body.

use crate::support::program::{EVERYTHING, Program, make_token};
use crate::support::{Client, PASSWORD, Portal};
use diesel::prelude::*;
use sanshe::demo;
use sanshe::kernel::roles::{BodyKind, Role, may};
use sanshe::schema::{bodies, memberships, people};
use serde_json::json;

pub struct Person {
    pub name: String,
    pub id: i64,
    pub body: i64,
    pub holds: Vec<(Role, BodyKind)>,
    pub client: Client,
    pub program: Program,
    /// The form token of the session.
    pub csrf: String,
}

impl Person {
    pub fn is_anonymous(&self) -> bool {
        self.id == 0
    }

    pub fn is(&self, role: Role) -> bool {
        self.holds.iter().any(|(held, _)| *held == role)
    }

    fn of(portal: &Portal, name: &str, email: &str, password: &str) -> Self {
        let client = portal.signed_in_as(email);
        let email = email.to_owned();
        let (id, held) = portal.read(move |db| {
            let id: i64 = people::table
                .filter(people::email.eq(email))
                .select(people::id)
                .first(db)?;
            let held: Vec<(i64, Role, BodyKind)> = memberships::table
                .inner_join(bodies::table.on(bodies::id.eq(memberships::body_id)))
                .filter(memberships::person_id.eq(id))
                .select((bodies::id, memberships::role, bodies::kind))
                .load(db)?;
            Ok((id, held))
        });
        let scopes = [EVERYTHING.as_slice(), &["accounts"]].concat();
        let program = Program::new(portal, Some(make_token(&client, &scopes)));
        // As somebody who has just typed the password: what asks for it is asked too.
        let password = json!({ "password": password });
        program.post("/verify", &password).expect(200);
        Self {
            name: name.to_owned(),
            id,
            body: held.first().map_or(0, |held| held.0),
            holds: held
                .into_iter()
                .map(|(_, role, kind)| (role, kind))
                .collect(),
            csrf: client.get("/account").token(),
            client,
            program,
        }
    }
}

/// One of each side of the story; the first is nobody.
const PLAYERS: [&str; 17] = [
    "officer",
    "reviewer",
    "signatory",
    "town",
    "expert1",
    "expert2",
    "expert6",
    "supervisor",
    "community",
    "admin",
    "chenxi",
    "linsheng",
    "qinghe",
    "songlin",
    "hefeng",
    "yinghuo",
    "nuanyang",
];

pub fn all(portal: &Portal) -> Vec<Person> {
    let anonymous = portal.anonymous();
    let mut all = vec![Person {
        name: "anonymous".into(),
        id: 0,
        body: 0,
        holds: Vec::new(),
        csrf: anonymous.get("/sign-in").token(),
        client: anonymous,
        program: Program::new(portal, None),
    }];
    portal.person("nobody");
    all.push(Person::of(
        portal,
        "nobody",
        "nobody@test.invalid",
        PASSWORD,
    ));
    for name in PLAYERS {
        all.push(Person::of(
            portal,
            name,
            &demo::address(name),
            demo::PASSWORD,
        ));
    }
    for kind in BodyKind::ALL.iter().copied() {
        let body = portal.body(kind, &format!("外乡{kind}"), Some("320585"));
        for role in Role::ALL.iter().copied().filter(|role| may(*role, kind)) {
            let name = format!("stranger-{kind}-{role}");
            let person = portal.person(&name);
            portal.grant(person, body, &[role]);
            all.push(Person::of(
                portal,
                &name,
                &format!("{name}@test.invalid"),
                PASSWORD,
            ));
        }
    }
    all
}
