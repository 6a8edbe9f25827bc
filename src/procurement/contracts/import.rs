//! Reading running contracts from before the portal: every bad cell with its line and column, all or nothing.

use crate::infra::sheet::has_lost_digits;
use crate::infra::table::{self, Cells, Column, Outcome};
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

/// The columns of the file, in any order.
pub const COLUMNS: &[Column] = &[
    Column::new(
        "title",
        "contracts-import-title-column",
        "import-hint-text",
        &["合同名称", "合同", "名称", "项目名称", "contract"],
    ),
    Column::new(
        "catalogue_code",
        "contracts-import-catalogue-column",
        "contracts-import-catalogue-hint",
        &["目录编码", "编码", "catalogue code"],
    ),
    Column::new(
        "provider_credit_code",
        "contracts-import-code-column",
        "import-hint-code",
        &[
            "承接单位统一社会信用代码",
            "统一社会信用代码",
            "信用代码",
            "credit code",
        ],
    ),
    Column::new(
        "provider_name",
        "contracts-import-provider-column",
        "import-hint-text",
        &["承接单位", "承接单位名称", "单位名称", "provider"],
    ),
    Column::new(
        "amount_yuan",
        "contracts-import-amount-column",
        "contracts-import-amount-hint",
        &["合同金额", "金额", "amount"],
    ),
    Column::new(
        "term_from",
        "contracts-import-from-column",
        "import-hint-day",
        &["开始日期", "开始", "起始日期", "from"],
    ),
    Column::new(
        "term_to",
        "contracts-import-to-column",
        "import-hint-day",
        &["到期日期", "到期", "结束日期", "to"],
    ),
    Column::new(
        "communities",
        "contracts-import-communities-column",
        "import-hint-regions",
        &["服务地区编码", "服务社区", "社区编码", "communities"],
    ),
    Column::new(
        "phone",
        "contracts-import-phone-column",
        "import-hint-phone",
        &["采购人办公电话", "联系电话", "电话", "office telephone"],
    ),
    Column::new(
        "scope",
        "contracts-import-scope-column",
        "import-hint-text",
        &["服务内容", "服务范围", "services"],
    ),
];

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

/// Reads the whole file; either every row, or everything that is wrong.
pub fn read(bytes: &[u8]) -> Outcome<Row> {
    table::read(COLUMNS, bytes, read_row)
}

fn read_row(cells: &mut Cells) -> Option<Row> {
    let or = |key: &'static str| Refusal::new(key);
    let title = cells.needed("title", 200);
    let provider_name = cells.needed("provider_name", 200);
    let scope = cells.needed("scope", 5000);
    let phone = cells.parsed("phone", |typed| {
        phone::parse(typed).map_err(|_bad| or("form-bad-phone"))
    });
    let catalogue = cells.parsed("catalogue_code", |typed| {
        CatalogueCode::parse(typed).map_err(|_bad| or("contracts-import-catalogue"))
    });
    let provider = cells.parsed("provider_credit_code", |typed| {
        CreditCode::parse(typed).map_err(|_bad| {
            or(if has_lost_digits(typed) {
                "sheet-digits-lost"
            } else {
                "contracts-import-credit-code"
            })
        })
    });
    let amount = cells.parsed("amount_yuan", |typed| {
        let fen = Fen::parse_yuan(typed).ok().filter(|fen| fen.0 > 0);
        fen.ok_or_else(|| or("contracts-import-amount"))
    });
    let from = cells.parsed("term_from", day);
    let to = cells.parsed("term_to", day);
    if let (Some(from), Some(to)) = (from, to) {
        if to < from {
            cells.wrong("term_to", or("contracts-import-term"));
        } else if !lasts_at_most(36, from, to) {
            // 102号令 §24: never more than three years, whatever is bought.
            cells.wrong("term_to", or("contracts-import-long"));
        }
    }
    let communities = cells.list("communities");
    let are_codes = communities
        .iter()
        .all(|code| RegionCode::parse(code).is_ok());
    if communities.is_empty() {
        cells.wrong("communities", or("form-missing"));
    } else if !are_codes {
        cells.wrong("communities", or("contracts-import-communities"));
    }
    Some(Row {
        line: cells.line,
        title,
        catalogue_code: catalogue?.as_str().to_owned(),
        provider_code: provider?.as_str().to_owned(),
        provider_name,
        amount: amount?,
        term_from: from?,
        term_to: to?,
        communities,
        phone: phone?,
        scope,
    })
}

/// A day as spreadsheets have it: `2026-06-30`, `2026/6/30`, `2026年6月30日`, or the number of a day since 1900.
fn day(typed: &str) -> Result<NaiveDate, Refusal> {
    let bad = || Refusal::new("contracts-import-date");
    let typed = text::narrow(typed);
    if typed.len() == 5 && typed.bytes().all(|b| b.is_ascii_digit()) {
        let since = typed.parse().map_err(|_digits| bad())?;
        let first = NaiveDate::from_ymd_opt(1899, 12, 30);
        return first
            .and_then(|first| first.checked_add_days(chrono::Days::new(since)))
            .ok_or_else(bad);
    }
    let parts: Vec<&str> = typed
        .trim()
        .trim_end_matches('日')
        .split(['-', '/', '.', '年', '月'])
        .collect();
    let [year, month, day] = parts.as_slice() else {
        return Err(bad());
    };
    parse_date(&format!("{year:0>4}-{month:0>2}-{day:0>2}")).map_err(|_typed| bad())
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
                (3, "contracts-import-amount-column"),
                (3, "contracts-import-catalogue-column"),
                (3, "contracts-import-code-column"),
                (3, "contracts-import-communities-column"),
                (3, "contracts-import-from-column"),
                (3, "contracts-import-phone-column"),
                (3, "contracts-import-provider-column"),
                (3, "contracts-import-scope-column"),
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
            assert_eq!(day(typed).ok(), wanted, "{typed}");
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
            assert!(day(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn numbers_that_lost_digits_are_named() {
        let row = good().replacen(&code(), "5.132058501234568E17", 1);
        let found = read(format!("{HEAD}\n{row}").as_bytes()).unwrap_err();
        assert_eq!((found[0].line, found[0].why.key), (2, "sheet-digits-lost"));
    }

    proptest! {
        #[test]
        fn no_file_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), text in ".*") {
            let _ = read(&bytes);
            let _ = read(format!("{HEAD}\n{text}").as_bytes());
        }
    }
}
