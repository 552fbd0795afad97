//! What a listener does with a request: the conditions of a rule, its actions, and the share of each target group that it forwards to.
//! It does not say which of them is healthy. Sources fill it; the reports and the panes read it.

use serde::{Deserialize, Serialize};

use crate::model::state::states;

states! {
    /// `Actions.Type` of Elastic Load Balancing's `DescribeRules`.
    pub enum ActionKind {
        AuthenticateCognito = "authenticate-cognito",
        AuthenticateOidc = "authenticate-oidc",
        FixedResponse = "fixed-response",
        Forward = "forward",
        JwtValidation = "jwt-validation",
        Redirect = "redirect",
    }
}

states! {
    /// `Conditions.Field` of Elastic Load Balancing's `DescribeRules`.
    pub enum ConditionField {
        HostHeader = "host-header",
        HttpHeader = "http-header",
        HttpRequestMethod = "http-request-method",
        PathPattern = "path-pattern",
        QueryString = "query-string",
        SourceIp = "source-ip",
    }
}

/// A target group that is forwarded to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Weighted {
    /// Target group ARN.
    pub target_group: String,
    /// 0 = takes no requests.
    pub weight: u32,
}

/// Where a redirect leads; a part that it keeps is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Redirect {
    pub protocol: String,
    pub port: String,
    pub host: String,
    pub path: String,
    pub query: String,
    /// `HTTP_301`, `HTTP_302`.
    pub status_code: String,
}

/// One action of a rule or a listener.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Action {
    pub kind: ActionKind,
    /// Where `forward` leads.
    pub forward: Vec<Weighted>,
    /// Where `redirect` leads.
    pub redirect: Option<Redirect>,
    /// What `fixed-response` answers.
    pub status_code: Option<String>,
}

impl Action {
    /// `forward web 90 %, web-green 10 %`, `redirect HTTPS:443 HTTP_301`, `503 fixed response`; another kind as AWS writes it.
    pub fn words(&self) -> String {
        match (&self.kind, &self.redirect, &self.status_code) {
            (ActionKind::Forward, ..) if !self.forward.is_empty() => format!("forward {}", shares_in_words(&self.forward)),
            (ActionKind::Redirect, Some(to), _) => format!("redirect {}", to.words()),
            (ActionKind::FixedResponse, _, Some(code)) => format!("{code} fixed response"),
            (ActionKind::FixedResponse, ..) => "fixed response".to_owned(),
            (kind, ..) => kind.to_string(),
        }
    }
}

impl Redirect {
    fn words(&self) -> String {
        let place = [self.protocol.as_str(), self.port.as_str()].into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(":");
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query) };
        let path = format!("{}{query}", self.path);
        let parts = [place.as_str(), self.host.as_str(), path.as_str(), self.status_code.as_str()];
        parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// One condition of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Condition {
    pub field: ConditionField,
    /// The name of the header that `http-header` is about.
    pub name: Option<String>,
    /// Any of them is enough; of a query string `key=value`.
    pub values: Vec<String>,
    /// Regular expressions; any of them is enough.
    pub regexes: Vec<String>,
}

impl Condition {
    /// `shop.example.com`, `GET|POST`, `User-Agent: *Mobile*`, `?version=2`, `from 10.0.0.0/8`.
    fn words(&self) -> String {
        let any = self.values.iter().cloned().chain(self.regexes.iter().map(|r| format!("regex {r}"))).collect::<Vec<_>>();
        match &self.field {
            ConditionField::HostHeader | ConditionField::PathPattern => any.join(" "),
            ConditionField::HttpRequestMethod => any.join("|"),
            ConditionField::HttpHeader => format!("{}: {}", self.name.as_deref().unwrap_or("header"), any.join("|")),
            ConditionField::QueryString => format!("?{}", any.join("|")),
            ConditionField::SourceIp => format!("from {}", any.join(" ")),
            other => [Some(other.as_str()), self.name.as_deref()]
                .into_iter()
                .flatten()
                .chain(any.iter().map(String::as_str))
                .collect::<Vec<_>>()
                .join(" "),
        }
    }
}

/// One listener rule.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rule {
    /// Full ARN.
    #[serde(default)]
    pub arn: String,
    /// A number, or `default`.
    pub priority: String,
    /// Path patterns; empty for a rule of any path.
    pub paths: Vec<String>,
    /// The conditions beside the path patterns.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// Target group ARNs that it forwards to, those of weight 0 too.
    pub target_groups: Vec<String>,
    /// In order; the last one answers.
    #[serde(default)]
    pub actions: Vec<Action>,
}

impl Rule {
    /// What a request must be, host first: `shop.example.com /api/*`; empty for the default rule.
    pub(crate) fn conditions_in_words(&self) -> String {
        let hosts = self.conditions.iter().filter(|c| c.field == ConditionField::HostHeader).map(Condition::words);
        let others = self.conditions.iter().filter(|c| c.field != ConditionField::HostHeader).map(Condition::words);
        hosts.chain(self.paths.iter().cloned()).chain(others).collect::<Vec<_>>().join(" ")
    }

    /// What it does, in order. A document of an earlier version has only the target groups.
    pub(crate) fn actions_in_words(&self) -> String {
        if self.actions.is_empty() && !self.target_groups.is_empty() {
            return format!("forward {}", self.target_groups.iter().map(|arn| name(arn)).collect::<Vec<_>>().join(", "));
        }
        self.actions.iter().map(Action::words).collect::<Vec<_>>().join(", ")
    }

    /// The share of its requests that it forwards to a target group, 0 to 1; `None` where it does not name the group.
    pub(crate) fn share(&self, target_group: &str) -> Option<f64> {
        if self.actions.is_empty() {
            let named = self.target_groups.iter().any(|g| g == target_group);
            return named.then(|| 1.0 / self.target_groups.len() as f64);
        }
        share(&self.actions, target_group)
    }
}

/// The share of requests that actions forward to a target group.
pub(super) fn share(actions: &[Action], target_group: &str) -> Option<f64> {
    let forward = &actions.iter().find(|a| a.forward.iter().any(|w| w.target_group == target_group))?.forward;
    let weight = |of: &Weighted| f64::from(of.weight);
    let all: f64 = forward.iter().map(weight).sum();
    let own: f64 = forward.iter().filter(|w| w.target_group == target_group).map(weight).sum();
    Some(if all > 0.0 { own / all } else { 0.0 })
}

/// `web 90 %, web-green 10 %`; one group alone has no share to tell.
fn shares_in_words(forward: &[Weighted]) -> String {
    let all: f64 = forward.iter().map(|w| f64::from(w.weight)).sum();
    if let [only] = forward
        && only.weight > 0
    {
        return name(&only.target_group).to_owned();
    }
    let one = |w: &Weighted| {
        let share = if all > 0.0 { f64::from(w.weight) / all } else { 0.0 };
        format!("{} {}", name(&w.target_group), percent(share))
    };
    forward.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// `90 %`, `33.3 %`.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let digits = usize::from((percent - percent.round()).abs() > 0.05);
    format!("{percent:.digits$} %")
}

/// `web` of `arn:...:targetgroup/web/0123`.
pub fn group_name(arn: &str) -> Option<&str> {
    arn.split_once("targetgroup/")?.1.split('/').next()
}

/// The same; what is no such ARN stays as it is.
fn name(arn: &str) -> &str {
    group_name(arn).unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forward(weights: &[(&str, u32)]) -> Action {
        let arn = |name: &str| format!("arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/{name}/50dc6c495c0c9188");
        let forward = weights.iter().map(|(name, weight)| Weighted { target_group: arn(name), weight: *weight }).collect();
        Action { kind: ActionKind::Forward, forward, ..Action::default() }
    }

    fn redirect(parts: [&str; 6]) -> Action {
        let [protocol, port, host, path, query, status_code] = parts.map(str::to_owned);
        let redirect = Some(Redirect { protocol, port, host, path, query, status_code });
        Action { kind: ActionKind::Redirect, redirect, ..Action::default() }
    }

    fn fixed(code: &str) -> Action {
        Action { kind: ActionKind::FixedResponse, status_code: Some(code.into()), ..Action::default() }
    }

    #[test]
    fn an_action_is_said_as_it_is() {
        for (action, words) in [
            (forward(&[("shop-web", 1)]), "forward shop-web"),
            (forward(&[("shop-web", 90), ("shop-web-green", 10)]), "forward shop-web 90 %, shop-web-green 10 %"),
            (forward(&[("shop-web", 0), ("shop-web-green", 999)]), "forward shop-web 0 %, shop-web-green 100 %"),
            (forward(&[("a", 1), ("b", 2)]), "forward a 33.3 %, b 66.7 %"),
            (forward(&[("a", 0)]), "forward a 0 %"),
            (redirect(["HTTPS", "443", "", "", "", "HTTP_301"]), "redirect HTTPS:443 HTTP_301"),
            (redirect(["", "", "www.example.com", "/new", "a=b", "HTTP_302"]), "redirect www.example.com /new?a=b HTTP_302"),
            (fixed("503"), "503 fixed response"),
            (Action { kind: "authenticate-oidc".into(), ..Action::default() }, "authenticate-oidc"),
            (Action { kind: "jwt-validation".into(), ..Action::default() }, "jwt-validation"),
            (Action { kind: "teleport".into(), ..Action::default() }, "teleport"),
        ] {
            assert_eq!(action.words(), words);
        }
    }

    #[test]
    fn conditions_of_every_kind_are_said_host_first() {
        let condition = |field: &str, name: Option<&str>, values: &[&str]| Condition {
            field: field.into(),
            name: name.map(str::to_owned),
            values: values.iter().map(|v| (*v).to_owned()).collect(),
            regexes: Vec::new(),
        };
        let paths: &[&str] = &["/api/*"];
        for (paths, conditions, words) in [
            (&[][..], vec![], ""),
            (paths, vec![], "/api/*"),
            (paths, vec![condition("host-header", None, &["shop.example.com"])], "shop.example.com /api/*"),
            (&[], vec![condition("http-header", Some("User-Agent"), &["*Mobile*", "*Tablet*"])], "User-Agent: *Mobile*|*Tablet*"),
            (paths, vec![condition("http-request-method", None, &["GET", "HEAD"])], "/api/* GET|HEAD"),
            (&[], vec![condition("query-string", None, &["version=2"])], "?version=2"),
            (&[], vec![condition("source-ip", None, &["10.0.0.0/8"])], "from 10.0.0.0/8"),
            (&[], vec![condition("moon-phase", None, &["full"])], "moon-phase full"),
            (&[], vec![Condition { regexes: vec!["^/v[12]/".into()], ..condition("path-pattern", None, &[]) }], "regex ^/v[12]/"),
        ] {
            let rule = Rule { paths: paths.iter().map(|p| (*p).to_owned()).collect(), conditions, ..Rule::default() };
            assert_eq!(rule.conditions_in_words(), words);
        }
    }

    #[test]
    fn a_share_is_of_the_weights_and_zero_is_no_share() {
        let action = forward(&[("blue", 0), ("green", 3), ("red", 1)]);
        let rule = Rule { actions: vec![action.clone()], ..Rule::default() };
        let share = |i: usize| rule.share(&action.forward[i].target_group);
        assert_eq!((share(0), share(1), share(2), rule.share("another")), (Some(0.0), Some(0.75), Some(0.25), None));
        let before = Rule { target_groups: vec!["a".into(), "b".into()], ..Rule::default() };
        assert_eq!((before.share("a"), before.share("c")), (Some(0.5), None));
    }
}
