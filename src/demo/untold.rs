//! A story that was interrupted: what is half told is forgotten, so that nobody is shown half a county.

use crate::infra::config::Config;
use crate::infra::db::Purpose;
use crate::infra::failure::Failure;
use crate::infra::{migrations, portal};

/// Empties a demo whose story was not told to its end; whether there was one. The database must be migrated.
pub fn forget_untold(config: &Config) -> Result<bool, Failure> {
    let mut db = config
        .database
        .connect(Purpose::Write)
        .map_err(Failure::internal)?;
    let is_demo = portal::kind(&mut db)?.as_deref() == Some(config.mode.as_str());
    if !config.mode.is_demo() || !is_demo || portal::is_told(&mut db)? {
        return Ok(false);
    }
    drop(db);
    migrations::empty(&config.database)?;
    for folder in ["files", "mail"] {
        match std::fs::remove_dir_all(config.data.join(folder)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::internal(error));
            }
            _ => {}
        }
    }
    Ok(true)
}
