//! Story steps 5 and 6: bids are written, submitted, replaced, withdrawn; receipts verify; two officers open them.

use crate::on_both;
use crate::support::tendering::{
    PDF, Tendering, bid, bidder, close, confirm_opening, number_of, officer, open_tender, send,
    write_draft,
};
use crate::support::{Client, Database, Portal, Reply};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use sanshe::common::panels;
use sanshe::kernel::people::PersonId;
use sanshe::kernel::roles::{BodyKind, Role};
use sanshe::procurement::bids;
use sanshe::procurement::tenders::TenderId;
use sanshe::schema;
use std::process::Command;

fn a_bid_is_written_sent_and_opened(database: Database) {
    let portal = Portal::start(database);
    let tender = open_tender(&portal);
    let client = bidder(&portal, "qingmiao");
    let page = tender.path("/bid");
    client
        .get(&page)
        .expect(200)
        .see("草稿用服务器的密钥加密")
        .see("服务器时间");

    // The price comes back in capitals and as a share of the budget; above the budget it is warned.
    write_draft(&client, &tender, "500,000.50", "方案").expect(303);
    client
        .get(&page)
        .see("伍拾万元伍角整")
        .see("104.17 %")
        .see("报价高于预算");
    write_draft(&client, &tender, "４６８０００", "每周上门，月月小结。").expect(303);
    let shown = client.get(&page);
    shown
        .see("肆拾陆万捌仟元整")
        .see("97.50 %")
        .see("还没有文件");
    assert!(!shown.body.contains("报价高于预算"));

    let files = tender.path("/bid/files");
    let uploaded = client.upload(&page, &files, &[], &[("files", "方案附件.pdf", PDF)]);
    uploaded.expect(303);
    client.get(&page).see("方案附件.pdf");

    let own = client.get(&tender.path("/bid/own-copy"));
    own.expect(200)
        .see("每周上门")
        .see("方案附件.pdf")
        .see("46800000");
    assert!(own.headers["content-disposition"].starts_with("attachment"));

    let sent = send(&client, &tender);
    sent.expect(303);
    let number = number_of(&sent);
    let receipt_page = client.get(sent.location.as_deref().unwrap());
    receipt_page
        .expect(200)
        .see("已提交")
        .see(&number)
        .see("方案附件.pdf");
    assert!(
        !receipt_page.body.contains("每周上门"),
        "the content is shown after submission"
    );
    let after = client.get(&page);
    after.see(&number).see("方案附件.pdf");
    assert!(
        !after.body.contains("468000") && !after.body.contains("肆拾陆万"),
        "the price is shown after submission"
    );
    assert!(!after.body.contains("每周上门"));
    client.get(&tender.path("/bid/own-copy")).expect(404);
    assert_eq!(drafts(&portal), 0, "the draft is not erased");

    // The receipt comes by mail too, and tells nothing of the content.
    let mails = portal.mails();
    assert!(
        mails
            .iter()
            .any(|mail| mail.contains(&format!("receipt-{number}.json")))
    );

    bid(&bidder(&portal, "heming"), &tender, "450000");
    bid(&bidder(&portal, "anju"), &tender, "479999.99");
    // Who bid is who stood in the bid, whatever it calls itself afterwards.
    portal.write(|tx| {
        let heming = sanshe::accounts::list_bodies(tx.db, &[BodyKind::Provider])?
            .into_iter()
            .find(|body| body.name == "heming服务中心")
            .unwrap();
        sanshe::accounts::rename_body(tx, None, heming.id, "改名后的机构")
    });
    // The project's page tells the bidder, and nobody else, that its bid is in.
    let project = client.get(&tender.path(""));
    project.expect(200).see("提交投标。");
    assert!(!project.has(".key .govuk-button"), "asked to bid once more");
    portal
        .anonymous()
        .get(&tender.path(""))
        .see_not("本单位已于");
    close(&portal, &tender);
    for path in [&page, sent.location.as_deref().unwrap()] {
        client.get(path).see("已截止，等待开标").see_not("可以替换");
    }

    let first = officer(&portal, &tender, "zhou");
    let second = officer(&portal, &tender, "wu");
    let opening = tender.path("/opening");
    portal.anonymous().get(&opening).expect(404);
    client.get(&opening).expect(404);
    confirm_opening(&first, &tender).expect(303);
    let half = first.get(&opening);
    half.expect(200).see("zhou").see("等待另一名经办人确认");
    assert!(
        !half.body.contains("服务中心"),
        "bidders show before the opening"
    );
    assert_eq!(
        confirm_opening_again(&first, &tender),
        404,
        "one officer alone opened"
    );
    confirm_opening(&second, &tender).expect(303);

    let record = portal.anonymous().get(&opening);
    record
        .expect(200)
        .see("qingmiao服务中心")
        .see("468,000.00")
        .see("肆拾陆万捌仟元整")
        .see("479,999.99")
        .see("heming服务中心")
        .see_not("改名后的机构")
        .see("未核验")
        .see("zhou")
        .see("wu");
    for path in [&page, sent.location.as_deref().unwrap()] {
        let shown = client.get(path);
        shown
            .expect(200)
            .see("已开标，等待结果")
            .see_not("任何人都看不到")
            .see_not("可以替换");
        assert!(shown.has(&format!("a[href='{opening}']")));
    }
    client
        .get(sent.location.as_deref().unwrap())
        .see("从哪里取得");
    let opened = portal.read(move |db| Ok(bids::list_opened(db, TenderId(tender.tender))?));
    assert_eq!(opened.len(), 3);
    assert_eq!(opened[0].1.proposal, "每周上门，月月小结。");
    assert_eq!(opened[0].1.lines[0].amount, opened[0].1.price);
    let published = portal.read(move |db| {
        Ok(sanshe::common::publications::list_of_subject(
            db,
            ("tender", tender.tender),
        )?)
    });
    let published: Vec<_> = published
        .iter()
        .filter(|notice| notice.kind == "opening")
        .collect();
    assert_eq!(published.len(), 1);
    assert!(published[0].content.contains("46800000"));
    let notice = portal
        .anonymous()
        .get(&tender.path(&format!("/notices/{}", published[0].id)));
    let told = notice.expect(200).text_of("dl").unwrap();
    for words in ["qingmiao服务中心  468,000.00 元", "未核验", "zhou", "wu"] {
        assert!(told.contains(words), "{words} is not in {told}");
    }
    assert!(notice.has(&format!("article a[href='{opening}']")));

    // Officers read the bid and its files; a rival does not.
    let path = tender.path(&format!("/bids/{}", opened[0].0.id));
    first
        .get(&path)
        .expect(200)
        .see("每周上门")
        .see("方案附件.pdf");
    let file = portal.read(|db| {
        Ok(schema::bid_files::table
            .select(schema::bid_files::id)
            .first::<i64>(db)?)
    });
    let read = first.get(&format!("{path}/files/{file}"));
    read.expect(200);
    assert_eq!(read.body.as_bytes(), PDF);
    assert_eq!(read.headers["content-type"], "application/pdf");
    for stranger in [&client, &portal.anonymous()] {
        assert_ne!(stranger.get(&path).status, 200);
        assert_ne!(stranger.get(&format!("{path}/files/{file}")).status, 200);
    }
}

/// The form is gone once confirmed; the request is sent all the same.
fn confirm_opening_again(officer: &Client, tender: &Tendering) -> u16 {
    let shown = officer.get(&tender.path("/opening"));
    assert!(!shown.has(&format!("form[action='{}']", tender.path("/opening"))));
    officer.get(&tender.path("/bids/1")).status
}

fn drafts(portal: &Portal) -> i64 {
    portal.read(|db| Ok(schema::bid_drafts::table.count().get_result(db)?))
}

fn states(portal: &Portal) -> Vec<String> {
    portal.read(|db| {
        Ok(schema::bids::table
            .order(schema::bids::submitted_at)
            .select(schema::bids::state)
            .load(db)?)
    })
}

fn what_a_draft_refuses(database: Database) {
    let portal = Portal::start(database);
    let tender = open_tender(&portal);
    let client = bidder(&portal, "qingmiao");
    let (page, action) = (tender.path("/bid"), tender.path("/bid/draft"));
    for (field, typed, said) in [
        ("price", "0", "报价必须大于零"),
        ("price", "-5", "金额不得为负数"),
        ("price", "1.005", "最多保留两位小数"),
        ("price", "99999999999999999999", "金额过大"),
        ("price", "一百", "请填写金额"),
        ("price", "💰", "请填写金额"),
        ("amount-1", "0", "第 1 项的金额必须大于零"),
        ("label-1", "", "请填写第 1 项的名称"),
        ("amount-1", "", "请填写第 1 项的金额"),
    ] {
        let mut fields = vec![
            ("price", "100"),
            ("label-1", "人员"),
            ("amount-1", "100"),
            ("proposal", "方案甲乙"),
        ];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, typed));
        let refused = client.submit(&page, &action, &fields);
        refused.expect(422).see("方案甲乙");
        assert!(
            refused.errors().iter().any(|error| error.contains(said)),
            "{field}={typed}: {:?}",
            refused.errors()
        );
    }
    let long = "方".repeat(20_001);
    client
        .submit(&page, &action, &[("proposal", &long)])
        .expect(422);
    let strange = "\u{202e}𠀀\u{0}<script>";
    client
        .submit(
            &page,
            &action,
            &[
                ("proposal", strange),
                ("label-3", "隔行"),
                ("amount-3", "5"),
            ],
        )
        .expect(303);
    let shown = client.get(&page);
    shown.see("𠀀&lt;script&gt;").see("value=\"隔行\"");
    assert!(!shown.body.contains("<script>alert") && !shown.body.contains('\u{202e}'));

    // What is not whole is saved, and says what it lacks; it cannot be sent.
    write_draft(&client, &tender, "100", "方案").expect(303);
    client
        .submit(&page, &action, &[("amount-1", "99.99")])
        .expect(303);
    let unfit = client.get(&page);
    for css in ["#breakdown-error", ".confirm a[href='#breakdown']"] {
        assert_eq!(
            unfit.text_of(css).as_deref(),
            Some("分项合计 99.99 元，与报价 100.00 元不相等")
        );
    }
    assert!(
        !client
            .get(&page)
            .has(&format!("form[action='{}']", tender.path("/bid/submit")))
    );
    // A draft is not thrown away by one click.
    let discard = tender.path("/bid/discard");
    client.submit(&page, &discard, &[]).expect(422);
    assert_eq!(drafts(&portal), 1);
    client
        .submit(&page, &discard, &[("sure_discard", "yes")])
        .expect(303);
    assert_eq!(drafts(&portal), 0);
    write_draft(&client, &tender, "100", "方案").expect(303);

    // Somebody saved meanwhile: 409, what was typed is kept.
    let stale = client.get(&page);
    write_draft(&client, &tender, "200", "新的").expect(303);
    let late = client.submit_from(&stale, &action, &[("proposal", "旧的打字")]);
    late.expect(409).see("旧的打字").see("已被他人修改");
}

fn files_are_checked_by_content(database: Database) {
    let portal = Portal::start(database);
    let tender = open_tender(&portal);
    let client = bidder(&portal, "qingmiao");
    let (page, action) = (tender.path("/bid"), tender.path("/bid/files"));
    let try_file =
        |name: &str, bytes: &[u8]| client.upload(&page, &action, &[], &[("files", name, bytes)]);
    try_file("a.pdf", b"MZ\x90\0not a pdf")
        .expect(422)
        .see("以文件内容为准");
    try_file("a.pdf", b"").expect(422).see("文件是空的");
    let mut big = PDF.to_vec();
    big.resize(20 * 1024 * 1024 + 1, b' ');
    try_file("big.pdf", &big).expect(413);
    assert_eq!(drafts(&portal), 0);
    try_file("../../etc/好 名.pdf", PDF).expect(303);
    let shown = client.get(&page);
    shown.see("好 名.pdf");
    assert!(!shown.body.contains("etc/"));
    try_file("again.pdf", PDF).expect(422).see("已经上传过了");
    // Two of which one is bad: none is kept.
    let other = [PDF, b"% other\n"].concat();
    client
        .upload(
            &page,
            &action,
            &[],
            &[("files", "b.pdf", &other), ("files", "c.pdf", b"nothing")],
        )
        .expect(422);
    assert!(!client.get(&page).body.contains("b.pdf"));
    for n in 2..=20 {
        let bytes = [PDF, format!("% {n}\n").as_bytes()].concat();
        try_file(&format!("{n}.pdf"), &bytes).expect(303);
    }
    try_file("21.pdf", &other).expect(422).see("不得超过 20 个");

    // On the disk lies ciphertext only, under its own hash.
    let stored = all_bytes(&portal.data.join("files"));
    assert_eq!(stored.len(), 20, "files of refused uploads are left");
    for (path, bytes) in stored {
        assert!(
            bytes.starts_with(b"age-encryption.org/v1"),
            "{}",
            path.display()
        );
        assert!(!contains(&bytes, b"%PDF"));
    }

    let hash = hashes(&portal)[0].clone();
    let rival = bidder(&portal, "heming");
    let stolen = [("csrf", rival.get(&page).token()), ("file", hash.clone())];
    let stolen: Vec<(&str, &str)> = stolen
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    rival
        .post_raw(&tender.path("/bid/files/remove"), &stolen)
        .expect(404);
    client.get(&page).see("好 名.pdf");
    let shown = client.get(&page);
    client
        .submit_from(
            &shown,
            &tender.path("/bid/files/remove"),
            &[("file", &hash)],
        )
        .expect(303);
    assert!(!client.get(&page).body.contains("好 名.pdf"));
}

fn hashes(portal: &Portal) -> Vec<String> {
    portal.read(|db| {
        Ok(schema::bid_files::table
            .order(schema::bid_files::uploaded_at)
            .select(schema::bid_files::cipher_sha256)
            .load(db)?)
    })
}

pub fn all_bytes(folder: &std::path::Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(all_bytes(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
    found
}

pub fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

fn replaced_and_withdrawn_until_the_deadline(database: Database) {
    let portal = Portal::start(database);
    let tender = open_tender(&portal);
    let client = bidder(&portal, "qingmiao");
    let page = tender.path("/bid");
    write_draft(&client, &tender, "468000", "第一版方案").expect(303);
    client
        .upload(
            &page,
            &tender.path("/bid/files"),
            &[],
            &[("files", "附件.pdf", PDF)],
        )
        .expect(303);
    let copy = client.get(&tender.path("/bid/own-copy")).body;
    let first = number_of(&send(&client, &tender));

    // A replacement starts from the own copy, keeps the files, and until it is sent the first bid counts.
    client
        .submit(&page, &tender.path("/bid/replace"), &[])
        .expect(303);
    let begun = client.get(&page);
    begun.see("附件.pdf").see(&first);
    assert!(!begun.body.contains("第一版方案"));
    let action = tender.path("/bid/own-copy");
    let broken = client.upload(&page, &action, &[], &[("own_copy", "x.json", b"{}")]);
    broken.expect(422).see("不是可用的副本");
    client
        .upload(
            &page,
            &action,
            &[],
            &[("own_copy", "copy.json", copy.as_bytes())],
        )
        .expect(303);
    client.get(&page).see("第一版方案").see("肆拾陆万捌仟元整");
    write_draft(&client, &tender, "460000", "第二版方案").expect(303);
    assert_eq!(states(&portal), ["submitted"]);
    let shown = client.get(&page);
    let second_sent = client.submit_from(&shown, &tender.path("/bid/submit"), &[]);
    let second = number_of(&second_sent);
    assert_ne!(first, second);
    assert_eq!(states(&portal), ["replaced", "submitted"]);
    // Sent twice: one result.
    let twice = client.submit_from(&shown, &tender.path("/bid/submit"), &[]);
    assert_eq!(number_of(&twice), second);
    assert_eq!(states(&portal).len(), 2);
    client
        .get(&tender.path(&format!("/bid/receipt?no={first}")))
        .expect(200)
        .see("已被替换");
    assert_eq!(
        all_bytes(&portal.data.join("files")).len(),
        1,
        "the carried file is gone"
    );

    let withdraw = tender.path("/bid/withdraw");
    client.submit(&page, &withdraw, &[]).expect(422);
    client
        .submit(&page, &withdraw, &[("sure", "yes")])
        .expect(303);
    assert_eq!(states(&portal), ["replaced", "withdrawn"]);
    // What was is to be found again: on the bid's page, on the desk, at the project.
    let shown = client.get(&page);
    shown.expect(200).see("以前提交的投标").see(&first);
    for number in [&first, &second] {
        assert!(shown.has(&format!("a[href$='no={number}']")));
    }
    let withdrawn = client.get(&tender.path(&format!("/bid/receipt?no={second}")));
    withdrawn
        .expect(200)
        .see("已撤回")
        .see_not("任何人都看不到");
    let desk = client.get("/work");
    desk.expect(200).see("已撤回");
    assert!(desk.has(&format!("a[href$='no={second}']")));
    assert!(!desk.has(&format!("a[href$='no={first}']")));
    client.get(&tender.path("")).see("已经撤回");
    let third = bid(&client, &tender, "455000");
    assert_eq!(states(&portal), ["replaced", "withdrawn", "submitted"]);

    // The deadline has come: nothing goes any more.
    client
        .submit(&page, &tender.path("/bid/replace"), &[])
        .expect(303);
    write_draft(&client, &tender, "1000", "太晚").expect(303);
    let (before, sure) = (client.get(&page), client.get(&page));
    portal.move_clock_to(tender.closes_at);
    let late = client.submit_from(&before, &tender.path("/bid/submit"), &[]);
    late.expect(422)
        .see("未提交")
        .see("已经截止")
        .see("服务器时间");
    client
        .submit_from(&sure, &withdraw, &[("sure", "yes")])
        .expect(422)
        .see("已经截止");
    client
        .submit_from(&sure, &tender.path("/bid/draft"), &[("proposal", "改")])
        .expect(422);
    assert_eq!(states(&portal), ["replaced", "withdrawn", "submitted"]);
    // With one bid the tender failed at that instant, and the page says what became of it.
    client
        .get(&page)
        .expect(200)
        .see(&third)
        .see("投标已于")
        .see("项目已终止，投标未开启");
    close(&portal, &tender);
    assert_eq!(drafts(&portal), 0, "a draft outlives its tender");
}

/// Sixteen bidders send and replace while the deadline comes; the instant inside each write decides, and nothing else.
fn nobody_gets_in_at_the_deadline(database: Database) {
    let portal = Portal::start(database);
    let tender = open_tender(&portal);
    let clients: Vec<Client> = (0..16)
        .map(|n| bidder(&portal, &format!("race{n}")))
        .collect();
    for client in &clients {
        write_draft(client, &tender, "100", "方案").expect(303);
    }
    // The last day is spent with the portal up, or the tender would be held.
    portal.move_clock_to(tender.closes_at - Duration::minutes(5));
    let id = tender.tender;
    let closes = portal.write(move |tx| {
        let closes = tx.now + Duration::seconds(3);
        diesel::update(schema::tenders::table.find(id))
            .set((
                schema::tenders::closes_at.eq(closes),
                schema::tenders::next_check.eq(closes),
            ))
            .execute(tx.db)?;
        Ok(closes)
    });
    let receipts: Vec<String> = std::thread::scope(|scope| {
        let senders: Vec<_> = clients
            .iter()
            .zip(0..)
            .map(|(client, n)| {
                let (portal, tender) = (&portal, &tender);
                scope.spawn(move || send_around(portal, client, tender, closes, n))
            })
            .collect();
        scope.spawn(|| {
            while portal.now() < closes + Duration::milliseconds(20) {
                sanshe::jobs::round(&portal.state);
            }
        });
        senders
            .into_iter()
            .flat_map(|sender| sender.join().unwrap())
            .collect()
    });
    println!("{} receipts in the last seconds", receipts.len());
    assert!(receipts.len() >= clients.len() / 2, "{}", receipts.len());
    let rows: Vec<(String, NaiveDateTime)> = portal.read(|db| {
        Ok(schema::bids::table
            .select((schema::bids::receipt_no, schema::bids::submitted_at))
            .load(db)?)
    });
    for (number, at) in &rows {
        assert!(*at < closes, "{number} came at {at}, closed {closes}");
    }
    for receipt in &receipts {
        assert!(
            rows.iter().any(|(number, _)| number == receipt),
            "{receipt} is lost"
        );
    }
    assert_eq!(rows.len(), receipts.len(), "a bid without a receipt");
}

/// Sends, replaces and sends again until the server says that it is too late; the odd ones wait with their form in
/// hand and send within milliseconds of the deadline.
fn send_around(
    portal: &Portal,
    client: &Client,
    tender: &Tendering,
    closes: NaiveDateTime,
    n: i64,
) -> Vec<String> {
    let mut receipts = Vec::new();
    let (page, submit) = (tender.path("/bid"), tender.path("/bid/submit"));
    let offers = |shown: &Reply, action: &str| shown.has(&format!("form[action='{action}']"));
    loop {
        let shown = client.get(&page);
        if !offers(&shown, &submit) {
            return receipts; // the deadline came before the form
        }
        if n % 2 == 1 {
            while portal.now() < closes + Duration::milliseconds(n - 10) {
                std::hint::spin_loop();
            }
        }
        let sent = client.submit_from(&shown, &submit, &[]);
        match sent.status {
            303 => receipts.push(number_of(&sent)),
            422 => return receipts,
            other => panic!("{other}: {}", sent.body),
        }
        let (shown, replace) = (client.get(&page), tender.path("/bid/replace"));
        if !offers(&shown, &replace) || client.submit_from(&shown, &replace, &[]).status != 303 {
            return receipts;
        }
        let (shown, draft) = (client.get(&page), tender.path("/bid/draft"));
        let fields = [
            ("price", "99"),
            ("label-1", "全部"),
            ("amount-1", "99"),
            ("proposal", "改"),
        ];
        if !offers(&shown, &draft) || client.submit_from(&shown, &draft, &fields).status != 303 {
            return receipts;
        }
    }
}

fn receipts_verify_offline(database: Database) {
    let portal = Portal::start(database);
    let tender = open_tender(&portal);
    let client = bidder(&portal, "qingmiao");
    let number = bid(&client, &tender, "468000");
    let file = client.get(&tender.path(&format!("/bid/receipt.json?no={number}")));
    file.expect(200);
    let path = portal.data.join("receipt.json");
    std::fs::write(&path, &file.body).unwrap();
    let key = portal.state.signatures.public_key();
    let verify = |args: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_sanshe"))
            .arg("verify-receipt")
            .arg(&path)
            .args(args)
            .output()
            .unwrap()
    };
    let genuine = verify(&["--key", &key]);
    let said = String::from_utf8_lossy(&genuine.stdout).into_owned();
    assert!(genuine.status.success(), "{said}");
    assert!(
        said.contains(&number) && said.contains("社区助老巡访服务") && said.contains("genuine")
    );
    assert!(
        !said.contains("468,") && !said.contains("468000"),
        "the price is not in the receipt"
    );
    assert!(verify(&[]).status.success());
    assert_eq!(verify(&["--key", &"0".repeat(64)]).status.code(), Some(1));
    for at in (0..file.body.trim_end().len()).step_by(37) {
        let mut bytes = file.body.clone().into_bytes();
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(verify(&[]).status.code(), Some(1), "byte {at}");
    }

    // The time of the receipt is the time of its row, to the microsecond.
    let at = portal.read(|db| {
        Ok(schema::bids::table
            .select(schema::bids::submitted_at)
            .first::<NaiveDateTime>(db)?)
    });
    assert!(file.body.contains(&sanshe::kernel::instant::rfc3339(at)));
}

fn who_may_do_what(database: Database) {
    let portal = Portal::start(database);
    let tender = open_tender(&portal);
    let (page, submit) = (tender.path("/bid"), tender.path("/bid/submit"));
    let body = portal.body(BodyKind::Provider, "青苗服务中心", None);
    let preparer = portal.member("preparer", body, &[Role::Preparer]);
    let submitter = portal.member("submitter", body, &[Role::Submitter]);
    write_draft(&preparer, &tender, "100", "方案").expect(303);
    preparer
        .get(&page)
        .see("由本单位有“提交投标”角色的同事办理");
    assert!(!preparer.get(&page).has(&format!("form[action='{submit}']")));
    let offered = submitter.get(&page);
    let number = number_of(&submitter.submit_from(&offered, &submit, &[]));

    // Nobody else: other roles 403, other bodies see nothing of it, visitors sign in.
    let officer = officer(&portal, &tender, "zhou");
    officer.get(&page).expect(403);
    portal.anonymous().get(&page).expect(401);
    let rival = bidder(&portal, "heming");
    let empty = rival.get(&page);
    empty.expect(200);
    assert!(!empty.body.contains(&number) && !empty.body.contains("已提交"));
    rival.get(&tender.path("/bid/receipt")).expect(404);
    rival
        .get(&tender.path(&format!("/bid/receipt?no={number}")))
        .expect(404);
    rival
        .get(&tender.path(&format!("/bid/receipt.json?no={number}")))
        .expect(404);
    rival.get(&tender.path("/bid/own-copy")).expect(404);
    officer.get(&tender.path("/bids/1")).expect(404);
    officer.get(&tender.path("/bids/1/files/1")).expect(404);
    rival.get("/projects/999/bid").expect(404);
    // A forged post without the right, or without the token.
    let token = preparer.get(&page).token();
    let forged = [("csrf", token.as_str()), ("version", "1")];
    for act in ["/bid/replace", "/bid/withdraw", "/bid/submit"] {
        preparer.post_raw(&tender.path(act), &forged).expect(403);
    }
    rival.post_raw(&submit, &[("version", "1")]).expect(403);
    assert_eq!(states(&portal), ["submitted"]);
}

fn an_opening_needs_two_who_judge_nothing(database: Database) {
    let portal = Portal::start(database);
    let tender = open_tender(&portal);
    let clients = ["qingmiao", "heming", "anju"].map(|name| bidder(&portal, name));
    for client in &clients {
        bid(client, &tender, "468000");
    }
    let first = officer(&portal, &tender, "zhou");
    let second = officer(&portal, &tender, "wu");
    let judge = officer(&portal, &tender, "judge");
    let elsewhere = portal.body(BodyKind::TownGovernment, "示范镇政府", Some("320585100"));
    let stranger = portal.member("stranger", elsewhere, &[Role::Officer]);
    let opening = tender.path("/opening");
    assert!(
        !first.get(&opening).has("main form"),
        "offered before the deadline"
    );
    close(&portal, &tender);
    stranger.get(&opening).expect(404);
    let id = tender.tender;
    portal.write(move |tx| {
        let judge: i64 = schema::people::table
            .filter(schema::people::name.eq("judge"))
            .select(schema::people::id)
            .first(tx.db)?;
        let panel = panels::create(tx.db, ("tender", id), tx.now)?;
        panels::add_member(tx.db, panel, PersonId(judge), panels::Capacity::Purchaser)?;
        Ok(())
    });
    judge
        .get(&opening)
        .expect(200)
        .see("评审小组成员不参加开标");
    // One bid is damaged on its way; it stops no other.
    portal.write(move |tx| {
        let last: i64 = schema::bids::table
            .select(schema::bids::id)
            .order(schema::bids::submitted_at.desc())
            .first(tx.db)?;
        diesel::update(schema::bids::table.find(last))
            .set(schema::bids::sealed.eq(vec![1u8, 2, 3]))
            .execute(tx.db)?;
        Ok(())
    });
    let (offered, again) = (first.get(&opening), second.get(&opening));
    first.submit_from(&offered, &opening, &[]).expect(303);
    // The same officer twice is one.
    first.submit_from(&offered, &opening, &[]).expect(303);
    portal.anonymous().get(&opening).expect(404);
    second.submit_from(&again, &opening, &[]).expect(303);
    let record = portal.anonymous().get(&opening);
    record
        .expect(200)
        .see("无效")
        .see("密文损坏")
        .see("anju服务中心");
    let opened = portal.read(move |db| Ok(bids::list_opened(db, TenderId(id))?));
    assert_eq!(opened.len(), 2);
    // Opened once: a late confirmation changes nothing.
    assert_ne!(second.submit_from(&again, &opening, &[]).status, 500);
    let notices = portal.read(move |db| {
        Ok(sanshe::common::publications::list_of_subject(
            db,
            ("tender", id),
        )?)
    });
    assert_eq!(
        notices
            .iter()
            .filter(|notice| notice.kind == "opening")
            .count(),
        1
    );
    let told = portal.read(|db| {
        Ok(schema::messages::table
            .filter(schema::messages::kind.eq_any(["bid-opened", "bid-invalid"].map(str::to_owned)))
            .count()
            .get_result::<i64>(db)?)
    });
    assert_eq!(told, 3);
}

/// The worker closes the tender among 32 submissions, many times: whoever got a receipt is among the bids, nobody else,
/// and nobody after the deadline.
fn a_close_among_submissions_loses_nothing(database: Database) {
    const BIDDERS: usize = 32;
    let portal = Portal::start(database);
    let tender = open_tender(&portal);
    let id = TenderId(tender.tender);
    let actors: Vec<_> = (0..BIDDERS)
        .map(|n| {
            bidder(&portal, &format!("task{n}"));
            portal.actor(&format!("task{n}"))
        })
        .collect();
    portal.move_clock_to(tender.closes_at - Duration::minutes(5));
    let open_for = |time: Duration| {
        portal.write(move |tx| {
            let closes = tx.now + time;
            diesel::update(schema::tenders::table.find(id.0))
                .set((
                    schema::tenders::state.eq("open"),
                    schema::tenders::closes_at.eq(closes),
                    schema::tenders::next_check.eq(closes),
                    schema::tenders::closed_at.eq(None::<NaiveDateTime>),
                ))
                .execute(tx.db)?;
            Ok(closes)
        })
    };
    let (mut taken, mut late) = (0, 0);
    for round in 0..12 {
        open_for(Duration::minutes(5));
        let found = portal.read(move |db| Ok(sanshe::procurement::tenders::find(db, id)?));
        let prepared: Vec<_> = actors
            .iter()
            .map(|actor| {
                let price = sanshe::kernel::money::Fen(46_800_000);
                let draft = bids::Draft {
                    price: Some(price),
                    lines: vec![bids::Line {
                        label: "全部".into(),
                        amount: price,
                    }],
                    proposal: format!("第 {round} 版"),
                };
                let sealed = bids::seal_draft(&portal.state.secrets, &draft).unwrap();
                let own = actor.clone();
                portal.write(move |tx| bids::save_draft(tx, &own, id, 0, &sealed));
                let body = actor.body_id().unwrap();
                bids::prepare(&found, body, draft, 1, &[]).unwrap()
            })
            .collect();
        let numbers: Vec<String> = prepared.iter().map(|bid| bid.receipt_no.clone()).collect();
        let closes = open_for(Duration::milliseconds(120));
        let sent = || {
            portal.read(|db| {
                Ok(schema::bids::table
                    .order(schema::bids::receipt_no)
                    .select(schema::bids::receipt_no)
                    .load::<String>(db)?)
            })
        };
        let is_closed = || {
            let found = portal.read(move |db| Ok(sanshe::procurement::tenders::find(db, id)?));
            found.state.as_str() == "closed"
        };
        let (receipts, at_close): (Vec<String>, Vec<String>) = std::thread::scope(|scope| {
            let portal = &portal;
            let worker = scope.spawn(|| {
                // The worker's part that closes, without the mails that it sends in between.
                while !is_closed() {
                    portal.write(move |tx| sanshe::procurement::tenders::check_due(tx, id));
                }
                sent()
            });
            let tasks: Vec<_> = (0_i64..)
                .zip(actors.iter().zip(prepared))
                .map(|(n, (actor, bid))| {
                    let actor = actor.clone();
                    scope.spawn(move || {
                        // The first six are in time in any case, so that the tender has bids to close on.
                        let aim = if n < 6 {
                            -110
                        } else {
                            (n * 7 + round) % 24 - 14
                        };
                        let wait = closes + Duration::milliseconds(aim) - portal.now();
                        std::thread::sleep(wait.to_std().unwrap_or_default());
                        // Decided in time, committed late: the close must wait for it. SQLite has one writer anyway.
                        let is_slow = database == Database::Postgres && n % 4 == 0;
                        let number = bid.receipt_no.clone();
                        let signatures = portal.state.signatures.clone();
                        let sent = portal.state.store.write_blocking(move |tx| {
                            bids::submit(tx, &actor, &signatures, &bid)?;
                            if is_slow {
                                std::thread::sleep(std::time::Duration::from_millis(40));
                            }
                            Ok(())
                        });
                        match sent {
                            Ok(()) => Some(number),
                            Err(sanshe::infra::failure::Failure::Refused(_)) => None,
                            Err(other) => panic!("{other}"),
                        }
                    })
                })
                .collect();
            let receipts = tasks
                .into_iter()
                .filter_map(|task| task.join().unwrap())
                .collect();
            (receipts, worker.join().unwrap())
        });
        assert_eq!(at_close, sent(), "a bid came in after the close");
        portal.run_jobs();
        let stored: Vec<(String, NaiveDateTime)> = portal.read(|db| {
            Ok(schema::bids::table
                .select((schema::bids::receipt_no, schema::bids::submitted_at))
                .load(db)?)
        });
        let of_round: std::collections::BTreeSet<&String> = stored
            .iter()
            .filter(|(number, _)| numbers.contains(number))
            .map(|(number, at)| {
                assert!(*at < closes, "{number} came at {at}, closed {closes}");
                number
            })
            .collect();
        assert_eq!(of_round, receipts.iter().collect(), "round {round}");
        let found = portal.read(move |db| Ok(sanshe::procurement::tenders::find(db, id)?));
        assert_eq!(found.state.as_str(), "closed");
        assert!(found.closed_at.unwrap() >= closes);
        let closings: i64 = portal.read(|db| {
            Ok(schema::ledger::table
                .filter(schema::ledger::what.eq("tender.closed"))
                .count()
                .get_result(db)?)
        });
        assert_eq!(closings, round + 1, "closed more than once");
        assert_eq!(drafts(&portal), 0);
        taken += receipts.len();
        late += BIDDERS - receipts.len();
    }
    println!("{taken} in time, {late} too late");
    assert!(taken > 40 && late > 20, "{taken} in time, {late} too late");
}

on_both!(
    a_close_among_submissions_loses_nothing,
    a_bid_is_written_sent_and_opened,
    what_a_draft_refuses,
    files_are_checked_by_content,
    replaced_and_withdrawn_until_the_deadline,
    nobody_gets_in_at_the_deadline,
    receipts_verify_offline,
    who_may_do_what,
    an_opening_needs_two_who_judge_nothing,
);
