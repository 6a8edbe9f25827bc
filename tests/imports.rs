//! Workbooks as people have them become catalogue and contracts, or everything wrong in them is named, row by row.

use crate::on_both;
use crate::support::{Database, Portal};
use rust_xlsxwriter::{Format, Workbook};
use sanshe::kernel::credit_code::CreditCode;
use sanshe::kernel::roles::{BodyKind, Role};

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
        table.contains("term_from") && table.contains("当作数字"),
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

on_both!(
    a_catalogue_comes_from_a_workbook,
    contracts_come_from_a_workbook
);
