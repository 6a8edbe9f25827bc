//! Rows of projects.

use super::model::{NewProject, Project, ProjectId, ProjectState};
use crate::catalogue::CatalogueId;
use crate::infra::db::{Db, ESCAPE, beginning, columns, containing, lower};
use crate::kernel::people::{BodyId, PersonId};
use crate::kernel::sound::in_names;
use crate::schema::{project_communities, projects, tenders};
use chrono::NaiveDateTime;
use diesel::dsl::exists;
use diesel::prelude::*;

pub fn find(db: &mut Db, id: ProjectId) -> QueryResult<Project> {
    projects::table
        .find(id)
        .select(columns::<Project>())
        .first(db)
}

/// The own body's project: another's is not found, published or not.
pub fn find_own(db: &mut Db, id: ProjectId, body: Option<BodyId>) -> QueryResult<Project> {
    projects::table
        .find(id)
        .filter(projects::buyer_id.eq(body.unwrap_or(BodyId(0))))
        .select(columns::<Project>())
        .first(db)
}

/// A project as this body may see it: published ones, and its own drafts.
pub fn find_visible(db: &mut Db, id: ProjectId, body: Option<BodyId>) -> QueryResult<Project> {
    projects::table
        .find(id)
        .filter(
            projects::published_at
                .is_not_null()
                .or(projects::buyer_id.eq(body.unwrap_or(BodyId(0)))),
        )
        .select(columns::<Project>())
        .first(db)
}

pub fn communities_of(db: &mut Db, id: ProjectId) -> QueryResult<Vec<String>> {
    project_communities::table
        .filter(project_communities::project_id.eq(id))
        .order(project_communities::region_code)
        .select(project_communities::region_code)
        .load(db)
}

/// A purchaser's projects, newest first, after the row last seen.
pub fn list_own(
    db: &mut Db,
    buyer: BodyId,
    state: Option<ProjectState>,
    after: Option<ProjectId>,
    size: i64,
) -> QueryResult<Vec<Project>> {
    let mut query = projects::table
        .filter(projects::buyer_id.eq(buyer))
        .order(projects::id.desc())
        .limit(size)
        .select(columns::<Project>())
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(projects::state.eq(state));
    }
    if let Some(after) = after {
        query = query.filter(projects::id.lt(after));
    }
    query.load(db)
}

/// The communities of several projects, as pairs.
pub fn list_communities_of(
    db: &mut Db,
    ids: &[ProjectId],
) -> QueryResult<Vec<(ProjectId, String)>> {
    project_communities::table
        .filter(project_communities::project_id.eq_any(ids.to_vec()))
        .order((
            project_communities::project_id,
            project_communities::region_code,
        ))
        .select((
            project_communities::project_id,
            project_communities::region_code,
        ))
        .load(db)
}

/// Filters of the public list; empty ones filter nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub state: Option<ProjectState>,
    /// What takes bids at this instant.
    pub open_at: Option<NaiveDateTime>,
    pub method: Option<String>,
    /// A region: projects that serve it or a community in it.
    pub region: Option<String>,
    pub code: Option<String>,
    pub text: Option<String>,
}

/// Published projects, newest first, after the row last seen.
pub fn list_public(
    db: &mut Db,
    filter: &Filter,
    after: Option<(NaiveDateTime, ProjectId)>,
    size: i64,
) -> QueryResult<Vec<Project>> {
    let mut query = projects::table
        .filter(projects::published_at.is_not_null())
        .order((projects::published_at.desc(), projects::id.desc()))
        .limit(size)
        .select(columns::<Project>())
        .into_boxed();
    if let Some((at, id)) = after {
        query = query
            .filter(projects::published_at.le(at))
            .filter(projects::published_at.lt(at).or(projects::id.lt(id)));
    }
    if let Some(state) = filter.state {
        query = query.filter(projects::state.eq(state));
    }
    if let Some(now) = filter.open_at {
        let open = tenders::table
            .filter(tenders::state.eq("open"))
            .filter(tenders::closes_at.gt(now))
            .select(tenders::project_id);
        query = query.filter(projects::id.eq_any(open));
    }
    if let Some(code) = &filter.code {
        query = query.filter(
            projects::catalogue_code
                .like(beginning(code))
                .escape(ESCAPE),
        );
    }
    if let Some(text) = &filter.text {
        let [typed, pattern] = in_names(text).map(|text| containing(&text));
        query = query.filter(
            lower(projects::title)
                .like(pattern.clone())
                .escape(ESCAPE)
                .or(lower(projects::title).like(typed).escape(ESCAPE))
                .or(lower(projects::number).like(pattern).escape(ESCAPE)),
        );
    }
    if let Some(region) = &filter.region {
        // Asked of each row on the way down the list, which ends with the page: a set of all of them is far larger.
        let served = project_communities::table
            .filter(project_communities::project_id.eq(projects::id))
            .filter(
                project_communities::region_code
                    .like(beginning(region))
                    .escape(ESCAPE),
            );
        query = query.filter(exists(served));
    }
    if let Some(method) = &filter.method {
        let by_method = tenders::table
            .filter(tenders::project_id.eq(projects::id))
            .filter(tenders::method.eq(method.clone()))
            .filter(tenders::published_at.is_not_null());
        query = query.filter(exists(by_method));
    }
    query.load(db)
}

diesel::define_sql_function! {
    /// In characters.
    fn length(text: diesel::sql_types::Text) -> diesel::sql_types::Integer;
}

/// The highest number given in a year, as its running part.
pub fn last_number(db: &mut Db, prefix: &str) -> QueryResult<i64> {
    // As text, 9999 comes after 10000: the longer number is the higher one.
    let last: Option<String> = projects::table
        .filter(projects::number.like(format!("{prefix}%")))
        .order((length(projects::number).desc(), projects::number.desc()))
        .select(projects::number)
        .first(db)
        .optional()?;
    Ok(last
        .and_then(|number| number.rsplit('-').next().and_then(|part| part.parse().ok()))
        .unwrap_or(0))
}

pub struct Frame<'a> {
    pub number: &'a str,
    pub buyer: BodyId,
    pub region: &'a str,
    pub catalogue: CatalogueId,
    pub person: PersonId,
    pub at: NaiveDateTime,
}

pub fn insert(
    db: &mut Db,
    frame: &Frame,
    new: &NewProject,
    grounds: &str,
    forbidden: &str,
) -> QueryResult<ProjectId> {
    diesel::insert_into(projects::table)
        .values((
            projects::number.eq(frame.number),
            projects::buyer_id.eq(frame.buyer),
            projects::region_code.eq(frame.region),
            projects::catalogue_id.eq(frame.catalogue),
            projects::catalogue_code.eq(&new.catalogue_code),
            projects::title.eq(&new.title),
            projects::requirement.eq(&new.requirement),
            projects::budget_fen.eq(new.budget),
            projects::term_from.eq(new.term_from),
            projects::term_to.eq(new.term_to),
            projects::term_grounds.eq(grounds),
            projects::forbidden.eq(forbidden),
            projects::phone.eq(&new.phone),
            projects::state.eq(ProjectState::Draft),
            projects::created_by.eq(frame.person),
            projects::created_at.eq(frame.at),
        ))
        .returning(projects::id)
        .get_result(db)
}

pub fn update(
    db: &mut Db,
    held: &Project,
    new: &NewProject,
    grounds: &str,
    forbidden: &str,
) -> QueryResult<usize> {
    let row = projects::table
        .find(held.id)
        .filter(projects::version.eq(held.version));
    diesel::update(row)
        .set((
            projects::catalogue_code.eq(&new.catalogue_code),
            projects::title.eq(&new.title),
            projects::requirement.eq(&new.requirement),
            projects::budget_fen.eq(new.budget),
            projects::term_from.eq(new.term_from),
            projects::term_to.eq(new.term_to),
            projects::term_grounds.eq(grounds),
            projects::forbidden.eq(forbidden),
            projects::phone.eq(&new.phone),
            projects::version.eq(held.version + 1),
        ))
        .execute(db)
}

pub fn set_communities(db: &mut Db, id: ProjectId, communities: &[String]) -> QueryResult<()> {
    diesel::delete(project_communities::table.filter(project_communities::project_id.eq(id)))
        .execute(db)?;
    for code in communities {
        diesel::insert_into(project_communities::table)
            .values((
                project_communities::project_id.eq(id),
                project_communities::region_code.eq(code),
            ))
            .execute(db)?;
    }
    Ok(())
}

/// Compare-and-set on the version; `published_at` is set once.
pub fn set_state(
    db: &mut Db,
    held: &Project,
    state: ProjectState,
    published_at: Option<NaiveDateTime>,
) -> QueryResult<usize> {
    let row = projects::table
        .find(held.id)
        .filter(projects::version.eq(held.version));
    diesel::update(row)
        .set((
            projects::state.eq(state),
            projects::published_at.eq(held.published_at.or(published_at)),
            projects::version.eq(held.version + 1),
        ))
        .execute(db)
}
