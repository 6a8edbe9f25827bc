//! One search box over everything public; whatever is typed into it is only ever words.

use crate::on_both;
use crate::support::{Database, Portal, Reply};
use sanshe::catalogue::{self, Heading};

fn links(reply: &Reply) -> Vec<String> {
    let selector = scraper::Selector::parse(".results a").unwrap();
    reply
        .html()
        .select(&selector)
        .map(|a| a.value().attr("href").unwrap().to_owned())
        .collect()
}

fn encoded(q: &str) -> String {
    url::form_urlencoded::byte_serialize(q.as_bytes()).collect()
}

fn a_resident_finds_by_two_characters(database: Database) {
    let portal = Portal::start(database);
    portal.run_jobs();
    let resident = portal.anonymous();
    resident.get("/search").expect(200).see("输入社区");
    let found = resident.get(&format!("/search?q={}", encoded("养老")));
    found.expect(200).see("目录 1").see("<mark>养老</mark>");
    assert_eq!(links(&found), ["/catalogue/2026/A0402"]);
    // Every word must be found; the code is a word too, whatever its width and case.
    for q in [
        "养老 服务",
        "ａ0402",
        "A0402 养老",
        "社会保障 养老",
        "基本养老服务",
    ] {
        assert_eq!(
            links(&resident.get(&format!("/search?q={}", encoded(q)))),
            ["/catalogue/2026/A0402"],
            "{q}"
        );
    }
    // What is named exactly so comes first.
    let town = resident.get(&format!("/search?q={}", encoded("城厢镇")));
    assert_eq!(
        links(&town).first().map(String::as_str),
        Some("/communities?town=320585100")
    );
    assert!(links(&town).len() > 10);
    let catalogue = resident.get(&format!("/search?q={}&kind=catalogue", encoded("服务")));
    assert!(
        links(&catalogue)
            .iter()
            .all(|link| link.starts_with("/catalogue/"))
    );
    assert_eq!(links(&catalogue).len(), 20);
    let next = resident.get(&format!(
        "/search?q={}&kind=catalogue&page=2",
        encoded("服务")
    ));
    assert!(!links(&next).is_empty());
    assert!(
        links(&next)
            .iter()
            .all(|link| !links(&catalogue).contains(link)),
        "a page repeats the one before"
    );
    let nothing = resident.get(&format!("/search?q={}&kind=project", encoded("养老")));
    nothing.expect(200).see("没有找到").see("不限类别");
}

fn whatever_is_typed_is_harmless(database: Database) {
    let portal = Portal::start(database);
    portal.run_jobs();
    let resident = portal.anonymous();
    for q in [
        "\"",
        "'",
        "养老\"",
        "养老'",
        "养老 OR 调解",
        "养老*",
        "NEAR(养老 服务)",
        "terms:养老",
        "-养老",
        "养老 & ! | ( )",
        "^养老",
        "'; DROP TABLE search_terms; --",
        "\\",
        "%00",
        "养老\u{0}",
        "\u{202E}养老",
        "😀",
        "𠮷",
        "<script>alert(1)</script>",
        "kind0catalogue",
        "١٢٣",
        "Ⅷ",
        "ß",
        "İ",
    ] {
        let reply = resident.get(&format!("/search?q={}", encoded(q)));
        reply.expect(200);
        assert!(!reply.body.contains("<script>alert"), "{q}");
    }
    resident.get(&format!("/search?q={}", "%FF%FE")).expect(200);
    resident
        .get(&format!("/search?q={}", encoded(&"养老服务".repeat(500))))
        .expect(200);
    resident
        .get(&format!("/search?q={}", "a".repeat(5_000)))
        .expect(200);
    for rest in [
        "&page=0",
        "&page=-1",
        "&page=99999999999999999999",
        "&page=x",
        "&kind=nothing",
        "&kind=",
    ] {
        resident
            .get(&format!("/search?q={}{rest}", encoded("养老")))
            .expect(200);
    }
    // An operator is a word that stands nowhere, so nothing is found.
    assert!(links(&resident.get(&format!("/search?q={}", encoded("养老 OR 调解")))).is_empty());
}

fn a_new_catalogue_replaces_the_old_in_the_index(database: Database) {
    let portal = Portal::start(database);
    portal.run_jobs();
    let resident = portal.anonymous();
    let find = |q: &str| links(&resident.get(&format!("/search?q={}&kind=catalogue", encoded(q))));
    let id = portal.write(|tx| {
        let heading = Heading { year: 2027, title: "目录".into(), issued_no: None, source: "示例".into() };
        let file = "code,name,level,parent_code\nA,公共服务,1,\nA04,社会保障服务,2,A\nA0402,银龄伴行服务,3,A04\n";
        catalogue::import_csv(tx, None, &heading, file.as_bytes())
    });
    portal.run_jobs();
    assert!(find("银龄").is_empty(), "a draft is found");
    portal.write(move |tx| catalogue::publish_by(tx, None, id));
    portal.run_jobs();
    assert_eq!(find("银龄"), ["/catalogue/2027/A0402"]);
    assert!(find("养老").is_empty(), "the old catalogue is still found");
}

on_both!(
    a_resident_finds_by_two_characters,
    whatever_is_typed_is_harmless,
    a_new_catalogue_replaces_the_old_in_the_index,
);

fn names_are_found_by_sound_and_in_traditional_characters(database: Database) {
    let portal = Portal::start(database);
    portal.run_jobs();
    let reader = portal.anonymous();
    let shown = |path: &str| reader.get(path).expect(200).text_of("main").unwrap();
    // 養老 and yanglao; zhongqu and zqsq.
    for query in ["%E9%A4%8A%E8%80%81", "yanglao", "YangLao"] {
        assert!(
            shown(&format!("/search?q={query}")).contains("养老"),
            "{query}"
        );
        assert!(
            shown(&format!("/catalogue?q={query}")).contains("基本养老服务"),
            "{query}"
        );
    }
    for query in ["zhongqu", "zqsq", "%E4%B8%AD%E5%8D%80"] {
        assert!(
            shown(&format!("/search?q={query}")).contains("中区社区"),
            "{query}"
        );
        let list = shown(&format!("/communities?q={query}"));
        assert!(
            list.contains("查找结果") && list.contains("中区社区"),
            "{query}"
        );
        let rows = reader.get(&format!("/communities.csv?q={query}"));
        assert!(rows.expect(200).body.lines().count() < 6, "{query}");
    }
    assert!(reader.get("/search?q=laoyang").expect(200).has(".empty"));
}

fn an_index_of_another_version_is_made_anew(database: Database) {
    use diesel::prelude::*;
    use sanshe::schema::{portal as row, search_documents};
    let portal = Portal::start(database);
    portal.run_jobs();
    portal.write(|tx| {
        diesel::delete(search_documents::table).execute(tx.db)?;
        // Of a project that is gone, or was never there.
        let gone = (
            search_documents::kind.eq("project"),
            search_documents::subject_id.eq(999_999),
            search_documents::title.eq("x"),
            search_documents::summary.eq("x"),
            search_documents::link.eq("/projects/999999"),
            search_documents::at.eq(tx.now),
        );
        diesel::insert_into(search_documents::table)
            .values(gone)
            .execute(tx.db)?;
        diesel::update(row::table)
            .set(row::search_version.eq(0))
            .execute(tx.db)?;
        Ok(())
    });
    let reader = portal.anonymous();
    assert!(!reader.get("/search?q=zhongqu").body.contains("中区社区"));
    let mode = portal.state.config.mode;
    sanshe::commands::prepare(&portal.state.store, mode).unwrap();
    portal.run_jobs();
    reader.get("/search?q=zhongqu").expect(200).see("中区社区");
    let left = portal.read(|db| {
        Ok(search_documents::table
            .filter(search_documents::subject_id.eq(999_999))
            .count()
            .get_result::<i64>(db)?)
    });
    assert_eq!(left, 0);
}

fn a_community_has_a_poster(database: Database) {
    let portal = Portal::start(database);
    let reader = portal.anonymous();
    let page = reader.get("/communities/320585100001");
    assert!(
        page.expect(200)
            .has("a[href='/communities/320585100001/poster']")
    );
    let poster = reader.get("/communities/320585100001/poster");
    poster
        .expect(200)
        .see(&portal.state.config.link("/communities/320585100001"))
        .see("手机扫一扫");
    assert!(poster.has("svg.qr path"));
    reader.get("/communities/320585100/poster").expect(404);
    reader.get("/communities/1/poster").expect(404);
}

on_both!(
    names_are_found_by_sound_and_in_traditional_characters,
    an_index_of_another_version_is_made_anew,
    a_community_has_a_poster,
);

fn the_feed_holds_notices_and_says_demo(database: Database) {
    use sanshe::common::publications::{self, Notice};
    let portal = Portal::start(database);
    let reader = portal.anonymous();
    let empty = reader.get("/notices.atom");
    empty.expect(200).see("演示").see("<feed");
    assert_eq!(
        empty.headers["content-type"],
        "application/atom+xml; charset=utf-8"
    );
    assert_eq!(empty.body.matches("<entry>").count(), 1, "the catalogue");
    portal.write(|tx| {
        let notice = |kind: &'static str, title: &'static str| Notice {
            kind,
            subject: ("tender", 7),
            region: None,
            title,
            link: "/projects/7",
            content: &(),
        };
        publications::publish(tx, &notice("tender", "巡访服务 <甲> & 乙"))?;
        publications::publish(tx, &notice("opening", "开标的公告"))?;
        publications::publish(tx, &notice("award", "巡访服务结果"))
    });
    let feed = reader.get("/notices.atom");
    feed.see("巡访服务 &lt;甲&gt; &amp; 乙").see("巡访服务结果");
    let awards = reader.get("/notices.atom?kind=award");
    awards.see("巡访服务结果").see_not("开标的公告");
    feed.see(&format!(
        "href=\"{}\"",
        portal.state.config.link("/projects/7")
    ));
    assert!(
        feed.body.find("巡访服务结果") < feed.body.find("巡访服务 &lt;"),
        "the newest stands first"
    );
    assert_eq!(feed.body.matches("<entry>").count(), 4);
}

on_both!(the_feed_holds_notices_and_says_demo);

fn an_organization_is_found_while_it_is_proven(database: Database) {
    use crate::organizations::{PDF, code, decide, hand_in, register, reviewer, somebody, typed};
    let portal = Portal::start(database);
    let (client, officer) = (somebody(&portal, "lin"), reviewer(&portal));
    let number = code("52", "MJ565118");
    let id = register(&client, &typed(&number, &[("summary", "陪伴独居老人。")]));
    hand_in(&client, id, "证书.pdf", PDF).expect(303);
    let find = |q: &str| {
        portal.run_jobs();
        let found = portal
            .anonymous()
            .get(&format!("/search?q={}&kind=organization", encoded(q)));
        links(&found)
    };
    assert!(find("独居老人").is_empty(), "an unproven body is found");
    decide(&officer, id, &[("act", "prove"), ("seen", "yes")]).expect(303);
    for q in ["独居老人", "晨曦", "养老", "城厢", &number, "社会服务机构"] {
        assert_eq!(find(q), [format!("/organizations/{id}")], "{q}");
    }
    decide(&officer, id, &[("act", "revoke"), ("reason", "证书系变造")]).expect(303);
    assert!(
        find("独居老人").is_empty(),
        "a body is found that is no longer proven"
    );
}

fn a_project_is_found_and_bids_change_nothing(database: Database) {
    use crate::support::tendering::{bid, bidder, open_tender};
    use diesel::prelude::*;
    use sanshe::infra::outbox;
    use sanshe::schema::projects;
    let portal = Portal::start(database);
    let tender = open_tender(&portal);
    let project = tender.project;
    let publish = |at: Option<chrono::NaiveDateTime>| {
        portal.write(move |tx| {
            let row = projects::table.find(project);
            diesel::update(row)
                .set(projects::published_at.eq(at))
                .execute(tx.db)?;
            outbox::emit(tx, "project.changed", ("project", project), &project)
        });
        portal.run_jobs();
    };
    let main = || {
        let found = portal
            .anonymous()
            .get(&format!("/search?q={}", encoded("助老巡访")));
        found
            .html()
            .select(&scraper::Selector::parse("main").unwrap())
            .next()
            .unwrap()
            .html()
    };
    let link = format!("/projects/{project}");
    publish(None);
    assert!(!main().contains(&link), "a draft is found");
    publish(Some(portal.now()));
    let before = main();
    for shown in [&link, "TC-2026-0001", "示范民政局", "A0402 基本养老服务"] {
        assert!(before.contains(shown), "no {shown} in {before}");
    }
    for name in ["yi", "er", "san"] {
        bid(&bidder(&portal, name), &tender, "468000");
    }
    portal.run_jobs();
    assert_eq!(main(), before, "bids can be seen in the search");
}

/// One box: a word of everyday life leads to the catalogue, who does it, what is bought and what is signed.
fn one_box_finds_all_kinds(database: Database) {
    use crate::organizations::{PDF, code, decide, hand_in, register, reviewer, somebody, typed};
    use crate::support::tendering::open_tender;
    use sanshe::procurement::contracts;
    let portal = Portal::start(database);
    let tender = open_tender(&portal);
    let (client, officer) = (somebody(&portal, "lin"), reviewer(&portal));
    let number = code("52", "MJ565118");
    let id = register(&client, &typed(&number, &[("summary", "居家养老。")]));
    hand_in(&client, id, "证书.pdf", PDF).expect(303);
    decide(&officer, id, &[("act", "prove"), ("seen", "yes")]).expect(303);
    let file = crate::contracts::file(&[crate::contracts::row(
        "居家养老巡访服务合同",
        "320585100001",
    )]);
    let rows = contracts::read_import(file.as_bytes()).unwrap();
    let buyer = tender.buyer;
    portal.write(move |tx| contracts::import_contracts(tx, None, buyer, &rows));
    portal.run_jobs();
    let visitor = portal.anonymous();
    let find = |rest: &str| links(&visitor.get(&format!("/search?q={}{rest}", encoded("养老"))));
    let contract: Vec<String> = find("&kind=contract");
    assert_eq!(contract.len(), 1, "{contract:?}");
    visitor
        .get(&contract[0])
        .expect(200)
        .see("居家养老巡访服务合同");
    assert_eq!(
        find("&kind=project"),
        [format!("/projects/{}", tender.project)]
    );
    assert_eq!(find("&kind=organization"), [format!("/organizations/{id}")]);
    let all = find("");
    for place in [
        "/catalogue/",
        "/organizations/",
        "/projects/",
        "/contracts/",
    ] {
        assert!(
            all.iter().any(|link| link.starts_with(place)),
            "no {place} in {all:?}"
        );
    }
    // A word that only people use, and some digits of a telephone number.
    let by = |q: &str| links(&visitor.get(&format!("/search?q={}", encoded(q))));
    let by_alias = by("老年食堂");
    assert_eq!(by_alias.len(), 3, "{by_alias:?}");
    for (digits, found) in [
        ("535200", format!("/organizations/{id}")),
        ("0512-00000000", format!("/projects/{}", tender.project)),
        ("0000005", contract[0].clone()),
    ] {
        assert!(by(digits).contains(&found), "{digits}: {:?}", by(digits));
    }
    let by_provider = links(&visitor.get(&format!("/search?q={}&kind=contract", encoded("晨星"))));
    assert_eq!(by_provider, contract);
}

on_both!(
    one_box_finds_all_kinds,
    an_organization_is_found_while_it_is_proven,
    a_project_is_found_and_bids_change_nothing,
);
