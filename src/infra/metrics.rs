//! Counts and durations of requests, in the text format that Prometheus reads.
//!
//! Nothing here may tell bids before the opening: what is posted is one row whatever it was, and what lies below one
//! project is one row whichever page it was.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds, milliseconds.
const BOUNDS: [u64; 8] = [5, 10, 25, 50, 100, 250, 1000, 5000];

#[derive(Default, Clone)]
struct Row {
    count: u64,
    micros: u128,
    below: [u64; BOUNDS.len()],
}

/// By method, route and class of status.
#[derive(Default)]
pub struct Metrics(Mutex<BTreeMap<(&'static str, String, u16), Row>>);

/// The route as it may be shown.
fn shown(is_read: bool, route: &str) -> String {
    if !is_read {
        return "*".to_owned();
    }
    // What is read below a project tells who writes a bid there.
    match route.split_once("/projects/{id}/") {
        Some((before, _)) => format!("{before}/projects/{{id}}/*"),
        None if route.is_empty() => "unknown".to_owned(),
        None => route.to_owned(),
    }
}

impl Metrics {
    pub fn record(&self, is_read: bool, route: &str, status: u16, took: Duration) {
        let method = if is_read { "GET" } else { "POST" };
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let row = rows
            .entry((method, shown(is_read, route), status / 100))
            .or_default();
        row.count += 1;
        row.micros += took.as_micros();
        for (below, bound) in row.below.iter_mut().zip(BOUNDS) {
            *below += u64::from(took.as_millis() <= u128::from(bound));
        }
    }

    pub fn render(&self, text: &mut String) {
        let rows = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        family(
            text,
            "sanshe_requests",
            "histogram",
            "Seconds by route and class of status",
        );
        for ((method, route, class), row) in &rows {
            let of = format!("method=\"{method}\",route=\"{route}\",status=\"{class}xx\"");
            for (below, bound) in row.below.iter().zip(BOUNDS) {
                let bound = f64_of(bound);
                line(
                    text,
                    &format!("sanshe_requests_bucket{{{of},le=\"{bound}\"}}"),
                    below,
                );
            }
            line(
                text,
                &format!("sanshe_requests_bucket{{{of},le=\"+Inf\"}}"),
                row.count,
            );
            let seconds = format!("{}.{:06}", row.micros / 1_000_000, row.micros % 1_000_000);
            line(text, &format!("sanshe_requests_sum{{{of}}}"), seconds);
            line(text, &format!("sanshe_requests_count{{{of}}}"), row.count);
        }
    }
}

fn f64_of(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

fn line(text: &mut String, name: &str, value: impl std::fmt::Display) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{name} {value}");
}

fn family(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// One number that goes up and down.
pub fn gauge(text: &mut String, name: &str, help: &str, value: impl std::fmt::Display) {
    family(text, name, "gauge", help);
    line(text, name, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_tells_a_bid() {
        let metrics = Metrics::default();
        for (is_read, route) in [
            (false, "/projects/{id}/bid/submit"),
            (false, "/projects/{id}/questions"),
            (false, "/api/v1/projects/{id}/bid"),
            (true, "/projects/{id}/bid"),
            (true, "/projects/{id}/history"),
            (true, "/projects/{id}"),
            (true, "/api/v1/projects/{id}/bid"),
        ] {
            metrics.record(is_read, route, 303, Duration::from_millis(7));
        }
        let mut text = String::new();
        metrics.render(&mut text);
        assert!(!text.contains("bid"), "{text}");
        for row in [
            "sanshe_requests_count{method=\"POST\",route=\"*\",status=\"3xx\"} 3\n",
            "sanshe_requests_count{method=\"GET\",route=\"/projects/{id}/*\",status=\"3xx\"} 2\n",
            "sanshe_requests_bucket{method=\"GET\",route=\"/projects/{id}\",status=\"3xx\",le=\"0.010\"} 1\n",
            "sanshe_requests_bucket{method=\"GET\",route=\"/projects/{id}\",status=\"3xx\",le=\"0.005\"} 0\n",
            "sanshe_requests_sum{method=\"GET\",route=\"/projects/{id}\",status=\"3xx\"} 0.007000\n",
        ] {
            assert!(text.contains(row), "no {row} in {text}");
        }
    }
}
