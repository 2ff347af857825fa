//! What happened, in Japanese: the incident itself tells it in English only.

use crate::{
    incident::{Kind, report::grouped},
    report::{
        value::Facts,
        words::{Effects, Words, effects},
    },
};

/// A sort of event, and what it is also called.
pub(super) const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Leak => "経路リーク（経路情報の漏れ、RFC 7908）",
        Kind::MoreSpecific => "従来観測されていなかった詳細経路の広告",
        Kind::Origin => "起源ASが従来と異なる経路の広告（経路ハイジャックの疑いを含む）",
        Kind::OwnPrefix => "自社プレフィックスの想定外の広告（経路ハイジャックの疑いを含む）",
        other => title(other),
    }
}

/// A sort of event, as short as a title has it.
pub(super) const fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Leak => "経路リーク",
        Kind::MoreSpecific => "未知の詳細経路の広告",
        Kind::Origin => "経路広告（起源ASが従来と相違）",
        Kind::Path => "異常に長いASパスの広告",
        Kind::Specific => "過度に詳細な経路の広告",
        Kind::Bogon => "特殊用途アドレス等の広告",
        Kind::OwnPrefix => "自社プレフィックスの想定外の広告",
        Kind::Visibility => "自社プレフィックスの到達性低下",
        Kind::Surge => "経路変動の急増",
        Kind::Withdrawal => "大量の経路取消",
        Kind::MaximumPrefix => "経路数の上限への接近",
    }
}

/// What it may do to others, as far as routes tell.
pub(super) const fn effect(kind: Kind) -> &'static str {
    match kind {
        Kind::Leak | Kind::MoreSpecific => {
            "当該経路を受け入れた網では、影響経路宛ての通信が本来と異なる経路を通り、遅延または不通となった\
             可能性があります。"
        }
        Kind::Origin | Kind::OwnPrefix => {
            "当該経路を受け入れた網では、影響経路宛ての通信が別のネットワークへ到達した可能性があります。"
        }
        Kind::Path => {
            "当該経路を受信したルータで、BGPセッションが切断される可能性があります。通信への影響は不明です。"
        }
        Kind::Specific | Kind::Bogon => {
            "ルータの負荷が増加する可能性があります。通信への影響は不明です。"
        }
        Kind::Visibility => "自社宛ての通信が到達しない可能性があります。",
        Kind::Surge | Kind::Withdrawal => {
            "一部の宛先が到達不能となる、または通信経路が変わる可能性があります。"
        }
        Kind::MaximumPrefix => {
            "現時点ではありません。上限値を超えるとBGPセッションが切断されます。"
        }
    }
}

/// What it may do to our users.
pub(super) const fn effect_on_users(kind: Kind) -> &'static str {
    match effects(kind) {
        Effects::Unknown => "利用者の通信への影響は不明です。",
        Effects::NoneYet => "利用者の通信への影響は確認されていません。",
        Effects::Possible => {
            "影響を受けた宛先との通信に遅延や不通が生じた可能性があります。実際に影響を受けた利用者数は、\
             経路情報のみからは判断できません。"
        }
    }
}

/// What it may do to them, as customers are told.
pub(super) const fn effect_on_customers(kind: Kind, over: bool) -> &'static str {
    match (effects(kind), over) {
        (Effects::Unknown | Effects::NoneYet, _) => "お客様の通信への影響は確認されておりません",
        (Effects::Possible, false) => {
            "一部の宛先との通信に、遅延またはつながりにくい状況が生じている可能性があります"
        }
        (Effects::Possible, true) => {
            "一部の宛先との通信に、遅延またはつながりにくい状況が生じていた可能性があります"
        }
    }
}

/// One sentence on what happened.
pub(super) fn happened(words: &dyn Words, facts: &Facts) -> String {
    let who = match (
        &facts.offender,
        facts.kind.is_of_a_view(),
        facts.sessions.first(),
    ) {
        (Some(offender), ..) => words.name(offender),
        (None, true, Some(session)) => {
            format!("ピア{}（{}）", session.peer, words.name(&session.network))
        }
        _ => "複数のネットワーク".to_owned(),
    };
    let through = match &facts.neighbour {
        Some(neighbour) => format!("{}を経由して", words.name(neighbour)),
        None => String::new(),
    };
    let count = grouped(facts.routes.peak);
    let of = match facts.origins {
        0 | 1 => String::new(),
        many => format!("（起源AS数：{}）", grouped(many)),
    };
    match facts.kind {
        Kind::Leak => format!(
            "{who}から{through}、本来広告されるべきでない経路{count}件{of}が広告されました。"
        ),
        Kind::MoreSpecific => {
            format!(
                "{who}から{through}、従来観測されていなかった詳細経路{count}件{of}が広告されました。"
            )
        }
        Kind::Origin => {
            format!("{who}から{through}、従来と異なるASを起源とする経路{count}件が広告されました。")
        }
        Kind::Path => {
            format!("{who}から{through}、ASパスが異常に長い経路{count}件が広告されました。")
        }
        Kind::Specific => format!(
            "{who}から{through}、通常は交換されない、過度に詳細な経路{count}件{of}が広告されました。"
        ),
        Kind::Bogon => format!(
            "{who}から{through}、特殊用途のアドレスまたはAS番号を含む経路{count}件が広告されました。"
        ),
        Kind::OwnPrefix => format!(
            "自社のアドレス空間に含まれる経路{count}件が、{who}から{through}想定外の形で広告されました。"
        ),
        Kind::Visibility => {
            format!("自社のアドレス空間の経路{count}件が、観測箇所の過半で観測できなくなりました。")
        }
        Kind::Surge => {
            format!("{who}において、1分間に{count}件と、通常を大きく上回る経路変動が発生しました。")
        }
        Kind::Withdrawal => {
            format!("{who}において、セッションを維持したまま{count}件の経路が取り消されました。")
        }
        Kind::MaximumPrefix => format!("{who}の経路数が{count}件となり、上限値に近づいています。"),
    }
}
