//! The portal's doors, tried from outside: every route by everybody, and each known way to force one.

mod documents;
mod entry;
mod matrix;
mod people;
mod requests;
mod routes;
mod scripts;
mod things;
