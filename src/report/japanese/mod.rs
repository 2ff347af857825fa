//! A report in Japanese, as operators and the ministry write them.

mod events;
mod evidence;

use super::{
    cause::Cause,
    impact::Basis,
    labels::{Headings, Labels},
    request::Sort,
    settings::Settings,
    template::Template,
    threshold::Reached,
    value::{Facts, Network, Report, Session},
    words::Words,
    written::thousands,
    zone::Zone,
};
use crate::{
    bgp::RibView,
    incident::{
        Kind, Severity, Step,
        report::{Routes, grouped},
    },
};

/// The language.
pub(super) struct Japanese;

const FILL_IN: &str = "（要記入）";

const LABELS: Labels = Labels {
    exercise: "【訓練】本報は訓練であり、実際の事象ではありません",
    exercise_notice: "【訓練】本お知らせは訓練であり、実際の事象ではありません",
    over_facts: ["項目", "内容"],
    fill_in: FILL_IN,
    headings: Headings {
        time: "発生日時",
        place: "発生場所",
        situation: "状況",
        impact: "影響範囲",
        response: "対応状況",
        cause: "原因",
        cause_presumed: "原因（推定）",
        thresholds: "電気通信事故の報告基準との対比",
        course: "経過",
        examples: "影響経路の例",
        handling: "本報の取扱い",
    },
    comma: "、",
    beside: "　",
    colon: "：",
    between_sentences: "",
    units: ["日", "時間", "分", "秒"],
    between_units: "",
    minute: ["%H:%M", "%H:%M（UTC）"],
    in_utc: ["（UTC ", "）"],
    short: "%-m月%-d日 %H:%M:%S",
    incident: "管理番号",
    report: "報告種別",
    written: "報告日時",
    from: "報告者",
    contact: "連絡先",
    telephone: "電話：",
    mail: "メール：",
    began: "発生日時",
    recognised: "検知日時",
    ended: "復旧日時",
    not_ended: Some("未復旧"),
    lasted: "継続時間",
    lasts: "継続時間",
    our_network: "自社網",
    seen_at: "観測箇所",
    kind: "事象の種別",
    severity: "監視上の重要度",
    service_concerned: "影響を与えた電気通信役務",
    area: "影響を与えた地域",
    routes: "影響経路数",
    networks: "影響を受けたAS",
    own_prefixes: "自社プレフィックス",
    customers: "自社の利用者",
    other_operators: "他事業者への影響",
    users: "法人・個人利用者",
    networks_head: ["AS番号", "名称", "経路数"],
    customers_head: ["影響を受けた顧客", "プレフィックス", "利用者数"],
    in_part: "（一部）",
    users_unknown: "不明",
    own_prefixes_unknown: "不明（要記入）",
    customers_unknown: "不明（要記入）",
    none: "なし",
    looked_up_all: "影響経路の全件を照合",
    at_least: "少なくとも",
    and_more: "ほか",
    note: "実施した対応",
    nothing_noted: FILL_IN,
    nothing_yet: "状況を確認中",
    customers_told: "利用者への周知",
    taken_on: "対応開始日時",
    suggested_filter: "推奨する対処",
    can_end_it: "是正が可能なAS",
    cause: "原因",
    cause_unknown: "不明（調査中）",
    how_sure: "確度",
    evidence: "検知の根拠",
    no_intent: "経路情報から判明するのは、どのASを経由して広告されたかまでです。過失によるものか故意による\
                ものかは判断できません。",
    service: "役務の区分",
    look_closer: "精査の要否",
    quarterly: "四半期報告",
    due: "重大な事故に該当する場合",
    thresholds_head: ["継続時間", "到達", "影響利用者数", "到達", "双方に到達"],
    not_the_law: "上表は精査の要否を判断するための目安であり、法令上の報告対象（重大な事故等）に該当するか否か\
                  を判定するものではありません。ベストエフォート型サービスにおいては、速度が低下していても、\
                  セッションが維持されていれば、通常、役務の「停止」には当たらないとされています。役務の停止\
                  または品質の低下に該当するかは、別途確認が必要です。",
    course_head: ["内容", "監視上の重要度", "影響経路数"],
    before: "変化前　",
    after: "変化後　",
    no_route: "経路なし",
    public: "一般への公表",
    consumers: "消費者団体等への提供",
    operators: "他事業者への提供",
    yes: "可",
    no: "不可",
};

impl Words for Japanese {
    fn labels(&self) -> &'static Labels {
        &LABELS
    }

    fn template<'s>(&self, settings: &'s Settings) -> &'s Template {
        &settings.japanese
    }

    fn kind(&self, kind: Kind) -> &'static str {
        events::kind(kind)
    }

    fn effect(&self, kind: Kind) -> &'static str {
        events::effect(kind)
    }

    fn effect_on_users(&self, kind: Kind) -> &'static str {
        events::effect_on_users(kind)
    }

    fn effect_on_customers(&self, kind: Kind, over: bool) -> &'static str {
        events::effect_on_customers(kind, over)
    }

    /// 重大 is the law's word for accidents that must be reported, which nobody here judges.
    fn severity(&self, severity: Severity) -> &'static str {
        match severity {
            Severity::Critical => "緊急",
            Severity::Warning => "警告",
            Severity::Info => "参考",
        }
    }

    fn step(&self, step: Step) -> &'static str {
        match step {
            Step::Opened => "検知",
            Step::Updated => "拡大または悪化",
            Step::Resolved => "収束を確認",
            Step::Reopened => "再発",
        }
    }

    fn cause(&self, cause: Cause) -> &'static str {
        match cause {
            Cause::NaturalFailure => "自然故障",
            Cause::SoftwareDefect => "ソフトウェア不具合",
            Cause::AbnormalTraffic => "異常トラヒック",
            Cause::HumanError => "人為的要因",
            Cause::OtherWholesaler => "他の電気通信事業者の事故（卸元）",
            Cause::OtherInterconnected => "他の電気通信事業者の事故（接続先）",
            Cause::OtherOperator => "他の電気通信事業者の事故（その他）",
            Cause::PowerCut => "停電",
            Cause::NaturalDisaster => "自然災害",
            Cause::Fire => "火災",
            Cause::RoadWorks => "第三者要因（道路工事）",
            Cause::Vehicles => "第三者要因（車両等）",
            Cause::ThirdParty => "第三者要因（その他）",
            Cause::CyberAttack => "送信型対電気通信設備サイバー攻撃",
            Cause::Unknown => "不明",
            Cause::Other => "その他",
        }
    }

    fn reached(&self, reached: Reached) -> &'static str {
        match reached {
            Reached::Yes => "到達",
            Reached::No => "未到達",
            Reached::Unknown => "未確定",
        }
    }

    fn look_closer(&self, reached: Reached) -> &'static str {
        match reached {
            Reached::Yes => "要（基準値に到達）",
            Reached::No => "基準値未満",
            Reached::Unknown => "未確定（判断に必要な情報が不足）",
        }
    }

    fn service<'n>(&self, name: &'n str) -> &'n str {
        match name {
            "voice-emergency" => "緊急通報を取り扱う音声伝送役務",
            "voice" => "緊急通報を取り扱わない音声伝送役務",
            "free-internet" => "無料のインターネット関連サービス",
            "other" => "その他の役務（データ伝送、インターネット接続等）",
            "lpwa" => "LPWAサービス（利用者数は契約数）",
            own => own,
        }
    }

    fn name(&self, network: &Network) -> String {
        match &network.name {
            Some(name) => format!("{}（{name}）", network.asn),
            None => network.asn.to_string(),
        }
    }

    /// `2017年8月25日（金）`.
    fn date(&self, day: &jiff::Zoned) -> String {
        let weekday = match day.weekday() {
            jiff::civil::Weekday::Monday => "月",
            jiff::civil::Weekday::Tuesday => "火",
            jiff::civil::Weekday::Wednesday => "水",
            jiff::civil::Weekday::Thursday => "木",
            jiff::civil::Weekday::Friday => "金",
            jiff::civil::Weekday::Saturday => "土",
            jiff::civil::Weekday::Sunday => "日",
        };
        format!(
            "{}年{}月{}日（{weekday}）",
            day.year(),
            day.month(),
            day.day()
        )
    }

    fn title(&self, report: &Report, facts: &Facts) -> String {
        let what = events::title(facts.kind);
        let about = match &facts.offender {
            Some(offender) => format!("{}による{what}について", self.name(offender)),
            None => format!("{what}について"),
        };
        format!("{}　{about}", self.which(report))
    }

    /// `第1報`, `続報（第3報）`, `復旧報告（第4報）`.
    fn which(&self, report: &Report) -> String {
        match report.sort {
            Sort::First => "第1報".to_owned(),
            Sort::FollowUp => format!("続報（第{}報）", report.number),
            Sort::Restoration => format!("復旧報告（第{}報）", report.number),
        }
    }

    fn began(&self, moment: &str) -> String {
        format!("{moment}　※最初の影響経路を観測した時刻")
    }

    fn ended(&self, moment: &str) -> String {
        format!("{moment}　※収束を確認した時刻")
    }

    fn lasted(&self, duration: &str) -> String {
        format!("{duration}（収束確認まで）")
    }

    fn lasts(&self, duration: &str) -> String {
        format!("{duration}（継続中）")
    }

    fn session(&self, session: &Session) -> String {
        let network = self.name(&session.network);
        let peer = match &session.name {
            Some(known) => format!("{known}（{}、{network}）", session.peer),
            None => format!("{}（{network}）", session.peer),
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

    fn happened(&self, facts: &Facts) -> String {
        events::happened(self, facts)
    }

    fn over(&self, moment: &str) -> String {
        format!("本事象は{moment}に収束を確認しました。")
    }

    fn goes_on(&self, active: u32) -> String {
        let active = grouped(active);
        format!("本事象は継続中です（現在の影響経路数：{active}件）。")
    }

    fn routes(&self, routes: Routes) -> String {
        format!(
            "最大{}件（現在{}件、累計{}件）",
            grouped(routes.peak),
            grouped(routes.active),
            grouped(routes.total)
        )
    }

    fn within(&self, covers: u32) -> String {
        let covers = grouped(covers);
        format!("。既存の{covers}経路よりも詳細な（more specific）経路")
    }

    fn origins(&self, count: u32, listed: Option<u32>) -> String {
        let below = listed.map_or_else(String::new, |most| {
            format!("（下表は上位{}AS）", grouped(most))
        });
        format!("{}AS{below}", grouped(count))
    }

    fn looked_up(&self, some: u32, of_all: u32) -> String {
        format!(
            "影響経路{}件のうち{}件のみ照合。残りは未照合",
            grouped(of_all),
            grouped(some)
        )
    }

    fn none_found(&self, basis: Basis, rests: &str) -> String {
        match basis {
            Basis::All => format!("該当なし（{rests}）"),
            _ => format!("照合した範囲では該当なし（{rests}）"),
        }
    }

    fn own_prefixes(&self, count: u32) -> String {
        format!("{}件", grouped(count))
    }

    fn customers(&self, count: u32, users: u64, rests: &str) -> String {
        format!(
            "顧客{}件、利用者数{}（{rests}）",
            grouped(count),
            thousands(users)
        )
    }

    fn customers_partly(&self, count: u32, users: u64, rests: &str) -> String {
        format!(
            "顧客{}件、該当プレフィックスの利用者数の合計{}（一部のみ影響の場合を含む。{rests}）",
            grouped(count),
            thousands(users)
        )
    }

    fn without_users(&self, count: u32) -> String {
        format!("。うち{}件は利用者数不明", grouped(count))
    }

    fn set_filter(&self, filter: &str) -> String {
        format!("収束までの間、ASパスが {filter} に一致する経路の受信を拒否")
    }

    fn lift_filter(&self, filter: &str) -> String {
        format!(
            "ASパスが {filter} に一致する経路を拒否する設定を行った場合は、再発がないことを確認のうえ解除"
        )
    }

    fn stated(&self, cause: &str) -> String {
        cause.to_owned()
    }

    fn presumed(&self, cause: &str) -> String {
        format!("{cause}と推定（当該事業者には未確認）")
    }

    fn how_sure(&self, percent: u32) -> String {
        format!("{percent}%（事象が上記のとおりであることの確度）")
    }

    fn evidence(&self, facts: &Facts) -> Vec<String> {
        facts.cause.evidence.iter().map(evidence::seen).collect()
    }

    fn so_long(&self, duration: &str) -> String {
        format!("{duration}以上")
    }

    fn so_many(&self, users: u64) -> String {
        format!("{}以上", thousands(users))
    }

    fn quarterly(&self, reached: Reached, duration: &str, users: u32) -> String {
        format!(
            "{}（継続時間{duration}以上、または利用者数{}以上）",
            match reached {
                Reached::Yes => "基準値に到達",
                Reached::No => "基準値未満",
                Reached::Unknown => "未確定",
            },
            grouped(users)
        )
    }

    fn due(&self, moment: &str) -> String {
        format!("第1報は速やかに、詳細報告は{moment}まで")
    }

    fn time_in(&self, zone: &Zone) -> String {
        format!("日時（{zone}）")
    }

    fn omitted(&self, steps: u32) -> String {
        format!("検知の後の{}件は省略しています。", grouped(steps))
    }
}
