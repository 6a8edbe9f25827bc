//! Files that no row names are swept away after a day; named ones and young ones stay.

use crate::on_both;
use crate::support::{Database, Portal};
use diesel::prelude::*;
use sanshe::infra::sweep::sweep;
use sanshe::schema::files;
use std::time::{Duration, SystemTime};

fn orphans_are_swept(database: Database) {
    let portal = Portal::start(database);
    let runtime = actix_web::rt::System::new();
    let disk = portal.state.files.clone();
    let keys: Vec<String> = runtime.block_on(async {
        let mut keys = Vec::new();
        for text in ["named", "orphan", "young"] {
            keys.push(disk.put(text.as_bytes().to_vec()).await.unwrap().key);
        }
        keys
    });
    for key in &keys[..2] {
        let file = std::fs::File::options()
            .write(true)
            .open(portal.data_folder().join("files").join(key))
            .unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(2 * 24 * 3600))
            .unwrap();
    }
    let named = keys[0].clone();
    portal.write(move |tx| {
        diesel::insert_into(files::table)
            .values((
                files::subject_kind.eq("test"),
                files::subject_id.eq(1),
                files::purpose.eq("test"),
                files::name.eq("a.pdf"),
                files::media_type.eq("application/pdf"),
                files::size.eq(5),
                files::sha256.eq(""),
                files::storage_key.eq(&named),
                files::audience.eq("staff"),
                files::created_at.eq(tx.now),
            ))
            .execute(tx.db)?;
        Ok(())
    });
    assert_eq!(
        runtime
            .block_on(sweep(&portal.state.store, &disk, None))
            .unwrap(),
        1
    );
    let left = |key: &String| portal.data_folder().join("files").join(key).exists();
    assert_eq!(
        keys.iter().map(left).collect::<Vec<_>>(),
        [true, false, true]
    );
}

on_both!(orphans_are_swept);
