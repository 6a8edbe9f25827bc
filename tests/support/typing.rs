//! What people, machines and accidents type into forms: each field of a form gets everything that is wrong for it.

use super::Reply;
use sanshe::kernel::text;
use scraper::Selector;

/// What a field reads.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A text of at most so many characters that must be there.
    Text(usize),
    /// The same, which may stay empty.
    Maybe(usize),
    Money,
    Date,
    Time,
    Number,
    Choice,
    Phone,
    Email,
}

/// Sends a form with these fields over what its page holds.
pub type Send<'a> = &'a dyn Fn(&[(&str, &str)]) -> Reply;

/// A form with the fields that are right, and one mistake that is refused in any case.
pub struct FormOf<'a> {
    pub name: &'a str,
    pub send: Send<'a>,
    pub right: &'a [(&'static str, &'static str)],
    pub mistake: (&'static str, &'static str),
    pub fields: &'a [(&'static str, Kind)],
}

/// Invisible, right to left, outside the first plane, markup, quotes: text like any other.
const ODD: [&str; 9] = [
    "🧓🏽👩‍👩‍👧 老人",
    "שלום עולם مرحبا",
    "𠮷野家𩸽屋",
    "<script>alert(1)</script>",
    "'; DROP TABLE projects; --",
    "{{page.csrf}} {{{form}}}",
    "e\u{301}\u{301}\u{301} Z\u{0351}",
    "a\u{0}b",
    "％＜＞＆＂＇",
];

fn wrong(kind: Kind) -> Vec<String> {
    let blank = [
        "",
        "   ",
        "\u{3000}\u{3000}",
        "\u{202e}\u{200b}\u{feff}\u{2066}",
    ];
    let long = |max: usize| {
        vec![
            "长".repeat(max + 1),
            "𠮷".repeat(max + 1),
            "x".repeat(max + 1),
        ]
    };
    let own: &[&str] = match kind {
        Kind::Text(max) => {
            return blank
                .map(str::to_owned)
                .into_iter()
                .chain(long(max))
                .collect();
        }
        Kind::Maybe(max) => return long(max),
        Kind::Money => &[
            "abc",
            "-1",
            "-0.01",
            "0.001",
            "99999999999999999999",
            "9223372036854775807",
            "NaN",
            "1e9",
            "0x10",
            "十万",
            "∞",
            "🧧",
            "--5",
            "１２．３４５",
            "1.2.3",
            "𝟏𝟐",
        ],
        Kind::Date => &[
            "2026-02-30",
            "2026-13-01",
            "0000-00-00",
            "2026-2-3",
            "99999-01-01",
            "31/12/2026",
            "明天",
            "🗓",
            "2026-06-01T00:00",
            "-2026-06-01",
            "2026-06-01 ; x",
        ],
        Kind::Time => &[
            "2026-02-30T17:00",
            "2026-06-01",
            "2026-06-01T25:00",
            "2026-06-01T17:60",
            "17:00",
            "明天五点",
            "🕔",
            "99999-01-01T00:00",
            "0001-01-01T00:00",
            "2026-06-01T17:00Z",
        ],
        Kind::Number => &[
            "-1",
            "1.5",
            "abc",
            "三",
            "9223372036854775808",
            "99999999999999999999999",
            "½",
            "🔢",
            "1e1",
            "0x1",
        ],
        Kind::Choice => &[
            "none-of-these",
            "🧓",
            "a\u{0}b",
            "0",
            "-1",
            "99999999999999999999",
        ],
        Kind::Phone => &[
            "1234",
            "手机",
            "1234567890123456789012345678901234567890",
            "☎️☎️☎️☎️☎️☎️☎️",
        ],
        Kind::Email => &[
            "a",
            "a@",
            "@b",
            "a b@c.invalid",
            "a@b@c.invalid",
            "🧓",
            "a@b.invalid\r\nBcc: c@d.invalid",
        ],
    };
    blank
        .into_iter()
        .chain(own.iter().copied())
        .map(str::to_owned)
        .collect()
}

/// What a control of the page holds.
pub fn value_of(reply: &Reply, name: &str) -> Option<String> {
    let selector = Selector::parse(&format!("main [name='{name}']")).unwrap();
    let html = reply.html();
    let element = html.select(&selector).next()?;
    Some(match element.value().attr("value") {
        Some(value) => value.to_owned(),
        // The line break after the opening tag is the template's.
        None => element
            .text()
            .collect::<String>()
            .trim_start_matches('\n')
            .to_owned(),
    })
}

impl FormOf<'_> {
    fn with(&self, name: &str, value: &str) -> Reply {
        let mut fields: Vec<(&str, &str)> = self
            .right
            .iter()
            .filter(|(have, _)| *have != name)
            .copied()
            .collect();
        fields.push((name, value));
        (self.send)(&fields)
    }

    /// Everything that is wrong is refused at its field and kept as typed; nothing breaks. What is not as it should
    /// be, in words.
    pub fn sweep(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut note = |field: &str, typed: &str, what: &str| {
            let typed: String = typed.chars().take(24).collect();
            found.push(format!("{} · {field} · {typed:?}: {what}", self.name));
        };
        for (field, kind) in self.fields {
            let keeps = !matches!(kind, Kind::Choice);
            for typed in wrong(*kind) {
                let reply = self.with(field, &typed);
                if reply.status != 422 {
                    note(
                        field,
                        &typed,
                        &format!("{} {:?}", reply.status, reply.location),
                    );
                    continue;
                }
                let says = [
                    format!("#{field}-error"),
                    format!("[name={field}][aria-invalid]"),
                ];
                let is_said =
                    says.iter().any(|css| reply.has(css)) || reply.has(".govuk-error-message");
                if !is_said || reply.errors().is_empty() {
                    note(
                        field,
                        &typed,
                        &format!("no message at the field: {:?}", reply.errors()),
                    );
                }
                let is_blank = text::clean(&typed).is_empty();
                let held = typed.replace("\r\n", "\n");
                if keeps && !is_blank && value_of(&reply, field).as_deref() != Some(&held) {
                    note(
                        field,
                        &typed,
                        &format!("not kept: {:?}", value_of(&reply, field)),
                    );
                }
            }
            if field == &self.mistake.0 || !keeps {
                continue;
            }
            for typed in ODD {
                let mut fields: Vec<(&str, &str)> = self.right.to_vec();
                fields.retain(|(have, _)| have != field && *have != self.mistake.0);
                fields.extend([(*field, typed), self.mistake]);
                let reply = (self.send)(&fields);
                if reply.status != 422 {
                    note(
                        field,
                        typed,
                        &format!("{} {:?}", reply.status, reply.location),
                    );
                } else if !typed.contains('\0') && value_of(&reply, field).as_deref() != Some(typed)
                {
                    note(
                        field,
                        typed,
                        &format!("not kept: {:?}", value_of(&reply, field)),
                    );
                }
            }
        }
        found
    }
}
