//! The portal's secrets beside a backup, encrypted with a passphrase: whoever finds the backup alone opens no bid.

use crate::infra::failure::Failure;
use crate::infra::secrets::Secrets;
use age::scrypt::{Identity, Recipient};
use age::secrecy::SecretString;
use age::{Decryptor, Encryptor};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// 2¹⁶ rounds of scrypt take 64 MiB: a small server can spare that, a guesser cannot for each guess.
const WORK: u8 = 16;

/// Where the keys of a backup lie.
pub fn keys_path(backup: &Path) -> PathBuf {
    let mut name = backup.as_os_str().to_owned();
    name.push(".keys.age");
    PathBuf::from(name)
}

pub fn seal_keys(secrets: &Secrets, passphrase: &str) -> Result<Vec<u8>, Failure> {
    let mut recipient = Recipient::new(SecretString::from(passphrase.to_owned()));
    recipient.set_work_factor(WORK);
    let encryptor = Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
        .map_err(Failure::internal)?;
    let mut writer = encryptor
        .wrap_output(Vec::new())
        .map_err(Failure::internal)?;
    writer
        .write_all(secrets.to_text()?.as_bytes())
        .map_err(Failure::internal)?;
    writer.finish().map_err(Failure::internal)
}

pub fn open_keys(sealed: &[u8], passphrase: &str) -> Result<Secrets, Failure> {
    let mut identity = Identity::new(SecretString::from(passphrase.to_owned()));
    identity.set_max_work_factor(WORK);
    let wrong = |_reason| Failure::internal("the keys do not open: another passphrase?");
    let mut reader = Decryptor::new(sealed)
        .map_err(|_reason| Failure::internal("this is no file of keys"))?
        .decrypt(std::iter::once(&identity as &dyn age::Identity))
        .map_err(wrong)?;
    let mut text = String::new();
    reader
        .read_to_string(&mut text)
        .map_err(|_damaged| Failure::internal("the file of keys is damaged"))?;
    Secrets::from_text(&text).ok_or_else(|| Failure::internal("the file of keys is damaged"))
}
