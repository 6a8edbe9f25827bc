//! What the criteria of a round must be like.

use super::super::model::{CriterionKind, NewCriterion};
use super::TenderRule;
use crate::common::rulesets::MethodRules;
use crate::kernel::text::narrow;

/// At most this many quality criteria.
pub const MAX_CRITERIA: usize = 12;

/// Everything that is wrong with a list of criteria, all at once.
pub fn check_criteria(rows: &[NewCriterion], rules: &MethodRules) -> Vec<TenderRule> {
    let mut wrong = Vec::new();
    let quality: Vec<&NewCriterion> = rows
        .iter()
        .filter(|row| row.kind == CriterionKind::Quality)
        .collect();
    if quality.is_empty() {
        wrong.push(TenderRule::NoCriteria);
    }
    if quality.len() > MAX_CRITERIA {
        wrong.push(TenderRule::TooManyCriteria);
    }
    match rows
        .iter()
        .filter(|row| row.kind == CriterionKind::Price)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [price]
            if price.weight < i64::from(rules.price_weight_min)
                || price.weight > i64::from(rules.price_weight_max) =>
        {
            wrong.push(TenderRule::PriceWeight {
                weight: price.weight,
                min: rules.price_weight_min,
                max: rules.price_weight_max,
                article: rules.price_weight_article.clone(),
            });
        }
        [_] => {}
        _ => wrong.push(TenderRule::NoPrice {
            article: rules.price_weight_article.clone(),
        }),
    }
    let sum = rows
        .iter()
        .fold(0_i64, |sum, row| sum.saturating_add(row.weight));
    if sum != 100 {
        wrong.push(TenderRule::WeightSum {
            sum,
            article: rules.price_weight_article.clone(),
        });
    }
    wrong.extend(quality.iter().filter_map(|row| check_words(row)));
    wrong
}

/// What shuts out by seat, ownership or size (条例 §20), as people write it.
const PLACE_OR_OWNERSHIP: &[&str] = &[
    "本地企业",
    "本地机构",
    "本地社会组织",
    "本地注册",
    "本市注册",
    "本县注册",
    "本区注册",
    "本镇注册",
    "本市企业",
    "本市机构",
    "注册地在",
    "注册在本",
    "限本",
    "本地业绩",
    "本市业绩",
    "本地奖项",
    "本市奖项",
    "本市荣誉",
    "国有企业",
    "国企",
    "民营企业",
    "私营企业",
    "外资",
    "合资",
    "所有制",
    "注册资本",
    "注册资金",
    "资产总额",
    "营业收入",
    "从业人员数",
    "纳税额",
];

/// A criterion must be tied to points, and must not shut anybody out by age, seat, ownership or size.
fn check_words(row: &NewCriterion) -> Option<TenderRule> {
    let text: String = narrow(&format!("{} {}", row.name, row.measure))
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    let name = row.name.clone();
    if asks_for_years(&text) {
        return Some(TenderRule::YearsOfExistence { name });
    }
    if PLACE_OR_OWNERSHIP.iter().any(|word| text.contains(word)) {
        return Some(TenderRule::PlaceOrOwnership { name });
    }
    (!is_quantified(&row.measure)).then_some(TenderRule::NotQuantified { name })
}

const HAN_NUMBERS: &str = "一二三四五六七八九十百两";

/// “成立满三年”, “成立 3 年以上”, “注册时间不少于两年”: new organizations must be admitted (财综〔2016〕54号).
fn asks_for_years(text: &str) -> bool {
    const FILLERS: &str = "满时间期限年不少于低至已超过达到须需应了为在以来";
    const WORDS: [&str; 5] = ["成立", "注册", "登记", "设立", "存续"];
    let is_number = |c: char| c.is_ascii_digit() || HAN_NUMBERS.contains(c);
    if ["成立满", "成立时间", "注册满", "登记满", "成立年限"]
        .iter()
        .any(|word| text.contains(word))
    {
        return true;
    }
    WORDS.iter().any(|word| {
        text.match_indices(word).any(|(at, _)| {
            let near: Vec<char> = text
                .get(at + word.len()..)
                .unwrap_or_default()
                .chars()
                .skip_while(|c| FILLERS.contains(*c))
                .take(4)
                .collect();
            // “成立于2019年” has four digits: a date, not an age. “注册社工满3年” speaks of people.
            let digits = near.iter().take_while(|c| is_number(**c)).count();
            (1..=3).contains(&digits) && near.get(digits) == Some(&'年')
        })
    })
}

/// A measure ties something to a number of points: digits, or “八分” (条例 §34). “一般” is no number.
fn is_quantified(measure: &str) -> bool {
    let chars: Vec<char> = narrow(measure).chars().collect();
    chars.iter().any(char::is_ascii_digit)
        || chars
            .windows(2)
            .any(|pair| matches!(pair, [n, '分'] if HAN_NUMBERS.contains(*n)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::rules;
    use super::*;

    fn row(kind: CriterionKind, name: &str, measure: &str, weight: i64) -> NewCriterion {
        NewCriterion {
            kind,
            name: name.into(),
            measure: measure.into(),
            weight,
        }
    }

    fn quality(weight: i64) -> NewCriterion {
        row(
            CriterionKind::Quality,
            "服务方案",
            "每个要点 0 至 8 分",
            weight,
        )
    }

    fn price(weight: i64) -> NewCriterion {
        row(
            CriterionKind::Price,
            "价格",
            "最低有效报价÷报价×权重",
            weight,
        )
    }

    #[test]
    fn criteria() {
        let wrong = |rows: &[NewCriterion]| check_criteria(rows, &rules());
        assert_eq!(wrong(&[quality(90), price(10)]), []);
        assert_eq!(wrong(&[quality(90), price(9)]).len(), 2, "weight and sum");
        assert!(matches!(
            wrong(&[quality(69), price(31)]).as_slice(),
            [TenderRule::PriceWeight { weight: 31, .. }]
        ));
        assert_eq!(
            wrong(&[quality(80), price(10)]),
            [TenderRule::WeightSum {
                sum: 90,
                article: "条".into()
            }]
        );
        assert_eq!(
            wrong(&[quality(100)]),
            [TenderRule::NoPrice {
                article: "条".into()
            }]
        );
        assert!(wrong(&[price(30)]).contains(&TenderRule::NoCriteria));
        let vague = row(CriterionKind::Quality, "方案", "好", 90);
        assert_eq!(
            wrong(&[vague, price(10)]),
            [TenderRule::NotQuantified {
                name: "方案".into()
            }]
        );
        let years = row(CriterionKind::Quality, "经验", "成立满3年得10分", 90);
        assert_eq!(
            wrong(&[years, price(10)]),
            [TenderRule::YearsOfExistence {
                name: "经验".into()
            }]
        );
        let local = row(CriterionKind::Quality, "注册地", "本地企业加5分", 90);
        assert_eq!(
            wrong(&[local, price(10)]),
            [TenderRule::PlaceOrOwnership {
                name: "注册地".into()
            }]
        );
        let many: Vec<_> = (0..13).map(|_| quality(5)).chain([price(35)]).collect();
        assert!(wrong(&many).contains(&TenderRule::TooManyCriteria));
    }

    #[test]
    fn words_of_criteria() {
        let says = |name: &str, measure: &str| {
            check_words(&row(CriterionKind::Quality, name, measure, 10))
        };
        for measure in [
            "成立满三年得 5 分",
            "成立 3 年以上，5 分",
            "成立３年以上，5 分",
            "注册时间不少于两年的得 2 分",
            "在民政部门登记满1年，5 分",
            "存续十年以上 3 分",
        ] {
            assert!(
                matches!(
                    says("经验", measure),
                    Some(TenderRule::YearsOfExistence { .. })
                ),
                "{measure}"
            );
        }
        for measure in [
            "本市注册的加 5 分",
            "限本县机构，5 分",
            "国有企业得 3 分",
            "注册资本 500 万元以上 5 分",
            "获本市奖项每项 2 分",
        ] {
            assert!(
                matches!(
                    says("资质", measure),
                    Some(TenderRule::PlaceOrOwnership { .. })
                ),
                "{measure}"
            );
        }
        for measure in ["一般", "优、良、中、差", "综合评定", "按一定标准酌情"]
        {
            assert!(
                matches!(
                    says("方案", measure),
                    Some(TenderRule::NotQuantified { .. })
                ),
                "{measure}"
            );
        }
        for measure in [
            "五个要点，每点 0 至 8 分",
            "每名持证社工 ３ 分，最多 18",
            "响应时间每提前一天加八分",
            "近 3 年同类合同每份 4 分，最多 12",
            "社区联结协议成立后每份 5 分",
            "设立服务点，每处 2 分",
            "注册社工从业满 3 年，每名 2 分",
            "登记志愿者近 2 年服务每百小时 1 分",
            "成立于 2019 年的服务点，每处 1 分",
        ] {
            assert_eq!(says("服务", measure), None, "{measure}");
        }
        assert!(matches!(
            says("成立年限", "每满一年 1 分"),
            Some(TenderRule::YearsOfExistence { .. })
        ));
    }

    proptest::proptest! {
        #[test]
        fn weights_of_lawful_criteria_are_a_hundred(
            weights in proptest::collection::vec(1_i64..12, 1..14), price_weight in 0_i64..60,
            fill in proptest::bool::ANY,
        ) {
            let mut weights = weights;
            let missing = 100 - price_weight - weights.iter().sum::<i64>();
            if fill && missing > 0 {
                weights.push(missing);
            }
            let rows: Vec<NewCriterion> = weights
                .iter()
                .map(|weight| quality(*weight))
                .chain([price(price_weight)])
                .collect();
            let sum: i64 = weights.iter().sum::<i64>() + price_weight;
            let lawful = sum == 100 && weights.len() <= MAX_CRITERIA && (10..=30).contains(&price_weight);
            proptest::prop_assert_eq!(check_criteria(&rows, &rules()).is_empty(), lawful);
        }

        #[test]
        fn no_text_panics(name in ".*", measure in ".*") {
            let _ = check_words(&row(CriterionKind::Quality, &name, &measure, 10));
        }
    }
}
