//! Words that everyone shares. Nothing here reads a clock, a file or a database, and nothing here
//! imports another room: values come in, values go out.

/// Working days, rest days and the ends of statutory periods.
pub mod calendar;
/// Codes of the purchase catalogue (`A`, `A01`, `A0101`).
pub mod catalogue_code;
/// Unified social credit codes (统一社会信用代码, GB 32100-2015).
pub mod credit_code;
/// Macros that make ids, text enums and checked text values, with their database forms.
pub mod ids;
/// Instants: UTC microseconds inside, Asia/Shanghai outside.
pub mod instant;
/// The languages that the portal speaks.
pub mod language;
/// The text of an uploaded file and its lines.
pub mod lines;
/// Money in whole fen.
pub mod money;
/// Pages of rows and the opaque cursors between them.
pub mod paging;
/// Ids of people, bodies and sessions.
pub mod people;
/// Office telephones.
pub mod phone;
/// Why a rule says no.
pub mod refusal;
/// Administrative division codes of counties, towns, communities and villages.
pub mod region;
/// Kinds of bodies, roles of people, and which role exists in which body.
pub mod roles;
/// What a token for programs may be used for.
pub mod scopes;
/// Exact points and ranks of an evaluation.
pub mod score;
/// Chinese by its sound, and simplified.
pub mod sound;
/// Cleaning, cutting and splitting text.
pub mod text;
