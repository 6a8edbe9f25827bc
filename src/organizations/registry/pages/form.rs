//! Registering a body, and editing the own one's data.

use super::NAV;
use crate::accounts;
use crate::catalogue::{self, CatalogueItem};
use crate::infra::db::Db;
use crate::infra::failure::{Failure, Rule};
use crate::kernel::credit_code::CreditCode;
use crate::kernel::phone;
use crate::kernel::text::{self, one_line};
use crate::organizations::registry::actions;
use crate::organizations::registry::model::{
    KeepOwnProvider, NewProvider, Provider, ProviderId, ProviderKind, ProviderState,
};
use crate::organizations::registry::queries;
use crate::organizations::registry::rules::{self, RegistryRule};
use crate::regions::{self, Region};
use crate::web::{Answer, AppError, Form, May, SignedIn, State, View};
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use serde_json::{Value, json};

/// What the checkboxes offer.
struct Choices {
    items: Vec<CatalogueItem>,
    county: Option<Region>,
    towns: Vec<Region>,
    communities: Vec<Region>,
}

fn choices(db: &mut Db) -> Result<Choices, Failure> {
    let items = match catalogue::newest_published(db)? {
        Some(catalogue) => catalogue::list_items(db, catalogue.id)?,
        None => Vec::new(),
    };
    let towns = regions::list_towns(db)?;
    let county = match towns.first().and_then(|town| town.parent_code.clone()) {
        Some(code) => Some(regions::find(db, &code)?),
        None => None,
    };
    Ok(Choices {
        items,
        county,
        towns,
        communities: regions::list_communities(db)?,
    })
}

pub async fn begin(_who: SignedIn, view: View, state: Data<State>) -> Answer {
    let offered = state.store.read(choices).await?;
    show_new(&view, &offered, &Form::default())
}

pub async fn create(who: SignedIn, view: View, state: Data<State>, mut form: Form) -> Answer {
    let offered = state.store.read(choices).await?;
    let (actor, key) = (who.0, view.once_key(&form));
    let Some(new) = read(&mut form, &offered) else {
        return show_new(&view, &offered, &form);
    };
    let done = state.write_once(key, move |tx| {
        let id = actions::register(tx, &actor, &new)?;
        let body = queries::find(tx.db, id)?.body_id;
        accounts::switch_body(tx, &actor, body)?;
        Ok(format!("/organizations/{id}/registration"))
    });
    match done.await {
        Ok(path) => Ok(view.see_other_with(&path, "registry-flash-registered")),
        Err(error) => {
            form.take_up(AppError::from(error))?;
            show_new(&view, &offered, &form)
        }
    }
}

fn show_new(view: &View, offered: &Choices, form: &Form) -> Answer {
    let title = view.say("registry-register-title");
    let page = page(view, offered, form, &[]);
    view.render_form("organizations/registry/register", NAV, &title, form, &page)
}

pub async fn edit(
    who: May<KeepOwnProvider>,
    view: View,
    state: Data<State>,
    id: Path<ProviderId>,
) -> Answer {
    let (id, body) = (*id, who.actor.body_id());
    let (offered, provider, scope, areas) = state
        .store
        .read(move |db| {
            let provider = queries::find_own(db, id, body)?;
            let (scope, areas) = (queries::scopes_of(db, id)?, queries::areas_of(db, id)?);
            Ok((choices(db)?, provider, scope, areas))
        })
        .await?;
    let form = filled(&provider, &scope, &areas);
    show_edit(&view, &offered, &form, &provider, &scope, &[])
}

fn filled(provider: &Provider, scope: &[String], areas: &[String]) -> Form {
    Form::default()
        .with("kind", provider.kind)
        .with("name", &provider.name)
        .with("credit_code", &provider.credit_code)
        .with("legal_head", &provider.legal_head)
        .with("address", &provider.address)
        .with("phone", &provider.phone)
        .with("summary", &provider.summary)
        .with_all("scope", scope.iter().cloned())
        .with_all("areas", areas.iter().cloned())
        .with("version", provider.version)
}

pub async fn save(
    who: May<KeepOwnProvider>,
    view: View,
    state: Data<State>,
    id: Path<ProviderId>,
    mut form: Form,
) -> Answer {
    let (id, actor, body) = (*id, who.actor.clone(), who.actor.body_id());
    let load = move |db: &mut Db| {
        let provider = queries::find_own(db, id, body)?;
        let (scope, areas) = (queries::scopes_of(db, id)?, queries::areas_of(db, id)?);
        Ok((choices(db)?, provider, scope, areas))
    };
    let (offered, provider, scope, _) = state.store.read(load).await?;
    let Some(new) = read(&mut form, &offered) else {
        return show_edit(&view, &offered, &form, &provider, &scope, &[]);
    };
    let version = form.version();
    let (wanted, key) = (new.clone(), view.once_key(&form));
    let done = state.write_once(key, move |tx| {
        actions::edit(tx, &actor, id, version, &new)?;
        Ok(format!("/organizations/{id}/registration"))
    });
    match done.await {
        Ok(path) => Ok(view.see_other_with(&path, "registry-flash-saved")),
        Err(Failure::Changed) => {
            let (offered, provider, scope, areas) = state.store.read(load).await?;
            let changes = differences(&view, &provider, &scope, &areas, &wanted);
            // What was typed stays; saving again is a decision over what stands there now.
            let form = form.with("version", provider.version);
            show_edit(&view, &offered, &form, &provider, &scope, &changes)
        }
        Err(error) => {
            form.take_up(AppError::from(error))?;
            show_edit(&view, &offered, &form, &provider, &scope, &[])
        }
    }
}

/// Where what stands there now differs from what was typed: what changed meanwhile.
fn differences(
    view: &View,
    now: &Provider,
    scope: &[String],
    areas: &[String],
    typed: &NewProvider,
) -> Vec<Value> {
    let word = |kind: ProviderKind| {
        view.say(&format!(
            "registry-kind-{}",
            kind.as_str().replace('_', "-")
        ))
    };
    [
        ("registry-kind", word(now.kind), word(typed.kind)),
        ("registry-name", now.name.clone(), typed.name.clone()),
        (
            "registry-code",
            now.credit_code.to_string(),
            typed.credit_code.to_string(),
        ),
        (
            "registry-head",
            now.legal_head.clone(),
            typed.legal_head.clone(),
        ),
        (
            "registry-address",
            now.address.clone(),
            typed.address.clone(),
        ),
        ("registry-phone", now.phone.clone(), typed.phone.clone()),
        (
            "registry-summary",
            now.summary.clone(),
            typed.summary.clone(),
        ),
        ("registry-scope", scope.join(" "), typed.scope.join(" ")),
        ("registry-areas", areas.join(" "), typed.areas.join(" ")),
    ]
    .into_iter()
    .filter(|(_, now, typed)| now != typed)
    .map(|(label, now, typed)| {
        json!({
            "label": view.say(label),
            "now": text::excerpt(&now, 200),
            "typed": text::excerpt(&typed, 200),
        })
    })
    .collect()
}

fn show_edit(
    view: &View,
    offered: &Choices,
    form: &Form,
    provider: &Provider,
    kept: &[String],
    changes: &[Value],
) -> Answer {
    let title = view.say("registry-edit-title");
    let mut page = page(view, offered, form, kept);
    if let Some(fields) = page.as_object_mut() {
        let id = provider.id;
        fields.insert("action".into(), json!(format!("/organizations/{id}/edit")));
        fields.insert(
            "back".into(),
            json!(format!("/organizations/{id}/registration")),
        );
        fields.insert("version".into(), json!(form.raw("version")));
        fields.insert("changes".into(), json!(changes));
        let proven = provider.state == ProviderState::Proven;
        fields.insert("proven".into(), json!(proven));
    }
    if changes.is_empty() {
        return view.render_form("organizations/registry/edit", NAV, &title, form, &page);
    }
    if let Some(fields) = page.as_object_mut() {
        fields.insert("form".into(), form.view(&view.state.words, view.language()));
    }
    view.render_as(
        StatusCode::CONFLICT,
        "organizations/registry/edit",
        NAV,
        &title,
        &page,
    )
}

/// The typed data, every field looked at before the first is refused.
fn read(form: &mut Form, offered: &Choices) -> Option<NewProvider> {
    form.name(&[
        ("kind", "registry-kind"),
        ("name", "registry-name"),
        ("credit_code", "registry-code"),
        ("legal_head", "registry-head"),
        ("address", "registry-address"),
        ("phone", "registry-phone"),
        ("summary", "registry-summary"),
    ]);
    let kind = form.one_of::<ProviderKind>("kind");
    let name = form.name_of("name", 100);
    if !name.is_empty() {
        take(form, rules::check_name(&name));
    }
    let code = form.parsed("credit_code", |text| {
        CreditCode::parse(text).map_err(|error| RegistryRule::Code(error).refusal())
    });
    if let (Some(kind), Some(code)) = (kind, &code) {
        take(form, rules::check_code(kind, code));
    }
    let legal_head = form.name_of("legal_head", 50);
    let address = form.text("address", 200);
    let phone = form.parsed("phone", |typed| {
        phone::parse(typed).map_err(|_bad| RegistryRule::BadPhone.refusal())
    });
    let summary = form.text("summary", 2000);
    let scope = rules::widest(&form.all("scope"));
    if scope.is_empty() && !offered.items.is_empty() {
        form.refuse(RegistryRule::NoScope.refusal());
    }
    let areas = rules::widest(&form.all("areas"));
    if areas.is_empty() {
        form.refuse(RegistryRule::NoArea.refusal());
    }
    if !form.is_ok() {
        return None;
    }
    Some(NewProvider {
        kind: kind?,
        name,
        credit_code: code?,
        legal_head,
        address: one_line(&address),
        phone: phone?,
        summary,
        scope,
        areas,
    })
}

fn take(form: &mut Form, outcome: Result<(), RegistryRule>) {
    if let Err(rule) = outcome {
        form.refuse(rule.refusal());
    }
}

/// What both forms show: kinds and the two groups of checkboxes.
fn page(view: &View, offered: &Choices, form: &Form, kept: &[String]) -> Value {
    let kinds: Vec<&str> = ProviderKind::ALL.iter().map(ProviderKind::as_str).collect();
    let shown = form.view(&view.state.words, view.language());
    let error = |name: &str| shown.pointer(&format!("/at/{name}")).cloned();
    json!({
        "kinds": view.options("registry-kind", kinds),
        "scope": {
            "name": "scope", "label": view.say("registry-scope"), "hint": view.say("registry-scope-hint"),
            "error": error("scope"), "groups": scope_groups(view, offered, &form.all("scope"), kept),
        },
        "areas": {
            "name": "areas", "label": view.say("registry-areas"), "hint": view.say("registry-areas-hint"),
            "error": error("areas"), "groups": area_groups(view, offered, &form.all("areas")),
        },
    })
}

fn option(name: &str, code: &str, label: &str, chosen: &[String]) -> Value {
    json!({
        "id": format!("{name}-{code}"), "name": name, "value": code, "label": label,
        "checked": chosen.iter().any(|chosen| chosen == code),
    })
}

fn group(label: &str, options: &[Value]) -> Value {
    let checked = options
        .iter()
        .filter(|option| option.get("checked") == Some(&Value::Bool(true)))
        .count();
    json!({
        "label": label, "options": options, "open": checked > 0,
        "count": (checked > 0).then(|| checked.to_string()),
    })
}

/// One group a level-2 item: the whole of it, and each item in it.
fn scope_groups(view: &View, offered: &Choices, chosen: &[String], kept: &[String]) -> Vec<Value> {
    let mut groups: Vec<Value> = offered
        .items
        .iter()
        .filter(|item| item.level == 2)
        .map(|parent| {
            let whole = view.say_with("registry-scope-whole", &[("name", &parent.name)]);
            let inside = offered
                .items
                .iter()
                .filter(|item| item.parent_code.as_deref() == Some(&parent.code))
                .map(|item| {
                    let label = format!("{} {}", item.code, item.name);
                    option("scope", &item.code, &label, chosen)
                });
            let options: Vec<Value> =
                std::iter::once(option("scope", &parent.code, &whole, chosen))
                    .chain(inside)
                    .collect();
            group(&format!("{} {}", parent.code, parent.name), &options)
        })
        .collect();
    let gone: Vec<Value> = kept
        .iter()
        .filter(|code| !offered.items.iter().any(|item| item.code == **code))
        .map(|code| option("scope", code, code, chosen))
        .collect();
    if !gone.is_empty() {
        groups.push(group(&view.say("registry-scope-earlier"), &gone));
    }
    groups
}

/// The whole county first, then one group a town: all of it, and each community in it.
fn area_groups(view: &View, offered: &Choices, chosen: &[String]) -> Vec<Value> {
    let whole = |region: &Region| {
        let label = view.say_with("registry-area-whole", &[("name", &region.name)]);
        option("areas", &region.code, &label, chosen)
    };
    let county = offered.county.iter().map(
        |county| json!({ "label": null, "options": [whole(county)], "open": true, "count": null }),
    );
    let towns = offered.towns.iter().map(|town| {
        let inside = offered
            .communities
            .iter()
            .filter(|region| region.parent_code.as_deref() == Some(&town.code))
            .map(|region| option("areas", &region.code, &region.name, chosen));
        let options: Vec<Value> = std::iter::once(whole(town)).chain(inside).collect();
        group(&town.name, &options)
    });
    county.chain(towns).collect()
}
