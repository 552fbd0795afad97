//! `credential_process`: a program of the user's that answers with credentials, possibly after asking a person. It runs in a session of its
//! own, so that it cannot reach the terminal; it is waited for, and ended with us. Called by `credentials`.

use std::ffi::OsString;
use std::process::Stdio;
use std::time::Duration;

use aws_credential_types::Credentials;
use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use super::notice::{Notices, Topic};
use nextcore_core::model::text::sanitize;

/// The hidden first argument with which this program starts itself as the keeper of such a process: `shell::detached` reads it. Safe Rust
/// cannot leave the session of its terminal between fork and exec, and a process that has asked its keeper to end cannot be left running.
pub const DETACHED: &str = "__detached";
/// A person may have to find a token, or a phone.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);
/// Sooner than this nobody needs to be told that something is waited for.
const QUIET: Duration = Duration::from_secs(1);
/// What still holds its output open when it has ended (a daemon that it left behind) is not waited for.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// More is no answer.
const MOST: usize = 64 * 1024;
/// Of what it says beside the answer, the end tells why it failed.
const TAIL: usize = 4 * 1024;

/// What is run, and how.
#[derive(Debug, Clone)]
pub(super) struct Process {
    /// Whose it is.
    pub(super) profile: String,
    /// The command line.
    pub(super) command: String,
}

/// The program that runs the command.
struct Launch {
    program: OsString,
    args: Vec<OsString>,
    patience: Duration,
}

impl Process {
    /// The program without its arguments: they may be secrets.
    pub(super) fn program(&self) -> String {
        let command = self.command.trim();
        let quoted = |quote: char| command.strip_prefix(quote).and_then(|rest| rest.split(quote).next());
        let word = quoted('"').or_else(|| quoted('\'')).or_else(|| command.split_whitespace().next());
        sanitize(word.unwrap_or_default())
    }

    /// Runs it, and says meanwhile that it is waited for; or why there are no credentials.
    pub(super) async fn run(&self, notices: &Notices) -> Result<Credentials, String> {
        // By the link and not by the path: the file may have been replaced by a newer one since we were started.
        let link = std::path::Path::new("/proc/self/exe");
        let program = if link.exists() { Ok(link.to_owned()) } else { std::env::current_exe() };
        let program = program.map_err(|e| format!("cannot be started: {e}"))?.into_os_string();
        let args = vec![OsString::from(DETACHED), OsString::from(&self.command)];
        self.run_with(Launch { program, args, patience: PATIENCE }, notices).await
    }

    async fn run_with(&self, launch: Launch, notices: &Notices) -> Result<Credentials, String> {
        let mut command = Command::new(&launch.program);
        // The keeper ends the process when this pipe is closed: by us, or by our end.
        command.args(&launch.args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|e| format!("cannot be started: {e}"))?;
        let told = Told { notices };
        let answer = answer(&mut child);
        tokio::pin!(answer);
        let quiet = launch.patience.min(QUIET);
        let heard = if let Ok(heard) = tokio::time::timeout(quiet, &mut answer).await {
            heard
        } else {
            let patience = launch.patience.as_secs();
            let what = format!("waiting for credential_process of profile '{}': {} (up to {patience} s)", self.profile, self.program());
            told.notices.say(Topic::Credentials, Some(what));
            let Ok(heard) = tokio::time::timeout(launch.patience.saturating_sub(quiet), answer).await else {
                return Err(format!("did not finish within {patience} s and was killed"));
            };
            heard
        };
        let Heard { code, out, last_words } = heard.map_err(|e| format!("cannot be read: {e}"))?;
        let said = if last_words.is_empty() { String::new() } else { format!(": {last_words}") };
        match code {
            Some(0) => parse(&out).map_err(|why| format!("{why}{said}")),
            Some(127) => Err(format!("command not found (code 127){said}")),
            Some(code) => Err(format!("exited with code {code}{said}")),
            None => Err(format!("was killed by a signal{said}")),
        }
    }
}

/// Takes the notice back, whatever happens.
struct Told<'a> {
    notices: &'a Notices,
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.notices.say(Topic::Credentials, None);
    }
}

struct Heard {
    code: Option<i32>,
    out: Vec<u8>,
    last_words: String,
}

/// Waits for its end, and takes what it says meanwhile.
async fn answer(child: &mut Child) -> std::io::Result<Heard> {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let keep = child.stdin.take();
    let status = {
        let listen = async { tokio::join!(drain(stdout, &mut out, Keep::First(MOST)), drain(stderr, &mut err, Keep::Last(TAIL))) };
        tokio::pin!(listen);
        let mut talking = true;
        let status = loop {
            tokio::select! {
                status = child.wait() => break status?,
                _ = &mut listen, if talking => talking = false,
            }
        };
        if talking {
            let _ = tokio::time::timeout(LAST_WORDS, listen).await;
        }
        status
    };
    drop(keep);
    let text = sanitize_lines(&String::from_utf8_lossy(&err));
    Ok(Heard { code: status.code(), out, last_words: text })
}

/// The last line that says something.
fn sanitize_lines(text: &str) -> String {
    text.lines().map(|line| sanitize(line).trim().to_owned()).rfind(|line| !line.is_empty()).unwrap_or_default()
}

#[derive(Clone, Copy)]
enum Keep {
    First(usize),
    Last(usize),
}

/// Reads to the end, so that the writer never stands still, and keeps a part of it.
async fn drain(from: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>, keep: Keep) {
    let Some(mut from) = from else { return };
    let mut buffer = [0; 4096];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        let read = buffer.get(..n).unwrap_or_default();
        match keep {
            Keep::First(most) => into.extend(read.iter().take(most.saturating_sub(into.len()))),
            Keep::Last(most) => {
                into.extend_from_slice(read);
                into.drain(..into.len().saturating_sub(most));
            }
        }
    }
}

/// The answer of version 1.
fn parse(out: &[u8]) -> Result<Credentials, String> {
    let Ok(Value::Object(answer)) = serde_json::from_slice::<Value>(out) else {
        return Err("did not print a JSON object to stdout".to_owned());
    };
    // The SDKs of AWS take the keys in any case.
    let field = |name: &str| answer.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).filter(|v| !v.is_null());
    let text = |name: &str| field(name).and_then(Value::as_str).filter(|t| !t.is_empty()).map(ToOwned::to_owned);
    match field("Version").map(|v| (v.as_i64(), v)) {
        Some((Some(1), _)) => {}
        Some((_, other)) => return Err(format!("returned Version {other}, only 1 is supported")),
        None => return Err("returned no Version".to_owned()),
    }
    let need = |name: &str| text(name).ok_or_else(|| format!("returned no {name}"));
    let mut credentials = Credentials::builder()
        .access_key_id(need("AccessKeyId")?)
        .secret_access_key(need("SecretAccessKey")?)
        .provider_name("credential_process");
    credentials.set_session_token(text("SessionToken"));
    if let Some(at) = text("Expiration") {
        let Ok(until) = DateTime::parse_from_rfc3339(&at) else {
            return Err(format!("returned an invalid Expiration: {}", sanitize(&at)));
        };
        credentials.set_expiry(Some(until.with_timezone(&Utc).into()));
    } else if field("Expiration").is_some() {
        return Err("returned an Expiration that is not a string".to_owned());
    }
    Ok(credentials.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        r#"{"Version": 1, "AccessKeyId": "AKIAPROC", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2030-01-01T00:00:00Z"}"#;

    fn process(command: &str) -> Process {
        Process { profile: "oncall".to_owned(), command: command.to_owned() }
    }

    /// Without the keeper: the tests of the built program have it.
    async fn run(script: &str, patience: Duration) -> Result<Credentials, String> {
        let launch = Launch { program: "sh".into(), args: vec!["-c".into(), script.into()], patience };
        process("tool --secret x").run_with(launch, &Notices::default()).await
    }

    #[test]
    fn answers_are_read_strictly_and_errors_say_what_is_missing() {
        for (out, words) in [
            ("", "JSON"),
            ("[]", "JSON"),
            ("{}", "no Version"),
            (r#"{"Version": 2, "AccessKeyId": "a", "SecretAccessKey": "b"}"#, "Version 2"),
            (r#"{"Version": "1"}"#, "Version \"1\""),
            (r#"{"Version": 1, "SecretAccessKey": "b"}"#, "no AccessKeyId"),
            (r#"{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": ""}"#, "no SecretAccessKey"),
            (r#"{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b", "Expiration": "soon"}"#, "invalid Expiration: soon"),
            (r#"{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b", "Expiration": 7}"#, "not a string"),
        ] {
            let why = parse(out.as_bytes()).unwrap_err();
            assert!(why.contains(words), "{out}: {why}");
        }
        let good = parse(GOOD.as_bytes()).unwrap();
        assert_eq!((good.access_key_id(), good.session_token(), good.expiry().is_some()), ("AKIAPROC", Some("t"), true));
        let lower = parse(br#"{"version": 1, "accesskeyid": "a", "secretaccesskey": "b"}"#).unwrap();
        assert_eq!((lower.access_key_id(), lower.expiry()), ("a", None));
    }

    #[test]
    fn a_command_is_named_without_its_arguments() {
        for (command, program) in
            [("/opt/x --token s3cret", "/opt/x"), ("'/opt/my tool' s3cret", "/opt/my tool"), ("\"a b\" c", "a b"), ("  x  ", "x"), ("", "")]
        {
            assert_eq!(process(command).program(), program);
        }
    }

    #[tokio::test]
    async fn it_is_heard_to_the_end_and_its_last_words_explain_a_failure() {
        let patience = Duration::from_secs(20);
        assert_eq!(run(&format!("echo noise >&2; echo '{GOOD}'"), patience).await.unwrap().access_key_id(), "AKIAPROC");
        let why = run("echo first >&2; printf '\\033[31mno token found\\n\\n' >&2; exit 3", patience).await.unwrap_err();
        assert!(why.contains("code 3") && why.contains("no token found") && !why.contains('\u{1b}') && !why.contains("first"), "{why}");
        // More than a pipe holds, on both: neither stands still.
        let flood = format!("i=0; while [ $i -lt 3000 ]; do echo {0} >&2; i=$((i+1)); done; echo '{GOOD}'", "x".repeat(80));
        assert!(run(&flood, patience).await.is_ok());
        // What it leaves behind holds its output open.
        assert!(run(&format!("sleep 30 & echo '{GOOD}'"), patience).await.is_ok());
    }

    #[tokio::test]
    async fn patience_has_an_end() {
        let why = run("exec sleep 30", Duration::from_millis(300)).await.unwrap_err();
        assert!(why.contains("did not finish within"), "{why}");
    }
}
