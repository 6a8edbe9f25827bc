//! Sanshe (三社): the portal where communities and social organizations meet.
//!
//! The floor plan, and who may import whom (a test reads the sources and fails on a forbidden import):
//!
//! ```text
//! main → commands, routes, infra, jobs          commands → rooms' public faces, infra          routes → every room's routes(), web
//! demo → jobs, web, infra (what exists in demo mode only: its clock, its mails; commands and routes call it)
//! pages, api → actions, queries (to read), model, web, kernel        jobs → actions, queries, infra, kernel
//! actions → rules, queries, model, infra, kernel                     queries → model, schema, infra::db, kernel
//! rules → model, kernel                                              model → schema, infra::db (the backend's name), kernel
//! web → infra, kernel          infra → kernel, schema                kernel → nothing of ours
//! between rooms: only the other room's public face (its mod.rs); between wings only leftward:
//! regions · accounts · common · catalogue · organizations · procurement · communities · portal      (no circles, anywhere)
//! ```

pub mod accounts;
pub mod catalogue;
pub mod commands;
pub mod common;
pub mod communities;
pub mod demo;
pub mod infra;
pub mod jobs;
pub mod kernel;
pub mod organizations;
pub mod portal;
pub mod procurement;
pub mod regions;
pub mod routes;
pub mod schema;
pub mod web;
