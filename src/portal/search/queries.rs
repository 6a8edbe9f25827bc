//! The index in both dialects: FTS5 and tsvector hold exactly the same words, so both find the same.

use super::model::{Document, DocumentKind, Hit};
use crate::infra::db::Db;
use crate::kernel::{sound, text};
use crate::on_db;
use crate::schema::{contracts, projects, providers, search_documents};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Text, Timestamp};
use diesel::sqlite::SqliteConnection;
use std::ops::RangeInclusive;

/// Counts stop here and read “over 1,000”.
pub const COUNTED: i64 = 1_001;
/// Among so many newest matches the page is chosen; nobody turns pages beyond.
const CANDIDATES: i64 = 2_000;
/// Longer words than this are no words; the database would refuse them.
const LONGEST: usize = 64;

/// What somebody asked for: words that must all be found.
#[derive(Clone, Debug)]
pub struct Asked {
    text: String,
    words: Vec<String>,
}

impl Asked {
    pub fn new(text: &str) -> Self {
        Self {
            text: text.trim().to_owned(),
            words: text::search_terms(text).iter().map(|w| cut(w)).collect(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Each word is letters and digits only; quoted, no database takes it for an operator.
    fn expression(&self, kind: Option<DocumentKind>, quote: char, and: &str) -> String {
        let words = self.words.iter().cloned();
        let quoted: Vec<String> = words
            .chain(kind.map(DocumentKind::term))
            .map(|word| format!("{quote}{word}{quote}"))
            .collect();
        quoted.join(and)
    }

    fn sqlite(&self, kind: Option<DocumentKind>) -> String {
        self.expression(kind, '"', " ")
    }

    fn postgres(&self, kind: Option<DocumentKind>) -> String {
        self.expression(kind, '\'', " & ")
    }
}

fn cut(word: &str) -> String {
    word.chars().take(LONGEST).collect()
}

fn index_words(document: &Document) -> String {
    let all = [
        document.title.as_str(),
        &document.summary,
        &document.more,
        &document.aliases,
    ]
    .join(" ");
    let text = text::index_text(&all);
    let mut words: Vec<String> = text.split(' ').filter(|w| !w.is_empty()).map(cut).collect();
    words.extend(sounds(document));
    words.sort_unstable();
    words.dedup();
    words.push(document.kind.term());
    words.join(" ")
}

/// What a name sounds like, for who types `yanglao`; places and organizations by their initials too.
fn sounds(document: &Document) -> Vec<String> {
    let kind = document.kind;
    let is_name = matches!(kind, DocumentKind::Community | DocumentKind::Organization);
    let mut words = sound::spellings(&document.title, is_name);
    words.extend(sound::spellings(&document.aliases, false));
    words.iter().map(|word| cut(word)).collect()
}

/// A document with its words, made outside the writer.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(super) document: Document,
    words: String,
}

impl From<Document> for Prepared {
    fn from(document: Document) -> Self {
        Self {
            words: index_words(&document),
            document,
        }
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Puts documents in or up to date.
pub fn put(db: &mut Db, documents: &[Prepared]) -> QueryResult<()> {
    on_db!(db,
        sqlite conn => documents.iter().try_for_each(|document| put_sqlite(conn, document)),
        postgres conn => put_postgres(conn, documents)
    )
}

fn put_sqlite(conn: &mut SqliteConnection, prepared: &Prepared) -> QueryResult<()> {
    let document = &prepared.document;
    let id: Number = sql_query(
        "INSERT INTO search_documents (kind, subject_id, title, summary, link, at) VALUES (?, ?, ?, ?, ?, ?) \
         ON CONFLICT (kind, subject_id) DO UPDATE SET title = excluded.title, summary = excluded.summary, \
         link = excluded.link, at = excluded.at RETURNING id AS number",
    )
    .bind::<Text, _>(document.kind)
    .bind::<BigInt, _>(document.subject_id)
    .bind::<Text, _>(&document.title)
    .bind::<Text, _>(&document.summary)
    .bind::<Text, _>(&document.link)
    .bind::<Timestamp, _>(document.at)
    .get_result(conn)?;
    sql_query("INSERT OR REPLACE INTO search_terms (rowid, terms) VALUES (?, ?)")
        .bind::<BigInt, _>(id.number)
        .bind::<Text, _>(&prepared.words)
        .execute(conn)?;
    Ok(())
}

fn put_postgres(conn: &mut PgConnection, documents: &[Prepared]) -> QueryResult<()> {
    let texts = |of: fn(&Prepared) -> &str| -> Vec<&str> { documents.iter().map(of).collect() };
    let ids: Vec<i64> = documents.iter().map(|p| p.document.subject_id).collect();
    let at: Vec<_> = documents.iter().map(|p| p.document.at).collect();
    sql_query(
        "WITH new AS ( \
           SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7) AS n (kind, subject_id, title, summary, link, at, words) \
         ), saved AS ( \
           INSERT INTO search_documents (kind, subject_id, title, summary, link, at) \
           SELECT kind, subject_id, title, summary, link, at FROM new \
           ON CONFLICT (kind, subject_id) DO UPDATE SET title = excluded.title, summary = excluded.summary, \
           link = excluded.link, at = excluded.at RETURNING id, kind, subject_id \
         ) \
         INSERT INTO search_terms (document_id, terms) \
         SELECT saved.id, array_to_tsvector(string_to_array(new.words, ' ')) \
         FROM saved JOIN new ON new.kind = saved.kind AND new.subject_id = saved.subject_id \
         ON CONFLICT (document_id) DO UPDATE SET terms = excluded.terms",
    )
    .bind::<Array<Text>, _>(texts(|p| p.document.kind.as_str()))
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Array<Text>, _>(texts(|p| &p.document.title))
    .bind::<Array<Text>, _>(texts(|p| &p.document.summary))
    .bind::<Array<Text>, _>(texts(|p| &p.document.link))
    .bind::<Array<Timestamp>, _>(at)
    .bind::<Array<Text>, _>(texts(|p| &p.words))
    .execute(conn)?;
    Ok(())
}

/// The next things after an id that may have a document of this kind.
pub fn list_sources(
    db: &mut Db,
    kind: DocumentKind,
    after: i64,
    size: i64,
) -> QueryResult<Vec<i64>> {
    macro_rules! next {
        ($table:ident) => {
            $table::table
                .filter($table::id.gt(after))
                .order($table::id)
                .limit(size)
                .select($table::id)
                .load(db)
        };
    }
    match kind {
        DocumentKind::Organization => next!(providers),
        DocumentKind::Project => next!(projects),
        DocumentKind::Contract => next!(contracts),
        DocumentKind::Catalogue | DocumentKind::Community => Ok(Vec::new()),
    }
}

/// The subjects of a kind that the index holds, those within the bounds.
pub fn list_subjects(
    db: &mut Db,
    kind: DocumentKind,
    within: RangeInclusive<i64>,
) -> QueryResult<Vec<i64>> {
    search_documents::table
        .filter(search_documents::kind.eq(kind))
        .filter(search_documents::subject_id.between(*within.start(), *within.end()))
        .select(search_documents::subject_id)
        .load(db)
}

/// Takes what is no longer public out of the index.
pub fn remove(db: &mut Db, kind: DocumentKind, subjects: &[i64]) -> QueryResult<()> {
    let ids: Vec<i64> = search_documents::table
        .filter(search_documents::kind.eq(kind))
        .filter(search_documents::subject_id.eq_any(subjects.to_vec()))
        .select(search_documents::id)
        .load(db)?;
    // PostgreSQL's words go with their document.
    on_db!(&mut *db,
        sqlite conn => for id in &ids {
            sql_query("DELETE FROM search_terms WHERE rowid = ?").bind::<BigInt, _>(*id).execute(conn)?;
        },
        postgres _conn => ()
    );
    diesel::delete(search_documents::table.filter(search_documents::id.eq_any(ids))).execute(db)?;
    Ok(())
}

/// A page of what was found: what is named exactly so first, then the newest.
pub fn list(
    db: &mut Db,
    asked: &Asked,
    kind: Option<DocumentKind>,
    size: i64,
    skip: i64,
) -> QueryResult<Vec<Hit>> {
    on_db!(db,
        sqlite conn => sql_query(
            "SELECT d.kind, d.title, d.summary, d.link, d.at FROM \
             (SELECT rowid AS id FROM search_terms WHERE search_terms MATCH ? ORDER BY rowid DESC LIMIT ?) t \
             JOIN search_documents d ON d.id = t.id ORDER BY d.title = ? DESC, d.at DESC, d.id LIMIT ? OFFSET ?",
        )
        .bind::<Text, _>(asked.sqlite(kind))
        .bind::<BigInt, _>(CANDIDATES)
        .bind::<Text, _>(&asked.text)
        .bind::<BigInt, _>(size)
        .bind::<BigInt, _>(skip)
        .load(conn),
        postgres conn => sql_query(
            "SELECT d.kind, d.title, d.summary, d.link, d.at FROM \
             (SELECT document_id AS id FROM search_terms WHERE terms @@ $1::tsquery ORDER BY document_id DESC LIMIT $2) t \
             JOIN search_documents d ON d.id = t.id ORDER BY d.title = $3 DESC, d.at DESC, d.id LIMIT $4 OFFSET $5",
        )
        .bind::<Text, _>(asked.postgres(kind))
        .bind::<BigInt, _>(CANDIDATES)
        .bind::<Text, _>(&asked.text)
        .bind::<BigInt, _>(size)
        .bind::<BigInt, _>(skip)
        .load(conn)
    )
}

/// How many there are, up to [`COUNTED`].
pub fn count(db: &mut Db, asked: &Asked, kind: DocumentKind) -> QueryResult<i64> {
    let counted: Number = on_db!(db,
        sqlite conn => sql_query(
            "SELECT COUNT(*) AS number FROM (SELECT rowid FROM search_terms WHERE search_terms MATCH ? LIMIT ?) t",
        )
        .bind::<Text, _>(asked.sqlite(Some(kind)))
        .bind::<BigInt, _>(COUNTED)
        .get_result(conn)?,
        postgres conn => sql_query(
            "SELECT COUNT(*) AS number FROM (SELECT 1 FROM search_terms WHERE terms @@ $1::tsquery LIMIT $2) t",
        )
        .bind::<Text, _>(asked.postgres(Some(kind)))
        .bind::<BigInt, _>(COUNTED)
        .get_result(conn)?
    );
    Ok(counted.number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_only_quoted_words() {
        let asked = Asked::new("养老服务 OR \"x* NEAR(' & !");
        assert_eq!(
            asked.sqlite(None),
            "\"养老\" \"老服\" \"服务\" \"or\" \"x\" \"near\""
        );
        assert_eq!(
            asked
                .postgres(Some(DocumentKind::Project))
                .matches('&')
                .count(),
            6
        );
        assert!(Asked::new("\"'*&|!()").is_empty());
        assert_eq!(Asked::new(&"a".repeat(500)).words(), ["a".repeat(64)]);
    }
}
