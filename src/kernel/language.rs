//! The languages that the portal speaks.

crate::text_enum!(Language {
    Chinese = "zh-CN",
    Traditional = "zh-Hant",
    English = "en",
});

impl Language {
    /// What it is called in itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::Chinese => "简体",
            Self::Traditional => "繁體",
            Self::English => "English",
        }
    }

    /// The first language of an Accept-Language header that we speak; simplified Chinese otherwise.
    pub fn accepted(header: &str) -> Self {
        let mut ranges: Vec<(&str, f32)> = header
            .split(',')
            .map(|range| {
                let mut parts = range.trim().split(";q=");
                (
                    parts.next().unwrap_or_default(),
                    parts.next().and_then(|q| q.parse().ok()).unwrap_or(1.0),
                )
            })
            .collect();
        ranges.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranges
            .iter()
            .find_map(|(range, _)| Self::of_range(range))
            .unwrap_or(Self::Chinese)
    }

    fn of_range(range: &str) -> Option<Self> {
        let range = range.to_ascii_lowercase();
        let mut subtags = range.split('-');
        match subtags.next() {
            Some("en") => Some(Self::English),
            // The script decides; without one, what the place writes.
            Some("zh") => match subtags.next() {
                Some("hant" | "tw" | "hk" | "mo") => Some(Self::Traditional),
                _ => Some(Self::Chinese),
            },
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Language::{self, Chinese, English, Traditional};

    #[test]
    fn the_first_language_that_we_speak_is_taken() {
        for (header, expected) in [
            ("", Chinese),
            ("fr", Chinese),
            ("zh", Chinese),
            ("zh-SG", Chinese),
            ("zh-Hans-HK,en", Chinese),
            ("zh-TW,zh;q=0.9,en;q=0.8", Traditional),
            ("fr,zh-hk;q=0.5,en;q=0.4", Traditional),
            ("zh-Hant-MO", Traditional),
            ("en-US,zh-TW;q=0.9", English),
            ("zh-CN;q=0.1, en;q=0.9", English),
        ] {
            assert_eq!(Language::accepted(header), expected, "{header}");
        }
    }
}
