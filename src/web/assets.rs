//! Assets from inside the binary, for ever cacheable under a versioned address.

use super::State;
use crate::infra::embedded::{Pictures, Templates};
use actix_web::{HttpRequest, HttpResponse, web};
use rust_embed::EmbeddedFile;

/// The first ten hexadecimal digits of an asset's hash; `None` when there is no such asset.
pub fn version(name: &str) -> Option<String> {
    find(name).map(|file| {
        hex::encode(file.metadata.sha256_hash())
            .chars()
            .take(10)
            .collect()
    })
}

/// `help/<language>/<name>.webp` is a picture of a guide.
fn find(name: &str) -> Option<EmbeddedFile> {
    match name.strip_prefix("help/") {
        Some(picture) => Pictures::get(picture),
        None => Templates::get(&format!("assets/{name}")),
    }
}

async fn serve(req: HttpRequest, name: web::Path<String>) -> HttpResponse {
    let Some(file) = find(&name) else {
        return HttpResponse::NotFound().finish();
    };
    let kind = match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("webp") => "image/webp",
        _ => "application/octet-stream",
    };
    cacheable(&req, kind, file.data.into_owned())
}

/// The mark of the body that runs this portal, where the configuration names one.
async fn logo(req: HttpRequest, state: web::Data<State>) -> HttpResponse {
    match &state.config.logo {
        Some(logo) => cacheable(&req, logo.mime, logo.bytes.clone()),
        None => HttpResponse::NotFound().finish(),
    }
}

fn cacheable(req: &HttpRequest, kind: &'static str, body: Vec<u8>) -> HttpResponse {
    let cache = if req.query_string().starts_with("v=") {
        "public, max-age=31536000, immutable"
    } else {
        "public, max-age=300"
    };
    HttpResponse::Ok()
        .insert_header(("content-type", kind))
        .insert_header(("cache-control", cache))
        .body(body)
}

pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/assets/host-logo", web::get().to(logo))
        .route("/assets/{name:.+}", web::get().to(serve));
}
