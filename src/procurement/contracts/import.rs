//! Reading running contracts from before the portal: every bad cell with its line and column, all or nothing.

use crate::infra::sheet::has_lost_digits;
use crate::kernel::catalogue_code::CatalogueCode;
use crate::kernel::credit_code::CreditCode;
use crate::kernel::instant::parse_date;
use crate::kernel::money::Fen;
use crate::kernel::phone;
use crate::kernel::refusal::Refusal;
use crate::kernel::region::RegionCode;
use crate::kernel::text;
use crate::procurement::projects::lasts_at_most;
use chrono::NaiveDate;
use std::collections::HashMap;

/// The columns of the file, in any order.
pub const COLUMNS: &[&str] = &[
    "title",
    "catalogue_code",
    "provider_credit_code",
    "provider_name",
    "amount_yuan",
    "term_from",
    "term_to",
    "communities",
    "phone",
    "scope",
];

/// The column that a heading names, in English or in Chinese.
pub fn column_of(head: &str) -> Option<&'static str> {
    let head = text::narrow(&text::clean(head)).to_lowercase();
    let head = head.split('(').next().unwrap_or_default().trim();
    let english = match head {
        "合同名称" | "合同" | "名称" | "项目名称" => "title",
        "目录编码" | "编码" => "catalogue_code",
        "承接单位统一社会信用代码" | "统一社会信用代码" | "信用代码" => {
            "provider_credit_code"
        }
        "承接单位" | "承接单位名称" | "单位名称" => "provider_name",
        "合同金额" | "金额" => "amount_yuan",
        "开始" | "开始日期" | "起始日期" => "term_from",
        "到期" | "到期日期" | "结束日期" => "term_to",
        "服务地区编码" | "服务社区" | "社区编码" => "communities",
        "采购人办公电话" | "联系电话" | "电话" => "phone",
        "服务内容" | "服务范围" => "scope",
        english => english,
    };
    COLUMNS.iter().copied().find(|column| *column == english)
}

/// One transaction takes all rows, and no write may keep bids waiting.
pub const MAX_ROWS: usize = 500;
/// More than anybody mends before trying again.
const MAX_BAD: usize = 200;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub line: u64,
    pub title: String,
    pub catalogue_code: String,
    pub provider_code: String,
    pub provider_name: String,
    pub amount: Fen,
    pub term_from: NaiveDate,
    pub term_to: NaiveDate,
    pub communities: Vec<String>,
    pub phone: String,
    pub scope: String,
}

/// What is wrong where; line 1 is the heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub line: u64,
    pub column: &'static str,
    pub why: Refusal,
}

fn found(line: u64, column: &'static str, key: &'static str) -> Finding {
    Finding {
        line,
        column,
        why: Refusal::new(key),
    }
}

/// Reads the whole file; either every row, or everything that is wrong.
pub fn read(bytes: &[u8]) -> Result<Vec<Row>, Vec<Finding>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // Chinese Excel saves GB 18030.
    let decoded = match std::str::from_utf8(bytes) {
        Ok(file) => Some(file.into()),
        Err(_) => encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes),
    };
    let Some(file) = decoded else {
        return Err(vec![found(1, "", "contracts-import-not-utf8")]);
    };
    // One line is one line, whoever ended it how: the reader counts a CR LF late.
    let file = file.replace("\r\n", "\n");
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(file.as_bytes());
    let places = heading(&mut reader)?;
    let (mut rows, mut findings) = (Vec::new(), Vec::new());
    let mut read = 0;
    for record in reader.records() {
        let Ok(record) = record else {
            findings.push(found(0, "", "contracts-import-broken"));
            break;
        };
        let line = record.position().map_or(0, csv::Position::line);
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let cell = |column: &str| {
            places
                .get(column)
                .and_then(|at| record.get(*at))
                .map(text::clean)
                .unwrap_or_default()
        };
        let before = findings.len();
        let row = read_row(line, cell, &mut findings);
        if findings.len() == before {
            rows.extend(row);
        }
        read += 1;
        if findings.len() > MAX_BAD {
            break;
        }
        if read > MAX_ROWS {
            return Err(vec![Finding {
                line,
                column: "",
                why: Refusal::new("contracts-import-too-many").arg("max", MAX_ROWS),
            }]);
        }
    }
    if rows.is_empty() && findings.is_empty() {
        findings.push(found(1, "", "contracts-import-empty"));
    }
    if findings.is_empty() {
        Ok(rows)
    } else {
        Err(findings)
    }
}

fn heading(reader: &mut csv::Reader<&[u8]>) -> Result<HashMap<&'static str, usize>, Vec<Finding>> {
    let places: HashMap<&'static str, usize> = reader
        .headers()
        .map_err(|_broken| vec![found(1, "", "contracts-import-broken")])?
        .iter()
        .enumerate()
        .filter_map(|(at, name)| Some((column_of(name)?, at)))
        .collect();
    let missing: Vec<Finding> = COLUMNS
        .iter()
        .filter(|column| !places.contains_key(**column))
        .map(|column| found(1, column, "contracts-import-no-column"))
        .collect();
    if missing.is_empty() {
        Ok(places)
    } else {
        Err(missing)
    }
}

fn read_row(line: u64, cell: impl Fn(&str) -> String, findings: &mut Vec<Finding>) -> Option<Row> {
    let mut limited = |column: &'static str, max: usize| {
        let value = cell(column);
        if value.is_empty() {
            findings.push(found(line, column, "form-missing"));
        } else if text::chars(&value) > max {
            findings.push(Finding {
                line,
                column,
                why: Refusal::new("form-too-long").arg("max", max),
            });
        }
        value
    };
    let title = limited("title", 200);
    let provider_name = limited("provider_name", 200);
    let scope = limited("scope", 5000);
    let mut parsed = |column: &'static str, key: &'static str, ok: bool| {
        if !ok {
            let key = if cell(column).is_empty() {
                "form-missing"
            } else {
                key
            };
            findings.push(found(line, column, key));
        }
    };
    let phone = phone::parse(&cell("phone")).ok();
    parsed("phone", "form-bad-phone", phone.is_some());
    let catalogue = CatalogueCode::parse(&cell("catalogue_code")).ok();
    parsed(
        "catalogue_code",
        "contracts-import-catalogue",
        catalogue.is_some(),
    );
    let provider = CreditCode::parse(&cell("provider_credit_code")).ok();
    let why = if has_lost_digits(&cell("provider_credit_code")) {
        "sheet-digits-lost"
    } else {
        "contracts-import-credit-code"
    };
    parsed("provider_credit_code", why, provider.is_some());
    let amount = Fen::parse_yuan(&cell("amount_yuan"))
        .ok()
        .filter(|fen| fen.0 > 0);
    parsed("amount_yuan", "contracts-import-amount", amount.is_some());
    let from = day(&cell("term_from"));
    parsed("term_from", "contracts-import-date", from.is_some());
    let to = day(&cell("term_to"));
    parsed("term_to", "contracts-import-date", to.is_some());
    if let (Some(from), Some(to)) = (from, to) {
        parsed("term_to", "contracts-import-term", to >= from);
        // 102号令 §24: never more than three years, whatever is bought.
        let is_short = to < from || lasts_at_most(36, from, to);
        parsed("term_to", "contracts-import-long", is_short);
    }
    let communities = communities(&cell("communities"));
    parsed(
        "communities",
        "contracts-import-communities",
        communities.is_some(),
    );
    Some(Row {
        line,
        title,
        catalogue_code: catalogue?.as_str().to_owned(),
        provider_code: provider?.as_str().to_owned(),
        provider_name,
        amount: amount?,
        term_from: from?,
        term_to: to?,
        communities: communities?,
        phone: phone?,
        scope,
    })
}

/// A day as spreadsheets have it: `2026-06-30`, `2026/6/30`, `2026年6月30日`, or the number of a day since 1900.
fn day(typed: &str) -> Option<NaiveDate> {
    let typed = text::narrow(typed);
    if typed.len() == 5 && typed.bytes().all(|b| b.is_ascii_digit()) {
        let since = typed.parse().ok()?;
        let first = NaiveDate::from_ymd_opt(1899, 12, 30)?;
        return first.checked_add_days(chrono::Days::new(since));
    }
    let parts: Vec<&str> = typed
        .trim()
        .trim_end_matches('日')
        .split(['-', '/', '.', '年', '月'])
        .collect();
    let [year, month, day] = parts.as_slice() else {
        return None;
    };
    parse_date(&format!("{year:0>4}-{month:0>2}-{day:0>2}")).ok()
}

/// Codes separated by `;` (or `；`), each once.
fn communities(text: &str) -> Option<Vec<String>> {
    let mut codes = Vec::new();
    for code in text
        .split([';', '；'])
        .map(str::trim)
        .filter(|code| !code.is_empty())
    {
        let code = RegionCode::parse(code).ok()?.as_str().to_owned();
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    (!codes.is_empty()).then_some(codes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    const HEAD: &str = "title,catalogue_code,provider_credit_code,provider_name,amount_yuan,term_from,term_to,communities,phone,scope";

    fn code() -> String {
        CreditCode::make("52", "320585", "MJ000001")
            .unwrap()
            .as_str()
            .to_owned()
    }

    fn good() -> String {
        format!(
            "居家养老巡访,A0402,{},晨光社工事务所,\"120,000.00\",2025-07-01,2026-06-30,320585100001;320585100002,0512-00000001,每周巡访",
            code()
        )
    }

    #[test]
    fn a_good_file() {
        let rows = read(format!("\u{feff}{HEAD}\r\n{}\r\n\r\n", good()).as_bytes()).unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].amount, Fen(12_000_000));
        assert_eq!(rows[0].communities, ["320585100001", "320585100002"]);
        assert_eq!(rows[0].line, 2);
        let line = good();
        let (gb, _, _) = encoding_rs::GB18030.encode(HEAD);
        let (row, _, _) = encoding_rs::GB18030.encode(&line);
        let file = [gb.as_ref(), b"\n", row.as_ref()].concat();
        assert_eq!(read(&file).unwrap()[0].provider_name, "晨光社工事务所");
    }

    #[test]
    fn every_bad_cell_is_named() {
        let bad = "x,A1,NOTACODE,,0,2026-02-30,2025-01-01,12;34,,";
        let findings = read(format!("{HEAD}\n{}\n{bad}\n", good()).as_bytes()).unwrap_err();
        let mut columns: Vec<_> = findings.iter().map(|f| (f.line, f.column)).collect();
        columns.sort_unstable();
        assert_eq!(
            columns,
            [
                (3, "amount_yuan"),
                (3, "catalogue_code"),
                (3, "communities"),
                (3, "phone"),
                (3, "provider_credit_code"),
                (3, "provider_name"),
                (3, "scope"),
                (3, "term_from"),
            ]
        );
    }

    #[test]
    fn terms() {
        for (from, to, key) in [
            ("2025-07-01", "2025-06-30", Some("contracts-import-term")),
            ("2025-07-01", "2029-01-01", Some("contracts-import-long")),
            ("2025-07-01", "2028-06-30", None),
            ("2025-07-01", "2028-07-01", Some("contracts-import-long")),
        ] {
            let row = good().replace("2025-07-01", from).replace("2026-06-30", to);
            let found = read(format!("{HEAD}\n{row}").as_bytes()).err();
            assert_eq!(found.map(|f| f[0].why.key), key, "{from} {to}");
        }
    }

    #[test]
    fn days_as_spreadsheets_have_them() {
        let wanted = NaiveDate::from_ymd_opt(2026, 6, 30);
        for typed in [
            "2026-06-30",
            "2026/6/30",
            "2026年6月30日",
            "2026.6.30",
            "46203",
        ] {
            assert_eq!(day(typed), wanted, "{typed}");
        }
        for typed in [
            "",
            "2026-02-30",
            "26-6-30",
            "30/6/2026",
            "2026-6",
            "99999999",
            "一",
        ] {
            assert_eq!(day(typed), None, "{typed}");
        }
    }

    #[test]
    fn headings_are_known_in_chinese() {
        assert_eq!(column_of("合同金额（元）"), Some("amount_yuan"));
        assert_eq!(column_of(" Title "), Some("title"));
        assert_eq!(column_of("备注"), None);
        let row = good().replacen(&code(), "5.132058501234568E17", 1);
        let found = read(format!("{HEAD}\n{row}").as_bytes()).unwrap_err();
        assert_eq!((found[0].line, found[0].why.key), (2, "sheet-digits-lost"));
    }

    #[test]
    fn bad_files() {
        for (file, key) in [
            (b"\xff\xff\xff".to_vec(), "contracts-import-not-utf8"),
            (b"".to_vec(), "contracts-import-no-column"),
            (b"title,scope\na,b".to_vec(), "contracts-import-no-column"),
            (HEAD.as_bytes().to_vec(), "contracts-import-empty"),
        ] {
            assert_eq!(read(&file).unwrap_err()[0].why.key, key);
        }
        let many = format!("{HEAD}\n{}", format!("{}\n", good()).repeat(MAX_ROWS + 1));
        assert_eq!(
            read(many.as_bytes()).unwrap_err()[0].why.key,
            "contracts-import-too-many"
        );
    }

    proptest! {
        #[test]
        fn no_file_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), text in ".*") {
            let _ = read(&bytes);
            let _ = read(format!("{HEAD}\n{text}").as_bytes());
        }
    }
}
