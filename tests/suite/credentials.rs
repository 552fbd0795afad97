//! Where credentials come from, on the built program: processes that take their time, ask, talk and hang; roles that want MFA; names with
//! spaces; private certificate authorities; sessions that end and begin again.

use std::fs;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use super::process::{CREDENTIALS, CloudProcess, Machine, NO_METADATA, PROGRAM, alive, eventually, ran, signal};
use super::stub::{Answer, Stub};
use super::terminal::Window;

const GOOD: &str =
    r#"{"Version": 1, "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2099-01-01T00:00:00Z"}"#;
const PROMPT: Duration = Duration::from_secs(5);

/// A machine whose profile `oncall` asks this script.
fn machine_with(script: &str) -> Machine {
    let machine = Machine::new();
    let path = machine.file("get-credentials", &format!("#!/bin/sh\n{script}\n"));
    machine.file(
        ".aws/config",
        &format!("[profile oncall]\nregion = ap-southeast-2\ncredential_process = sh {} --token s3cret\n", path.display()),
    );
    machine
}

fn answering() -> Stub {
    Stub::start(|_| Answer::identity("111122223333", "arn:aws:iam::111122223333:user/ops"))
}

// `credential_process`.

#[test]
fn a_slow_and_noisy_process_is_waited_for_and_nothing_of_it_reaches_the_screen() {
    let machine = machine_with(&format!(
        "echo 'touch your token' >&2\nif (echo 'PIN: ' >/dev/tty) 2>/dev/null; then echo tty >tty; fi\nsleep 6\necho '{GOOD}'"
    ));
    let stub = answering();
    let ran = machine.run(&["info", "--profile", "oncall", "--endpoint-url", &stub.url()], &[NO_METADATA]);
    ran.ends(0, &["waiting for credential_process of profile 'oncall'"]);
    assert!(ran.out.contains("account 111122223333"), "{ran:#?}");
    assert!(!ran.err.contains("touch your token") && !ran.err.contains("s3cret") && !ran.out.contains("s3cret"), "{ran:#?}");
    assert!(stub.calls().iter().all(|c| c.key == "AKIAPROCESS"), "{:#?}", stub.calls());
}

#[test]
fn on_the_dashboard_a_process_is_waited_for_by_name_and_has_no_terminal() {
    let Some(window) = Window::open(120, 40) else { return };
    let cloud = CloudProcess::start(&window.machine);
    let script =
        format!("echo NOISE >&2\nif (echo NOISE >/dev/tty) 2>/dev/null; then echo yes >tty; else echo no >tty; fi\nsleep 5\necho '{GOOD}'");
    let path = window.machine.file("get-credentials", &script);
    window.machine.file(".aws/config", &format!("[profile oncall]\ncredential_process = sh {}\n", path.display()));
    window.line(&format!("sh watched --profile oncall --endpoint-url {}", cloud.url));
    let screen = window.shows("waiting for credential_process of profile 'oncall'");
    assert!(!screen.contains("NOISE"), "{screen}");
    let screen = window.until_within(Duration::from_secs(40), "the identity", |s| s.contains("1111-2222-3333"));
    assert!(!screen.contains("NOISE") && !screen.contains("waiting for credential_process"), "{screen}");
    assert_eq!(fs::read_to_string(window.machine.home().join("tty")).unwrap().trim(), "no");
    window.press(&["q"]);
    window.shows("exit code 0");
}

#[test]
fn a_process_that_hangs_ends_with_us_whatever_ends_us() {
    for which in [Signal::TERM, Signal::INT, Signal::KILL] {
        let machine = machine_with("echo $$ >pid\nsleep 300 &\necho $! >child\nwait");
        let mut command = machine.command(PROGRAM);
        command.args(["snapshot", "--profile", "oncall"]).env(NO_METADATA.0, NO_METADATA.1).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut program = command.spawn().unwrap();
        let pids = || {
            let read = |name: &str| fs::read_to_string(machine.home().join(name)).ok()?.trim().parse::<u32>().ok();
            Some((read("pid")?, read("child")?))
        };
        let (process, child) = eventually(PROMPT, pids, || "the process never started".to_owned());
        assert!(alive(process) && alive(child));
        signal(program.id(), which);
        program.wait().unwrap();
        eventually(PROMPT, || (!alive(process) && !alive(child)).then_some(()), || format!("{which:?}: left running"));
    }
}

#[test]
fn a_process_that_fails_is_told_by_profile_program_and_its_last_words() {
    for (script, words) in [
        ("echo one >&2; printf '\\033[31mno token in the slot\\n' >&2; exit 3", &["code 3", "no token in the slot"][..]),
        ("exec /nowhere/at/all", &["code 127"]),
        ("echo hello", &["JSON"]),
        ("echo '{\"Version\": 2}'", &["Version 2"]),
        ("echo '{\"Version\": 1, \"AccessKeyId\": \"a\"}'", &["no SecretAccessKey"]),
        ("kill -9 $$", &["credential_process"]),
    ] {
        let machine = machine_with(script);
        let ran = machine.run(&["snapshot", "--profile", "oncall"], &[NO_METADATA]);
        ran.ends(3, &["credential_process of profile 'oncall' (sh)", "next:"]).ends(3, words).silent().within(PROMPT);
        assert!(!ran.err.contains("s3cret") && !ran.err.contains("sso login"), "{}", ran.err);
    }
}

#[test]
fn a_role_is_assumed_from_the_credentials_of_a_process() {
    let machine = machine_with(&format!("echo '{GOOD}'"));
    let config = fs::read_to_string(machine.home().join(".aws/config")).unwrap();
    machine.file(
        ".aws/config",
        &format!("{config}[profile role]\nrole_arn = arn:aws:iam::111122223333:role/R\nexternal_id = E1\nsource_profile = oncall\n"),
    );
    let sts = Stub::start(|call| {
        if !call.body.starts_with(b"Action=AssumeRole&") {
            return Answer::identity("111122223333", "arn:aws:sts::111122223333:assumed-role/R/x");
        }
        Answer::ok(
            "text/xml",
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>",
        )
    });
    let env = [NO_METADATA, ("AWS_ENDPOINT_URL_STS", &*sts.url())];
    let ran = machine.run(&["info", "--profile", "role", "--endpoint-url", &sts.url()], &env);
    assert!(ran.out.contains("assumed-role/R/x"), "{ran:#?}");
    let calls = sts.calls();
    assert_eq!((calls[0].key.as_str(), calls.last().unwrap().key.as_str()), ("AKIAPROCESS", "ASIAROLE"), "{calls:#?}");
    assert!(String::from_utf8_lossy(&calls[0].body).contains("ExternalId=E1"));
}

// Roles.

#[test]
fn mfa_is_said_with_what_can_be_done_and_nothing_is_sent() {
    let machine = Machine::new();
    machine.file(".aws/credentials", "[keys]\naws_access_key_id = AKIDTEST\naws_secret_access_key = x\n");
    machine.file(".aws/config", "[profile admin]\nrole_arn = arn:aws:iam::111122223333:role/Admin\nsource_profile = keys\nmfa_serial = arn:aws:iam::111122223333:mfa/maya\n");
    let stub = answering();
    let env = [NO_METADATA, ("AWS_ENDPOINT_URL_STS", &*stub.url())];
    let ran = machine.run(&["snapshot", "--profile", "admin", "--endpoint-url", &stub.url()], &env);
    let words = [
        "MFA prompt not supported",
        "'admin'",
        "arn:aws:iam::111122223333:mfa/maya",
        "next:",
        "get-session-token",
        "export-credentials --profile admin",
    ];
    ran.ends(3, &words).silent().within(PROMPT);
    assert!(!ran.err.contains("SdkError") && !ran.err.contains("Some(") && stub.calls().is_empty(), "{ran:#?}");
}

#[test]
fn a_role_that_is_denied_is_told_in_the_words_of_aws() {
    let machine = Machine::new();
    machine.file(".aws/credentials", "[keys]\naws_access_key_id = AKIDTEST\naws_secret_access_key = x\n");
    machine.file(".aws/config", "[profile admin]\nregion = eu-west-1\nrole_arn = arn:aws:iam::1:role/Admin\nsource_profile = keys\n");
    let text = "User: arn:aws:iam::1:user/ops is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/Admin because no identity-based policy allows the sts:AssumeRole action";
    let stub = Stub::start(move |_| Answer::error(403, "AccessDenied", text));
    let env = [NO_METADATA, ("AWS_ENDPOINT_URL_STS", &*stub.url())];
    let ran = machine.run(&["snapshot", "--profile", "admin", "--endpoint-url", &stub.url()], &env);
    ran.ends(
        3,
        &[
            "role of profile 'admin' cannot be assumed",
            "no identity-based policy allows sts:AssumeRole",
            "allow sts:AssumeRole to user ops",
        ],
    )
    .silent();
    assert!(!ran.err.contains("SdkError") && !ran.err.contains("sso login"), "{}", ran.err);
}

// Names.

#[test]
fn quoted_and_spaced_profile_names_work_and_are_listed_and_quoted() {
    let machine = Machine::new();
    let keys = "aws_access_key_id = AKIDSPACED\naws_secret_access_key = x\n";
    machine.file(".aws/config", "[profile \"two words\"]\nregion = eu-west-3\n[profile plain]\nregion = eu-west-1\n");
    machine.file(".aws/credentials", &format!("[two words]\n{keys}"));
    let stub = answering();
    let ran = machine.run(&["info", "--profile", "two words", "--endpoint-url", &stub.url()], &[NO_METADATA]);
    assert!(ran.out.contains("account 111122223333"), "{ran:#?}");
    assert!(stub.calls().iter().all(|c| c.key == "AKIDSPACED"), "{:#?}", stub.calls());
    let ran = machine.run(&["snapshot", "--profile", "three words"], &[NO_METADATA]);
    ran.ends(3, &["unknown profile 'three words'", "plain, \"two words\"", "aws configure --profile \"three words\""]).silent();
}

// SSO.

#[test]
fn an_sso_session_that_is_not_there_or_over_names_the_login_of_its_profile() {
    let machine = Machine::new();
    machine.file(".aws/config", "[profile on call]\nregion = eu-west-1\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = R\n[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n");
    let ran = machine.run(&["snapshot", "--profile", "on call"], &[NO_METADATA]);
    ran.ends(3, &["SSO session of profile 'on call' was not found", "aws sso login --profile \"on call\""]).silent().within(PROMPT);
    // sha1("corp"), as the AWS CLI names the file.
    let token =
        r#"{"accessToken": "t", "expiresAt": "2020-01-01T00:00:00Z", "region": "eu-west-1", "startUrl": "https://corp.awsapps.com/start"}"#;
    machine.file(&format!(".aws/sso/cache/{CORP}.json"), token);
    let ran = machine.run(&["snapshot", "--profile", "on call"], &[NO_METADATA]);
    ran.ends(3, &["SSO session of profile 'on call' has expired", "aws sso login --profile \"on call\""]).silent().within(PROMPT);
}

/// `printf corp | sha1sum`.
const CORP: &str = "ee0bfd2552fbd840c02cc48b6e823320543c450f";

#[test]
fn after_a_login_the_dashboard_goes_on_by_itself() {
    let Some(window) = Window::open(120, 40) else { return };
    let cloud = CloudProcess::start(&window.machine);
    let portal = Stub::start(|_| {
        Answer::ok(
            "application/json",
            r#"{"roleCredentials": {"accessKeyId": "ASIASSO", "secretAccessKey": "s", "sessionToken": "t", "expiration": 4070908800000}}"#,
        )
    });
    window.machine.file(".aws/config", "[profile oncall]\nregion = eu-west-1\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = R\n[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n");
    window.line(&format!("AWS_ENDPOINT_URL_SSO={} sh watched --profile oncall --endpoint-url {}", portal.url(), cloud.url));
    window.shows("SSO session of profile 'oncall'");
    let token =
        r#"{"accessToken": "t", "expiresAt": "2099-01-01T00:00:00Z", "region": "eu-west-1", "startUrl": "https://corp.awsapps.com/start"}"#;
    window.machine.file(&format!(".aws/sso/cache/{CORP}.json"), token);
    window.until_within(Duration::from_secs(40), "the identity", |s| s.contains("1111-2222-3333"));
    window.press(&["q"]);
    window.shows("exit code 0");
}

// Trust.

/// An HTTPS server with a certificate of a CA of its own, and the CA's file.
struct Private {
    server: Child,
    url: String,
}

impl Drop for Private {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Private {
    /// `None`: openssl or python3 are missing.
    fn start(machine: &Machine) -> Option<Self> {
        let openssl = |args: &[&str]| ran(machine.command("openssl").args(args).stderr(Stdio::null())).code == Some(0);
        let has = |program: &str| Command::new(program).arg("--version").output().is_ok_and(|o| o.status.success());
        if !has("python3") || Command::new("openssl").arg("version").output().is_err() {
            let _ = writeln!(std::io::stderr(), "\n*** SKIPPED: openssl or python3 are not installed, private CAs are NOT tested ***");
            return None;
        }
        machine.file("san", "subjectAltName = DNS:localhost, IP:127.0.0.1\n");
        assert!(openssl(&[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
            "-days",
            "2",
            "-subj",
            "/CN=Private CA",
            "-addext",
            "basicConstraints=critical,CA:TRUE"
        ]));
        assert!(openssl(&[
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "server.key",
            "-out",
            "server.csr",
            "-subj",
            "/CN=localhost"
        ]));
        assert!(openssl(&[
            "x509",
            "-req",
            "-in",
            "server.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-out",
            "server.pem",
            "-days",
            "2",
            "-extfile",
            "san"
        ]));
        let script = machine.file("server.py", SERVER);
        let mut server = machine.command("python3").arg(script).stdout(Stdio::piped()).spawn().unwrap();
        let mut port = [0; 6];
        server.stdout.take().unwrap().read_exact(&mut port).unwrap();
        let url = format!("https://localhost:{}", String::from_utf8_lossy(&port).trim());
        Some(Self { server, url })
    }
}

const SERVER: &str = r#"
import http.server, ssl
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        body = b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Account>111122223333</Account><Arn>arn:aws:iam::111122223333:user/private</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>'
        self.send_response(200)
        self.send_header("content-type", "text/xml")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_GET = do_POST
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.pem", "server.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
print("%-6d" % server.server_address[1], end="", flush=True)
server.serve_forever()
"#;

#[test]
fn a_private_ca_is_trusted_when_the_environment_or_the_profile_says_so_even_without_any_other_root() {
    let machine = Machine::new();
    let Some(private) = Private::start(&machine) else { return };
    let ca = machine.home().join("ca.pem");
    let ca = ca.to_str().unwrap();
    machine.file(".aws/config", &format!("[profile private]\nregion = eu-west-1\nca_bundle = {ca}\n"));
    machine.file(".aws/credentials", "[private]\naws_access_key_id = AKIDTEST\naws_secret_access_key = x\n");
    let rootless = [("SSL_CERT_FILE", "/dev/null"), ("SSL_CERT_DIR", "/nonexistent")];
    let info = |args: &[&str], env: &[(&str, &str)]| {
        let args = [&["info", "--endpoint-url", &private.url], args].concat();
        machine.run(&args, &[&[CREDENTIALS[0], CREDENTIALS[1], NO_METADATA], env].concat()).out
    };
    let untrusted = info(&[], &[]);
    assert!(untrusted.contains("UnknownIssuer") && untrusted.contains("AWS_CA_BUNDLE"), "{untrusted}");
    for (args, env) in [(&[][..], &[("AWS_CA_BUNDLE", ca)][..]), (&["--profile", "private"], &[])] {
        assert!(info(args, env).contains("user/private"), "{args:?} {env:?}: {}", info(args, env));
        assert!(info(args, &[env, &rootless].concat()).contains("user/private"), "{args:?}: without roots of the machine");
    }
    // STS of a role, too: what proves who we are goes through the same trust.
    machine.file(
        ".aws/config",
        &format!("[profile role]\nregion = eu-west-1\nca_bundle = {ca}\nrole_arn = arn:aws:iam::1:role/R\nsource_profile = private\n"),
    );
    let role = info(&["--profile", "role"], &[("AWS_ENDPOINT_URL_STS", &private.url)]);
    assert!(!role.contains("UnknownIssuer") && !role.contains("certificate"), "{role}");
}

#[test]
fn a_bundle_that_cannot_be_used_is_an_error_with_its_path_before_anything_is_sent() {
    let machine = Machine::new();
    let stub = answering();
    let empty = machine.file("empty.pem", "");
    let rubbish = machine.file("rubbish.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    machine.file(".aws/config", "[profile lost]\nregion = eu-west-1\nca_bundle = ~/lost.pem\n");
    let lost = machine.home().join("lost.pem");
    for (path, args, env) in [
        ("/nowhere/ca.pem", &[][..], &[("AWS_CA_BUNDLE", "/nowhere/ca.pem")][..]),
        (empty.to_str().unwrap(), &[], &[("AWS_CA_BUNDLE", empty.to_str().unwrap())]),
        (rubbish.to_str().unwrap(), &[], &[("AWS_CA_BUNDLE", rubbish.to_str().unwrap())]),
        (lost.to_str().unwrap(), &["--profile", "lost"], &[]),
    ] {
        let url = stub.url();
        let args = [&["snapshot", "--endpoint-url", &url], args].concat();
        let ran = machine.run(&args, &[&[CREDENTIALS[0], CREDENTIALS[1], NO_METADATA], env].concat());
        ran.ends(3, &[path, "cannot use", "next:"]).silent().within(PROMPT);
    }
    assert!(stub.calls().is_empty());
}
