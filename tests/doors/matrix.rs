//! The matrix: every route, every kind of person, owner and stranger, over real ids. What is expected comes from a
//! table of rules, not from a line for each; a route that no rule speaks of fails the test.

use super::people::{self, Person};
use super::routes::{self, Route};
use super::things::{self, Thing};
use crate::on_both;
use crate::support::{Database, Portal};
use sanshe::demo;
use sanshe::kernel::roles::{BodyKind, Role};
use serde_json::json;
use std::collections::BTreeMap;

/// Who must ask.
#[derive(Clone, Copy)]
enum Who {
    Anybody,
    SignedIn,
    Holder(fn(Role, BodyKind) -> bool),
}
use Who::{Anybody, Holder, SignedIn};

/// Whose the thing must be.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Whose {
    /// There is no id in the route, or it names what everybody may know.
    Nobodys,
    /// Published, or the asker's own draft.
    Published,
    Buyers,
    Sellers,
    /// The provider's own, or handed in to whoever checks.
    SellersOrHandedIn,
    HandedIn,
    Bidders,
    /// Opened to everybody; before, the purchaser's officers prepare it.
    OpenedOrBuyers,
    /// The purchaser's officers and the panel, once it is open.
    Readers,
    Seat,
    /// Published, or a party to it.
    Parties,
    PartiesOnly,
    Body,
    /// The body's, or the administrator who keeps all bodies.
    BodyOrAdministrator,
    Person,
    Addressee,
    Never,
}
use Whose::*;

const ANY_ROLE: Who = Holder(|_, _| true);
const OFFICER: Who = Holder(|role, _| role == Role::Officer);
const PURCHASER: Who = Holder(|role, kind| {
    role == Role::Officer && matches!(kind, BodyKind::Bureau | BodyKind::TownGovernment)
});
const BUREAU: Who = Holder(|role, kind| role == Role::Officer && kind == BodyKind::Bureau);
const REVIEWER: Who = Holder(|role, kind| role == Role::Reviewer && kind == BodyKind::Bureau);
const PREPARER: Who = Holder(|role, _| matches!(role, Role::Preparer | Role::Submitter));
const SUBMITTER: Who = Holder(|role, _| role == Role::Submitter);
const PROVIDER: Who = Holder(|_, kind| kind == BodyKind::Provider);
const KEEPER: Who = Holder(|role, kind| {
    kind == BodyKind::Provider && matches!(role, Role::Submitter | Role::Signatory)
});
const SIGNATORY: Who = Holder(|role, _| role == Role::Signatory);
const SCORER: Who = Holder(|role, kind| {
    role == Role::Expert
        || matches!(
            kind,
            BodyKind::Bureau | BodyKind::TownGovernment | BodyKind::ProcurementAgency
        )
});
const MANAGER: Who = Holder(|role, kind| match kind {
    BodyKind::Provider => matches!(role, Role::Submitter | Role::Signatory),
    _ => role == Role::Administrator,
});
const OVERSEER: Who = Holder(|role, kind| {
    role == Role::Supervisor || (role == Role::Administrator && kind == BodyKind::Platform)
});
const OPERATOR: Who =
    Holder(|role, kind| role == Role::Administrator && kind == BodyKind::Platform);
const ADMINISTRATOR: Who = Holder(|role, _| role == Role::Administrator);

/// Method (empty: both) · how the route begins, `$` where it ends · who · whose. The longest one that fits speaks; the
/// API's routes obey the same rules as the pages of their name, where none begins with `/api`.
const RULES: &[(&str, &str, Who, Whose)] = &[
    ("", "/$", Anybody, Nobodys),
    ("", "/about", Anybody, Nobodys),
    ("", "/accesses", OVERSEER, Nobodys),
    ("", "/api", Anybody, Nobodys),
    ("", "/assets/", Anybody, Nobodys),
    ("", "/communities", Anybody, Nobodys),
    ("", "/confirm$", Anybody, Nobodys),
    ("", "/demo/", Anybody, Nobodys),
    ("", "/elder$", Anybody, Nobodys),
    ("", "/favicon.ico$", Anybody, Nobodys),
    ("", "/first-administrator$", Anybody, Nobodys),
    ("", "/forgot", Anybody, Nobodys),
    ("", "/healthz$", Anybody, Nobodys),
    ("", "/help", Anybody, Nobodys),
    ("", "/language$", Anybody, Nobodys),
    ("", "/notices", Anybody, Nobodys),
    ("", "/readyz$", Anybody, Nobodys),
    ("", "/reset$", Anybody, Nobodys),
    ("", "/robots.txt$", Anybody, Nobodys),
    ("", "/search$", Anybody, Nobodys),
    ("", "/sign-", Anybody, Nobodys),
    // The meters have a token of their own.
    ("", "/metrics$", Anybody, Never),
    ("", "/operations$", ADMINISTRATOR, Nobodys),
    ("", "/me$", SignedIn, Nobodys),
    ("", "/verify$", SignedIn, Nobodys),
    ("", "/work$", SignedIn, Nobodys),
    ("", "/work/memberships/{id}/", MANAGER, BodyOrAdministrator),
    ("", "/account", SignedIn, Nobodys),
    ("", "/account/switch$", SignedIn, Person),
    ("", "/account/sessions/end$", SignedIn, Person),
    ("", "/account/tokens/end$", SignedIn, Person),
    ("", "/account/invitations/", SignedIn, Person),
    ("", "/account/members$", ANY_ROLE, Nobodys),
    ("", "/account/members/", MANAGER, Nobodys),
    (
        "",
        "/account/members/withdraw$",
        MANAGER,
        BodyOrAdministrator,
    ),
    ("", "/account/memberships/", MANAGER, BodyOrAdministrator),
    ("", "/account/appointments/", MANAGER, BodyOrAdministrator),
    ("", "/admin/", ADMINISTRATOR, Nobodys),
    ("", "/admin/redactions", OPERATOR, Nobodys),
    ("", "/inbox$", SignedIn, Nobodys),
    ("", "/inbox/", SignedIn, Addressee),
    ("", "/catalogue", Anybody, Nobodys),
    ("", "/catalogue/import$", BUREAU, Nobodys),
    ("", "/catalogue/drafts$", BUREAU, Nobodys),
    ("", "/catalogue/drafts/", BUREAU, Body),
    ("", "/organizations$", Anybody, Nobodys),
    ("POST", "/api/v1/organizations$", SignedIn, Nobodys),
    ("", "/organizations.", Anybody, Nobodys),
    ("", "/organizations/register$", SignedIn, Nobodys),
    ("", "/organizations/checks", REVIEWER, Nobodys),
    ("", "/organizations/import", REVIEWER, Nobodys),
    ("", "/organizations/applications$", REVIEWER, Nobodys),
    ("", "/organizations/applications/", REVIEWER, HandedIn),
    ("GET", "/organizations/{id:[0-9]+}$", Anybody, Published),
    ("GET", "/organizations/{id}$", Anybody, Published),
    ("", "/organizations/{id}/", KEEPER, Sellers),
    (
        "GET",
        "/organizations/{id}/registration$",
        PROVIDER,
        Sellers,
    ),
    (
        "GET",
        "/organizations/{id}/qualification$",
        PROVIDER,
        Sellers,
    ),
    (
        "GET",
        "/organizations/{id}/qualification/files/",
        SignedIn,
        SellersOrHandedIn,
    ),
    (
        "GET",
        "/organizations/{id}/certificate$",
        SignedIn,
        SellersOrHandedIn,
    ),
    ("", "/projects$", Anybody, Nobodys),
    ("POST", "/api/v1/projects$", PURCHASER, Nobodys),
    ("", "/projects.", Anybody, Nobodys),
    ("", "/projects/new$", PURCHASER, Nobodys),
    ("", "/projects/mine$", PURCHASER, Nobodys),
    ("", "/projects/{id}", OFFICER, Buyers),
    ("GET", "/projects/{id}$", Anybody, Published),
    ("GET", "/projects/{id}/history$", Anybody, Published),
    ("GET", "/projects/{id}/notices", Anybody, Published),
    ("GET", "/projects/{id}/result$", Anybody, Published),
    ("GET", "/projects/{id}/opening$", Anybody, OpenedOrBuyers),
    ("GET", "/projects/{id}/bids/", SignedIn, Readers),
    (
        "GET",
        "/api/v1/projects/{id}/questions$",
        Anybody,
        Published,
    ),
    (
        "POST",
        "/api/v1/projects/{id}/questions$",
        PREPARER,
        Published,
    ),
    ("", "/projects/{id}/ask$", PREPARER, Published),
    ("", "/projects/{id}/bid", PREPARER, Published),
    ("", "/projects/{id}/bid/submit$", SUBMITTER, Published),
    ("", "/projects/{id}/bid/replace$", SUBMITTER, Published),
    ("", "/projects/{id}/bid/withdraw$", SUBMITTER, Published),
    ("", "/projects/{id}/bid/receipt", PREPARER, Bidders),
    ("", "/panel$", SCORER, Nobodys),
    ("", "/panel/", SCORER, Seat),
    ("", "/contracts$", Anybody, Nobodys),
    ("", "/contracts.", Anybody, Nobodys),
    ("", "/contracts/import", OFFICER, Nobodys),
    ("", "/contracts/drafts$", ANY_ROLE, Nobodys),
    ("", "/contracts/{id}", OFFICER, Buyers),
    ("GET", "/contracts/{id}$", Anybody, Parties),
    ("GET", "/contracts/{id}/print$", Anybody, Parties),
    ("GET", "/contracts/{id}/scans/", SignedIn, PartiesOnly),
    ("", "/contracts/{id}/sign", SIGNATORY, PartiesOnly),
];

fn rule_of(route: &Route) -> Option<(Who, Whose)> {
    let page = route.pattern.strip_prefix("/api/v1");
    let fits = |rule: &str, pattern: &str| match rule.strip_suffix('$') {
        Some(whole) => whole == pattern,
        None => pattern.starts_with(rule),
    };
    let spoken = RULES.iter().filter(|(method, rule, ..)| {
        (method.is_empty() || *method == route.method)
            && match page {
                Some(page) if !rule.starts_with("/api") => fits(rule, page),
                // The readable page's rule is not the API's.
                Some(_) => *rule != "/api" && fits(rule, &route.pattern),
                None => fits(rule, &route.pattern),
            }
    });
    let document = route.pattern == "/api/v1/openapi.json";
    spoken
        .max_by_key(|(method, rule, ..)| (rule.len(), method.len()))
        .map(|(_, _, who, whose)| (*who, *whose))
        .or(document.then_some((Anybody, Nobodys)))
}

fn holds(person: &Person, who: Who) -> bool {
    match who {
        Anybody => true,
        SignedIn => !person.is_anonymous(),
        Holder(fits) => person.holds.iter().any(|(role, kind)| fits(*role, *kind)),
    }
}

fn is_owner(person: &Person, whose: Whose, thing: &Thing) -> bool {
    let of = |body: i64| body != 0 && body == person.body;
    let buys = of(thing.buyer) && person.is(Role::Officer);
    let sits = thing.people.contains(&person.id);
    let reviews = holds(person, REVIEWER);
    match whose {
        Nobodys => true,
        Published => {
            thing.is_public || of(thing.buyer) || of(thing.seller) || (reviews && thing.seller != 0)
        }
        Buyers => of(thing.buyer),
        Sellers => of(thing.seller),
        SellersOrHandedIn => of(thing.seller) || reviews,
        HandedIn => thing.is_offered,
        Bidders => of(thing.bidder),
        OpenedOrBuyers => thing.is_opened || buys,
        Readers => thing.is_opened && (buys || sits),
        Seat | Person => sits,
        Parties => thing.is_public || of(thing.buyer) || (of(thing.seller) && thing.is_offered),
        PartiesOnly => of(thing.buyer) || (of(thing.seller) && thing.is_offered),
        Body => of(thing.body),
        BodyOrAdministrator => of(thing.body) || person.is(Role::Administrator),
        Addressee => {
            sits || (of(thing.body)
                && thing
                    .role
                    .as_ref()
                    .is_none_or(|role| person.holds.iter().any(|(held, _)| held.as_str() == role)))
        }
        Never => false,
    }
}

/// Whether the answer lets in: what comes then is the matter of fields and states.
fn is_in(status: u16) -> Option<bool> {
    match status {
        200 | 303 | 304 | 400 | 409 | 410 | 415 | 422 | 428 => Some(true),
        401 | 403 | 404 => Some(false),
        _ => None,
    }
}

fn ask(person: &Person, route: &Route, thing: &Thing) -> u16 {
    let values: Vec<(&str, String)> = thing.values.clone();
    let path = route.filled(&values).unwrap();
    let path = if route.pattern.contains("receipt") {
        path + &thing.query
    } else {
        path
    };
    let field = thing
        .field
        .as_ref()
        .map(|(name, value)| (*name, value.as_str()));
    match (route.is_api(), route.method) {
        (true, "GET") => {
            person
                .program
                .get(path.trim_start_matches("/api/v1"))
                .status
        }
        (true, _) => {
            let path = path.trim_start_matches("/api/v1");
            let mut body = json!({});
            // What else a thing is called by stands in its path.
            let named = field.filter(|(name, _)| ["invitation", "token"].contains(name));
            if let Some((name, id)) = named {
                body[name] = json!(id.parse::<i64>().unwrap());
            }
            let json = person
                .program
                .post_with(path, &body, &[("if-match", "\"-5\"")]);
            match json.status {
                400 => person.program.post_parts(path).status,
                status => status,
            }
        }
        (false, "GET") => person.client.get(&path).status,
        (false, _) => {
            let mut fields = vec![
                ("csrf", person.csrf.as_str()),
                ("version", "-5"),
                ("act", "none"),
            ];
            fields.extend(field);
            match person.client.post_raw(&path, &fields).status {
                // The form has files.
                400 | 415 => person.client.post_parts(&path, &fields).status,
                status => status,
            }
        }
    }
}

/// Routes that end what the matrix stands on come last, in this order.
const LAST: [&str; 12] = [
    "/demo/clock",
    "/demo/sign-in",
    "/admin/recoveries/{id}/confirm",
    "/admin/recoveries/{id}/withdraw",
    "/account/appointments/{id}/cancel",
    "/account/tokens/end",
    "/account/sessions/end",
    "/account/members/withdraw",
    "/account/invitations/decline",
    "/account/invitations/accept",
    "/work/memberships/{id}/end",
    "/sign-out",
];
/// These sign their sender out, or in as somebody else: their journeys are elsewhere (`accounts`).
const NOT_ASKED: [&str; 3] = ["/sign-out", "/demo/sign-in", "/account/sessions/end-others"];

/// What this story has not: a mark of the portal's host, the link of a letter.
const CLOSED: [&str; 2] = ["/assets/host-logo", "/account/email/confirm"];

struct Matrix<'a> {
    people: &'a [Person],
    asked: usize,
    surprises: Vec<String>,
    /// Routes by how many strangers knocked and how many owners went in.
    knocks: BTreeMap<&'static str, usize>,
}

impl Matrix<'_> {
    fn try_one(
        &mut self,
        person: &Person,
        route: &Route,
        thing: &Thing,
        rule: (Who, Whose),
    ) -> bool {
        let expected = holds(person, rule.0) && is_owner(person, rule.1, thing);
        let status = ask(person, route, thing);
        self.asked += 1;
        let kind = match (expected, person.is_anonymous()) {
            (true, _) => "owners",
            (false, true) => "anonymous",
            (false, false) if holds(person, rule.0) => "the same role elsewhere",
            _ => "another role",
        };
        *self.knocks.entry(kind).or_default() += 1;
        // The tests' portal has no runner, and says so.
        let is_unready = route.pattern == "/readyz" && status == 503;
        match is_in(if is_unready { 200 } else { status }) {
            None => self.note(person, route, thing, status, "broken"),
            Some(true) if !expected => self.note(person, route, thing, status, "let in"),
            _ => {}
        }
        expected && (is_unready || is_in(status) == Some(true))
    }

    fn note(&mut self, person: &Person, route: &Route, thing: &Thing, status: u16, what: &str) {
        let (name, values) = (&person.name, &thing.values);
        self.surprises.push(format!(
            "{what}: {name} {} {} {values:?} {:?}: {status}",
            route.method, route.pattern, thing.field
        ));
    }

    fn visit(&mut self, route: &Route, things: &[Thing], rule: (Who, Whose)) {
        // Where everybody may go, three are enough.
        let few = matches!(rule, (Anybody, Nobodys));
        let people = if few { &self.people[..3] } else { self.people };
        // Which things open to somebody: those are worth a stranger's knock. What is posted may change them, so there
        // strangers come first.
        let admits = |thing: &&Thing| {
            people
                .iter()
                .any(|one| holds(one, rule.0) && is_owner(one, rule.1, thing))
        };
        let mut knocked: Vec<&Thing> = Vec::new();
        let mut has_opened = false;
        if route.method == "GET" {
            for thing in things {
                let owner = people
                    .iter()
                    .filter(|one| holds(one, rule.0) && is_owner(one, rule.1, thing))
                    .take(2);
                // Each owner tries, not only the first that gets in.
                let opened = owner
                    .filter(|one| self.try_one(one, route, thing, rule))
                    .count()
                    > 0;
                has_opened |= opened;
                if opened && knocked.len() < 2 {
                    knocked.push(thing);
                }
            }
        } else {
            knocked = things.iter().filter(admits).take(2).collect();
        }
        // And one that should be closed to most, such as a draft.
        knocked.extend(
            things
                .iter()
                .find(|thing| !thing.is_public && !admits(thing))
                .or(things.first()),
        );
        for (at, thing) in knocked.iter().enumerate() {
            for person in people {
                let expected = holds(person, rule.0) && is_owner(person, rule.1, thing);
                // On the second thing only those knock who hold the role of an owner.
                if !expected && (at == 0 || holds(person, rule.0)) {
                    self.try_one(person, route, thing, rule);
                }
            }
        }
        for thing in things {
            if has_opened {
                break;
            }
            for person in people {
                if holds(person, rule.0)
                    && is_owner(person, rule.1, thing)
                    && self.try_one(person, route, thing, rule)
                {
                    has_opened = true;
                    break;
                }
            }
        }
        if !has_opened && rule.1 != Never && !CLOSED.contains(&route.pattern.as_str()) {
            self.surprises.push(format!(
                "nobody went in: {} {}",
                route.method, route.pattern
            ));
        }
    }
}

fn every_id_of_every_route_by_everybody(database: Database) {
    let mut portal = Portal::start(database);
    portal.may_leave_jobs = true;
    demo::tell(&portal.state).unwrap();
    portal.run_jobs();
    let people = people::all(&portal);
    things::add_untold(&portal);
    let mut routes = routes::all(&portal);
    routes.sort_by_key(|route| {
        let pattern = route.pattern.strip_prefix("/api/v1");
        let pattern = pattern.unwrap_or(&route.pattern);
        let last = LAST.iter().position(|last| *last == pattern);
        (route.method == "POST", last.map_or(0, |at| at + 1))
    });
    let mut matrix = Matrix {
        people: &people,
        asked: 0,
        surprises: Vec::new(),
        knocks: BTreeMap::new(),
    };
    let mut visited = 0;
    for route in &routes {
        let Some(rule) = rule_of(route) else {
            matrix
                .surprises
                .push(format!("no rule: {} {}", route.method, route.pattern));
            continue;
        };
        visited += 1;
        if NOT_ASKED.contains(&route.pattern.as_str()) {
            continue;
        }
        let pattern = route
            .pattern
            .strip_prefix("/api/v1")
            .unwrap_or(&route.pattern);
        let things = match rule.1 {
            Nobodys if !pattern.contains('{') => vec![Thing {
                is_public: true,
                ..Thing::default()
            }],
            _ => things::behind(&portal, pattern),
        };
        assert!(
            !things.is_empty(),
            "nothing lies behind {} {}",
            route.method,
            route.pattern
        );
        matrix.visit(route, &things, rule);
    }
    println!(
        "{visited} routes × {} people: {} requests ({:?}), {} surprises",
        people.len(),
        matrix.asked,
        matrix.knocks,
        matrix.surprises.len()
    );
    assert!(matrix.asked > 4000, "{} requests only", matrix.asked);
    assert!(
        matrix.surprises.is_empty(),
        "{}",
        matrix.surprises.join("\n")
    );
}

on_both!(every_id_of_every_route_by_everybody);

#[test]
fn a_wrong_rule_is_a_surprise() {
    let route = Route {
        method: "GET",
        pattern: "/api/v1/projects/{id}/questions".into(),
    };
    assert!(matches!(rule_of(&route), Some((Anybody, Published))));
    let page = Route {
        method: "GET",
        pattern: "/projects/{id}/questions".into(),
    };
    assert!(matches!(rule_of(&page), Some((Holder(_), Buyers))));
    let unknown = Route {
        method: "GET",
        pattern: "/nowhere".into(),
    };
    assert!(rule_of(&unknown).is_none());
    assert_eq!(
        (is_in(500), is_in(404), is_in(422)),
        (None, Some(false), Some(true))
    );
}
