//! Who plays in the demo: invented bodies and people, one sign-in for each role.

use crate::accounts;
use crate::infra::actor::{Actor, ActorBody};
use crate::infra::failure::Failure;
use crate::infra::store::Tx;
use crate::infra::words::Language;
use crate::kernel::people::{PersonId, SessionId};
use crate::kernel::roles::{BodyKind, Role, is_staff};

/// The password of every demo account.
pub const PASSWORD: &str = "sanshe-demo-2026";

/// Somebody with the roles in one body; `account` is the part of the address before `@demo.invalid`.
pub struct Part {
    pub account: &'static str,
    pub name: &'static str,
    pub body: &'static str,
    pub roles: &'static [Role],
}

/// Kind, name, region and office telephone. No local number begins with 0: nobody can be called by these.
pub const BODIES: &[(BodyKind, &str, &str, &str)] = &[
    (
        BodyKind::Platform,
        "演示平台运行中心",
        "320585",
        "0512-0530 2000",
    ),
    (BodyKind::Bureau, "演示市民政局", "320585", "0512-0530 2010"),
    (
        BodyKind::TownGovernment,
        "演示镇人民政府",
        "320585101",
        "0512-0530 2020",
    ),
    (
        BodyKind::FinanceSupervisor,
        "演示市财政局",
        "320585",
        "0512-0530 2030",
    ),
    (
        BodyKind::CommunityCommittee,
        "演示社区居民委员会",
        "320585100001",
        "0512-0530 2040",
    ),
];

/// In the order in which the sign-in page shows them.
pub const PEOPLE: &[Part] = &[
    Part {
        account: "officer",
        name: "林晓岚",
        body: "演示市民政局",
        roles: &[Role::Officer],
    },
    Part {
        account: "officer2",
        name: "陈建国",
        body: "演示市民政局",
        roles: &[Role::Officer],
    },
    Part {
        account: "reviewer",
        name: "孙丽",
        body: "演示市民政局",
        roles: &[Role::Reviewer],
    },
    Part {
        account: "signatory",
        name: "何志远",
        body: "演示市民政局",
        roles: &[Role::Signatory],
    },
    Part {
        account: "town",
        name: "顾敏",
        body: "演示镇人民政府",
        roles: &[Role::Officer, Role::Signatory],
    },
    Part {
        account: "town2",
        name: "冯雅琴",
        body: "演示镇人民政府",
        roles: &[Role::Officer],
    },
    Part {
        account: "expert1",
        name: "沈文君",
        body: "演示平台运行中心",
        roles: &[Role::Expert],
    },
    Part {
        account: "expert2",
        name: "陆一鸣",
        body: "演示平台运行中心",
        roles: &[Role::Expert],
    },
    Part {
        account: "expert3",
        name: "钱静怡",
        body: "演示平台运行中心",
        roles: &[Role::Expert],
    },
    Part {
        account: "expert4",
        name: "范国平",
        body: "演示平台运行中心",
        roles: &[Role::Expert],
    },
    Part {
        account: "expert5",
        name: "蒋思远",
        body: "演示平台运行中心",
        roles: &[Role::Expert],
    },
    Part {
        account: "expert6",
        name: "叶秋雨",
        body: "演示平台运行中心",
        roles: &[Role::Expert],
    },
    Part {
        account: "supervisor",
        name: "郑海涛",
        body: "演示市财政局",
        roles: &[Role::Supervisor],
    },
    Part {
        account: "community",
        name: "吴美琴",
        body: "演示社区居民委员会",
        roles: &[Role::CommunityWorker],
    },
    Part {
        account: "admin",
        name: "徐立",
        body: "演示平台运行中心",
        roles: &[Role::Administrator],
    },
];

/// Providers' people: they register their bodies themselves.
pub const PROVIDERS: &[(&str, &str)] = &[
    ("chenxi", "许晨"),
    ("yinghuo", "方萤"),
    ("linsheng", "邹邻"),
    ("hefeng", "马和平"),
    ("nuanyang", "黄暖"),
    ("qinghe", "任清"),
    ("songlin", "宋林"),
];

pub fn address(account: &str) -> String {
    format!("{account}@demo.invalid")
}

/// Creates the bodies and people. `hash` is the hash of [`PASSWORD`], made outside the transaction.
pub fn enter(tx: &mut Tx, hash: &str) -> Result<(), Failure> {
    let mut bodies = Vec::new();
    for (kind, name, region, phone) in BODIES {
        let body = accounts::create_body(tx, None, *kind, name, Some(region), Some(phone))?;
        bodies.push((*name, body));
    }
    for part in PEOPLE {
        let person = accounts::create_person(
            tx,
            &address(part.account),
            part.name,
            hash,
            Language::Chinese,
            true,
        )?;
        for (_, body) in bodies.iter().filter(|(name, _)| *name == part.body) {
            for role in part.roles {
                accounts::grant(tx, None, person, *body, *role)?;
            }
        }
    }
    for (account, name) in PROVIDERS {
        accounts::create_person(tx, &address(account), name, hash, Language::Chinese, true)?;
    }
    Ok(())
}

/// The actor that a sign-in of this account would give, acting for its first body.
pub fn actor(tx: &mut Tx, account: &str) -> Result<Actor, Failure> {
    let person =
        accounts::find_person_by_email(tx.db, &address(account))?.ok_or(Failure::NotFound)?;
    actor_of(tx, person.id)
}

pub fn actor_of(tx: &mut Tx, person: PersonId) -> Result<Actor, Failure> {
    let person = accounts::find_person(tx.db, person)?;
    let (body, roles) = first_body(tx, person.id)?;
    let is_staff = body.as_ref().is_some_and(|body| is_staff(body.kind));
    Ok(Actor {
        person_id: person.id,
        name: person.name,
        session_id: SessionId(0),
        scopes: None,
        body,
        roles,
        bodies: 1,
        verified_at: tx.machine_now(),
        has_code: false,
        is_staff,
        stands_in: Vec::new(),
        for_whom: None,
    })
}

fn first_body(tx: &mut Tx, person: PersonId) -> Result<(Option<ActorBody>, Vec<Role>), Failure> {
    let kinds: Vec<BodyKind> = BodyKind::ALL.to_vec();
    for body in accounts::list_bodies(tx.db, &kinds)? {
        let roles: Vec<Role> = accounts::list_members(tx.db, body.id)?
            .into_iter()
            .filter(|member| member.person_id == person)
            .map(|member| member.role)
            .collect();
        if !roles.is_empty() {
            let body = ActorBody {
                id: body.id,
                kind: body.kind,
                name: body.name,
                region_code: body.region_code,
            };
            return Ok((Some(body), roles));
        }
    }
    Ok((None, Vec::new()))
}
