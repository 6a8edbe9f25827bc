//! The languages that the portal speaks.

crate::text_enum!(Language {
    Chinese = "zh-CN",
    English = "en",
});

impl Language {
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
            .find_map(
                |(range, _)| match range.to_ascii_lowercase().split('-').next() {
                    Some("zh") => Some(Self::Chinese),
                    Some("en") => Some(Self::English),
                    _ => None,
                },
            )
            .unwrap_or(Self::Chinese)
    }
}
