//! New migrations and templates are embedded by macros that only see the files they knew.
fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=templates");
}
