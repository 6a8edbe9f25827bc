//! Good examples, changed in a thousand ways, break no parser: what the fuzzer does, in little, at each run. With
//! coverage it is `cargo fuzz run parsers` (docs/security.md).

#[path = "../fuzz/parse.rs"]
mod parse;

use parse::{BOUNDARY, PARSERS, parse};
use rust_xlsxwriter::Workbook;
use sanshe::kernel::credit_code::CreditCode;

/// Good examples, each with the parser that reads it.
fn examples() -> Vec<(u8, Vec<u8>)> {
    let code = CreditCode::make("52", "320585", "MJ000001").unwrap();
    let code = code.as_str();
    let mut book = Workbook::new();
    book.add_worksheet()
        .write_row(0, 0, ["编码", "名称"])
        .unwrap();
    let contracts = format!(
        "合同名称,目录编码,信用代码,承接单位,金额,开始,到期,服务社区,电话,服务内容\n\
         \"助餐\",A0402,{code},晨光社,\"12,000.50\",2025/7/1,2026年6月30日,320585100001；320585100002,0512-00000001,午餐\n"
    );
    let organizations = format!(
        "单位名称,信用代码,法定代表人,住所,电话,邮箱,区划代码\n晨光社,{code},王某,某路,0512-00000001,a@b.invalid,320585\n"
    );
    let form = format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\nb\r\n--{BOUNDARY}\r\ncontent-disposition: \
         form-data; name=\"file\"; filename=\"方案.pdf\"\r\ncontent-type: application/pdf\r\n\r\n%PDF-1.4\r\n--{BOUNDARY}--\r\n"
    );
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        (0, text(code)),
        (1, text("1,234,567.89")),
        (2, text("2026-02-28")),
        (2, text("2026-02-28T17:00:00+08:00")),
        (
            3,
            text("code,name,level,parent_code,verified\nA,公共服务,1,,true\nA01,教育,2,A,\n"),
        ),
        (4, text(&contracts)),
        (5, text(&organizations)),
        (6, book.save_to_buffer().unwrap()),
        (
            7,
            text("{\"receipt\":{\"kind\":\"x\",\"no\":\"1\"},\"signature\":\"00\"}"),
        ),
        (8, text(&form)),
        (9, text("𠮷田（社区）① 养老服务 yanglao\u{202E}")),
        (10, text("A0402")),
        (10, text("320585100001")),
        (10, text("99.50")),
        (11, text("0512-53520000")),
        (11, text("a.b@example.invalid")),
    ]
}

/// splitmix64, the same at each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % most.max(1) as u64).unwrap()
    }
}

/// Bytes that parsers look for.
const TELLING: &[u8] = b"\0\r\n\",;:=-+.\"'{}()%\xff\xe3\x8001EeZz \t";

fn change(dice: &mut Dice, data: &mut Vec<u8>) {
    let at = dice.below(data.len());
    match dice.below(5) {
        0 if !data.is_empty() => {
            data.remove(at);
        }
        1 => data.insert(at, TELLING[dice.below(TELLING.len())]),
        2 if !data.is_empty() => data[at] ^= 1 << dice.below(8),
        3 => data.truncate(at),
        _ => {
            let end = at + dice.below(data.len() - at + 1);
            let piece = data[at..end].to_vec();
            data.splice(at..at, piece);
        }
    }
}

#[test]
fn changed_examples_break_no_parser() {
    let examples = examples();
    let reached: std::collections::BTreeSet<u8> =
        examples.iter().map(|(which, _)| *which).collect();
    assert_eq!(
        reached.len(),
        usize::from(PARSERS),
        "a parser has no example"
    );
    let mut dice = Dice(0x5361_6e73_6865);
    for (which, example) in examples {
        for round in 0..1000 {
            let mut data = example.clone();
            for _ in 0..round % 8 {
                change(&mut dice, &mut data);
            }
            data.insert(0, which);
            let given = data.clone();
            let outcome = std::panic::catch_unwind(|| parse(&given));
            assert!(outcome.is_ok(), "parser {which}, round {round}: {data:?}");
        }
    }
}
