//! A report in Japanese, as operators and the ministry write them.

mod words;

use std::fmt::Write as _;

use words::{
    effect, ground, happened, lasting, minute, moment, name, names, reached, service, severity,
    short, what,
};

use super::{
    cause::Cause,
    document::{Block, Document, Facts as Gathered, Table},
    english::{percent, thousands},
    impact::{Basis, OwnCustomers, OwnPrefixes},
    request::{Audience, Sort},
    settings::Settings,
    template::Values,
    threshold::{Assessment, Reached},
    value::{Facts, Report, Session},
    zone::Zone,
};
use crate::{
    bgp::RibView,
    incident::{Step, report::grouped},
};

/// What has to be written in by hand.
const FILL_IN: &str = "（要記入）";
/// Networks named in the table of whose routes they are.
const MOST_WHOSE: usize = 10;

/// The whole report.
pub(super) fn document(report: &Report, settings: &Settings) -> Document {
    let zone = &settings.time_zone;
    let mut document = Document {
        warning: report
            .drill
            .then(|| "【訓練】本報は訓練であり、実際の事象ではありません".to_owned()),
        over_facts: ["項目", "内容"],
        ..Document::default()
    };
    let Some(facts) = &report.facts else {
        let notice = report.notice.as_deref().unwrap_or_default();
        let mut lines = notice.lines();
        lines
            .next()
            .unwrap_or_default()
            .clone_into(&mut document.title);
        document.head = super::template::paragraphs(lines);
        return document;
    };
    document.title = format!("{}　{}", sort(report), subject(facts));
    document.head = vec![head(report, zone)];
    document.section("発生日時", vec![time(report, zone)]);
    document.section("発生場所", place(facts));
    document.section("状況", situation(report, facts, zone));
    document.section("影響範囲", impact(facts, report.audience));
    document.section("対応状況", response(report, facts, zone));
    let heading = if facts.cause.stated {
        "原因"
    } else {
        "原因（推定）"
    };
    document.section(heading, cause(facts));
    if let Some(assessment) = &facts.assessment {
        document.section("報告基準との対比", thresholds(assessment, zone));
    }
    if facts.timeline.len() > 1 {
        document.section("経過", course(facts, zone));
    }
    if report.audience == Audience::Operators {
        document.section("影響経路の例", examples(facts));
    }
    document.section("本報の取扱い", handling(report));
    document
}

/// What customers are told.
pub(super) fn notice(report: &Report, settings: &Settings) -> String {
    let zone = &settings.time_zone;
    let reporter = &report.reporter;
    let time = &report.time;
    let or_fill_in = |text: &str| if text.is_empty() { FILL_IN } else { text }.to_owned();
    let values: Values = [
        or_fill_in(&reporter.organisation),
        reporter.department.clone(),
        reporter.phone.clone(),
        reporter.mail.clone(),
        minute(time.began, zone),
        time.ended
            .map(|ended| minute(ended, zone))
            .unwrap_or_default(),
        lasting(time.seconds),
        minute(report.written, zone),
        report.number.to_string(),
        names(&report.public_networks),
        report.note.clone().unwrap_or_default(),
    ];
    settings.japanese.fill(time.ended.is_some(), &values)
}

/// `第一報`, `続報（第3報）`, `復旧報（第4報）`.
fn sort(report: &Report) -> String {
    match report.sort {
        Sort::First => "第一報".to_owned(),
        Sort::FollowUp => format!("続報（第{}報）", report.number),
        Sort::Restoration => format!("復旧報（第{}報）", report.number),
    }
}

/// What the report is about, for its title.
fn subject(facts: &Facts) -> String {
    match (facts.kind, &facts.offender) {
        (kind, Some(offender)) => format!("{}による{}について", name(offender), what(kind)),
        (kind, None) => format!("{}について", what(kind)),
    }
}

fn head(report: &Report, zone: &Zone) -> Block {
    let mut facts = Gathered::default();
    facts.add("管理番号", report.incident.clone().unwrap_or_default());
    facts.add("報告種別", sort(report));
    facts.add("報告日時", moment(report.written, zone));
    let reporter = &report.reporter;
    let who = match (&*reporter.organisation, &*reporter.department) {
        ("", _) => FILL_IN.to_owned(),
        (organisation, "") => organisation.to_owned(),
        (organisation, department) => format!("{organisation}　{department}"),
    };
    facts.add("報告者", who);
    let reach: Vec<String> = [("電話", &reporter.phone), ("メール", &reporter.mail)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}：{value}"))
        .collect();
    facts.add(
        "連絡先",
        if reach.is_empty() {
            FILL_IN.to_owned()
        } else {
            reach.join("　")
        },
    );
    facts.block()
}

fn time(report: &Report, zone: &Zone) -> Block {
    let time = &report.time;
    let mut facts = Gathered::default();
    facts.add(
        "発生日時",
        format!(
            "{}　※最初の影響経路を観測した時刻",
            moment(time.began, zone)
        ),
    );
    facts.add("検知日時", moment(time.recognised, zone));
    if let Some(ended) = time.ended {
        facts.add(
            "復旧日時",
            format!("{}　※収束を確認した時刻", moment(ended, zone)),
        );
        facts.add(
            "継続時間",
            format!("{}（収束確認まで）", lasting(time.seconds)),
        );
    } else {
        facts.add("復旧日時", "未復旧");
        facts.add("継続時間", format!("{}（継続中）", lasting(time.seconds)));
    }
    facts.block()
}

fn place(facts: &Facts) -> Vec<Block> {
    let mut gathered = Gathered::default();
    if let Some(local) = &facts.local {
        gathered.add("自社網", name(local));
    }
    gathered.lines("観測箇所", facts.sessions.iter().map(session).collect());
    vec![gathered.block()]
}

fn session(session: &Session) -> String {
    let peer = match &session.name {
        Some(known) => format!("{known}（{}、{}）", session.peer, name(&session.network)),
        None => format!("{}（{}）", session.peer, name(&session.network)),
    };
    let router = match &session.router {
        Some(router) => format!("ルータ{router}の"),
        None => "経路収集装置の記録における".to_owned(),
    };
    let table = match session.rib {
        RibView::AdjRibInPre => "受信経路",
        RibView::AdjRibInPost => "受信経路（ポリシー適用後）",
        RibView::LocRib => "最適経路",
        RibView::AdjRibOutPre => "広告予定の経路（ポリシー適用前）",
        RibView::AdjRibOutPost => "広告経路",
    };
    format!("{router}BGPセッション {peer}：{table}")
}

fn situation(report: &Report, facts: &Facts, zone: &Zone) -> Vec<Block> {
    let now = match report.time.ended {
        Some(ended) => format!("本事象は{}に収束を確認しました。", moment(ended, zone)),
        None => format!(
            "本事象は継続中です（現在の影響経路数：{}経路）。",
            grouped(facts.routes.active)
        ),
    };
    let mut gathered = Gathered::default();
    gathered.add("事象の種別", what(facts.kind));
    gathered.add("重大度", severity(facts.severity));
    vec![
        Block::Paragraph(format!("{}{now}", happened(facts))),
        gathered.block(),
    ]
}

fn impact(facts: &Facts, audience: Audience) -> Vec<Block> {
    let mut gathered = Gathered::default();
    let count = facts.routes;
    let mut many = format!(
        "最大{}件（現在{}件、累計{}件）",
        grouped(count.peak),
        grouped(count.active),
        grouped(count.total)
    );
    if facts.covers > 0 {
        // Writing to a String cannot fail.
        let _ = write!(
            many,
            "。既存の{}経路に含まれる詳細経路",
            grouped(facts.covers)
        );
    }
    gathered.add("影響経路数", many);
    if facts.origins > 0 {
        gathered.add(
            "影響を受けたAS",
            format!("{}（下表は上位）", grouped(facts.origins)),
        );
    }
    gathered.add(
        "自社プレフィックス",
        own_prefixes(&facts.own_prefixes, facts),
    );
    gathered.add("自社の利用者", customers(&facts.customers, facts));
    gathered.add("他事業者への影響", effect(facts.kind));
    gathered.add(
        "法人・個人利用者",
        "影響を受けた宛先との通信に遅延や不通が生じた可能性があります。実際に影響を受けた利用者数は、\
         経路情報のみからは判断できません。",
    );
    let mut blocks = vec![gathered.block()];
    if !facts.whose.is_empty() {
        let rows = facts.whose.iter().take(MOST_WHOSE).map(|one| {
            vec![
                one.network.asn.to_string(),
                one.network.name.clone().unwrap_or_default(),
                grouped(one.routes),
            ]
        });
        blocks.push(Block::Table(Table {
            head: ["AS番号", "名称", "経路数"].map(str::to_owned).to_vec(),
            rows: rows.collect(),
            numbers: vec![false, false, true],
        }));
    }
    if audience == Audience::Authority && !facts.customers.names.is_empty() {
        let rows = facts.customers.names.iter().map(|one| {
            vec![
                one.name.clone(),
                one.prefix.to_string(),
                one.users.map_or_else(|| "不明".to_owned(), thousands),
            ]
        });
        blocks.push(Block::Table(Table {
            head: ["影響を受けた顧客", "プレフィックス", "利用者数"]
                .map(str::to_owned)
                .to_vec(),
            rows: rows.collect(),
            numbers: vec![false, false, true],
        }));
    }
    blocks
}

fn rests_on(basis: Basis, looked_up: u32, facts: &Facts) -> String {
    match basis {
        Basis::All => "影響経路の全件を照合".to_owned(),
        _ => format!(
            "影響経路{}件のうち{}件を照合した結果。残りは確認中",
            grouped(facts.routes.total),
            grouped(looked_up)
        ),
    }
}

fn own_prefixes(own: &OwnPrefixes, facts: &Facts) -> String {
    let least = if own.basis == Basis::Examples {
        "少なくとも"
    } else {
        ""
    };
    match (own.basis, own.count) {
        (Basis::Nothing, _) => "確認中".to_owned(),
        (Basis::All, 0) => "なし".to_owned(),
        (_, 0) => format!(
            "現時点で確認されていません（{}）",
            rests_on(own.basis, own.looked_up, facts)
        ),
        (_, count) => {
            let shown: Vec<String> = own.prefixes.iter().map(ToString::to_string).collect();
            let more = if own.prefixes.len() < count as usize {
                "ほか"
            } else {
                ""
            };
            format!("{least}{}件：{}{more}", grouped(count), shown.join("、"))
        }
    }
}

fn customers(customers: &OwnCustomers, facts: &Facts) -> String {
    let basis = customers.basis;
    if basis == Basis::Nothing {
        return "確認中".to_owned();
    }
    let rests = rests_on(basis, customers.looked_up, facts);
    if customers.count == 0 {
        return format!("現時点で確認されていません（{rests}）");
    }
    let least = if basis == Basis::Examples {
        "少なくとも"
    } else {
        ""
    };
    let mut text = format!(
        "{least}顧客{}者、利用者数{}（{rests}）",
        grouped(customers.count),
        thousands(customers.users)
    );
    if customers.without_users > 0 {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "。ほか{}件は利用者数不明",
            grouped(customers.without_users)
        );
    }
    text
}

fn response(report: &Report, facts: &Facts, zone: &Zone) -> Vec<Block> {
    let response = &facts.response;
    let mut gathered = Gathered::default();
    match &report.note {
        Some(note) => gathered.lines("実施した対応", note.lines().map(str::to_owned).collect()),
        None if report.time.ended.is_some() => gathered.add("実施した対応", "確認中"),
        None => gathered.add("実施した対応", "状況を確認中です。"),
    }
    if let (Some(by), Some(at)) = (&response.acknowledged_by, response.acknowledged_at) {
        let why = response.acknowledged_why.as_deref().unwrap_or_default();
        let why = if why.is_empty() {
            String::new()
        } else {
            format!("：{why}")
        };
        gathered.add(
            "対応者",
            format!("{by}（{}に対応開始）{why}", moment(at, zone)),
        );
    }
    let over = report.time.ended.is_some();
    if let Some(filter) = &response.suggested_filter {
        let what = if over {
            format!(
                "ASパスが {filter} に一致する経路を拒否する設定を行った場合は、再発がないことを確認のうえ解除"
            )
        } else {
            format!("収束までの間、ASパスが {filter} に一致する経路の受信を拒否")
        };
        gathered.add("推奨する対処", what);
    }
    if !over && !response.can_end_it.is_empty() {
        gathered.add("是正が可能なAS", names(&response.can_end_it));
    }
    vec![gathered.block()]
}

fn cause(facts: &Facts) -> Vec<Block> {
    let presumed = &facts.cause;
    let mut gathered = Gathered::default();
    match (presumed.stated, presumed.cause) {
        (true, cause) => gathered.add("原因", cause.japanese()),
        (false, Cause::Unknown) => gathered.add("原因", "不明（調査中）"),
        (false, cause) => gathered.add(
            "原因",
            format!("{}と推定（当該事業者には未確認）", cause.japanese()),
        ),
    }
    gathered.add(
        "確度",
        format!(
            "{}%（事象が上記のとおりであることの確度）",
            percent(presumed.confidence)
        ),
    );
    let grounds = presumed.detectors.iter().map(|one| ground(*one, facts));
    gathered.lines("検知の根拠", grounds.collect());
    let mut blocks = vec![gathered.block()];
    if facts.offender.is_some() {
        blocks.push(Block::Paragraph(
            "経路情報からは、どのASを経由して広告されたかまでが判明します。過失によるものか故意によるものかは\
             判断できません。"
                .to_owned(),
        ));
    }
    blocks
}

fn thresholds(assessment: &Assessment, zone: &Zone) -> Vec<Block> {
    let rows = assessment.rows.iter().map(|row| {
        vec![
            format!("{}以上", lasting(row.duration)),
            reached(row.duration_reached).to_owned(),
            format!("{}以上", thousands(row.users)),
            reached(row.users_reached).to_owned(),
            reached(row.reached).to_owned(),
        ]
    });
    let mut gathered = Gathered::default();
    gathered.add("役務の区分", service(&assessment.service));
    gathered.add(
        "精査の要否",
        match assessment.look_closer {
            Reached::Yes => "要（基準値に到達）",
            Reached::No => "基準値未満",
            Reached::Unknown => "判断できる情報が不足（確認中）",
        },
    );
    gathered.add(
        "四半期報告",
        format!(
            "{}（継続時間{}以上、または利用者数{}以上）",
            reached(assessment.quarterly),
            lasting(assessment.quarterly_duration),
            thousands(assessment.quarterly_users.into())
        ),
    );
    gathered.add(
        "詳細報告の期限",
        format!("報告対象となる場合、{}", moment(assessment.due, zone)),
    );
    vec![
        gathered.block(),
        Block::Table(Table {
            head: ["継続時間", "該当", "影響利用者数", "該当", "両方"].map(str::to_owned).to_vec(),
            rows: rows.collect(),
            numbers: vec![false; 5],
        }),
        Block::Paragraph(
            "上表は精査の要否の目安であり、法令上の報告対象に該当するか否かを判定するものではありません。\
             ベストエフォート型サービスにおいては、速度が低下していてもセッションが維持されていれば役務の「停止」\
             には当たりません。役務の停止または品質の低下に該当するかは、別途確認が必要です。"
                .to_owned(),
        ),
    ]
}

fn course(facts: &Facts, zone: &Zone) -> Vec<Block> {
    let rows = facts.timeline.iter().map(|stage| {
        let event = match stage.event {
            Step::Opened => "検知",
            Step::Updated => "拡大または悪化",
            Step::Resolved => "収束を確認",
            Step::Reopened => "再発",
        };
        vec![
            short(stage.time, zone),
            event.to_owned(),
            severity(stage.severity).to_owned(),
            grouped(stage.routes),
        ]
    });
    let mut blocks = vec![Block::Table(Table {
        head: vec![
            format!("日時（{zone}）"),
            "内容".to_owned(),
            "重大度".to_owned(),
            "影響経路数".to_owned(),
        ],
        rows: rows.collect(),
        numbers: vec![false, false, false, true],
    })];
    if facts.timeline_omitted > 0 {
        blocks.push(Block::Paragraph(format!(
            "検知の後の{}件は省略しています。",
            grouped(facts.timeline_omitted)
        )));
    }
    blocks
}

fn examples(facts: &Facts) -> Vec<Block> {
    if facts.examples.is_empty() {
        return Vec::new();
    }
    let mut gathered = Gathered::default();
    for sample in &facts.examples {
        let before = sample.before.as_deref().unwrap_or("経路なし");
        gathered.lines(
            &sample.prefix.to_string(),
            vec![
                format!("変化前　{before}"),
                format!("変化後　{}", sample.after),
            ],
        );
    }
    vec![gathered.block()]
}

fn handling(report: &Report) -> Vec<Block> {
    let sharing = report.sharing;
    let word = |may: bool| if may { "可" } else { "不可" };
    let mut gathered = Gathered::default();
    gathered.add("一般への公表", word(sharing.public));
    gathered.add("消費者団体等への提供", word(sharing.consumers));
    gathered.add("他事業者への提供", word(sharing.operators));
    vec![gathered.block()]
}
