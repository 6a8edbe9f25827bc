//! `/projects/{id}/bid`: one page for writing, submitting, replacing and withdrawing.

use super::super::actions::Prepared;
use super::super::model::{Card, Draft, FileRow};
use super::super::{PrepareBids, SubmitBids, actions, rules};
use super::{Desk, NAV, draft_form, fate, size_text};
use crate::common::alarms::{self, AlarmKind};
use crate::infra::actor::Actor;
use crate::infra::failure::{Failure, Refusal, Rule};
use crate::kernel::instant;
use crate::kernel::money::Fen;
use crate::procurement::projects::ProjectId;
use crate::procurement::tenders::{Tender, TenderState};
use crate::web::{Answer, AppError, Form, May, State, View};
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use serde_json::{Value, json};

pub async fn show(
    who: May<PrepareBids>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
) -> Answer {
    let desk = Desk::load(&state, &who.actor, *id).await?;
    let draft = desk.draft.as_ref().map(|(draft, ..)| draft.clone());
    let form = draft_form::fill(&draft.unwrap_or_default());
    page(&view, &who.actor, &desk, &form, &Told::Nothing)
}

pub async fn save(
    who: May<PrepareBids>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    mut form: Form,
) -> Answer {
    let desk = Desk::load(&state, &who.actor, *id).await?;
    let draft = draft_form::read(&mut form);
    if !form.is_ok() {
        return page(&view, &who.actor, &desk, &form, &Told::Nothing);
    }
    let (tender, version) = (desk.place.tender.id, form.version());
    let sealed = actions::seal_draft(&state.secrets, &draft)?;
    let (key, actor, back) = (
        view.once_key(&form),
        who.actor.clone(),
        desk.place.path("/bid"),
    );
    let location = back.clone();
    let saved = state
        .write_once(key, move |tx| {
            actions::save(tx, &actor, tender, version, &sealed)?;
            Ok(location.clone())
        })
        .await;
    match saved {
        Ok(location) => Ok(view.see_other_with(&location, "bids-flash-saved")),
        Err(Failure::Changed) => {
            // What was typed stays; saved again it goes over the colleague's version, knowingly.
            let desk = Desk::load(&state, &who.actor, *id).await?;
            form.refuse(Refusal::new("form-changed"));
            page(&view, &who.actor, &desk, &form, &Told::Changed)
        }
        Err(failure) => {
            form.take_up(failure.into())?;
            page(&view, &who.actor, &desk, &form, &Told::Nothing)
        }
    }
}

pub async fn discard(
    who: May<PrepareBids>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    form: Form,
) -> Answer {
    let desk = Desk::load(&state, &who.actor, *id).await?;
    if !form.is_checked("sure_discard") {
        let refusal = Refusal::new("form-confirm").at("sure_discard");
        return refused(&view, &who.actor, &desk, Failure::Refused(refusal));
    }
    let (tender, version, actor) = (desk.place.tender.id, form.version(), who.actor.clone());
    state
        .store
        .write(move |tx| actions::discard(tx, &actor, tender, version))
        .await?;
    Ok(view.see_other_with(&desk.place.path("/bid"), "bids-flash-discarded"))
}

/// The small request: it names the draft's version and its files' hashes; the content lies here already.
pub async fn submit(
    who: May<SubmitBids>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    form: Form,
) -> Answer {
    let key = view.once_key(&form);
    match send(&who.actor, &state, *id, &form, key).await {
        Ok(location) => Ok(view.see_other_with(&location, "bids-flash-submitted")),
        Err(failure @ (Failure::NotFound | Failure::Forbidden)) => Err(failure.into()),
        Err(failure) => not_sent(&view, &who.actor, &state, *id, failure).await,
    }
}

async fn send(
    actor: &Actor,
    state: &Data<State>,
    id: ProjectId,
    form: &Form,
    key: String,
) -> Result<String, Failure> {
    let desk = Desk::load(state, actor, id).await?;
    let named = sorted(form.all("file"));
    let have = sorted(
        desk.files
            .iter()
            .map(|(f, _)| f.cipher_sha256.clone())
            .collect(),
    );
    let tender = desk.place.tender;
    let matching = desk
        .draft
        .filter(|(_, version, _)| *version == form.version() && named == have);
    let Some((draft, version, _)) = matching else {
        // Sent twice, the draft is gone: then its result is found under the form's key. Else it came too late, or
        // the draft changed.
        let id = tender.id;
        return state
            .write_once(key, move |tx| {
                actions::check_open(tx, id)?;
                Err(Failure::Changed)
            })
            .await;
    };
    let bidder = actions::bidder_of(actor)?;
    let files = desk.files;
    let prepared = tokio::task::spawn_blocking(move || {
        actions::prepare(&tender, bidder, draft, version, &files)
    })
    .await
    .unwrap_or(Err(Failure::Unavailable))?;
    let location = actions::receipt_path(&desk.place.project, &prepared.receipt_no);
    let prepared = mirrored(state, prepared).await?;
    let (actor, signatures) = (actor.clone(), state.signatures.clone());
    let receipt_no = prepared.receipt_no.clone();
    let taken = state
        .write_once(key, move |tx| {
            actions::submit(tx, &actor, &signatures, &prepared)?;
            Ok(location.clone())
        })
        .await;
    // A refusal is certain; after anything else the bid may have been taken in.
    if let (Some(mirror), Err(Failure::Refused(_) | Failure::Changed)) = (&state.mirror, &taken) {
        mirror.forget(&receipt_no);
    }
    taken
}

/// On the second disk first: whoever gets a receipt has a bid on both.
async fn mirrored(state: &Data<State>, prepared: Prepared) -> Result<Prepared, Failure> {
    let Some(mirror) = state.mirror.clone() else {
        return Ok(prepared);
    };
    let (prepared, kept) = tokio::task::spawn_blocking(move || {
        let kept = mirror.keep(&prepared.receipt_no, &prepared.sealed, &prepared.files);
        (prepared, kept)
    })
    .await
    .map_err(Failure::internal)?;
    let Err(error) = kept else {
        return Ok(prepared);
    };
    let detail = error.to_string();
    state
        .store
        .write(move |tx| alarms::raise(tx, AlarmKind::MirrorFailed, &detail))
        .await?;
    Err(Failure::Refused(Refusal::new("bids-not-sent-mirror")))
}

fn sorted(mut hashes: Vec<String>) -> Vec<String> {
    hashes.sort_unstable();
    hashes
}

/// Whatever kept a bid from being sent: the page says “not sent” plainly, and why.
async fn not_sent(
    view: &View,
    actor: &Actor,
    state: &Data<State>,
    id: ProjectId,
    failure: Failure,
) -> Answer {
    if view.ctx.is_api {
        return Err(failure.into());
    }
    let (status, reasons) = match failure {
        Failure::Refused(refusal) => (StatusCode::UNPROCESSABLE_ENTITY, vec![refusal]),
        Failure::RefusedAll(refusals) => (StatusCode::UNPROCESSABLE_ENTITY, refusals),
        Failure::Changed => (
            StatusCode::CONFLICT,
            vec![Refusal::new("bids-not-sent-changed")],
        ),
        other => {
            tracing::error!(error = %other, "a bid was not taken in");
            let status = StatusCode::SERVICE_UNAVAILABLE;
            (status, vec![Refusal::new("bids-not-sent-unavailable")])
        }
    };
    let desk = Desk::load(state, actor, id).await?;
    let draft = desk.draft.as_ref().map(|(draft, ..)| draft.clone());
    let form = draft_form::fill(&draft.unwrap_or_default());
    let reasons = reasons.iter().map(|reason| view.word(reason)).collect();
    page(view, actor, &desk, &form, &Told::NotSent(status, reasons))
}

/// Begins a replacement, empty but with the files; the bidder's own copy may be brought in then.
pub async fn replace(
    who: May<SubmitBids>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    form: Form,
) -> Answer {
    let desk = Desk::load(&state, &who.actor, *id).await?;
    let (tender, actor) = (desk.place.tender.id, who.actor.clone());
    let sealed = actions::seal_draft(&state.secrets, &Draft::default())?;
    let back = desk.place.path("/bid");
    let begun = state
        .write_once(view.once_key(&form), move |tx| {
            actions::begin_replacement(tx, &actor, tender, &sealed)?;
            Ok(back.clone())
        })
        .await;
    match begun {
        Ok(back) => Ok(view.see_other_with(&back, "bids-flash-replacing")),
        Err(failure) => refused(&view, &who.actor, &desk, failure),
    }
}

pub async fn withdraw(
    who: May<SubmitBids>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    form: Form,
) -> Answer {
    let desk = Desk::load(&state, &who.actor, *id).await?;
    if !form.is_checked("sure") {
        let refusal = Refusal::new("form-confirm").at("sure");
        return refused(&view, &who.actor, &desk, Failure::Refused(refusal));
    }
    let (tender, actor) = (desk.place.tender.id, who.actor.clone());
    let back = desk.place.path("/bid");
    let withdrawn = state
        .write_once(view.once_key(&form), move |tx| {
            actions::withdraw(tx, &actor, tender)?;
            Ok(back.clone())
        })
        .await;
    match withdrawn {
        Ok(back) => Ok(view.see_other_with(&back, "bids-flash-withdrawn")),
        Err(failure) => refused(&view, &who.actor, &desk, failure),
    }
}

/// The page again with what was refused; anything but a refusal goes on up.
pub fn refused(view: &View, actor: &Actor, desk: &Desk, failure: Failure) -> Answer {
    let draft = desk.draft.as_ref().map(|(draft, ..)| draft.clone());
    let mut form = draft_form::fill(&draft.unwrap_or_default());
    form.take_up(AppError::from(failure))?;
    page(view, actor, desk, &form, &Told::Nothing)
}

/// What the page tells beside its form.
enum Told {
    Nothing,
    Changed,
    NotSent(StatusCode, Vec<String>),
}

fn page(view: &View, actor: &Actor, desk: &Desk, form: &Form, told: &Told) -> Answer {
    let now = view.state.store.now();
    let tender = &desk.place.tender;
    let moment = rules::may_receive(tender.state, tender.closes_at, now);
    let worded = form.view(&view.state.words, view.language());
    let (status, not_sent) = match told {
        Told::NotSent(status, reasons) => (*status, Some(reasons)),
        Told::Changed => (StatusCode::CONFLICT, None),
        Told::Nothing if form.is_ok() => (StatusCode::OK, None),
        Told::Nothing => (StatusCode::UNPROCESSABLE_ENTITY, None),
    };
    let title = view.say("bids-title");
    let project = &desk.place.project;
    // A draft may be saved while its lines do not give the price; the place to say so is beside them.
    let unfit = desk.draft.as_ref().and_then(|(draft, ..)| {
        let refusal = rules::check_sum(draft.price?, &draft.lines)
            .err()?
            .refusal();
        Some(json!(view.word(&refusal)))
    });
    let has_ended = desk.place.tender.opened_at.is_some()
        || matches!(tender.state, TenderState::Failed | TenderState::Cancelled);
    let body = json!({
        "project": {
            "path": desk.place.path(""), "number": project.number, "title": project.title,
            "budget": project.budget_fen.to_string(),
        },
        "moment": {
            "is_open": moment.is_ok(),
            "closed": moment.err().map(|rule| closed(view, tender, has_ended, &rule)),
            "closes": tender.closes_at.map(instant::deadline),
            "deadline": tender.closes_at.map(instant::rfc3339),
            "now": instant::rfc3339(now), "server": instant::second(now),
            "left": left(view, now, tender.closes_at),
        },
        "to": {
            "draft": desk.place.path("/bid/draft"), "discard": desk.place.path("/bid/discard"),
            "files": desk.place.path("/bid/files"), "remove": desk.place.path("/bid/files/remove"),
            "own_copy": desk.place.path("/bid/own-copy"), "submit": desk.place.path("/bid/submit"),
            "replace": desk.place.path("/bid/replace"), "withdraw": desk.place.path("/bid/withdraw"),
        },
        "can_submit": actor.may::<SubmitBids>(),
        "version": desk.version().to_string(),
        "draft": draft_view(view, desk),
        "files": files_view(&desk.files),
        "rows": draft_form::rows(form, &worded),
        "breakdown_error": worded.pointer("/at/breakdown").cloned().or(unfit.filter(|_| form.is_ok())),
        "form": worded,
        "not_sent": not_sent,
        "withdraw_error": worded.pointer("/at/sure"),
        "discard_error": worded.pointer("/at/sure_discard"),
        "current": current_view(view, desk),
        "earlier": earlier_view(view, desk),
        "has_ended": has_ended,
        "writing": desk.draft.is_some() || desk.current.is_none(),
        "max_lines": rules::MAX_LINES.to_string(),
    });
    view.render_as(status, "procurement/bids/bid", NAV, &title, &body)
}

/// Why nothing is received: to the microsecond while it may be disputed, a plain date once what came is open.
fn closed(view: &View, tender: &Tender, has_ended: bool, rule: &rules::BidRule) -> String {
    match tender.closes_at.filter(|_| has_ended) {
        Some(at) => view.say_with("bids-closed-on", &[("at", &instant::deadline(at))]),
        None => view.word(&rule.refusal()),
    }
}

fn left(view: &View, now: chrono::NaiveDateTime, closes: Option<chrono::NaiveDateTime>) -> String {
    let Some(left) = closes.and_then(|closes| instant::Remaining::until(now, closes)) else {
        return view.say("layout-count-over");
    };
    let (days, hours, minutes) = (
        left.days.to_string(),
        left.hours.to_string(),
        left.minutes.to_string(),
    );
    match left.days {
        0 => view.say_with(
            "bids-left-hours",
            &[("hours", &hours), ("minutes", &minutes)],
        ),
        _ => view.say_with("bids-left-days", &[("days", &days), ("hours", &hours)]),
    }
}

fn draft_view(view: &View, desk: &Desk) -> Value {
    let Some((draft, _, saved_at)) = &desk.draft else {
        return Value::Null;
    };
    let budget = desk.place.project.budget_fen;
    let missing: Vec<Value> = rules::check_complete(draft, desk.files.len())
        .iter()
        .map(|rule| {
            let refusal = rule.refusal();
            let href = refusal.field.map(|field| format!("#{field}"));
            json!({ "text": view.word(&refusal), "href": href })
        })
        .collect();
    json!({
        "saved_at": instant::second(*saved_at),
        "price": draft.price.map(|price| echo(price, budget)),
        "sum": Fen::sum(draft.lines.iter().map(|line| line.amount)).ok().map(|sum| sum.to_string()),
        "missing": missing,
    })
}

/// The price as it will stand: figures, capitals, and its share of the budget.
fn echo(price: Fen, budget: Fen) -> Value {
    json!({
        "figures": price.to_string(),
        "capitals": price.capitals(),
        "share": price.share_of(budget),
        "is_over": rules::is_over_budget(price, budget),
    })
}

pub fn files_view(files: &[(FileRow, Card)]) -> Vec<Value> {
    files
        .iter()
        .map(|(row, card)| {
            json!({ "name": card.name, "size": size_text(card.size), "hash": row.cipher_sha256 })
        })
        .collect()
}

fn earlier_view(view: &View, desk: &Desk) -> Vec<Value> {
    desk.earlier
        .iter()
        .map(|bid| {
            json!({
                "no": bid.receipt_no,
                "href": actions::receipt_path(&desk.place.project, &bid.receipt_no),
                "state": view.say(&format!("bids-standing-{}", bid.state)),
                "at": instant::second(bid.submitted_at),
                "ended": bid.ended_at.map(instant::second),
            })
        })
        .collect()
}

fn current_view(view: &View, desk: &Desk) -> Value {
    let Some((bid, files)) = &desk.current else {
        return Value::Null;
    };
    json!({
        "fate": fate(view, &desk.place, bid),
        "receipt_no": bid.receipt_no,
        "at": rules::exact(bid.submitted_at),
        "hash": bid.cipher_sha256,
        "files": files_view(files),
        "href": actions::receipt_path(&desk.place.project, &bid.receipt_no),
    })
}
