//! 繁體 from 简体: the portal's own words only. What people typed, names, codes and values stay as they are.

use super::failure::Failure;
use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;

/// Where the dictionary of phrases is wrong, or knows only the character by itself.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("换发", "換發"),
    ("并发布", "並發佈"),
    ("并发", "並發"),
    ("待签", "待簽"),
    ("已签", "已簽"),
    ("未签", "未簽"),
    ("采购", "採購"),
];

/// Converts whole texts. It holds the dictionaries: make one, use it, let it go.
pub struct Traditional(OpenCC);

impl Traditional {
    pub fn load() -> Result<Self, Failure> {
        OpenCC::from_config(BuiltinConfig::S2tw)
            .map(Self)
            .map_err(Failure::internal)
    }

    pub fn convert(&self, text: &str) -> String {
        let text = EXCEPTIONS
            .iter()
            .fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        self.0.convert(&text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn hard_words_become_the_right_ones() {
        let traditional = Traditional::load().unwrap();
        for (simplified, expected) in [
            ("发布 头发 换发证书", "發佈 頭髮 換發證書"),
            ("公里 收件箱里 这里 里弄", "公里 收件箱裡 這裡 里弄"),
            ("皇后 以后 后果", "皇后 以後 後果"),
            ("干部 干净 干预", "幹部 乾淨 干預"),
            ("复核 重复 答复 恢复", "複核 重複 答覆 恢復"),
            ("系统 关系 联系", "系統 關係 聯繫"),
            ("制度 复制", "制度 複製"),
            ("只有 一只", "只有 一隻"),
            ("平台 台风", "平臺 颱風"),
            ("余额 征求 特征 准予 标准", "餘額 徵求 特徵 准予 標準"),
            ("范围 了解 历史 日历", "範圍 瞭解 歷史 日曆"),
            ("签收 待签合同 已签合同 标签", "簽收 待簽合同 已簽合同 標籤"),
            ("核对并发布", "核對並發佈"),
            ("没有采购过", "沒有採購過"),
            ("回避 返回 汇总", "迴避 返回 彙總"),
            ("软件 适老 云服务", "軟件 適老 雲服務"),
            ("几分钟 四舍五入", "幾分鐘 四捨五入"),
            (
                "{ $name } key-one = 《A》 2026-06-02",
                "{ $name } key-one = 《A》 2026-06-02",
            ),
        ] {
            assert_eq!(traditional.convert(simplified), expected);
        }
    }
}
