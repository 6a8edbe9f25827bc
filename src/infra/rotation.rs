//! What lies sealed under the server's key, sealed anew under its newest one.

use super::db::Db;
use super::failure::Failure;
use super::seal;
use super::secrets::Secrets;
use super::store::Tx;
use crate::schema::{bid_drafts, bid_files, second_factors, tenders};
use diesel::prelude::*;

/// Seals everything anew; how many things there were. Each is changed only if it is still what was read.
pub fn reseal(tx: &mut Tx, secrets: &Secrets) -> Result<usize, Failure> {
    let anew = |sealed: &[u8]| seal::seal(secrets.server_recipient(), &secrets.open(sealed)?);
    let mut count = 0;
    for (id, wrapped) in wrapped(tx.db)? {
        let sealed = hex::decode(&wrapped).map_err(Failure::internal)?;
        let row = tenders::table
            .filter(tenders::id.eq(id))
            .filter(tenders::wrapped_identity.eq(&wrapped));
        count += diesel::update(row)
            .set(tenders::wrapped_identity.eq(hex::encode(anew(&sealed)?)))
            .execute(tx.db)?;
    }
    // The same for every column of bytes.
    macro_rules! column {
        ($table:ident, $key:ident, $column:ident) => {
            let rows: Vec<(i64, Option<Vec<u8>>)> = $table::table
                .select(($table::$key, $table::$column.nullable()))
                .load(tx.db)?;
            for (id, sealed) in rows {
                let Some(sealed) = sealed else { continue };
                let row = $table::table
                    .filter($table::$key.eq(id))
                    .filter($table::$column.eq(sealed.clone()));
                count += diesel::update(row)
                    .set($table::$column.eq(anew(&sealed)?))
                    .execute(tx.db)?;
            }
        };
    }
    column!(bid_drafts, id, sealed);
    column!(bid_files, id, sealed_name);
    column!(second_factors, person_id, secret);
    column!(second_factors, person_id, pending);
    Ok(count)
}

fn wrapped(db: &mut Db) -> QueryResult<Vec<(i64, String)>> {
    let rows: Vec<(i64, Option<String>)> = tenders::table
        .filter(tenders::wrapped_identity.is_not_null())
        .select((tenders::id, tenders::wrapped_identity))
        .load(db)?;
    Ok(rows
        .into_iter()
        .filter_map(|(id, wrapped)| Some((id, wrapped?)))
        .collect())
}
