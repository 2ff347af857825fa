//! What speaks for it, in Japanese.

use crate::{
    incident::{
        evidence::Item,
        report::grouped,
        seen::{Seen, share},
    },
    report::written::thousands,
};

/// One item. What has no name here keeps its English words.
pub(super) fn seen(item: &Item) -> String {
    let (what, count) = match item.seen {
        Seen::Own { routes } => ("想定外に広告された自社プレフィックス", routes),
        Seen::AgainstRole { routes } => (
            "設定したピアの役割に反する経路（大規模ネットワークの経路を顧客側から受信した場合を含む）",
            routes,
        ),
        Seen::ExtremePath { routes } => {
            ("ASパスの長さまたは同一ASの繰返しが著しく過大な経路", routes)
        }
        Seen::LongPath { routes } => (
            "ASパスの長さまたは同一ASの繰返しが通常の範囲を超える経路",
            routes,
        ),
        Seen::SeparateRepeat { routes } => ("ASパス中の離れた位置に同一ASが現れる経路", routes),
        Seen::NeverTransit { routes } => ("トランジットを提供しないASを経由する経路", routes),
        Seen::Valley { routes } => (
            "上位事業者またはピアから受信した経路の、他の上位事業者またはピアへの再広告（RFC 7908）",
            routes,
        ),
        Seen::NewOrigin { routes } => ("起源ASが従来と異なる経路", routes),
        Seen::MoreSpecific { routes, covers, .. } if covers > 0 => {
            return format!(
                "既存の{}経路の範囲内で広告された、従来観測されていなかった詳細経路：{}件",
                grouped(covers),
                grouped(routes)
            );
        }
        Seen::MoreSpecific { routes, .. } => ("従来観測されていなかった詳細経路", routes),
        Seen::TooSpecific { routes } => ("通常は交換されない、過度に詳細な経路", routes),
        Seen::Bogon { routes, accepted } => {
            let past = match accepted {
                0 => String::new(),
                some => format!("（うち{}件は自社の経路フィルタを通過）", grouped(some)),
            };
            return format!(
                "特殊用途のアドレスまたはAS番号を含む経路：{}件{past}",
                grouped(routes)
            );
        }
        Seen::Gained {
            routes,
            normal,
            usual,
        } => {
            return format!(
                "当該ASを経由する経路の急増：{}件（通常の経路数{}件、一度に想定される増加は{}件まで）",
                grouped(routes),
                grouped(normal),
                grouped(usual)
            );
        }
        Seen::Limit {
            routes,
            limit,
            days,
        } => {
            let until = days.map_or_else(String::new, |days| {
                format!("。現在の増加の速さでは{}日で上限に到達", grouped(days))
            });
            return format!(
                "経路数：{}件（上限{}件の{}%）{until}",
                grouped(routes),
                grouped(limit),
                thousands(share(routes, limit))
            );
        }
        Seen::Withdrawn { routes, left } => {
            return format!(
                "セッション維持中の経路取消：{}件（残り{}件）",
                grouped(routes),
                grouped(left)
            );
        }
        Seen::Changed { routes, usual } => {
            return format!(
                "1分間の経路変動：{}件（一度に想定される変動は{}件まで）",
                grouped(routes),
                grouped(usual)
            );
        }
        Seen::NearLimit => return "経路数が上限値に接近".to_owned(),
        Seen::SmallBetweenLarge { percent } => {
            return format!(
                "大規模ネットワークの間に小規模ネットワークが介在するASパス：{percent}%"
            );
        }
        Seen::Displaced { percent, times } => {
            return format!(
                "当該ASの先に従来なかった宛先への経路：{percent}%（経路数は通常の{}倍）",
                grouped(times)
            );
        }
        Seen::Other => return item.what.clone(),
    };
    format!("{what}：{}件", grouped(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_stand_with_what_they_count() {
        let (routes, usual) = (2000, 128);
        for (seen_then, expected) in [
            (Seen::NeverTransit { routes }, "経由する経路：2,000件"),
            (
                Seen::Bogon {
                    routes,
                    accepted: 3,
                },
                "含む経路：2,000件（うち3件は自社の経路フィルタを通過）",
            ),
            (
                Seen::Limit {
                    routes,
                    limit: 2500,
                    days: Some(4),
                },
                "2,000件（上限2,500件の80%）。現在の増加の速さでは4日で上限に到達",
            ),
            (
                Seen::Changed { routes, usual },
                "2,000件（一度に想定される変動は128件まで）",
            ),
            (
                Seen::MoreSpecific {
                    routes,
                    covers: 0,
                    origins: 1,
                },
                "従来観測されていなかった詳細経路：2,000件",
            ),
            (Seen::Other, "in words"),
        ] {
            let item = Item {
                family: "policy",
                strength: 0.5,
                seen: seen_then,
                what: "in words".to_owned(),
            };
            let line = seen(&item);
            assert!(line.ends_with(expected), "{line}");
        }
    }
}
