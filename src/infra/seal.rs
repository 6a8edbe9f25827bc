//! Encryption with age: drafts under the server's key, bids and their files under the tender's key.
//!
//! Everything sealed begins with 32 random bytes inside, so that the hash of a guessable price cannot be guessed.

use super::failure::Failure;
use age::secrecy::ExposeSecret;
use age::x25519::{Identity, Recipient};
use age::{Decryptor, Encryptor};
use std::io::{Read, Write};
use std::str::FromStr;

const NONCE: usize = 32;

/// A fresh key pair: (public recipient, secret identity), both in age's text form.
pub fn make_key() -> (String, String) {
    let identity = Identity::generate();
    (
        identity.to_public().to_string(),
        identity.to_string().expose_secret().to_owned(),
    )
}

pub fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).map_err(Failure::internal)?;
    Ok(bytes)
}

/// `N` random bytes as lower-case hexadecimal.
pub fn random_hex<const N: usize>() -> Result<String, Failure> {
    Ok(hex::encode(random::<N>()?))
}

/// A row id that counts nothing, below 2⁵³ so that a script may hold it.
pub fn random_id() -> Result<i64, Failure> {
    Ok(i64::from_be_bytes(random::<8>()?) & ((1 << 53) - 1))
}

pub fn seal(recipient: &str, plain: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut sealing = Sealing::begin(recipient)?;
    sealing.push(plain)?;
    sealing.finish()
}

pub fn open(identity: &str, sealed: &[u8]) -> Result<Vec<u8>, Failure> {
    let identity = Identity::from_str(identity).map_err(Failure::internal)?;
    let decryptor = Decryptor::new(sealed).map_err(Failure::internal)?;
    let mut reader = decryptor
        .decrypt(std::iter::once(&identity as &dyn age::Identity))
        .map_err(Failure::internal)?;
    let mut plain = Vec::new();
    reader.read_to_end(&mut plain).map_err(Failure::internal)?;
    if plain.len() < NONCE {
        return Err(Failure::internal("sealed content is too short"));
    }
    plain.drain(..NONCE);
    Ok(plain)
}

/// Opens piece by piece: each piece is authenticated before it is handed on.
pub fn open_reader<'a>(identity: &str, sealed: &'a [u8]) -> Result<impl Read + use<'a>, Failure> {
    let identity = Identity::from_str(identity).map_err(Failure::internal)?;
    let decryptor = Decryptor::new(sealed).map_err(Failure::internal)?;
    let mut reader = decryptor
        .decrypt(std::iter::once(&identity as &dyn age::Identity))
        .map_err(Failure::internal)?;
    reader
        .read_exact(&mut [0u8; NONCE])
        .map_err(Failure::internal)?;
    Ok(reader)
}

/// Sealing piece by piece: plaintext never touches the disk, whatever its size.
pub struct Sealing {
    writer: age::stream::StreamWriter<Vec<u8>>,
}

impl Sealing {
    pub fn begin(recipient: &str) -> Result<Self, Failure> {
        let recipient = Recipient::from_str(recipient).map_err(Failure::internal)?;
        let encryptor =
            Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
                .map_err(Failure::internal)?;
        let mut writer = encryptor
            .wrap_output(Vec::new())
            .map_err(Failure::internal)?;
        writer
            .write_all(&random::<NONCE>()?)
            .map_err(Failure::internal)?;
        Ok(Self { writer })
    }

    pub fn push(&mut self, plain: &[u8]) -> Result<(), Failure> {
        self.writer.write_all(plain).map_err(Failure::internal)
    }

    /// The whole ciphertext.
    pub fn finish(self) -> Result<Vec<u8>, Failure> {
        self.writer.finish().map_err(Failure::internal)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_its_key_only() {
        let (recipient, identity) = make_key();
        let (_, other) = make_key();
        let sealed = seal(&recipient, b"48,000.00").unwrap();
        assert_eq!(open(&identity, &sealed).unwrap(), b"48,000.00");
        assert!(open(&other, &sealed).is_err());
        assert_ne!(sealed, seal(&recipient, b"48,000.00").unwrap());
        let mut bent = sealed;
        let last = bent.len() - 1;
        bent[last] ^= 1;
        assert!(open(&identity, &bent).is_err());
    }
}
