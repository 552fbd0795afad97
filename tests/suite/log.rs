//! The program's own log, from outside: it is there when it is asked for and only then, it tells requests and actions, it holds no secret,
//! it does not grow, and nothing of it is on a stream.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use super::process::{CREDENTIALS, CloudProcess, Machine, NO_METADATA, Ran};
use super::stub::{Answer, Stub};

const MOST_BYTES: u64 = 8 << 20;

fn path(machine: &Machine) -> PathBuf {
    machine.home().join(".local/state/nextcore-top/log/nextcore-top.log")
}

fn text(machine: &Machine) -> String {
    fs::read_to_string(path(machine)).unwrap_or_default()
}

/// The first line that has all of these.
#[track_caller]
fn line(text: &str, words: &[&str]) -> String {
    let found = text.lines().find(|line| words.iter().all(|word| line.contains(word)));
    found.unwrap_or_else(|| panic!("no line has {words:?}:\n{text}")).to_owned()
}

/// `snapshot` of a cloud, with these words and variables on top.
fn snapshot(machine: &Machine, cloud: &CloudProcess, args: &[&str], env: &[(&str, &str)]) -> Ran {
    let args = [&["snapshot", "--endpoint-url", &cloud.url][..], args].concat();
    machine.run(&args, &[&CREDENTIALS[..], env].concat())
}

/// What a snapshot of a calm stack ends with: a build without the network cannot tell how that is.
const CALM: i32 = if cfg!(feature = "ec2") { 0 } else { 3 };

#[test]
fn requests_polls_and_the_place_are_told_and_nothing_of_it_is_on_a_stream() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let quiet = snapshot(&machine, &cloud, &[], &[]);
    quiet.ends(CALM, &[]);
    assert!(!path(&machine).parent().unwrap().exists(), "nobody has asked for a log");
    let ran = snapshot(&machine, &cloud, &["--log-level", "debug"], &[]);
    assert_eq!((ran.code, ran.err.as_str()), (quiet.code, quiet.err.as_str()));
    assert!(!ran.out.contains("DEBUG"), "{}", ran.out);
    let text = text(&machine);
    line(&text, &[" INFO ", "started", "command=\"snapshot\""]);
    line(&text, &[" INFO ", "place", &cloud.url, "AWS_ACCESS_KEY_ID"]);
    line(&text, &["poll begins", "source=\"services\""]);
    line(&text, &["poll ends", "source=\"services\"", "next_ms="]);
    let request = line(&text, &[" DEBUG ", "request operation=\"ECS:DescribeServices\"", "status=200", "millis="]);
    let id = request.split_once("request_id=\"").and_then(|(_, rest)| rest.split('"').next()).unwrap();
    assert!(id.len() > 8, "the id that AWS gave it: {request}");
    line(&text, &["ended", "failed=false"]);
    assert_eq!(fs::metadata(path(&machine)).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(text.lines().all(|l| l.starts_with("20") && !l.contains('\u{1b}')), "{text}");
}

#[test]
fn the_flag_wins_over_the_variable_and_info_says_where_and_why() {
    let machine = Machine::new();
    let shown = path(&machine).display().to_string();
    let info = |args: &[&str], env: &[(&str, &str)]| {
        let ran = machine.run(&[&["info"][..], args].concat(), &[&[NO_METADATA][..], env].concat());
        ran.ends(0, &[]);
        ran.out.lines().find(|l| l.starts_with("  log ")).unwrap_or_else(|| panic!("{}", ran.out)).to_owned()
    };
    let off = info(&[], &[]);
    assert!(off.contains(&shown) && off.contains("off (enable with --log-level or NEXTCORE_TOP_LOG"), "{off}");
    assert!(info(&["--log-level", "off"], &[("NEXTCORE_TOP_LOG", "debug")]).contains("off ("));
    assert!(!path(&machine).exists());
    let on = info(&[], &[("NEXTCORE_TOP_LOG", "warn")]);
    assert!(on.contains(&shown) && on.contains("'warn'"), "{on}");
    assert!(info(&["--log-level", "info"], &[("NEXTCORE_TOP_LOG", "nonsense")]).contains("'info'"));
    machine.run(&["info", "--log-level", "loud"], &[]).ends(2, &["loud", "--log-level", "debug"]).silent();
    machine.run(&["info"], &[("NEXTCORE_TOP_LOG", "loud")]).ends(3, &["NEXTCORE_TOP_LOG", "'loud'", "next:", "debug"]).silent();
}

#[test]
fn no_secret_is_in_it_whichever_way_the_credentials_came() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    machine.file(".aws/credentials", "[keys]\naws_access_key_id = AKIDTEST\naws_secret_access_key = SECRET-hunter2\n");
    let role = "role_arn = arn:aws:iam::111122223333:role/R\nexternal_id = EXTERNAL-hunter2\nsource_profile = keys\n";
    machine.file(".aws/config", &format!("[profile role]\nregion = ap-southeast-2\n{role}"));
    let given = "<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>GIVEN-hunter2</SecretAccessKey>\
                 <SessionToken>TOKEN-hunter2</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>";
    let assumed = format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>{given}\
         </Credentials></AssumeRoleResult></AssumeRoleResponse>"
    );
    let stub = Stub::before(cloud.address(), move |call| match (call.operation.as_str(), call.service.as_str()) {
        ("AssumeRole", _) => Answer::ok("text/xml", &assumed),
        (_, "ecs") => Answer::error(403, "AccessDeniedException", "BODY-hunter2"),
        _ => Answer::Upstream,
    });
    let url = stub.url();
    let args = ["snapshot", "--profile", "role", "--endpoint-url", &url, "--log-level", "debug"];
    let ran = machine.run(&args, &[NO_METADATA, ("AWS_ENDPOINT_URL_STS", &url)]);
    let calls = stub.calls();
    assert!(calls.iter().any(|c| String::from_utf8_lossy(&c.body).contains("EXTERNAL-hunter2")), "{ran:#?}");
    assert!(calls.iter().any(|c| c.header("x-amz-security-token") == "TOKEN-hunter2"), "{ran:#?}");
    let text = text(&machine);
    line(&text, &[" WARN ", "request operation=\"ECS:", "status=403", "request_id=\"stub\""]);
    line(&text, &["poll backs off", "Denied"]);
    line(&text, &["status=200"]);
    for secret in ["hunter2", "Signature=", "x-amz-security-token"] {
        assert!(!text.contains(secret), "{secret} is in the log:\n{text}");
    }
}

#[test]
fn an_action_is_told_step_by_step_and_so_is_what_was_not_sent() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let act = |args: &[&str]| {
        let args = [&["invalidate", "/static/*"][..], args, &["--endpoint-url", &cloud.url, "--log-level", "info"]].concat();
        machine.run(&args, &CREDENTIALS)
    };
    act(&["--yes"]).ends(4, &["not armed"]);
    line(&text(&machine), &["refused", "action=\"invalidate\""]);
    act(&["--yes", "--write", "--no-wait"]).ends(0, &[]);
    let text = text(&machine);
    for phase in ["plan action=", "confirmed action=", "intent id=", "sent id=", "outcome id="] {
        line(&text, &[phase]);
    }
    line(&text, &["outcome", "result=\"accepted\"", "request_ids=\"", "millis="]);
    assert!(!text.contains("DEBUG"), "{text}");
}

#[test]
fn a_full_file_makes_way_for_a_new_one_and_stays_as_its_only_predecessor() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let (file, before) = (path(&machine), path(&machine).with_extension("log.1"));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    // Two lines less than it holds.
    fs::write(&file, "2026-01-01T00:00:00Z INFO 1 an old line\n".repeat(MOST_BYTES as usize / 40 - 2)).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&before, "older still").unwrap();
    snapshot(&machine, &cloud, &["--log-level", "debug"], &[]).ends(CALM, &[]);
    let size = |path: &PathBuf| fs::metadata(path).unwrap().len();
    assert!(size(&file) < MOST_BYTES / 4 && text(&machine).contains("ended"), "{}", size(&file));
    assert!((MOST_BYTES / 2..=MOST_BYTES).contains(&size(&before)), "{}", size(&before));
    assert!(fs::read_to_string(&before).unwrap().contains("an old line"));
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 2);
}

#[test]
fn a_link_in_its_place_is_refused_by_name_and_not_followed() {
    let machine = Machine::new();
    let file = path(&machine);
    let elsewhere = machine.file("elsewhere", "");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    symlink(&elsewhere, &file).unwrap();
    let ran = machine.run(&["audit", "--log-level", "info"], &[]);
    ran.ends(3, &["nextcore-top.log", "symbolic link", "next:", "--log-level off"]).silent();
    let info = machine.run(&["info", "--log-level", "info"], &[NO_METADATA]);
    info.ends(0, &[]);
    assert!(info.out.contains("not writable") && info.out.contains("symbolic link"), "{}", info.out);
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "");
}
