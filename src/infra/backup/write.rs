//! Writing a backup while the portal runs: the tables from one snapshot first, then the files that they name.

use super::Progress;
use super::keys::{keys_path, seal_keys};
use super::manifest::{
    FORMAT, FilePart, Hashing, MANIFEST, Manifest, SIGNATURE, Signed, TablePart,
};
use super::tables::{self, Table};
use crate::infra::db::{DatabaseUrl, Db, Purpose};
use crate::infra::failure::Failure;
use crate::infra::files::private_folder;
use crate::infra::migrations;
use crate::infra::secrets::Secrets;
use crate::infra::store::machine_now;
use crate::schema::{bid_files, files, portal};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use tar::{Builder, EntryType, Header};

/// What is backed up.
pub struct Source<'a> {
    pub database: &'a DatabaseUrl,
    pub data: &'a Path,
    pub secrets: &'a Secrets,
    /// Without one no keys are written: then they must be kept elsewhere.
    pub passphrase: Option<&'a str>,
}

type Tar = Builder<BufWriter<File>>;

/// Writes the backup under a temporary name, syncs it and gives it its name; its keys are there before it is.
pub fn write(
    source: &Source,
    target: &Path,
    progress: Progress,
) -> Result<(Manifest, u64), Failure> {
    if target.exists() {
        return Err(Failure::internal(format!(
            "{} is there already",
            target.display()
        )));
    }
    let folder = folder_of(target);
    private_folder(&folder).map_err(|error| at(&folder, error))?;
    let part = beside(target, ".part");
    let written = write_part(source, &part, progress)
        .and_then(|manifest| {
            if let Some(passphrase) = source.passphrase {
                put_file(&keys_path(target), &seal_keys(source.secrets, passphrase)?)?;
            }
            Ok(manifest)
        })
        .and_then(|manifest| {
            fs::rename(&part, target).map_err(|error| at(target, error))?;
            sync_folder(&folder)?;
            let size = fs::metadata(target).map_err(|error| at(target, error))?;
            Ok((manifest, size.len()))
        });
    if written.is_err() {
        drop(fs::remove_file(&part));
    }
    written
}

fn write_part(source: &Source, part: &Path, progress: Progress) -> Result<Manifest, Failure> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(part)
        .map_err(|error| at(part, error))?;
    let mut tar = Builder::new(BufWriter::new(file));
    let mut db = source
        .database
        .connect(Purpose::Read)
        .map_err(Failure::internal)?;
    let (mut manifest, named) = in_snapshot(&mut db, |db| tables_into(db, &mut tar, progress))?;
    drop(db);
    files_into(source, named, &mut manifest, &mut tar, progress)?;
    let text = serde_json::to_vec(&manifest)?;
    let signatures = source.secrets.signatures()?;
    let signed = Signed {
        public_key: signatures.public_key(),
        signature: signatures.sign(&text),
    };
    append(&mut tar, MANIFEST, &text)?;
    append(&mut tar, SIGNATURE, &serde_json::to_vec(&signed)?)?;
    let file = tar
        .into_inner()
        .map_err(|error| at(part, error))?
        .into_inner()
        .map_err(|error| at(part, error))?;
    file.sync_all().map_err(|error| at(part, error))?;
    Ok(manifest)
}

/// Everything that is read inside sees the database as it was at one instant; the portal writes on meanwhile.
pub fn in_snapshot<T>(
    db: &mut Db,
    read: impl FnOnce(&mut Db) -> Result<T, Failure>,
) -> Result<T, Failure> {
    db.batch_execute(match db {
        Db::Sqlite(_) => "BEGIN",
        Db::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    })?;
    let result = read(db);
    db.batch_execute("ROLLBACK")?;
    result
}

/// The tables; the manifest so far, and the keys of the files that rows name.
fn tables_into(
    db: &mut Db,
    tar: &mut Tar,
    progress: Progress,
) -> Result<(Manifest, Vec<String>), Failure> {
    let mut manifest = heading(db)?;
    let tables = tables::list(db)?;
    let mut all = 0;
    for table in &tables {
        all += table.count(db)?;
    }
    let mut done = 0;
    for table in &tables {
        let part = table_into(db, table, tar, &mut |rows| {
            progress("rows", done + rows, all);
        })?;
        done += part.rows;
        manifest.tables.push(part);
    }
    Ok((manifest, named_files(db)?))
}

/// The manifest of a database, yet without its parts.
pub fn heading(db: &mut Db) -> Result<Manifest, Failure> {
    let (kind, instance) = portal::table
        .select((portal::kind, portal::instance))
        .first(db)
        .optional()?
        .ok_or_else(|| Failure::internal("no portal was ever started on this database"))?;
    Ok(Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: machine_now(),
        kind,
        instance,
        schema: migrations::applied(db)?,
        tables: Vec::new(),
        files: Vec::new(),
        missing: Vec::new(),
    })
}

fn table_into(
    db: &mut Db,
    table: &Table,
    tar: &mut Tar,
    progress: &mut dyn FnMut(u64),
) -> Result<TablePart, Failure> {
    let mut header = header();
    let entry = tar
        .append_writer(&mut header, format!("tables/{}.ndjson", table.name))
        .map_err(Failure::internal)?;
    let mut entry = Hashing::new(entry);
    let mut rows = 0;
    table.read(db, |line| {
        writeln!(entry, "{line}").map_err(Failure::internal)?;
        rows += 1;
        if rows % 1000 == 0 {
            progress(rows);
        }
        Ok(())
    })?;
    let (entry, size, sha256) = entry.finish();
    entry.finish().map_err(Failure::internal)?;
    Ok(TablePart {
        name: table.name.clone(),
        rows,
        size,
        sha256,
    })
}

fn named_files(db: &mut Db) -> Result<Vec<String>, Failure> {
    let mut keys: Vec<String> = files::table
        .filter(files::removed_at.is_null())
        .select(files::storage_key)
        .load(db)?;
    keys.extend(
        bid_files::table
            .filter(bid_files::removed_at.is_null())
            .select(bid_files::storage_key)
            .load::<String>(db)?,
    );
    keys.sort_unstable();
    keys.dedup();
    Ok(keys)
}

fn files_into(
    source: &Source,
    named: Vec<String>,
    manifest: &mut Manifest,
    tar: &mut Tar,
    progress: Progress,
) -> Result<(), Failure> {
    let all = named.len() as u64;
    for (done, key) in named.into_iter().enumerate() {
        progress("files", done as u64, all);
        match file_into(&source.data.join("files").join(&key), &key, tar)? {
            Some(part) => {
                // The key ends in the hash of what was stored: a disk that forgets is found here.
                if !key.ends_with(&part.sha256) {
                    manifest.missing.push(key);
                }
                manifest.files.push(part);
            }
            None => manifest.missing.push(key),
        }
    }
    Ok(())
}

/// One file's bytes; `None` when it is not there.
fn file_into(path: &Path, key: &str, tar: &mut Tar) -> Result<Option<FilePart>, Failure> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(path, error)),
    };
    let mut header = header();
    let entry = tar
        .append_writer(&mut header, format!("files/{key}"))
        .map_err(Failure::internal)?;
    let mut entry = Hashing::new(entry);
    std::io::copy(&mut file, &mut entry).map_err(|error| at(path, error))?;
    let (entry, size, sha256) = entry.finish();
    entry.finish().map_err(Failure::internal)?;
    Ok(Some(FilePart {
        key: key.to_owned(),
        size,
        sha256,
    }))
}

fn header() -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o600);
    header.set_mtime(u64::try_from(machine_now().and_utc().timestamp()).unwrap_or(0));
    header
}

fn append(tar: &mut Tar, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let mut header = header();
    header.set_size(bytes.len() as u64);
    tar.append_data(&mut header, name, bytes)
        .map_err(Failure::internal)
}

/// A small secret file: under a temporary name, synced, renamed.
fn put_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let part = beside(path, ".part");
    let put = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)
    };
    put().map_err(|error| at(path, error))
}

/// The folder of a file; a bare name lies in the working folder.
pub fn folder_of(path: &Path) -> PathBuf {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .map_or_else(|| PathBuf::from("."), Path::to_owned)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

pub fn sync_folder(folder: &Path) -> Result<(), Failure> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| at(folder, error))
}

pub fn at(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::internal(format!("{}: {error}", path.display()))
}

/// The hash of what is still to be read.
pub fn hash_rest(reader: &mut impl Read) -> Result<(u64, String), Failure> {
    let mut hashing = Hashing::new(reader);
    std::io::copy(&mut hashing, &mut std::io::sink()).map_err(Failure::internal)?;
    let (_, size, sha256) = hashing.finish();
    Ok((size, sha256))
}

/// The hash of a table as it stands.
pub fn hash_table(db: &mut Db, table: &Table) -> Result<TablePart, Failure> {
    let (mut hash, mut rows, mut size) = (Sha256::new(), 0, 0);
    table.read(db, |line| {
        hash.update(line);
        hash.update(b"\n");
        rows += 1;
        size += line.len() as u64 + 1;
        Ok(())
    })?;
    Ok(TablePart {
        name: table.name.clone(),
        rows,
        size,
        sha256: hex::encode(hash.finalize()),
    })
}
