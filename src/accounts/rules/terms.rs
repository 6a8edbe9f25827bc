//! Roles for dates: when one begins, is announced to end, and ends; who may stand in.

use super::AccountRule;
use crate::accounts::model::Appointment;
use crate::kernel::roles::Role;
use chrono::{Days, NaiveDate};

/// Days of notice before a role ends by its date.
pub const NOTICE: Days = Days::new(7);
/// A role that nobody else could give any more goes on for so long, and is announced again.
pub const PROLONGED: Days = Days::new(7);
const LONGEST_DEPUTY: Days = Days::new(366);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Begin,
    Notice,
    End,
}

/// What an open appointment asks for on a day (portal clock).
pub fn due(appointment: &Appointment, today: NaiveDate) -> Option<Step> {
    let until = appointment.until_on;
    if until.is_some_and(|until| until < today) {
        return Some(Step::End);
    }
    if appointment.membership_id.is_none() {
        return (appointment.from_on <= today).then_some(Step::Begin);
    }
    let is_near = until.is_some_and(|until| until <= announced(today));
    (is_near && appointment.noticed_at.is_none()).then_some(Step::Notice)
}

/// The last day whose end is announced today.
pub fn announced(today: NaiveDate) -> NaiveDate {
    today.checked_add_days(NOTICE).unwrap_or(today)
}

pub fn prolonged(today: NaiveDate) -> NaiveDate {
    today.checked_add_days(PROLONGED).unwrap_or(today)
}

/// Whether somebody may stand in for a role from one day to another.
pub fn check_deputy(
    role: Role,
    from: NaiveDate,
    until: NaiveDate,
    today: NaiveDate,
) -> Result<(), AccountRule> {
    if role == Role::Expert {
        return Err(AccountRule::NoDeputyFor(role));
    }
    if until < from {
        return Err(AccountRule::TermReversed);
    }
    if until < today {
        return Err(AccountRule::TermPast);
    }
    let longest = from.checked_add_days(LONGEST_DEPUTY);
    if longest.is_none_or(|longest| until > longest) {
        return Err(AccountRule::DeputyTooLong);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::accounts::model::{AppointmentId, MembershipId};
    use crate::kernel::people::{BodyId, PersonId};

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, day).unwrap()
    }

    #[test]
    fn a_term_begins_is_announced_and_ends() {
        use Step::{Begin, End, Notice};
        let open = |begun: bool, until: Option<u32>, noticed: bool| Appointment {
            id: AppointmentId(1),
            body_id: BodyId(1),
            person_id: PersonId(1),
            role: Role::Officer,
            membership_id: begun.then_some(MembershipId(1)),
            deputy_for: None,
            from_on: day(5),
            until_on: until.map(day),
            noticed_at: noticed.then(|| day(5).and_hms_opt(0, 0, 0).unwrap()),
        };
        for (begun, until, noticed, today, expected) in [
            (false, None, false, 4, None),
            (false, None, false, 5, Some(Begin)),
            (false, Some(10), false, 6, Some(Begin)),
            // Slept through: it never begins.
            (false, Some(10), false, 11, Some(End)),
            (true, None, false, 30, None),
            (true, Some(20), false, 12, None),
            (true, Some(20), false, 13, Some(Notice)),
            (true, Some(20), true, 13, None),
            (true, Some(20), true, 20, None),
            (true, Some(20), true, 21, Some(End)),
            (true, Some(20), false, 21, Some(End)),
        ] {
            let appointment = open(begun, until, noticed);
            assert_eq!(
                due(&appointment, day(today)),
                expected,
                "{begun} {until:?} {noticed} {today}"
            );
        }
    }

    #[test]
    fn deputies_have_dates_and_experts_none() {
        use AccountRule::{DeputyTooLong, NoDeputyFor, TermPast, TermReversed};
        let far = NaiveDate::from_ymd_opt(2027, 4, 1).unwrap();
        for (role, from, until, expected) in [
            (Role::Officer, day(5), day(5), Ok(())),
            (Role::Signatory, day(1), day(5), Ok(())),
            (Role::Officer, day(6), day(5), Err(TermReversed)),
            (Role::Officer, day(1), day(4), Err(TermPast)),
            (Role::Officer, day(5), far, Err(DeputyTooLong)),
            (Role::Expert, day(5), day(6), Err(NoDeputyFor(Role::Expert))),
        ] {
            assert_eq!(
                check_deputy(role, from, until, day(5)),
                expected,
                "{role} {from} {until}"
            );
        }
    }
}
