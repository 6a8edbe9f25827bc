//! What a token for programs may be used for. It never reaches further than its person's roles.

use crate::text_enum;

text_enum!(
    /// One kind of work; reading what its person may read comes with each.
    Scope {
        /// Only reads.
        Read = "read",
        /// Imports and publishes the catalogue.
        Catalogue = "catalogue",
        /// Registers an organization and applies for the directory; checks them.
        Organizations = "organizations",
        /// Prepares, publishes, opens and awards projects.
        Projects = "projects",
        /// Asks questions; drafts, submits and withdraws bids.
        Bids = "bids",
        /// Declares and scores as a member of a panel.
        Evaluation = "evaluation",
        /// Draws up and signs contracts.
        Contracts = "contracts",
        /// Members and roles, the own account; runs the portal.
        Accounts = "accounts",
    }
);

/// The scopes of one token, in its row a list with commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Reads a row; words that this program no longer knows open nothing.
    pub fn parse(text: &str) -> Self {
        text.split(',')
            .filter_map(|word| word.parse().ok())
            .collect()
    }

    /// Whether the token opens this; every token reads.
    pub fn allows(&self, scope: Scope) -> bool {
        scope == Scope::Read || self.0.contains(&scope)
    }

    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut scopes: Vec<Scope> = scopes.into_iter().collect();
        scopes.sort_unstable();
        scopes.dedup();
        Self(scopes)
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<&str> = self.0.iter().map(Scope::as_str).collect();
        f.write_str(&words.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_what_its_row_names_and_reading() {
        for (row, scope, opens) in [
            ("bids", Scope::Bids, true),
            ("bids", Scope::Read, true),
            ("bids", Scope::Contracts, false),
            ("", Scope::Read, true),
            ("", Scope::Bids, false),
            ("bids,contracts", Scope::Contracts, true),
            ("everything", Scope::Projects, false),
        ] {
            assert_eq!(Scopes::parse(row).allows(scope), opens, "{row} {scope}");
        }
    }

    #[test]
    fn rows_are_sorted_and_without_repeats() {
        let scopes: Scopes = [Scope::Bids, Scope::Read, Scope::Bids]
            .into_iter()
            .collect();
        assert_eq!(scopes.to_string(), "read,bids");
        assert_eq!(Scopes::parse(&scopes.to_string()), scopes);
    }
}
