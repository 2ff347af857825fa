//! Words and figures in Japanese.

use crate::{
    bgp::Timestamp,
    detect::Detector,
    incident::{Kind, Severity, report::grouped},
    report::{
        threshold::Reached,
        value::{Facts, Network},
        zone::Zone,
    },
};

/// One sentence on what happened.
pub(super) fn happened(facts: &Facts) -> String {
    let who = match (
        &facts.offender,
        facts.kind.is_of_a_view(),
        facts.sessions.first(),
    ) {
        (Some(offender), ..) => name(offender),
        (None, true, Some(session)) => {
            format!("ピア{}（{}）", session.peer, name(&session.network))
        }
        _ => "複数のネットワーク".to_owned(),
    };
    let through = match &facts.neighbour {
        Some(neighbour) => format!("{}を経由して", name(neighbour)),
        None => String::new(),
    };
    let count = grouped(facts.routes.peak);
    let of = match facts.origins {
        0 | 1 => String::new(),
        many => format!("（{}のAS起源）", grouped(many)),
    };
    match facts.kind {
        Kind::Leak => format!(
            "{who}から{through}、本来広告されるべきでない経路{count}件{of}が広告されました。"
        ),
        Kind::MoreSpecific => {
            format!("{who}から{through}、従来存在しなかった詳細経路{count}件{of}が広告されました。")
        }
        Kind::Origin => {
            format!("{who}から{through}、従来と異なるASを起源とする経路{count}件が広告されました。")
        }
        Kind::Path => {
            format!("{who}から{through}、ASパスが異常に長い経路{count}件が広告されました。")
        }
        Kind::Specific => format!(
            "{who}から{through}、通常は交換されない細かさの経路{count}件{of}が広告されました。"
        ),
        Kind::Bogon => format!(
            "{who}から{through}、特殊用途のアドレスまたはAS番号を含む経路{count}件が広告されました。"
        ),
        Kind::OwnPrefix => format!(
            "自社のアドレス空間に含まれる経路{count}件が、{who}から{through}想定外の形で広告されました。"
        ),
        Kind::Visibility => {
            format!("自社のアドレス空間の経路{count}件が、観測箇所の過半で見えなくなりました。")
        }
        Kind::Surge => {
            format!("{who}において、1分間に{count}件と通常を大きく超える経路変動が発生しました。")
        }
        Kind::Withdrawal => {
            format!("{who}において、セッションを維持したまま{count}件の経路が取り消されました。")
        }
        Kind::MaximumPrefix => format!("{who}の経路数が{count}件となり、上限値に近づいています。"),
    }
}

/// What a detector saw.
pub(super) fn ground(detector: Detector, facts: &Facts) -> String {
    match detector {
        Detector::Specific => {
            "通常は交換されない細かさの経路（IPv4は/24、IPv6は/48より細かい）".to_owned()
        }
        Detector::MoreSpecific if facts.covers > 0 => format!(
            "従来存在しなかった詳細経路が、既存の{}経路の内側に出現",
            grouped(facts.covers)
        ),
        Detector::MoreSpecific => "従来存在しなかった詳細経路の出現".to_owned(),
        Detector::PathLength => "ASパス長が通常の範囲を超過".to_owned(),
        Detector::PathRepeat => "ASパス中に同一ASが過度に、または離れた位置に出現".to_owned(),
        Detector::Bogon => "特殊用途のアドレスまたはAS番号".to_owned(),
        Detector::Origin => "プレフィックスの起源ASが従来と相違".to_owned(),
        Detector::Surge => "通常を大きく超える速さでの経路の変動".to_owned(),
        Detector::MaximumPrefix => "経路数が上限値に接近".to_owned(),
        Detector::Withdrawal => "セッション維持中の大量の経路取消".to_owned(),
        Detector::Valley => "上位接続またはピア間での経路の再広告（RFC 7908）".to_owned(),
        Detector::NeverTransit => "トランジットを提供しないASを経由する経路".to_owned(),
        Detector::Peerlock => "大手ネットワークの経路が顧客側から到来".to_owned(),
        Detector::OwnPrefix => "自社プレフィックスの想定外の広告".to_owned(),
    }
}

pub(super) const fn reached(reached: Reached) -> &'static str {
    match reached {
        Reached::Yes => "該当",
        Reached::No => "非該当",
        Reached::Unknown => "確認中",
    }
}

pub(super) const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "重大",
        Severity::Warning => "警告",
        Severity::Info => "参考",
    }
}

pub(super) fn service(name: &str) -> String {
    match name {
        "voice-emergency" => "緊急通報を取り扱う音声伝送役務",
        "voice" => "緊急通報を取り扱わない音声伝送役務",
        "free-internet" => "無料のインターネット関連サービス",
        "other" => "その他の役務（データ伝送、インターネット接続等）",
        "lpwa" => "LPWAサービス（利用者数は契約数）",
        own => own,
    }
    .to_owned()
}

pub(super) const fn what(kind: Kind) -> &'static str {
    match kind {
        Kind::Leak => "経路リーク",
        Kind::MoreSpecific => "未知の詳細経路の広告",
        Kind::Origin => "起源ASの異なる経路の広告",
        Kind::Path => "異常に長いASパスの広告",
        Kind::Specific => "過度に細かい経路の広告",
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

pub(super) fn name(network: &Network) -> String {
    match &network.name {
        Some(name) => format!("{}（{name}）", network.asn),
        None => network.asn.to_string(),
    }
}

pub(super) fn names(networks: &[Network]) -> String {
    networks.iter().map(name).collect::<Vec<_>>().join("、")
}

/// `2時間5分`, in two units at most.
pub(super) fn lasting(seconds: u64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    let units = [(days, "日"), (hours, "時間"), (minutes, "分"), (rest, "秒")];
    let shown = units.iter().skip_while(|(count, _)| *count == 0).take(2);
    let shown: Vec<String> = shown
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if shown.is_empty() {
        "0秒".to_owned()
    } else {
        shown.concat()
    }
}

/// `2017年8月25日（金）`.
pub(super) fn date(when: &jiff::Zoned) -> String {
    let day = match when.weekday() {
        jiff::civil::Weekday::Monday => "月",
        jiff::civil::Weekday::Tuesday => "火",
        jiff::civil::Weekday::Wednesday => "水",
        jiff::civil::Weekday::Thursday => "木",
        jiff::civil::Weekday::Friday => "金",
        jiff::civil::Weekday::Saturday => "土",
        jiff::civil::Weekday::Sunday => "日",
    };
    format!(
        "{}年{}月{}日（{day}）",
        when.year(),
        when.month(),
        when.day()
    )
}

/// `2017年8月25日（金）12:22`: those who do not compare logs need no more.
pub(super) fn minute(time: Timestamp, zone: &Zone) -> String {
    let Some(local) = zone.at(time) else {
        return time.secs().to_string();
    };
    let format = if zone.is_utc() {
        "%H:%M（UTC）"
    } else {
        "%H:%M"
    };
    format!("{}{}", date(&local), local.strftime(format))
}

/// `8月25日 12:22:01`, where the zone stands elsewhere.
pub(super) fn short(time: Timestamp, zone: &Zone) -> String {
    let Some(local) = zone.at(time) else {
        return time.secs().to_string();
    };
    format!(
        "{}月{}日 {}",
        local.month(),
        local.day(),
        local.strftime("%H:%M:%S")
    )
}

/// `2017年8月25日（金）12:22:01 +09:00（UTC 03:22:01）`.
pub(super) fn moment(time: Timestamp, zone: &Zone) -> String {
    let (Some(local), Some(utc)) = (zone.at(time), Zone::default().at(time)) else {
        return time.secs().to_string();
    };
    if zone.is_utc() {
        return format!("{}{}", date(&utc), utc.strftime("%H:%M:%S UTC"));
    }
    let other = if local.date() == utc.date() {
        utc.strftime("%H:%M:%S").to_string()
    } else {
        format!("{}{}", date(&utc), utc.strftime("%H:%M:%S"))
    };
    format!(
        "{}{}（UTC {other}）",
        date(&local),
        local.strftime("%H:%M:%S %:z")
    )
}
