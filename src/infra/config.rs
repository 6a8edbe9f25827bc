//! Configuration: the environment over an optional `sanshe.toml`, read once.

use super::db::DatabaseUrl;
use super::failure::Failure;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Demo,
    Live,
}

impl Mode {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Live => "live",
        }
    }

    pub const fn is_demo(self) -> bool {
        matches!(self, Self::Demo)
    }
}

/// Who runs this portal, as the footer and the notices show it.
#[derive(Clone, Debug, Default, Deserialize, serde::Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Host {
    pub name: String,
    pub phone: Option<String>,
    pub site_code: Option<String>,
    pub icp: Option<String>,
    pub police: Option<String>,
    /// A picture file (SVG, PNG, JPEG, WebP) beside the configuration, shown in place of our mark.
    #[serde(skip_serializing)]
    pub logo: Option<PathBuf>,
}

/// The host's mark, read when the portal starts.
#[derive(Clone)]
pub struct Logo {
    pub mime: &'static str,
    pub bytes: Vec<u8>,
    /// Changes with the picture, so that browsers may keep each for ever.
    pub version: String,
}

impl Logo {
    const MAX: usize = 512 * 1024;

    fn read(path: &Path) -> Result<Self, Failure> {
        let refuse = |why: &str| Failure::internal(format!("logo {}: {why}", path.display()));
        let bytes = std::fs::read(path).map_err(|error| refuse(&error.to_string()))?;
        let mime = match bytes.as_slice() {
            [0x89, b'P', b'N', b'G', ..] => "image/png",
            [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => "image/webp",
            [b'<', ..] => "image/svg+xml",
            _ => return Err(refuse("neither SVG, PNG, JPEG nor WebP")),
        };
        if bytes.len() > Self::MAX {
            return Err(refuse("larger than 512 KB"));
        }
        let version = hex::encode(Sha256::digest(&bytes))
            .chars()
            .take(10)
            .collect();
        Ok(Self {
            mime,
            bytes,
            version,
        })
    }
}

impl std::fmt::Debug for Logo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Logo({}, {})", self.mime, self.version)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    #[serde(default)]
    pub user: Option<String>,
    #[serde(default)]
    pub password: Option<String>,
    /// `tls`, `starttls`, or `none` for a relay on the same machine.
    #[serde(default = "Smtp::default_security")]
    pub security: String,
    pub from: String,
}

impl Smtp {
    fn default_security() -> String {
        "starttls".into()
    }
}

/// The runner's own backups.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupPlan {
    pub folder: PathBuf,
    /// The hour in China from which a day's backup is due.
    #[serde(default = "BackupPlan::default_hour")]
    pub hour: u32,
    /// The newest so many stay.
    #[serde(default = "BackupPlan::default_keep")]
    pub keep: usize,
    /// Its first line encrypts the keys; without it they are left out, to be kept elsewhere.
    #[serde(default)]
    pub passphrase_file: Option<PathBuf>,
}

impl BackupPlan {
    const fn default_hour() -> u32 {
        2
    }

    const fn default_keep() -> usize {
        14
    }
}

/// The county's SMS gateway. Its `Debug` shows no secret.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsHook {
    pub url: String,
    pub secret: String,
}

impl std::fmt::Debug for SmsHook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SmsHook({})", self.url)
    }
}

#[derive(Clone, Debug)]
pub struct Config {
    pub mode: Mode,
    pub data: PathBuf,
    pub database: DatabaseUrl,
    pub listen: SocketAddr,
    /// Scheme, host and port, without the path prefix and without a slash at the end.
    pub origin: String,
    /// The path under which the portal lives: empty, or `/sanshe`.
    pub prefix: String,
    pub trusted_proxies: Vec<IpAddr>,
    pub host: Host,
    pub logo: Option<Logo>,
    pub smtp: Option<Smtp>,
    pub sms: Option<SmsHook>,
    pub workers: usize,
    /// A session of staff that nobody used for so long has expired.
    pub staff_idle: chrono::Duration,
    pub backup: Option<BackupPlan>,
    /// A folder on a second disk: every bid lies there too before its receipt goes out.
    pub mirror: Option<PathBuf>,
    /// Whoever sends it may read `/metrics`; without one nobody may.
    pub metrics_token: Option<String>,
    /// Room on the disk, bytes, that only bids may use.
    pub keep_free: u64,
    /// A command that prints `yes` or `no`: whether a time server keeps the machine's clock.
    pub clock_check: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    database: Option<String>,
    public_url: Option<String>,
    trusted_proxies: Vec<IpAddr>,
    host: Host,
    smtp: Option<Smtp>,
    sms: Option<SmsHook>,
    workers: Option<usize>,
    staff_idle_minutes: Option<i64>,
    backup: Option<BackupPlan>,
    mirror: Option<PathBuf>,
    metrics_token: Option<String>,
    keep_free_mb: Option<u64>,
    clock_check: Option<Vec<String>>,
}

/// The kernel's own word, which time servers of every make keep.
const CLOCK_CHECK: [&str; 4] = [
    "timedatectl",
    "show",
    "--property=NTPSynchronized",
    "--value",
];
/// A day of many bids with their files.
const KEEP_FREE_MB: u64 = 2048;
const MIN_TOKEN: usize = 16;

impl Config {
    /// `vars` is the environment in `main`, a literal in tests.
    pub fn read(
        mode: Mode,
        data: &Path,
        listen: SocketAddr,
        vars: &HashMap<String, String>,
    ) -> Result<Self, Failure> {
        let path = vars
            .get("SANSHE_CONFIG")
            .map_or_else(|| PathBuf::from("sanshe.toml"), PathBuf::from);
        let file = match std::fs::read_to_string(&path) {
            Ok(text) if mode == Mode::Live => toml::from_str::<File>(&text)
                .map_err(|error| Failure::internal(format!("{}: {error}", path.display())))?,
            Err(error) if mode == Mode::Live && vars.contains_key("SANSHE_CONFIG") => {
                return Err(Failure::internal(format!("{}: {error}", path.display())));
            }
            _ => File::default(),
        };
        let database = vars
            .get("SANSHE_DATABASE")
            .cloned()
            .or(file.database)
            .unwrap_or_else(|| format!("sqlite://{}", data.join("sanshe.db").display()));
        let database = DatabaseUrl::parse(&database).ok_or_else(|| {
            Failure::internal("SANSHE_DATABASE must begin with sqlite:// or postgres://")
        })?;
        let public_url = vars
            .get("SANSHE_PUBLIC_URL")
            .cloned()
            .or(file.public_url)
            .unwrap_or_else(|| format!("http://{listen}"));
        let (origin, prefix) = split_url(&public_url)?;
        let mut host = file.host;
        if let Some(name) = vars.get("SANSHE_HOST_NAME").filter(|name| !name.is_empty()) {
            host.name.clone_from(name);
        } else if host.name.is_empty() && mode.is_demo() {
            // A demo names no real body as its host.
            host.name = "演示主办单位（虚构）".into();
        }
        let logo = host.logo.as_ref().map(|name| {
            let beside = path.parent().unwrap_or(Path::new(""));
            Logo::read(&beside.join(name))
        });
        Ok(Self {
            mode,
            logo: logo.transpose()?,
            data: data.to_owned(),
            database,
            listen,
            origin,
            prefix,
            trusted_proxies: file.trusted_proxies,
            host,
            smtp: file.smtp,
            sms: match (vars.get("SANSHE_SMS_URL"), vars.get("SANSHE_SMS_SECRET")) {
                (Some(url), Some(secret)) => Some(SmsHook {
                    url: url.clone(),
                    secret: secret.clone(),
                }),
                _ => file.sms,
            },
            workers: file.workers.unwrap_or(2).clamp(1, 64),
            staff_idle: chrono::Duration::minutes(
                file.staff_idle_minutes.unwrap_or(30).clamp(5, 120),
            ),
            backup: file.backup.map(check_plan).transpose()?,
            mirror: vars.get("SANSHE_MIRROR").map(PathBuf::from).or(file.mirror),
            metrics_token: metrics_token(vars, file.metrics_token)?,
            keep_free: file
                .keep_free_mb
                .unwrap_or(KEEP_FREE_MB)
                .saturating_mul(1024 * 1024),
            clock_check: file
                .clock_check
                .unwrap_or_else(|| CLOCK_CHECK.map(str::to_owned).to_vec()),
        })
    }

    /// An absolute link for mails and feeds: from the configured public URL, never from the Host header.
    pub fn link(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.prefix)
    }

    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }
}

fn check_plan(plan: BackupPlan) -> Result<BackupPlan, Failure> {
    if plan.hour < 24 && plan.keep > 0 {
        Ok(plan)
    } else {
        Err(Failure::internal(
            "[backup]: hour is 0 to 23, keep at least 1",
        ))
    }
}

fn metrics_token(
    vars: &HashMap<String, String>,
    file: Option<String>,
) -> Result<Option<String>, Failure> {
    let token = vars.get("SANSHE_METRICS_TOKEN").cloned().or(file);
    if token.as_ref().is_some_and(|token| token.len() < MIN_TOKEN) {
        return Err(Failure::internal(format!(
            "metrics_token: at least {MIN_TOKEN} characters that nobody guesses"
        )));
    }
    Ok(token)
}

fn split_url(text: &str) -> Result<(String, String), Failure> {
    let url = url::Url::parse(text)
        .map_err(|error| Failure::internal(format!("public URL {text}: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(Failure::internal(format!(
            "public URL {text}: http or https with a host"
        )));
    }
    let prefix = url.path().trim_end_matches('/').to_owned();
    Ok((url.origin().ascii_serialization(), prefix))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_environment_wins() {
        let file = std::env::temp_dir().join(format!("sanshe-config-{}.toml", std::process::id()));
        std::fs::write(&file, "[host]\nname = \"文件\"\n").unwrap();
        let read = |extra: &[(&str, &str)]| {
            let mut vars: HashMap<String, String> = extra
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            vars.insert("SANSHE_CONFIG".into(), file.display().to_string());
            let listen = SocketAddr::from(([127, 0, 0, 1], 8080));
            Config::read(Mode::Live, Path::new("data"), listen, &vars).unwrap()
        };
        let named = [
            read(&[]).host.name,
            read(&[("SANSHE_HOST_NAME", "环境")]).host.name,
        ];
        let origin = read(&[("SANSHE_PUBLIC_URL", "https://a.invalid/b/")]).origin;
        std::fs::remove_file(&file).unwrap();
        assert_eq!(named, ["文件", "环境"]);
        assert_eq!(origin, "https://a.invalid");
    }
}
