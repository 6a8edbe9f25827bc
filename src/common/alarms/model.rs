//! The kinds of alarms; one of a kind stands at a time.

use crate::kernel::ids::text_enum;
use crate::schema::alarms;
use chrono::NaiveDateTime;
use diesel::prelude::*;

text_enum!(
    AlarmKind {
        /// No whole backup was made when it was due.
        BackupFailed = "backup_failed",
        /// Bids could not be written to the second disk: none is taken.
        MirrorFailed = "mirror_failed",
        DiskLow = "disk_low",
        /// The machine's clock jumped, or is no longer kept by a time server.
        ClockWrong = "clock_wrong",
    }
);

impl AlarmKind {
    /// How the inbox words it.
    pub const fn inbox(self) -> &'static str {
        match self {
            Self::BackupFailed => "alarm-backup-failed",
            Self::MirrorFailed => "alarm-mirror-failed",
            Self::DiskLow => "alarm-disk-low",
            Self::ClockWrong => "alarm-clock-wrong",
        }
    }
}

/// `raised_at` is machine time.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = alarms)]
pub struct Alarm {
    pub kind: AlarmKind,
    pub detail: String,
    pub raised_at: NaiveDateTime,
}
