//! The portal's Ed25519 signature over receipts and ledger heads.

use super::failure::Failure;
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};

#[derive(Clone)]
pub struct Signatures {
    key: SigningKey,
}

impl Signatures {
    /// `secret` is 32 bytes as hexadecimal.
    pub fn from_secret(secret: &str) -> Option<Self> {
        let bytes: [u8; 32] = hex::decode(secret).ok()?.try_into().ok()?;
        Some(Self {
            key: SigningKey::from_bytes(&bytes),
        })
    }

    pub fn public_key(&self) -> String {
        hex::encode(self.key.verifying_key().as_bytes())
    }

    pub fn sign(&self, message: &[u8]) -> String {
        hex::encode(self.key.sign(message).to_bytes())
    }
}

pub fn verify(public_key: &str, message: &[u8], signature: &str) -> Result<bool, Failure> {
    let bytes = |text: &str| hex::decode(text).map_err(Failure::internal);
    let key: [u8; 32] = bytes(public_key)?
        .try_into()
        .map_err(|_bytes| Failure::internal("public key"))?;
    let signature: [u8; 64] = bytes(signature)?
        .try_into()
        .map_err(|_bytes| Failure::internal("signature"))?;
    let key = VerifyingKey::from_bytes(&key).map_err(Failure::internal)?;
    Ok(key
        .verify(message, &Signature::from_bytes(&signature))
        .is_ok())
}
