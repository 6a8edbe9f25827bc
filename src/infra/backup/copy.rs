//! A portal's rows from one database into another, empty one; the files stay where they are.

use super::Progress;
use super::manifest::TablePart;
use super::read::{find, in_one_piece, refuse_used, undo_database};
use super::tables;
use super::write::{hash_table, heading, in_snapshot};
use crate::infra::db::{DatabaseUrl, Db, Purpose};
use crate::infra::failure::Failure;
use crate::infra::migrations;

/// Rows that go in with one statement, by their bytes.
const BLOCK: usize = 1024 * 1024;

/// One table on both sides.
pub struct Copied {
    pub from: TablePart,
    pub to: TablePart,
}

/// Copies every row, and reads both sides again: what they hold must be the same, or nothing is left in the new one.
pub fn copy(
    from: &DatabaseUrl,
    to: &DatabaseUrl,
    progress: Progress,
) -> Result<Vec<Copied>, Failure> {
    refuse_used(to)?;
    let copied = copy_all(from, to, progress);
    if copied.is_err() {
        undo_database(to);
    }
    copied
}

fn copy_all(
    from: &DatabaseUrl,
    to: &DatabaseUrl,
    progress: Progress,
) -> Result<Vec<Copied>, Failure> {
    let connect = |url: &DatabaseUrl, purpose| url.connect(purpose).map_err(Failure::internal);
    let mut source = connect(from, Purpose::Read)?;
    let copied = in_snapshot(&mut source, |source| {
        let schema = heading(source)?.schema;
        migrations::refuse_unknown(&schema)?;
        migrations::migrate_to(to, &schema)?;
        let mut target = connect(to, Purpose::Write)?;
        let mut copied = Vec::new();
        in_one_piece(&mut target, |target| {
            copied = copy_tables(source, target, progress)?;
            Ok(())
        })?;
        Ok(copied)
    })?;
    migrations::migrate(to)?;
    Ok(copied)
}

fn copy_tables(
    source: &mut Db,
    target: &mut Db,
    progress: Progress,
) -> Result<Vec<Copied>, Failure> {
    let (tables, places) = (tables::list(source)?, tables::list(target)?);
    let mut copied = Vec::new();
    for (done, table) in places.iter().enumerate() {
        progress("tables", done as u64, places.len() as u64);
        let origin = find(&tables, &table.name)?;
        let (mut held, mut lines) = (0, Vec::new());
        origin.read(source, |line| {
            held += line.len();
            lines.push(line.to_owned());
            if held >= BLOCK {
                table.insert(target, &lines)?;
                held = 0;
                lines.clear();
            }
            Ok(())
        })?;
        table.insert(target, &lines)?;
        table.reset_sequence(target)?;
        let (from, to) = (hash_table(source, origin)?, hash_table(target, table)?);
        if from != to {
            return Err(Failure::internal(format!(
                "table {}: {} rows ({}) became {} rows ({})",
                table.name, from.rows, from.sha256, to.rows, to.sha256
            )));
        }
        copied.push(Copied { from, to });
    }
    if tables.len() != copied.len() {
        return Err(Failure::internal(
            "the two databases have different tables: start the portal once on the first, so that it is migrated",
        ));
    }
    Ok(copied)
}
