//! Reading a backup: all of it is checked before anything is written, and only into a place that is empty.

use super::manifest::{FORMAT, FilePart, MANIFEST, Manifest, SIGNATURE, Signed, TablePart};
use super::tables::{self, Table};
use super::write::{at, folder_of, hash_rest, sync_folder};
use super::{Progress, manifest};
use crate::infra::db::{DatabaseUrl, Db, Purpose};
use crate::infra::failure::Failure;
use crate::infra::files::private_folder;
use crate::infra::migrations;
use crate::infra::secrets::Secrets;
use crate::infra::signing;
use diesel::connection::SimpleConnection;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use tar::{Archive, Entry};

/// Rows that go in with one statement, by their bytes.
const BLOCK: usize = 1024 * 1024;

/// Reads the whole backup and holds it against its manifest, and the manifest against its signature; `key` is the
/// public key that it must be signed with, where it is known.
pub fn verify(backup: &Path, key: Option<&str>, progress: Progress) -> Result<Manifest, Failure> {
    let bad = |why: &str| at(backup, why);
    let (mut tables, mut files, mut manifest, mut signed) = (Vec::new(), Vec::new(), None, None);
    walk(backup, |name, entry| {
        progress("bytes", entry.raw_file_position(), length(backup));
        match (name, name.split_once('/')) {
            (MANIFEST, _) => manifest = Some(read_all(entry)?),
            (SIGNATURE, _) => signed = Some(read_all(entry)?),
            (_, Some(("tables", file))) => tables.push(table_part(file, entry)?),
            (_, Some(("files", key))) => {
                let (size, sha256) = hash_rest(entry)?;
                let key = key.to_owned();
                files.push(FilePart { key, size, sha256 });
            }
            _ => return Err(bad(&format!("{name} does not belong into a backup"))),
        }
        Ok(())
    })?;
    let (Some(text), Some(signed)) = (manifest, signed) else {
        return Err(bad("it is cut off, or no backup: there is no manifest"));
    };
    let signed: Signed = serde_json::from_slice(&signed)?;
    if !signing::verify(&signed.public_key, &text, &signed.signature)?
        || key.is_some_and(|key| key != signed.public_key)
    {
        return Err(bad("the manifest's signature is not genuine"));
    }
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|_newer| bad("its manifest is of another format than this program's"))?;
    if manifest.format > FORMAT {
        return Err(bad("it is newer than this program"));
    }
    for (what, is_same) in [
        ("tables", tables == manifest.tables),
        ("files", files == manifest.files),
    ] {
        if !is_same {
            return Err(bad(&format!("its {what} are not those of its manifest")));
        }
    }
    migrations::refuse_unknown(&manifest.schema)?;
    Ok(manifest)
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |found| found.len())
}

/// Every entry by its name, in order.
fn walk(
    backup: &Path,
    mut each: impl FnMut(&str, &mut Entry<BufReader<File>>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let file = File::open(backup).map_err(|error| at(backup, error))?;
    let mut archive = Archive::new(BufReader::new(file));
    for entry in archive.entries().map_err(|error| at(backup, error))? {
        let mut entry = entry.map_err(|error| at(backup, error))?;
        let name = entry.path().map_err(|error| at(backup, error))?;
        let name = name.to_string_lossy().into_owned();
        each(&name, &mut entry)?;
    }
    Ok(())
}

fn read_all(entry: &mut impl Read) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).map_err(Failure::internal)?;
    Ok(bytes)
}

fn table_of(file: &str) -> Result<&str, Failure> {
    file.strip_suffix(".ndjson")
        .ok_or_else(|| Failure::internal(format!("{file} is no table")))
}

fn table_part(file: &str, entry: &mut impl Read) -> Result<TablePart, Failure> {
    let mut lines = BufReader::new(manifest::Hashing::new(entry));
    let (mut line, mut rows) = (Vec::new(), 0);
    while lines
        .read_until(b'\n', &mut line)
        .map_err(Failure::internal)?
        > 0
    {
        rows += 1;
        line.clear();
    }
    let (_, size, sha256) = lines.into_inner().finish();
    Ok(TablePart {
        name: table_of(file)?.to_owned(),
        rows,
        size,
        sha256,
    })
}

/// Writes a verified backup into an empty database and an empty folder; what fails leaves both empty again.
pub fn restore(
    backup: &Path,
    manifest: &Manifest,
    secrets: Option<&Secrets>,
    database: &DatabaseUrl,
    data: &Path,
    progress: Progress,
) -> Result<(), Failure> {
    refuse_full(database, data)?;
    private_folder(data).map_err(|error| at(data, error))?;
    let restored = secrets
        .map_or(Ok(()), |secrets| secrets.write_new(data))
        .and_then(|()| fill(backup, manifest, database, data, progress));
    if restored.is_err() {
        undo(database, data);
    }
    restored
}

/// A portal that exists is never written over.
fn refuse_full(database: &DatabaseUrl, data: &Path) -> Result<(), Failure> {
    let is_empty = match fs::read_dir(data) {
        Ok(entries) => entries
            .filter_map(Result::ok)
            .all(|entry| entry.file_name() == "lost+found"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(at(data, error)),
    };
    if !is_empty {
        return Err(at(data, "the folder is not empty: restore into a new one"));
    }
    refuse_used(database)
}

/// A database that holds anything is no place for a portal from elsewhere.
pub fn refuse_used(database: &DatabaseUrl) -> Result<(), Failure> {
    let is_used = match database {
        DatabaseUrl::Sqlite(path) => Path::new(path).exists(),
        DatabaseUrl::Postgres(_) => {
            let mut db = database.connect(Purpose::Read).map_err(Failure::internal)?;
            !tables::list(&mut db)?.is_empty()
        }
    };
    if is_used {
        Err(Failure::internal(
            "the database is not empty: restore into a new one",
        ))
    } else {
        Ok(())
    }
}

/// Takes back what a failed restore wrote: both places were empty before.
pub fn undo(database: &DatabaseUrl, data: &Path) {
    undo_database(database);
    drop(fs::remove_file(Secrets::path(data)));
    drop(fs::remove_dir_all(data.join("files")));
}

pub fn undo_database(database: &DatabaseUrl) {
    match database {
        DatabaseUrl::Sqlite(path) => {
            for ending in ["", "-wal", "-shm"] {
                drop(fs::remove_file(format!("{path}{ending}")));
            }
        }
        DatabaseUrl::Postgres(_) => drop(migrations::take_back(database)),
    }
}

fn fill(
    backup: &Path,
    manifest: &Manifest,
    database: &DatabaseUrl,
    data: &Path,
    progress: Progress,
) -> Result<(), Failure> {
    // The schema as it was; what came later changes the rows as it would have changed them then.
    migrations::migrate_to(database, &manifest.schema)?;
    let mut db = database
        .connect(Purpose::Write)
        .map_err(Failure::internal)?;
    let folder = data.join("files");
    private_folder(&folder).map_err(|error| at(&folder, error))?;
    in_one_piece(&mut db, |db| {
        let tables = tables::list(db)?;
        let mut parts = manifest.tables.iter();
        let (mut files, mut done) = (manifest.files.iter(), 0);
        let all = manifest.rows();
        walk(backup, |name, entry| match name.split_once('/') {
            Some(("tables", file)) => {
                let table = find(&tables, table_of(file)?)?;
                let part = rows_in(db, table, entry)?;
                done += part.rows;
                progress("rows", done, all);
                same(parts.next() == Some(&part))
            }
            Some(("files", key)) => {
                progress("files", manifest.files.len() as u64 - files.len() as u64, 0);
                let part = file_out(&folder, key, entry)?;
                same(files.next() == Some(&part))
            }
            _ => Ok(()),
        })?;
        tables.iter().try_for_each(|table| table.reset_sequence(db))
    })?;
    drop(db);
    sync_folder(&folder)?;
    migrations::migrate(database).map(drop)
}

fn same(is_same: bool) -> Result<(), Failure> {
    if is_same {
        Ok(())
    } else {
        Err(Failure::internal("the backup changed while it was read"))
    }
}

/// All or nothing, in one transaction of the database.
pub fn in_one_piece(
    db: &mut Db,
    write: impl FnOnce(&mut Db) -> Result<(), Failure>,
) -> Result<(), Failure> {
    db.batch_execute("BEGIN")?;
    let written = write(db);
    db.batch_execute(if written.is_ok() {
        "COMMIT"
    } else {
        "ROLLBACK"
    })?;
    written
}

pub fn find<'a>(tables: &'a [Table], name: &str) -> Result<&'a Table, Failure> {
    tables
        .iter()
        .find(|table| table.name == name)
        .ok_or_else(|| Failure::internal(format!("the schema of the backup has no table {name}")))
}

fn rows_in(db: &mut Db, table: &Table, entry: &mut impl Read) -> Result<TablePart, Failure> {
    let mut reader = BufReader::new(manifest::Hashing::new(entry));
    let (mut rows, mut held, mut lines) = (0, 0, Vec::new());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).map_err(Failure::internal)? == 0 {
            break;
        }
        line.truncate(line.trim_end().len());
        rows += 1;
        held += line.len();
        lines.push(line);
        if held >= BLOCK {
            table.insert(db, &lines)?;
            (held, lines) = (0, Vec::new());
        }
    }
    table.insert(db, &lines)?;
    let (_, size, sha256) = reader.into_inner().finish();
    Ok(TablePart {
        name: table.name.clone(),
        rows,
        size,
        sha256,
    })
}

fn file_out(folder: &Path, key: &str, entry: &mut impl Read) -> Result<FilePart, Failure> {
    // A name out of an archive becomes a path only when it is one of ours.
    let is_key = key.len() == 67
        && key.split_once('/').is_some_and(|(head, name)| {
            name.starts_with(head) && name.bytes().all(|b| b.is_ascii_hexdigit())
        });
    if !is_key {
        return Err(Failure::internal(format!("{key} is no stored file")));
    }
    let path = folder.join(key);
    let shelf = folder_of(&path);
    private_folder(&shelf).map_err(|error| at(&shelf, error))?;
    let file = File::create_new(&path).map_err(|error| at(&path, error))?;
    let mut file = manifest::Hashing::new(file);
    std::io::copy(entry, &mut file).map_err(|error| at(&path, error))?;
    file.flush().map_err(|error| at(&path, error))?;
    let (file, size, sha256) = file.finish();
    file.sync_all().map_err(|error| at(&path, error))?;
    sync_folder(&shelf)?;
    Ok(FilePart {
        key: key.to_owned(),
        size,
        sha256,
    })
}
