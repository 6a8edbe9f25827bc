//! The portal's doors, tried from outside: every route by everybody, and each known way to force one.

mod matrix;
mod people;
mod routes;
mod things;
