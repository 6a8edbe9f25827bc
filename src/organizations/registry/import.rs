//! Reading organizations that the bureau knows already: every bad cell with its line and column, all or nothing.

use super::model::{NewProvider, ProviderKind};
use super::rules::{self, RegistryRule};
use crate::accounts;
use crate::infra::sheet::has_lost_digits;
use crate::infra::table::{self, Cells, Column, Outcome};
use crate::kernel::credit_code::CreditCode;
use crate::kernel::phone;
use crate::kernel::refusal::{Refusal, Rule};

/// The columns of the file, in any order. The kind of a body follows from its code.
pub const COLUMNS: &[Column] = &[
    Column::new(
        "name",
        "registry-name",
        "import-hint-text",
        &["单位名称", "名称", "机构名称"],
    ),
    Column::new(
        "credit_code",
        CODE,
        "import-hint-code",
        &["统一社会信用代码", "信用代码", "unified social credit code"],
    ),
    Column::new(
        "legal_head",
        "registry-head",
        "import-hint-text",
        &["法定代表人", "负责人", "legal representative"],
    ),
    Column::new(
        "address",
        "registry-address",
        "import-hint-text",
        &["办公地址", "住所", "地址", "office address"],
    ),
    Column::new(
        "phone",
        "registry-phone",
        "import-hint-phone",
        &["办公电话", "联系电话", "电话", "office telephone"],
    ),
    Column::new(
        "email",
        "registry-import-email",
        "registry-import-email-hint",
        &["经办人邮箱", "电子邮箱", "邮箱", "e-mail"],
    ),
    Column::new(
        "summary",
        "registry-summary",
        "import-hint-text",
        &["单位简介", "简介", "业务范围", "about the organization"],
    )
    .or_not(),
    Column::new(
        SCOPE,
        "registry-import-scope",
        "registry-import-scope-hint",
        &["服务事项编码", "目录编码", "catalogue codes"],
    )
    .or_not(),
    Column::new(
        AREAS,
        "registry-import-areas",
        "import-hint-regions",
        &["服务地区编码", "区划代码", "region codes"],
    )
    .or_not(),
];

const CODE: &str = "registry-code";
const SCOPE: &str = "scope";
const AREAS: &str = "areas";

/// The label of the column that holds such a code.
pub fn label_of(unknown: &RegistryRule) -> &'static str {
    match unknown {
        RegistryRule::UnknownScope(_) => "registry-import-scope",
        RegistryRule::UnknownArea(_) => "registry-import-areas",
        _ => CODE,
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub line: u64,
    pub new: NewProvider,
    /// Whoever is to act for the body.
    pub email: String,
}

/// Reads the whole file; either every row, or everything that is wrong.
pub fn read(bytes: &[u8]) -> Outcome<Row> {
    table::read(COLUMNS, bytes, read_row)
}

fn read_row(cells: &mut Cells) -> Option<Row> {
    let name = cells.needed("name", 100);
    if !name.is_empty()
        && let Err(why) = rules::check_name(&name)
    {
        cells.wrong("name", why.refusal());
    }
    let legal_head = cells.needed("legal_head", 50);
    let address = cells.needed("address", 200);
    let summary = cells.at_most("summary", 2000);
    let code = cells.parsed("credit_code", |typed| {
        if has_lost_digits(typed) {
            return Err(Refusal::new("sheet-digits-lost"));
        }
        let code = CreditCode::parse(typed).map_err(|error| RegistryRule::Code(error).refusal())?;
        let kind = ProviderKind::of_code(&code);
        rules::check_code(kind, &code).map_err(|rule| rule.refusal())?;
        Ok((kind, code))
    });
    let phone = cells.parsed("phone", |typed| {
        phone::parse(typed).map_err(|_bad| RegistryRule::BadPhone.refusal())
    });
    let email = cells.parsed("email", |typed| {
        accounts::read_email(typed).map_err(|rule| rule.refusal())
    });
    let (scope, areas) = (cells.list(SCOPE), cells.list(AREAS));
    let (kind, credit_code) = code?;
    Some(Row {
        line: cells.line,
        email: email?,
        new: NewProvider {
            kind,
            name,
            credit_code,
            legal_head,
            address,
            phone: phone?,
            summary,
            scope: rules::widest(&scope),
            areas: rules::widest(&areas),
        },
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    const HEAD: &str = "单位名称,统一社会信用代码,法定代表人,住所,办公电话,经办人邮箱,区划代码";

    fn rows(prefix: &str, rest: &str) -> Outcome<Row> {
        let code = CreditCode::make(prefix, "320585", "MJ000001").unwrap();
        read(format!("{HEAD}\n晨光社工事务所,{},{rest}", code.as_str()).as_bytes())
    }

    #[test]
    fn the_kind_follows_from_the_code() {
        for (prefix, kind) in [
            ("51", ProviderKind::Association),
            ("52", ProviderKind::SocialService),
            ("53", ProviderKind::Foundation),
            ("91", ProviderKind::Enterprise),
            ("12", ProviderKind::Institution),
            ("93", ProviderKind::Other),
        ] {
            let rest = "王某,某路 1 号,0512-00000001,Wang@Example.invalid,320585100001；320585100";
            let row = rows(prefix, rest).unwrap().remove(0);
            assert_eq!(row.new.kind, kind, "{prefix}");
            assert_eq!(row.email, "wang@example.invalid");
            assert_eq!(row.new.areas, ["320585100"]);
            assert!(row.new.scope.is_empty() && row.new.summary.is_empty());
        }
    }

    #[test]
    fn every_bad_cell_is_named() {
        let found = read(format!("{HEAD}\n,5.13E+17,,,12,nobody,").as_bytes()).unwrap_err();
        let places: Vec<_> = found.iter().map(|one| (one.line, one.column)).collect();
        for label in [
            "registry-name",
            CODE,
            "registry-head",
            "registry-address",
            "registry-phone",
            "registry-import-email",
        ] {
            assert!(places.contains(&(2, label)), "{label}: {places:?}");
        }
        let reason = |rest| rows("52", rest).unwrap_err()[0].why.key;
        assert_eq!(reason("王某,某路,0512-00000001,王,"), "form-bad-email");
    }
}
