//! What may follow what in the directory, and who may apply.

use super::model::{Application, Declaration, QualificationState};
use crate::kernel::refusal::{Refusal, Rule};
use crate::organizations::registry::{Provider, ProviderState};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QualificationRule {
    /// Only social organizations stand in this directory; others bid without it.
    NotSocial,
    NotProven,
    NoStatement,
    Undeclared(Declaration),
    NoReason,
    TooManyFiles,
    WrongState,
}

/// Files beside an application.
pub const MAX_FILES: usize = 10;

impl Rule for QualificationRule {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NotSocial => Refusal::new("qualification-not-social"),
            Self::NotProven => Refusal::new("qualification-not-proven"),
            Self::NoStatement => Refusal::new("form-missing").at("statement"),
            Self::Undeclared(declaration) => Refusal::new(match declaration {
                Declaration::Liability => "qualification-undeclared-liability",
                Declaration::Credit => "qualification-undeclared-credit",
                Declaration::Ability => "qualification-undeclared-ability",
                Declaration::Taxes => "qualification-undeclared-taxes",
                Declaration::Record => "qualification-undeclared-record",
                Declaration::OtherConditions => "qualification-undeclared-other-conditions",
                Declaration::AnnualReport => "qualification-undeclared-annual-report",
                Declaration::NotListed => "qualification-undeclared-not-listed",
                Declaration::TaxProof => "qualification-undeclared-tax-proof",
            })
            .article(declaration.article())
            .at("declarations"),
            Self::NoReason => Refusal::new("form-missing").at("reason"),
            Self::TooManyFiles => Refusal::new("qualification-too-many-files")
                .arg("max", MAX_FILES)
                .at("file"),
            Self::WrongState => Refusal::new("qualification-wrong-state"),
        }
    }
}

pub fn may_apply(provider: &Provider) -> Result<(), QualificationRule> {
    if !provider.kind.is_social() {
        return Err(QualificationRule::NotSocial);
    }
    if provider.state != ProviderState::Proven {
        return Err(QualificationRule::NotProven);
    }
    Ok(())
}

/// What an application still lacks; every declaration is asked for.
pub fn lacks(application: &Application) -> Vec<QualificationRule> {
    let statement = application
        .statement
        .is_empty()
        .then_some(QualificationRule::NoStatement);
    let undeclared = Declaration::ALL
        .iter()
        .filter(|declaration| !application.declarations.contains(declaration))
        .map(|declaration| QualificationRule::Undeclared(*declaration));
    statement.into_iter().chain(undeclared).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The applicant writes without handing in.
    Write,
    Submit,
    Accept,
    SendBack,
    Withdraw,
    Suspend,
    Resume,
}

impl Step {
    pub const ALL: [Self; 7] = [
        Self::Write,
        Self::Submit,
        Self::Accept,
        Self::SendBack,
        Self::Withdraw,
        Self::Suspend,
        Self::Resume,
    ];
}

pub fn next_state(
    from: QualificationState,
    step: Step,
) -> Result<QualificationState, QualificationRule> {
    use QualificationState::{Draft, Listed, Returned, Submitted, Suspended, Withdrawn};
    match (from, step) {
        (Draft | Withdrawn, Step::Write) => Ok(Draft),
        (Returned, Step::Write) | (Submitted, Step::SendBack) => Ok(Returned),
        (Draft | Returned, Step::Submit) => Ok(Submitted),
        (Submitted, Step::Accept) | (Suspended, Step::Resume) => Ok(Listed),
        (Submitted | Returned | Listed | Suspended, Step::Withdraw) => Ok(Withdrawn),
        (Listed, Step::Suspend) => Ok(Suspended),
        (Submitted | Listed | Suspended, Step::Write)
        | (Submitted | Listed | Suspended | Withdrawn, Step::Submit)
        | (Draft | Returned | Listed | Suspended | Withdrawn, Step::Accept | Step::SendBack)
        | (Draft | Withdrawn, Step::Withdraw)
        | (Draft | Submitted | Returned | Suspended | Withdrawn, Step::Suspend)
        | (Draft | Submitted | Returned | Listed | Withdrawn, Step::Resume) => {
            Err(QualificationRule::WrongState)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use QualificationState::{Draft, Listed, Returned, Submitted, Suspended, Withdrawn};

    /// Every move that is allowed; what does not stand here is refused.
    const MOVES: &[(QualificationState, Step, QualificationState)] = &[
        (Draft, Step::Write, Draft),
        (Draft, Step::Submit, Submitted),
        (Submitted, Step::Accept, Listed),
        (Submitted, Step::SendBack, Returned),
        (Submitted, Step::Withdraw, Withdrawn),
        (Returned, Step::Write, Returned),
        (Returned, Step::Submit, Submitted),
        (Returned, Step::Withdraw, Withdrawn),
        (Listed, Step::Suspend, Suspended),
        (Listed, Step::Withdraw, Withdrawn),
        (Suspended, Step::Resume, Listed),
        (Suspended, Step::Withdraw, Withdrawn),
        (Withdrawn, Step::Write, Draft),
    ];

    #[test]
    fn every_state_and_step() {
        for from in QualificationState::ALL {
            for step in Step::ALL {
                let expected = MOVES
                    .iter()
                    .find(|(f, s, _)| f == from && *s == step)
                    .map(|(_, _, to)| *to)
                    .ok_or(QualificationRule::WrongState);
                assert_eq!(next_state(*from, step), expected, "{from} {step:?}");
            }
        }
    }

    #[test]
    fn an_application_lacks_what_is_not_declared() {
        let mut application = Application {
            statement: "能".into(),
            declarations: Declaration::ALL.to_vec(),
        };
        assert_eq!(lacks(&application), []);
        application.statement.clear();
        application
            .declarations
            .retain(|declaration| *declaration != Declaration::TaxProof);
        assert_eq!(
            lacks(&application),
            [
                QualificationRule::NoStatement,
                QualificationRule::Undeclared(Declaration::TaxProof)
            ]
        );
    }
}
