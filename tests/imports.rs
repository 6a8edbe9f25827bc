//! Workbooks as people have them become catalogue and contracts, or everything wrong in them is named, row by row.

use crate::on_both;
use crate::support::{Database, Portal, readable};
use calamine::{Reader, Xlsx};
use diesel::prelude::*;
use rust_xlsxwriter::{Format, Workbook};
use sanshe::kernel::credit_code::CreditCode;
use sanshe::kernel::roles::{BodyKind, Role};
use sanshe::schema::providers;
use std::io::Cursor;

/// A table under a merged title; numbers are numbers, as a spreadsheet makes them.
fn book(title: &str, heads: &[&str], rows: &[Vec<&str>]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet
        .merge_range(0, 0, 0, 3, title, &Format::new())
        .unwrap();
    for (at, head) in (0_u16..).zip(heads) {
        sheet.write_string(2, at, *head).unwrap();
    }
    for (line, row) in (3_u32..).zip(rows) {
        for (at, cell) in (0_u16..).zip(row) {
            match cell.parse::<f64>() {
                Ok(number) => sheet.write_number(line, at, number).unwrap(),
                Err(_) => sheet.write_string(line, at, *cell).unwrap(),
            };
        }
    }
    book.save_to_buffer().unwrap()
}

fn a_catalogue_comes_from_a_workbook(database: Database) {
    let portal = Portal::start(database);
    let bureau = portal.body(BodyKind::Bureau, "示范民政局", Some("320585"));
    let officer = portal.member("officer", bureau, &[Role::Officer]);
    let heads = ["编码", "名称", "级别", "上级编码"];
    let send = |file: &[u8]| {
        let fields = [
            ("year", "2027"),
            ("title", "二〇二七年目录"),
            ("issued_no", ""),
        ];
        let files = [("file", "目录.xlsx", file)];
        officer.upload("/catalogue/import", "/catalogue/import", &fields, &files)
    };
    let bad = book(
        "2027 年目录",
        &heads,
        &[vec!["A", "公共服务", "1", ""], vec!["A01", "", "9", "A"]],
    );
    let refused = send(&bad);
    // The rows are those of the sheet.
    let table = refused.expect(422).text_of("table.list").unwrap();
    assert!(table.contains("缺少名称") && table.contains('5'), "{table}");
    let good = book(
        "2027 年目录",
        &heads,
        &[
            vec!["A", "公共服务", "1", ""],
            vec!["A01", "教育", "2", "A"],
        ],
    );
    let done = send(&good);
    let draft = done.expect(303).location.clone().unwrap();
    officer.get(&draft).expect(200).see("二〇二七年目录");
    send(b"\xD0\xCF\x11\xE0old").expect(422).see("另存为 xlsx");
    send(b"PK\x03\x04broken").expect(422).see("已损坏");
}

fn contracts_come_from_a_workbook(database: Database) {
    let portal = Portal::start(database);
    let town = portal.body(
        BodyKind::TownGovernment,
        "示范镇人民政府",
        Some("320585100"),
    );
    let officer = portal.member("zhang", town, &[Role::Officer]);
    let code = CreditCode::make("52", "320585", "MJ000077").unwrap();
    let heads = [
        "合同名称",
        "目录编码",
        "统一社会信用代码",
        "承接单位",
        "合同金额（元）",
        "开始",
        "到期",
        "服务地区编码",
        "联系电话",
        "服务内容",
    ];
    let row = |code: &'static str, from: &'static str| {
        vec![
            "社区助餐",
            "A1003",
            code,
            "晨星社会工作服务中心",
            "36000",
            from,
            "2026年8月31日",
            "320585100001",
            "0512-00000005",
            "每日午餐",
        ]
    };
    let code: &'static str = code.as_str().to_owned().leak();
    let send = |file: &[u8]| {
        let files = [("file", "合同.xlsx", file)];
        officer.upload("/contracts/import", "/contracts/import", &[], &files)
    };
    let bad = book(
        "在履合同",
        &heads,
        &[row(code, "45901"), row("513205850123456789", "2025.13.1")],
    );
    let refused = send(&bad);
    refused.expect(422).see_not("合同已补录");
    let table = refused.text_of("table.list").unwrap();
    assert!(
        table.contains("开始日期") && table.contains("当作数字"),
        "{table}"
    );
    // 45901 is 2025-09-01.
    send(&book("在履合同", &heads, &[row(code, "45901")])).expect(303);
    let csv = portal.anonymous().get("/contracts.csv");
    csv.expect(200)
        .see("社区助餐")
        .see("36000.00")
        .see("2025-09-01,2026-08-31");
}

/// The rows of an organization's file, with every column.
fn organization(serial: &str, name: &str, email: &str, scope: &str, areas: &str) -> Vec<String> {
    let code = CreditCode::make("52", "320585", serial).unwrap();
    [
        name,
        code.as_str(),
        "周某",
        "示范路 1 号",
        "0512-00000007",
        email,
        "助老",
        scope,
        areas,
    ]
    .map(str::to_owned)
    .to_vec()
}

const ORGANIZATION: [&str; 9] = [
    "单位名称",
    "统一社会信用代码",
    "法定代表人",
    "住所",
    "办公电话",
    "经办人邮箱",
    "业务范围",
    "服务事项编码",
    "服务地区编码",
];

fn sheet_of(rows: &[Vec<String>]) -> Vec<u8> {
    let rows: Vec<Vec<&str>> = rows
        .iter()
        .map(|row| row.iter().map(String::as_str).collect())
        .collect();
    book("在册社会组织", &ORGANIZATION, &rows)
}

fn organizations_come_from_a_workbook(database: Database) {
    let portal = Portal::start(database);
    let bureau = portal.body(BodyKind::Bureau, "示范民政局", Some("320585"));
    let reviewer = portal.member("reviewer", bureau, &[Role::Reviewer]);
    let officer = portal.member("officer", bureau, &[Role::Officer]);
    for path in ["/organizations/import", "/organizations/import/sheet"] {
        officer.get(path).expect(403);
    }
    let send = |act: &str, file: &[u8]| {
        let (page, files) = ("/organizations/import", [("file", "单位.xlsx", file)]);
        reviewer.upload(page, page, &[("act", act)], &files)
    };
    let count = || portal.read(|db| Ok(providers::table.count().get_result::<i64>(db)?));
    let good = [
        organization(
            "MJ000701",
            "晨光社工事务所",
            "a@test.invalid",
            "",
            "320585100",
        ),
        organization("MJ000702", "松风养老服务中心", "b@test.invalid", "", ""),
    ];
    let twin = organization("MJ000701", "晨光分社", "c@test.invalid", "", "999999");
    let bad = [good[0].clone(), twin];
    let refused = send("", &sheet_of(&bad));
    let table = refused.expect(422).text_of("table.list").unwrap();
    // Each wrong place by the row of the sheet and the name of its column.
    for word in ["5", "999999", "服务地区编码", "重复", "统一社会信用代码"] {
        assert!(table.contains(word), "{word}: {table}");
    }
    // A trial says so and enters nothing.
    let tried = send("check", &sheet_of(&good));
    tried.expect(303);
    reviewer.get("/organizations/import").see("尚未导入");
    assert_eq!((count(), portal.mails().len()), (0, 0));
    let done = send("", &sheet_of(&good));
    let list = done.expect(303).location.clone().unwrap();
    reviewer
        .get(&list)
        .see("晨光社工事务所")
        .see("松风养老服务中心");
    send("", &sheet_of(&good)).expect(422).see("已有单位登记");
    assert_eq!(count(), 2);

    // Each is unproven, and the invited person takes it over.
    let letters = portal.mails();
    assert_eq!(letters.len(), 2);
    assert!(readable(&letters[0]).contains("晨光社工事务所"));
    portal.person("a");
    let keeper = portal.signed_in("a");
    for _role in 0..3 {
        let page = keeper.get("/account");
        keeper
            .submit_from(&page, "/account/invitations/accept", &[])
            .expect(303);
    }
    keeper.get("/organizations/1/registration").see("未核验");
    keeper.get("/organizations/1/edit").expect(200);
    reviewer.get(&list).see_not("晨光社工事务所").see("松风");

    // An address that was wrong is put right, once nobody acts for the body.
    let check = "/organizations/checks/2";
    reviewer.get(check).see("b@test.invalid");
    let invite = |page: &str, email: &str| {
        reviewer.submit(page, page, &[("act", "invite"), ("email", email)])
    };
    invite(check, "no address").expect(422);
    invite(check, "d@test.invalid").expect(303);
    reviewer
        .get(check)
        .see("d@test.invalid")
        .see_not("b@test.invalid");
    assert_eq!(portal.mails().len(), 3);
    let attended = reviewer.get("/organizations/checks/1");
    assert!(!attended.body.contains("value=\"invite\""));
    let fields = [
        ("act", "invite"),
        ("email", "e@test.invalid"),
        ("version", "1"),
    ];
    let token = attended.token();
    let forged: Vec<_> = fields
        .into_iter()
        .chain([("csrf", token.as_str())])
        .collect();
    reviewer
        .post_raw("/organizations/checks/1", &forged)
        .expect(422)
        .see("已有经办人");
}

/// The empty sheet, filled in, is read: in whatever language its headings are.
fn empty_sheets_are_read_again(database: Database) {
    let portal = Portal::start(database);
    let bureau = portal.body(BodyKind::Bureau, "示范民政局", Some("320585"));
    let staff = portal.member("staff", bureau, &[Role::Reviewer, Role::Officer]);
    let code = CreditCode::make("52", "320585", "MJ000703").unwrap();
    let contract = [
        "社区助餐",
        "A1003",
        code.as_str(),
        "晨星社会工作服务中心",
        "36000",
        "2025-09-01",
        "2026-08-31",
        "320585100001",
        "0512-00000005",
        "每日午餐",
    ];
    let organization = organization("MJ000703", "晨光社", "a@test.invalid", "", "320585100");
    let organization: Vec<&str> = organization.iter().map(String::as_str).collect();
    for language in ["zh-CN", "en"] {
        staff.get(&format!("/language?to={language}&back=%2F"));
        for (page, row) in [
            ("/contracts/import", contract.as_slice()),
            ("/organizations/import", organization.as_slice()),
        ] {
            let sheet = staff.get(&format!("{page}/sheet"));
            let mut empty: Xlsx<_> =
                Xlsx::new(Cursor::new(sheet.expect(200).bytes.clone())).unwrap();
            assert_eq!(empty.sheet_names().len(), 3);
            let heads: Vec<String> = {
                let range = empty.worksheet_range_at(0).unwrap().unwrap();
                range
                    .rows()
                    .next()
                    .unwrap()
                    .iter()
                    .map(ToString::to_string)
                    .collect()
            };
            let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
            let filled = book("x", &heads, &[row.to_vec()]);
            let files = [("file", "x.xlsx", filled.as_slice())];
            staff
                .upload(page, page, &[("act", "check")], &files)
                .expect(303);
        }
    }
}

on_both!(
    a_catalogue_comes_from_a_workbook,
    contracts_come_from_a_workbook,
    organizations_come_from_a_workbook,
    empty_sheets_are_read_again
);
