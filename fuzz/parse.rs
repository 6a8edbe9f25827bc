//! One door to every parser of what strangers send, shared by the fuzzer and by `tests/fuzz.rs`.

use actix_multipart::Multipart;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use actix_web::web::Bytes;
use futures_util::stream;
use sanshe::kernel::credit_code::CreditCode;
use sanshe::kernel::money::Fen;
use sanshe::kernel::{catalogue_code, instant, paging, phone, region, score, sound, text};
use sanshe::organizations::registry;
use sanshe::procurement::{bids, contracts};
use sanshe::web::multipart;
use sanshe::{accounts, catalogue, infra::sheet};

/// How many parsers there are; the first byte chooses one.
pub const PARSERS: u8 = 12;

/// The boundary that the multipart parser is told of.
pub const BOUNDARY: &str = "x";

/// Gives the bytes after the first to the parser that the first one chooses.
pub fn parse(data: &[u8]) {
    let Some((which, rest)) = data.split_first() else {
        return;
    };
    let typed = String::from_utf8_lossy(rest);
    match which % PARSERS {
        0 => {
            if let Ok(code) = CreditCode::parse(&typed) {
                assert_eq!(CreditCode::parse(code.as_str()), Ok(code));
            }
        }
        1 => {
            if let Ok(amount) = Fen::parse_yuan(&typed) {
                assert_eq!(Fen::parse_yuan(&amount.plain()), Ok(amount));
            }
        }
        2 => {
            if let Ok(day) = instant::parse_date(&typed) {
                assert_eq!(instant::parse_date(&day.to_string()), Ok(day));
            }
            let _ = instant::parse_rfc3339(&typed);
        }
        3 => drop(catalogue::read_csv(rest)),
        4 => drop(contracts::read_import(rest)),
        5 => drop(registry::read_import(rest)),
        6 => drop(sheet::as_csv(rest, catalogue::is_column)),
        7 => drop(bids::check_receipt(&typed, None)),
        8 => multipart_body(rest),
        9 => {
            let cleaned = text::clean(&typed);
            assert_eq!(text::clean(&cleaned), cleaned);
            for term in text::search_terms(&typed) {
                assert!(!term.is_empty());
            }
            drop(sound::spellings(&typed, true));
        }
        10 => {
            drop(catalogue_code::CatalogueCode::parse(&typed));
            drop(region::RegionCode::parse(&typed));
            let _ = score::Points::parse(&typed);
            drop(paging::decode_cursor::<2>(&typed));
        }
        _ => {
            if let Ok(number) = phone::parse(&typed) {
                assert_eq!(phone::parse(&number), Ok(number));
            }
            if let Ok(address) = accounts::read_email(&typed) {
                assert_eq!(accounts::read_email(&address), Ok(address));
            }
        }
    }
}

/// Fields, names and files of a form with files.
fn multipart_body(body: &[u8]) {
    let mut headers = HeaderMap::new();
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_str(&kind).expect("a header"),
    );
    let whole = stream::iter([Ok(Bytes::copy_from_slice(body))]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let read = runtime.block_on(multipart::read(Multipart::new(&headers, whole)));
    if let Ok((_form, uploads)) = read {
        let _ = uploads
            .iter()
            .map(|upload| upload.bytes.len())
            .sum::<usize>();
    }
}
