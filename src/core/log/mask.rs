//! Secrets in log lines, masked before a line is shown, kept or copied: what is left says what it was (`AKIA…WXYZ`, `password=***`). Not a
//! judgement of who may see it, and no promise: what looks like any other word is not found. Called for every line after `clean`.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::Regex;

/// What stands for a secret of which nothing is kept.
pub const MASK: &str = "***";

/// The text with its secrets masked; borrowed, and nearly free, where there is none.
pub fn mask(text: &str) -> Cow<'_, str> {
    let found = secrets(text);
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (range, keep) in found {
        out.push_str(text.get(at..range.start).unwrap_or_default());
        keep.write(text.get(range.clone()).unwrap_or_default(), &mut out);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    Cow::Owned(out)
}

/// Whether what stands under this name is a secret, whatever it looks like.
pub fn is_secret_name(name: &str) -> bool {
    // The shortest trigger has three letters; most names hold none of them.
    RULES.fired(name) != 0 && RULES.name.as_ref().is_none_or(|regex| regex.is_match(name))
}

/// How much of a secret stays to be recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    Nothing,
    /// Its first characters, which say what it is.
    Head(usize),
    /// The first and last four: of what is an identifier.
    Ends,
    /// Nothing, in quotes.
    Quoted,
}

impl Keep {
    fn write(self, secret: &str, out: &mut String) {
        let head = |n| secret.get(..n).unwrap_or_default();
        match self {
            Self::Nothing => out.push_str(MASK),
            Self::Quoted => out.extend(["\"", MASK, "\""]),
            Self::Head(n) => {
                out.push_str(head(n));
                out.push('…');
            }
            Self::Ends => {
                out.push_str(head(4));
                out.push('…');
                out.push_str(secret.len().checked_sub(4).and_then(|n| secret.get(n..)).unwrap_or_default());
            }
        }
    }
}

/// What a match must be besides, to be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    Any,
    /// A value that is no word of prose.
    Random,
    /// A value, but not `null`, a placeholder or an ARN.
    Value,
    /// No digest.
    NotHex,
}

impl Check {
    fn holds(self, secret: &str) -> bool {
        match self {
            Self::Any => !secret.is_empty(),
            Self::Random => is_value(secret) && is_random(secret),
            Self::Value => is_value(secret),
            Self::NotHex => {
                !secret.bytes().all(|b| b.is_ascii_hexdigit()) && secret.bytes().any(|b| b.is_ascii_digit() || b == b'/' || b == b'+')
            }
        }
    }
}

fn is_value(text: &str) -> bool {
    const NONE: &[&str] =
        &["null", "none", "nil", "true", "false", "undefined", "redacted", "[filtered]", "[redacted]", "xxxxx", "yes", "no"];
    let is_reference = text.starts_with("arn:") || text.starts_with("${") || text.starts_with("{{") || text.starts_with('<');
    !text.is_empty() && !is_reference && text.bytes().any(|b| b != b'*') && !NONE.iter().any(|n| n.eq_ignore_ascii_case(text))
}

fn is_random(text: &str) -> bool {
    let has = |f: fn(&u8) -> bool| text.as_bytes().iter().any(&f);
    let is_mixed = text.bytes().skip(1).any(|b| b.is_ascii_uppercase()) && has(u8::is_ascii_lowercase);
    text.len() >= 6 && (has(u8::is_ascii_digit) || is_mixed || text.len() >= 20)
}

struct Rule {
    /// One of these must occur, in any case, or the rule is not asked.
    triggers: &'static [&'static str],
    /// The secret is what its groups hold.
    pattern: &'static str,
    check: Check,
    keep: Keep,
}

/// A name whose value is a secret. What ends in another word (`token_type`, `password_reset`, `max_tokens`) is none.
const NAME: &str = r"(?:[\w.-]*(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|signing[_-]?key|encryption[_-]?key|account[_-]?key|master[_-]?key|credentials?|sessionid|session[_-]key|csrfmiddlewaretoken)(?:[_-](?:key|value|hash|base|access[_-]key|v?\d+))*|[\w.-]*[_-]pass|[\w.-]*secretkey)";
const NAMES: &[&str] = &["pass", "pwd", "secret", "token", "key", "credential", "sessionid"];

const TABLE: &[Rule] = &[
    Rule { triggers: &["akia", "asia"], pattern: r"\b((?:AKIA|ASIA)[A-Z0-9]{12,20})", check: Check::Any, keep: Keep::Ends },
    // Up to its end, or to that of the text where it has none.
    Rule {
        triggers: &["private key"],
        pattern: r"(?i)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----((?s:.)*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY|\z)",
        check: Check::Any,
        keep: Keep::Nothing,
    },
    Rule {
        triggers: &["eyj"],
        pattern: r"\b(eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)*)",
        check: Check::Any,
        keep: Keep::Head(3),
    },
    Rule {
        triggers: &["bearer"],
        pattern: r#"(?i)(?:^|[^=\w])bearer(?:=|[\s:]+)["']?([A-Za-z0-9._~+/=:-]{8,})"#,
        check: Check::Random,
        keep: Keep::Nothing,
    },
    Rule {
        triggers: &["authorization"],
        pattern: r#"(?i)\bauthorization\\?["']?\s*(?:=>|[:=,])\s*\\?["']?(?:basic|bearer|token|digest|negotiate|apikey|aws4-hmac-sha256)\s+([^"',\r\n]+)"#,
        check: Check::Value,
        keep: Keep::Nothing,
    },
    Rule {
        triggers: &["authorization"],
        pattern: r#"(?i)\bauthorization\\?["']?\s*(?:=>|[:=])\s*\\?["']?([^\s"',;]+)"#,
        check: Check::Random,
        keep: Keep::Nothing,
    },
    Rule { triggers: &["basic "], pattern: r"(?i)\bbasic\s+([A-Za-z0-9+/]{10,}=*)", check: Check::Random, keep: Keep::Nothing },
    Rule {
        triggers: &["signature", "sig=", "response="],
        pattern: r#"(?i)\b(?:x-amz-signature|signature|sig|response)="?([A-Za-z0-9%+/=_-]{16,})"#,
        check: Check::Any,
        keep: Keep::Nothing,
    },
    // A password in a URL may hold @, and even / where the URL is none; a port is no password.
    Rule { triggers: &["://"], pattern: r#"://[^\s:/@"']*:([^\s/?#"'<>]+)@"#, check: Check::Value, keep: Keep::Nothing },
    Rule { triggers: &["://"], pattern: r#"://[^\s:/@"']*:(\d*[^\s/?#"'<>\d][^\s"'<>]*)@"#, check: Check::Value, keep: Keep::Nothing },
    Rule { triggers: &["://"], pattern: r"://([A-Za-z0-9_-]{20,})@", check: Check::Random, keep: Keep::Nothing },
    // Passwords on a command line.
    Rule {
        triggers: &["-u ", "--user"],
        pattern: r#"(?:^|\s)(?:-u|--user)[ =]+["']?[^\s:"']+:([^\s"']+)"#,
        check: Check::Value,
        keep: Keep::Nothing,
    },
    Rule { triggers: &["redis-cli"], pattern: r"redis-cli\s(?:.*?\s)?-a\s+(\S+)", check: Check::Value, keep: Keep::Nothing },
    Rule { triggers: &["mysql"], pattern: r"\bmysql(?:dump|admin)?\s(?:.*?\s)?-p(\S+)", check: Check::Value, keep: Keep::Nothing },
    Rule {
        triggers: &["pass"],
        pattern: r#"(?i)["']pass\\?["']\s*(?:=>|[:=])\s*\\?["']([^"']+)"#,
        check: Check::Value,
        keep: Keep::Nothing,
    },
    Rule { triggers: &["@tcp(", "@unix("], pattern: r#"\b[\w.-]+:([^\s"']+)@(?:tcp|unix)\("#, check: Check::Value, keep: Keep::Nothing },
    Rule {
        triggers: &["hooks.slack.com", "/webhooks/"],
        pattern: r"(?i)(?:hooks\.slack\.com/[\w]+|/api/webhooks/\d+)/([\w/-]{10,})",
        check: Check::Any,
        keep: Keep::Nothing,
    },
    Rule {
        triggers: &["cookie"],
        pattern: r#"(?i)\b(?:set-)?cookie\\?["']?\s*[:=]\s*\\?["']?([^"'\r\n]+)"#,
        check: Check::Value,
        keep: Keep::Nothing,
    },
    Rule {
        triggers: &["sessionid", "csrftoken", "sid="],
        pattern: r#"(?i)\b(?:sessionid|csrftoken|connect\.sid|phpsessid|jsessionid)=([^\s;"',&]{8,})"#,
        check: Check::Value,
        keep: Keep::Nothing,
    },
    Rule {
        triggers: &["pass", "pwd", "secret", "token", "-key"],
        pattern: r#"(?i)(?:^|\s)--?(?:[a-z-]*)(?:password|passwd|pwd|token|secret|api-key)[ =]+["']?([^\s"']+)"#,
        check: Check::Value,
        keep: Keep::Nothing,
    },
    Rule {
        triggers: &["identified by", "password"],
        pattern: r"(?i)\b(?:identified by|password)\s+\\?'([^']+)'",
        check: Check::Value,
        keep: Keep::Nothing,
    },
    Rule {
        triggers: &[
            "ghp_",
            "gho_",
            "ghu_",
            "ghs_",
            "ghr_",
            "github_pat_",
            "glpat-",
            "xox",
            "xapp-",
            "k_live_",
            "k_test_",
            "whsec_",
            "sk-",
            "aiza",
            "ya29.",
            "sg.",
            "npm_",
            "pypi-",
            "hf_",
            "dop_v1_",
            "shpat_",
            "shpss_",
            "age-secret-key-",
            "django-insecure-",
            "hvs.",
            "gocspx-",
            "sq0",
            "lin_api_",
            "dckr_pat_",
        ],
        pattern: r#"\b(gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[\w]{20,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{10,}|xapp-[\w-]{10,}|[srp]k_(?:live|test)_[\w]{10,}|whsec_[\w+/=]{16,}|sk-[A-Za-z0-9_-]{20,}|AIza[\w-]{30,}|ya29\.[\w-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,}|hf_[A-Za-z0-9]{20,}|dop_v1_[a-f0-9]{40,}|shp(?:at|ss)_[\w]{20,}|AGE-SECRET-KEY-[\w]{20,}|django-insecure-[^\s"']{8,}|hvs\.[\w-]{20,}|GOCSPX-[\w-]{20,}|sq0[a-z]{3}-[\w-]{20,}|lin_api_[\w]{20,}|dckr_pat_[\w-]{20,})"#,
        check: Check::Any,
        keep: Keep::Head(4),
    },
];

/// `password=x`, `"password": "x"`, `PASSWORD => 'x'`: an equals sign, or quotes, leave no doubt.
fn assigned() -> String {
    format!(
        r#"(?i)(?:^|[^\w:/.-]){NAME}(?:\\?["']?\s*(?:=>|[:=])\s*\[?\s*(?:\\"((?:[^"\\]|\\[^"])*)|"((?:[^"\\]|\\.)*)|[bu]?'((?:[^'\\]|\\.)*))|["']?\s*(?:=\s*|%3[dD])([^\s,;&"'}}\])]+)|>([^<]+)</)"#
    )
}

/// `password: x`, `SECRET_KEY: x`: a colon alone, behind a name that is no word of prose.
fn told() -> String {
    format!(
        r#"(?i)(?:^|[^\w:/.-])(?:{NAME}["']\s*|[\w.-]*(?:password|passwd|passphrase|pwd|[\w][_-](?:key|token|secret))):\s*([^\s,;&"'}}\]){{\[(0-9-][^\s,;&"'}}\])]*)"#
    )
}

/// `token: x`: behind a word of prose only what is none itself.
fn perhaps() -> String {
    format!(r#"(?i)(?:^|[^\w:/.-]){NAME}:\s*([^\s,;&"'}}\]){{\[(]+)"#)
}

/// `"token": 1`: JSON stays JSON.
fn number() -> String {
    format!(r#"(?i)(?:^|[^\w:/.-]){NAME}"\s*:\s*(-?[0-9][0-9.eE+-]*)"#)
}

/// The rules as they are asked.
struct Rules {
    first: Option<AhoCorasick>,
    /// Which rules each trigger is of, a bit for each.
    of: Vec<u32>,
    list: Vec<(Option<Regex>, Check, Keep)>,
    name: Option<Regex>,
}

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let mut triggers: Vec<&str> = Vec::new();
    let mut of: Vec<u32> = Vec::new();
    let mut rules = Vec::new();
    let mut add = |words: &[&'static str], pattern: &str, check, keep| {
        let bit = 1u32 << rules.len();
        for word in words {
            if let Some(index) = triggers.iter().position(|t| t == word) {
                if let Some(bits) = of.get_mut(index) {
                    *bits |= bit;
                }
            } else {
                triggers.push(word);
                of.push(bit);
            }
        }
        rules.push((compiled(pattern), check, keep));
    };
    for rule in TABLE {
        add(rule.triggers, rule.pattern, rule.check, rule.keep);
    }
    add(NAMES, &assigned(), Check::Value, Keep::Nothing);
    add(NAMES, &told(), Check::Value, Keep::Nothing);
    add(NAMES, &perhaps(), Check::Random, Keep::Nothing);
    add(NAMES, &number(), Check::Any, Keep::Quoted);
    let first = AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(&triggers).ok();
    Rules { first, of, list: rules, name: compiled(&format!("(?i)^{NAME}$")) }
});

/// Secrets are ASCII: letters of all the world in every class would make the expressions large and slow.
fn compiled(pattern: &str) -> Option<Regex> {
    Regex::new(&pattern.replace(r"\w", "0-9A-Za-z_").replace(r"\b", r"(?-u:\b)")).ok()
}

/// Whether every rule stands: one that does not compile would mask nothing.
#[cfg(test)]
pub(crate) fn is_complete() -> bool {
    RULES.first.is_some() && RULES.name.is_some() && RULES.list.iter().all(|(regex, ..)| regex.is_some()) && RULES.list.len() < 32
}

impl Rules {
    /// The rules that can apply, a bit for each; all of them where nothing can tell.
    fn fired(&self, text: &str) -> u32 {
        let Some(first) = &self.first else { return u32::MAX };
        first.find_overlapping_iter(text).fold(0, |bits, m| bits | self.of.get(m.pattern().as_usize()).copied().unwrap_or(u32::MAX))
    }
}

/// Where the secrets of a text stand, in order and apart.
fn secrets(text: &str) -> Vec<(Range<usize>, Keep)> {
    let mut found: Vec<(Range<usize>, Keep)> = Vec::new();
    let fired = RULES.fired(text);
    if fired != 0 {
        for (index, (regex, check, keep)) in RULES.list.iter().enumerate() {
            let Some(regex) = regex.as_ref().filter(|_| fired & (1 << index) != 0) else { continue };
            for captures in regex.captures_iter(text) {
                let groups = captures.iter().skip(1).flatten().filter(|m| check.holds(m.as_str()));
                found.extend(groups.map(|m| (m.range(), *keep)));
            }
        }
    }
    runs(text, &mut found);
    found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut apart: Vec<(Range<usize>, Keep)> = Vec::new();
    for (range, keep) in found {
        match apart.last_mut() {
            Some((last, kept)) if range.start < last.end => {
                if range.end > last.end || keep == Keep::Nothing {
                    last.end = last.end.max(range.end);
                    *kept = Keep::Nothing;
                }
            }
            _ => apart.push((range, keep)),
        }
    }
    apart
}

/// Runs of base64 that are a secret key of AWS (forty letters), or a line of a private key that came line by line.
fn runs(text: &str, found: &mut Vec<(Range<usize>, Keep)>) {
    let bytes = text.as_bytes();
    let is_base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    let mut start = 0;
    for at in 0..=bytes.len() {
        if bytes.get(at).is_some_and(|b| is_base64(*b)) {
            continue;
        }
        let length = at - start;
        let is_line = (60..=80).contains(&length)
            && matches!(bytes.get(at), None | Some(b'\n'))
            && (start == 0 || bytes.get(start - 1) == Some(&b'\n'));
        if (length == 40 || is_line) && is_key(text.get(start..at).unwrap_or_default()) {
            found.push((start..at, Keep::Nothing));
        }
        start = at + 1;
    }
}

/// No digest and no path: letters of both cases and digits.
fn is_key(run: &str) -> bool {
    let has = |f: fn(&u8) -> bool| run.as_bytes().iter().any(&f);
    let slashes = run.bytes().filter(|b| *b == b'/').count();
    has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
        && slashes <= 4
        && !run.starts_with('/')
        && Check::NotHex.holds(run)
}
