//! `sanshe doctor`: looks at everything that a portal needs, and says what to do about what is wrong.

use crate::common::{alarms, rulesets};
use crate::infra::clock;
use crate::infra::config::{Config, Mode};
use crate::infra::db::{Db, Purpose};
use crate::infra::disk::{self, gigabytes};
use crate::infra::failure::Failure;
use crate::infra::mail::Mailer;
use crate::infra::mirror::Mirror;
use crate::infra::secrets::Secrets;
use crate::infra::store::machine_now;
use crate::infra::{ledger, migrations, outbox, portal};
use crate::kernel::instant;
use crate::portal::operations;
use crate::procurement::bids;
use chrono::{Datelike, Duration};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

#[derive(clap::Args, Clone)]
pub struct Visit {
    /// The demo's data instead of the live portal's.
    #[arg(long)]
    pub demo: bool,
    /// Leave out what takes long on a large portal: the ledger's whole chain.
    #[arg(long)]
    pub quick: bool,
}

/// A backup a day, and two hours for making it.
const FRESH: Duration = Duration::hours(26);
/// The holidays of the next year are published in November.
const CALENDAR_FROM: u32 = 11;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Good,
    /// Works, but should not stay so.
    Warn,
    Bad,
}

#[derive(Default)]
struct Chart {
    warnings: usize,
    bad: usize,
}

impl Chart {
    fn note(&mut self, mark: Mark, what: &str, text: &str) {
        let word = match mark {
            Mark::Good => "ok  ",
            Mark::Warn => {
                self.warnings += 1;
                "WARN"
            }
            Mark::Bad => {
                self.bad += 1;
                "BAD "
            }
        };
        println!("{word} {what}: {text}");
    }

    fn good(&mut self, what: &str, text: &str) {
        self.note(Mark::Good, what, text);
    }

    fn warn(&mut self, what: &str, text: &str) {
        self.note(Mark::Warn, what, text);
    }

    fn bad(&mut self, what: &str, text: &str) {
        self.note(Mark::Bad, what, text);
    }

    /// What could not be looked at is bad; one thing's failure keeps no other from being looked at.
    fn look(&mut self, what: &str, looked: Result<(), Failure>) {
        if let Err(error) = looked {
            self.bad(what, &error.to_string());
        }
    }
}

pub fn run(config: &Config, visit: &Visit) -> Result<(), Failure> {
    let mut chart = Chart::default();
    configuration(config, &mut chart);
    let secrets = secrets(config, &mut chart);
    let looked = disks(config, &mut chart);
    chart.look("disk", looked);
    clock_of(config, &mut chart);
    let looked = mail(config, &mut chart);
    chart.look("mail", looked);
    match config.database.connect(Purpose::Read) {
        Err(error) => chart.bad(
            "database",
            &format!("cannot be opened: {error}; is it running, is the address right?"),
        ),
        Ok(mut db) => {
            let looked = database(config, &mut db, visit, &mut chart);
            chart.look("database", looked);
        }
    }
    if secrets.is_none() {
        chart.bad("secrets", "without them the portal does not start: `sanshe init`, or restore them from a backup's keys");
    }
    println!("{} bad, {} warnings", chart.bad, chart.warnings);
    if chart.bad == 0 {
        Ok(())
    } else {
        Err(Failure::internal(format!(
            "{} things must be mended",
            chart.bad
        )))
    }
}

fn configuration(config: &Config, chart: &mut Chart) {
    chart.good(
        "configuration",
        &format!("{}, data in {}", config.link("/"), config.data.display()),
    );
    if config.mode == Mode::Demo {
        return;
    }
    if !config.is_https() {
        chart.warn(
            "configuration",
            "public_url is not https: put a proxy with TLS before the portal and name its address",
        );
    }
    if config.host.name.is_empty() {
        chart.warn(
            "configuration",
            "[host] name is empty: nobody reads who runs this portal",
        );
    }
    if config.metrics_token.is_none() {
        chart.warn("configuration", "no metrics_token: /metrics is closed");
    }
}

fn mode_of(path: &Path) -> Option<u32> {
    let about = std::fs::metadata(path).ok()?;
    Some(about.permissions().mode() & 0o777)
}

fn secrets(config: &Config, chart: &mut Chart) -> Option<Secrets> {
    if mode_of(&config.data).is_some_and(|mode| mode & 0o077 != 0) {
        let place = config.data.display();
        chart.bad(
            "secrets",
            &format!("others may look into {place}: chmod 700 {place}"),
        );
    }
    match Secrets::read(&config.data) {
        Ok(Some(secrets)) => {
            chart.good("secrets", "there, for the portal's user alone");
            if secrets.sealing_rotated_at().is_some() {
                chart.warn("secrets", "a rotation is not finished: restart the portal, then `sanshe rotate sealing --finish`");
            }
            Some(secrets)
        }
        Ok(None) => None,
        Err(error) => {
            chart.bad("secrets", &error.to_string());
            None
        }
    }
}

fn disks(config: &Config, chart: &mut Chart) -> Result<(), Failure> {
    let space = disk::space(&config.data)?;
    let text = format!("{} free of {}", gigabytes(space.free), gigabytes(space.all));
    if space.free < config.keep_free {
        chart.bad(
            "disk",
            &format!("{text}: large uploads but bids are refused; make room or enlarge it"),
        );
    } else if space.free < config.keep_free.saturating_mul(2) {
        chart.warn(
            "disk",
            &format!("{text}: make room before large uploads are refused"),
        );
    } else {
        chart.good("disk", &text);
    }
    match &config.mirror {
        None => chart.warn("mirror", "none: a disk that dies takes the bids since the last backup; set mirror to a folder on a second disk"),
        Some(folder) => match Mirror::new(folder, &config.data).probe() {
            Ok(()) => chart.good("mirror", &folder.display().to_string()),
            Err(error) => chart.bad(
                "mirror",
                &format!("{error}: no bid is taken in until it can be written to; is the disk mounted, is there room, is the folder the portal's own?"),
            ),
        },
    }
    Ok(())
}

fn clock_of(config: &Config, chart: &mut Chart) {
    match clock::is_kept(&config.clock_check) {
        Some(true) => chart.good("clock", "kept by a time server"),
        Some(false) => chart.bad("clock", "no time server keeps it: start systemd-timesyncd or chronyd; after an hour nothing closes by it"),
        None => chart.warn("clock", "not known whether a time server keeps it: set clock_check to a command that prints yes or no"),
    }
}

fn mail(config: &Config, chart: &mut Chart) -> Result<(), Failure> {
    if config.smtp.is_none() {
        if config.mode == Mode::Live {
            chart.warn(
                "mail",
                "no [smtp]: mails only become files in the data folder",
            );
        }
        return Ok(());
    }
    Mailer::new(config)?.probe().map_err(|error| {
        Failure::internal(format!(
            "{error}: look at [smtp], and whether this machine may reach the server"
        ))
    })?;
    chart.good("mail", "the server answers");
    Ok(())
}

fn database(config: &Config, db: &mut Db, visit: &Visit, chart: &mut Chart) -> Result<(), Failure> {
    match portal::kind(db).ok().flatten() {
        Some(kind) if kind == config.mode.as_str() => chart.good("database", &kind),
        Some(kind) => {
            return Err(Failure::internal(format!(
                "it is a {kind} one; --demo, or another --data"
            )));
        }
        None => return Err(Failure::internal("no portal was ever started on it")),
    }
    if !migrations::is_current(db)? {
        migrations::refuse_unknown(&migrations::applied(db)?)?;
        chart.warn(
            "migrations",
            "older than this program: back up, then start the portal, which brings it up to date",
        );
        return Ok(());
    }
    chart.good("migrations", "all have run");
    record(config, db, visit, chart)?;
    calendar(db, chart)?;
    backups(config, db, chart)?;
    let failed = outbox::failed(db)?;
    if failed.is_empty() {
        chart.good(
            "jobs",
            &format!("{} wait, none failed", outbox::waiting(db)?),
        );
    } else {
        chart.warn(
            "jobs",
            &format!("{} were given up: /operations says why", failed.len()),
        );
    }
    for alarm in alarms::list_standing(db)? {
        let since = instant::minute(alarm.raised_at);
        chart.bad(
            "alarm",
            &format!("{} since {since}: {}", alarm.kind.as_str(), alarm.detail),
        );
    }
    Ok(())
}

/// The ledger, the clock against it, and the second disk against the rows.
fn record(config: &Config, db: &mut Db, visit: &Visit, chart: &mut Chart) -> Result<(), Failure> {
    if visit.quick {
        chart.good("ledger", "not looked at");
    } else {
        let found = ledger::verify(db, None)?;
        if found.findings.is_empty() {
            chart.good("ledger", &format!("{} lines, no finding", found.lines));
        } else {
            chart.bad(
                "ledger",
                &format!(
                    "{} findings: `sanshe verify-ledger` names them; keep everything as it is",
                    found.findings.len()
                ),
            );
        }
    }
    let newest = ledger::newest_at(db)?;
    if config.mode == Mode::Live
        && newest.is_some_and(|at| at > machine_now() + Duration::minutes(1))
    {
        chart.bad(
            "clock",
            "it stands before the ledger's newest line: set it right before the portal is started",
        );
    }
    if let Some(folder) = &config.mirror {
        let looked = mirrored(&Mirror::new(folder, &config.data), db, chart);
        chart.look("mirror", looked);
    }
    Ok(())
}

fn mirrored(mirror: &Mirror, db: &mut Db, chart: &mut Chart) -> Result<(), Failure> {
    let unknown = bids::unknown_receipts(db, &mirror.list()?)?;
    if unknown.is_empty() {
        chart.good("mirror", "every bid on it is in the database");
    } else {
        chart.bad(
            "mirror",
            &format!(
                "bids that the database does not know, as after a restore: {}",
                unknown.join(", ")
            ),
        );
    }
    Ok(())
}

fn calendar(db: &mut Db, chart: &mut Chart) -> Result<(), Failure> {
    let today = instant::shanghai_date(machine_now());
    let calendar = rulesets::load_calendar(db)?;
    let (year, next) = (today.year(), today.year() + 1);
    if !calendar.is_known(year) {
        chart.bad(
            "calendar",
            &format!("the holidays of {year} are not known: update the program"),
        );
    } else if today.month() >= CALENDAR_FROM && !calendar.is_known(next) {
        chart.warn("calendar", &format!("the holidays of {next} are not known yet: update the program when they are published; dates in {next} are provisional"));
    } else {
        chart.good("calendar", &format!("{year} is known"));
    }
    Ok(())
}

fn backups(config: &Config, db: &mut Db, chart: &mut Chart) -> Result<(), Failure> {
    let Some(plan) = &config.backup else {
        if config.mode == Mode::Live {
            chart.warn(
                "backup",
                "none is scheduled: fill in [backup], or run `sanshe backup` every day",
            );
        }
        return Ok(());
    };
    match &plan.passphrase_file {
        None => chart.warn(
            "backup",
            "without its keys: keep a copy of secrets.toml elsewhere, or set passphrase_file",
        ),
        Some(file) => match mode_of(file) {
            None => chart.bad("backup", &format!("{} cannot be read", file.display())),
            Some(mode) if mode & 0o077 != 0 => chart.bad(
                "backup",
                &format!("others may read {0}: chmod 600 {0}", file.display()),
            ),
            Some(_) => {}
        },
    }
    match operations::last_backup(db)? {
        None => chart.bad(
            "backup",
            &format!("none was made yet into {}", plan.folder.display()),
        ),
        Some(at) if machine_now() - at > FRESH => chart.bad(
            "backup",
            &format!(
                "the newest is of {}: /operations says why",
                instant::minute(at)
            ),
        ),
        Some(at) => chart.good(
            "backup",
            &format!("the newest is of {}", instant::minute(at)),
        ),
    }
    Ok(())
}
