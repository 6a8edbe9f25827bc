//! The ids that every room shares: who acts, for which body, in which session.

use super::ids::id;

id!(PersonId);
id!(BodyId);
id!(SessionId);
