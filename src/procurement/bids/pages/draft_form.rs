//! The form of a draft: rows of the breakdown without the empty ones, so that a refusal stands at its line.

use super::super::model::{Draft, Line};
use super::super::rules::{self, AMOUNTS, LABELS, MAX_LINES};
use crate::infra::failure::Rule;
use crate::kernel::money::Fen;
use crate::web::Form;
use serde_json::{Value, json};

/// Fewest rows shown, and empty rows after the filled ones.
const SHOWN: usize = 4;
const SPARE: usize = 2;

/// Reads the form; refusals go into it. The rows of the form are closed up first.
pub fn read(form: &mut Form) -> Draft {
    close_up(form);
    let price = amount(form, "price");
    let mut lines = Vec::new();
    for (label, field) in LABELS.iter().zip(AMOUNTS) {
        let name = form.optional(label, rules::MAX_LABEL);
        let typed = amount(form, field);
        let n = lines.len();
        match typed {
            Some(amount) => lines.push(Line {
                label: name,
                amount,
            }),
            None if name.is_empty() => {}
            None => {
                if form.raw(field).is_empty() {
                    form.refuse(rules::BidRule::AmountMissing(n).refusal());
                }
                // Keeps the numbering of the lines after it; the form is refused anyway.
                lines.push(Line {
                    label: name,
                    amount: Fen(1),
                });
            }
        }
    }
    let proposal = form.optional("proposal", rules::MAX_PROPOSAL);
    let draft = Draft {
        price,
        lines,
        proposal,
    };
    for rule in rules::check_draft(&draft) {
        form.refuse(rule.refusal());
    }
    draft
}

fn amount(form: &mut Form, field: &'static str) -> Option<Fen> {
    match rules::read_amount(form.raw(field), field) {
        Ok(amount) => amount,
        Err(rule) => {
            form.refuse(rule.refusal());
            None
        }
    }
}

fn close_up(form: &mut Form) {
    let rows: Vec<(String, String)> = LABELS
        .iter()
        .zip(AMOUNTS)
        .map(|(label, amount)| {
            (
                form.raw(label).trim().to_owned(),
                form.raw(amount).trim().to_owned(),
            )
        })
        .filter(|(label, amount)| !label.is_empty() || !amount.is_empty())
        .collect();
    let mut rows = rows.into_iter();
    for (label, amount) in LABELS.iter().zip(AMOUNTS) {
        let (name, typed) = rows.next().unwrap_or_default();
        *form = std::mem::take(form).with(label, name).with(amount, typed);
    }
}

/// A form that shows a draft.
pub fn fill(draft: &Draft) -> Form {
    let mut form = Form::default()
        .with("price", draft.price.map(typed).unwrap_or_default())
        .with("proposal", &draft.proposal);
    for ((label, amount), line) in LABELS.iter().zip(AMOUNTS).zip(&draft.lines) {
        form = form
            .with(label, &line.label)
            .with(amount, typed(line.amount));
    }
    form
}

/// An amount as it would be typed.
fn typed(fen: Fen) -> String {
    fen.to_string().replace(',', "")
}

/// The rows for the page, from the form and its worded view.
pub fn rows(form: &Form, worded: &Value) -> Vec<Value> {
    let filled = LABELS
        .iter()
        .zip(AMOUNTS)
        .rposition(|(label, amount)| !form.raw(label).is_empty() || !form.raw(amount).is_empty())
        .map_or(0, |last| last + 1);
    let shown = (filled + SPARE).clamp(SHOWN, MAX_LINES);
    let error = |name: &str| worded.get("at").and_then(|at| at.get(name)).cloned();
    LABELS
        .iter()
        .zip(AMOUNTS)
        .take(shown)
        .enumerate()
        .map(|(n, (label, amount))| {
            json!({
                "n": (n + 1).to_string(),
                "label_name": label, "label": form.raw(label), "label_error": error(label),
                "amount_name": amount, "amount": form.raw(amount), "amount_error": error(amount),
            })
        })
        .collect()
}
