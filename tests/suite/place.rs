//! The right place, on the wire: whose access key signs every request, for which region, at which endpoint, in which account; and that what
//! was skipped is said. The built program, with profiles, variables and a configuration that contradict each other.

use std::collections::BTreeSet;

use nextcore_sim::service::SERVICES;
use serde_json::Value;

use super::act_cli::EVERY_ACTION;
use super::process::{CLOSED, CloudProcess, Machine, NO_METADATA, PROGRAM, Ran, ran};
use super::stub::{Answer, Call, Stub};
use super::terminal::Window;

/// Another account's keys, as a shell of yesterday has them.
const OTHER: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIDOTHER"), ("AWS_SECRET_ACCESS_KEY", "x")];
const OURS: &str = "111122223333";
const ARN: &str = "arn:aws:sts::111122223333:assumed-role/OnCall/maya";
const PROFILES: &str = "[profile oncall]\nregion = eu-west-1\naws_access_key_id = AKIDONCALL\naws_secret_access_key = y\n\
                        [profile bare]\noutput = json\n[profile base]\nregion = eu-north-1\naws_access_key_id = AKIDBASE\n\
                        aws_secret_access_key = z\n";
const HERE: &str = "[stack]\nregion = \"ap-southeast-2\"\n";
/// A stack of somebody else, of which nobody says where it is.
const ELSEWHERE: &str = "[stack]\ndatabase = \"shop-db\"\n";

/// A user with profiles; knows who the stub says we are.
struct User {
    machine: Machine,
}

impl User {
    fn new() -> Self {
        let machine = Machine::new();
        machine.file(".aws/config", PROFILES);
        Self { machine }
    }

    fn configured(text: &str) -> Self {
        let user = Self::new();
        user.machine.file(".config/nextcore-top/config.toml", text);
        user
    }

    /// Runs a line with these variables.
    fn run(&self, line: &str, env: &[(&str, &str)]) -> Ran {
        let mut command = self.machine.command(PROGRAM);
        command.args(line.split_whitespace()).env(NO_METADATA.0, NO_METADATA.1).envs(env.iter().copied());
        ran(&mut command)
    }
}

/// AWS as somebody meets it who may nothing but ask who he is.
fn nothing_allowed() -> Stub {
    Stub::start(|call| if is_who(call) { Answer::identity(OURS, ARN) } else { Answer::denied() })
}

fn is_who(call: &Call) -> bool {
    call.operation == "GetCallerIdentity"
}

fn keys(stub: &Stub) -> BTreeSet<String> {
    stub.calls().into_iter().map(|c| c.key).collect()
}

fn only<const N: usize>(these: [&str; N]) -> BTreeSet<String> {
    these.into_iter().map(ToOwned::to_owned).collect()
}

/// The regions that a service was asked for.
fn regions(stub: &Stub, service: &str) -> BTreeSet<String> {
    stub.calls().into_iter().filter(|c| c.service == service).map(|c| c.region).collect()
}

// Whose keys.

#[test]
fn a_named_profile_signs_every_request_whatever_keys_the_environment_has() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    for by_flag in [true, false] {
        let user = User::configured(if by_flag { HERE } else { "profile = \"oncall\"\n[stack]\nregion = \"ap-southeast-2\"\n" });
        let flag = if by_flag { "--profile oncall" } else { "" };
        for line in ["snapshot --format json", "verify", "info", "scale web 4 --dry-run", "scale web 4 --yes --write --no-wait"] {
            let stub = Stub::before(cloud.address(), |_| Answer::Upstream);
            let ran = user.run(&format!("{line} {flag} --endpoint-url {}", stub.url()), &[OTHER[0], OTHER[1], ("AWS_PROFILE", "base")]);
            assert!(!stub.calls().is_empty(), "{line}: {ran:#?}");
            assert_eq!(keys(&stub), only(["AKIDONCALL"]), "{line} {flag}: {ran:#?}");
            if line.starts_with("snapshot") {
                // The metrics of the global services, too.
                assert_eq!(regions(&stub, "monitoring"), only(["ap-southeast-2", "us-east-1"]), "{ran:#?}");
            }
        }
        let ran = user.run(&format!("info {flag} --endpoint-url {CLOSED}"), &OTHER);
        ran.ends(0, &[]);
        for words in ["profile 'oncall'", "access key ...CALL", "skipped", "AWS_ACCESS_KEY_ID (...THER)"] {
            assert!(ran.out.contains(words), "{words}: {}", ran.out);
        }
    }
}

#[test]
fn a_profile_of_the_environment_comes_after_its_keys_as_in_the_aws_cli_and_that_is_said() {
    let user = User::new();
    for variable in ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"] {
        let stub = nothing_allowed();
        let line = format!("info --endpoint-url {}", stub.url());
        let ran = user.run(&line, &[OTHER[0], OTHER[1], (variable, "oncall")]);
        ran.ends(0, &[&format!("{variable}=oncall"), "AWS_ACCESS_KEY_ID", "--profile oncall"]);
        assert_eq!(keys(&stub), only(["AKIDOTHER"]));
        assert!(ran.out.contains("skipped") && ran.out.contains("from           AWS_ACCESS_KEY_ID"), "{}", ran.out);
        let stub = nothing_allowed();
        let ran = user.run(&format!("info --endpoint-url {}", stub.url()), &[(variable, "oncall")]);
        ran.ends(0, &[]);
        assert!(ran.err.is_empty() && !ran.out.contains("skipped"), "{ran:#?}");
        assert_eq!(keys(&stub), only(["AKIDONCALL"]));
    }
}

#[test]
fn a_named_profile_without_credentials_is_not_helped_out_by_the_environment() {
    let user = User::configured(HERE);
    let stub = nothing_allowed();
    let ran = user.run(&format!("snapshot --profile bare --endpoint-url {}", stub.url()), &OTHER);
    ran.ends(3, &["no usable AWS credentials of profile 'bare'", "skipped: AWS_ACCESS_KEY_ID", "next:"]).silent();
    assert!(stub.calls().is_empty(), "{:#?}", stub.calls());
}

#[test]
fn of_two_named_profiles_the_nearer_one_is_taken_and_the_other_is_said() {
    let user = User::configured("profile = \"base\"\n[stack]\nregion = \"eu-north-1\"\n");
    let stub = nothing_allowed();
    let url = stub.url();
    user.run(&format!("info --profile oncall --region eu-north-1 --endpoint-url {url}"), &[])
        .ends(0, &["using profile oncall", "not base", "set by --profile"]);
    assert_eq!(keys(&stub), only(["AKIDONCALL"]));
    user.run(&format!("info --endpoint-url {url}"), &[("AWS_PROFILE", "oncall")])
        .ends(0, &["using profile base", "not oncall from AWS_PROFILE"]);
    assert_eq!(keys(&stub), only(["AKIDBASE", "AKIDONCALL"]));
}

// Which region.

#[test]
fn the_region_is_that_of_the_flag_the_stack_the_environment_the_profile_in_this_order() {
    let role = "[profile role]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = base\n";
    for (config, args, env, region, said) in [
        ("", "--profile oncall", &[][..], "eu-west-1", &[][..]),
        ("", "--profile oncall", &[("AWS_REGION", "us-west-2")], "us-west-2", &[]),
        ("", "--profile oncall", &[("AWS_DEFAULT_REGION", "us-west-2")], "us-west-2", &[]),
        (HERE, "--profile oncall", &[], "ap-southeast-2", &["using region ap-southeast-2", "not eu-west-1 from profile 'oncall'"]),
        (HERE, "--profile base", &[("AWS_REGION", "ap-southeast-2")], "ap-southeast-2", &["not eu-north-1 from profile 'base'"]),
        (HERE, "--profile bare", &[("AWS_REGION", "us-west-2")], "ap-southeast-2", &["not us-west-2 from AWS_REGION"]),
        (HERE, "--profile bare --region us-west-2", &[], "us-west-2", &["using region us-west-2", "set by --region", "not ap-southeast-2"]),
        (HERE, "--profile bare --region ap-southeast-2", &[("AWS_REGION", "us-west-2")], "ap-southeast-2", &[]),
        ("", "--profile bare", &[], "ap-southeast-2", &[]),
        (ELSEWHERE, "--profile oncall", &[], "eu-west-1", &[]),
        (ELSEWHERE, "--profile role", &[], "eu-north-1", &[]),
    ] {
        let user = if config.is_empty() { User::new() } else { User::configured(config) };
        user.machine.file(".aws/config", &format!("{PROFILES}{role}"));
        let ran = user.run(&format!("info --endpoint-url {CLOSED} {args}"), env);
        ran.ends(0, said);
        assert!(!said.is_empty() || ran.err.is_empty(), "{config:?} {args} {env:?}: {}", ran.err);
        let line = ran.out.lines().find(|l| l.trim_start().starts_with("region ")).unwrap_or_default();
        assert_eq!(line.split_whitespace().nth(1), Some(region), "{config:?} {args} {env:?}: {}", ran.out);
    }
}

#[test]
fn a_stack_of_which_nobody_says_where_it_is_is_not_looked_for_where_the_seed_is() {
    let user = User::configured(ELSEWHERE);
    let stub = nothing_allowed();
    for line in ["snapshot", "verify", "scale web 4 --dry-run", "iam-policy"] {
        let ran = user.run(&format!("{line} --profile bare --endpoint-url {}", stub.url()), &OTHER);
        ran.ends(3, &["no region", "next:", "[stack]"]).silent();
    }
    let info = user.run(&format!("info --profile bare --endpoint-url {}", stub.url()), &OTHER);
    info.ends(0, &[]);
    assert!(info.out.contains("no region") && !info.out.contains("ap-southeast-2"), "{}", info.out);
    assert!(stub.calls().is_empty());
}

#[test]
fn the_region_is_signed_for_everywhere() {
    let user = User::configured(HERE);
    let stub = nothing_allowed();
    let ran = user.run(&format!("snapshot --profile oncall --timeout 8 --endpoint-url {}", stub.url()), &[("AWS_REGION", "us-west-2")]);
    ran.ends(3, &["not us-west-2 from AWS_REGION"]);
    assert_eq!(ran.err.matches("AWS_REGION").count(), 1, "said once: {}", ran.err);
    let elsewhere: Vec<Call> = stub.calls().into_iter().filter(|c| c.region != "ap-southeast-2").collect();
    assert!(elsewhere.is_empty() && stub.calls().len() > 20, "{elsewhere:#?}");
}

// Which endpoint.

#[test]
fn an_endpoint_is_obeyed_and_shown_wherever_it_comes_from() {
    let general =
        |url: &str| format!("[profile oncall]\naws_access_key_id = AKIDONCALL\naws_secret_access_key = y\nendpoint_url = {url}\n");
    for (by, name) in
        [("flag", "--endpoint-url"), ("file", "config.toml"), ("variable", "AWS_ENDPOINT_URL"), ("profile", "profile 'oncall'")]
    {
        let stub = nothing_allowed();
        let url = stub.url();
        let secret = url.replace("http://", "http://ops:hunter2@");
        let config = if by == "file" { format!("endpoint_url = \"{secret}\"\n") } else { String::new() };
        let user = User::configured(&config);
        user.machine.file(".aws/config", &general(if by == "profile" { &secret } else { "" }));
        let flag = if by == "flag" { format!("--endpoint-url {secret}") } else { String::new() };
        let env = [("AWS_ENDPOINT_URL", secret.as_str())];
        let env = if by == "variable" { &env[..] } else { &[] };
        let shown = url.replace("http://", "http://***@");
        for line in [
            "info",
            "snapshot --timeout 3",
            "snapshot --timeout 3 --format json",
            "snapshot --timeout 3 --format markdown",
            "verify --timeout 3",
        ] {
            let before = stub.calls().len();
            let ran = user.run(&format!("{line} --profile oncall {flag}"), env);
            assert!(stub.calls().len() > before, "{by} {line}: {ran:#?}");
            let plain = ran.out.replace('\\', "");
            assert!(plain.contains(&shown) && plain.contains(name), "{by} {line}: {}", ran.out);
            assert!(!format!("{}{}", ran.out, ran.err).contains("hunter2"), "{by} {line}: {ran:#?}");
        }
    }
}

#[test]
fn a_service_with_an_endpoint_of_its_own_is_asked_there_and_the_rest_elsewhere() {
    let documented = "\n[services local]\nelastic_load_balancing_v2 =\n  endpoint_url = ELB\n";
    for by_variable in [true, false] {
        let (all, own) = (nothing_allowed(), nothing_allowed());
        let user = User::configured(HERE);
        let (elb, url) = (own.url(), all.url());
        let profile =
            "[profile oncall]\naws_access_key_id = AKIDONCALL\naws_secret_access_key = y\nendpoint_url = REST\nservices = local\n";
        let profiles = format!("{profile}{documented}").replace("ELB", &elb).replace("REST", &url);
        let env = [("AWS_ENDPOINT_URL", url.as_str()), ("AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2", elb.as_str())];
        user.machine.file(".aws/config", if by_variable { PROFILES } else { &profiles });
        let ran = user.run("snapshot --format json --timeout 3 --profile oncall", if by_variable { &env } else { &[] });
        let services = |stub: &Stub| stub.calls().into_iter().map(|c| c.service).collect::<BTreeSet<_>>();
        assert_eq!(services(&own), only(["elasticloadbalancing"]), "{ran:#?}");
        assert!(!services(&all).contains("elasticloadbalancing") && services(&all).contains("ecs"), "{ran:#?}");
        let document: Value = serde_json::from_str(&ran.out).unwrap();
        let endpoints = document["place"]["endpoints"].to_string();
        assert!(endpoints.contains("Elastic Load Balancing v2") && endpoints.contains(&elb) && endpoints.contains(&url), "{endpoints}");
        let info = user.run("info --profile oncall", if by_variable { &env } else { &[] });
        let named = if by_variable { "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2" } else { "services local of profile 'oncall'" };
        assert!(info.out.contains(named) && info.out.contains(&elb) && info.out.contains(&url), "{}", info.out);
    }
}

#[test]
fn configured_endpoints_are_ignored_where_the_environment_says_so_but_never_the_programs_own() {
    let user = User::configured(HERE);
    let stub = nothing_allowed();
    // What is not the stub is AWS itself: nobody is reached through this proxy.
    let env = [("AWS_ENDPOINT_URL", stub.url()), ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true".into()), ("HTTPS_PROXY", CLOSED.into())];
    let env: Vec<(&str, &str)> = env.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let ran = user.run("info --profile oncall", &env);
    assert!(stub.calls().is_empty() && !ran.out.contains(&stub.url()), "{ran:#?}");
    let ran = user.run(&format!("info --profile oncall --endpoint-url {}", stub.url()), &env);
    assert!(!stub.calls().is_empty() && ran.out.contains(&stub.url()), "{ran:#?}");
}

#[test]
fn an_endpoint_that_is_no_url_is_told_with_its_origin_and_nobody_else_is_asked() {
    let user = User::configured(HERE);
    for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ECS"] {
        for url in ["localhost:4566", "ftp://localhost", "http://ops:hunter2@"] {
            let ran = user.run("snapshot --profile oncall", &[(name, url)]);
            ran.ends(3, &[name, "is not an http:// or https:// URL", "next:"]).silent();
            assert!(!ran.err.contains("hunter2"), "{ran:#?}");
        }
    }
}

#[test]
fn whether_certificates_are_needed_is_decided_by_the_endpoints_that_are_asked() {
    let user = User::configured(HERE);
    let stub = nothing_allowed();
    let profile = format!("[profile oncall]\naws_access_key_id = AKIDONCALL\naws_secret_access_key = y\nendpoint_url = {}\n", stub.url());
    user.machine.file(".aws/config", &profile);
    let bare = [("SSL_CERT_FILE", "/dev/null"), ("SSL_CERT_DIR", "/nonexistent")];
    let ran = user.run("info --profile oncall", &bare);
    assert!(ran.out.contains(ARN), "{ran:#?}");
    let one_by_tls = [bare[0], bare[1], ("AWS_ENDPOINT_URL_ECS", "https://localhost:1")];
    user.run("snapshot --profile oncall", &one_by_tls).ends(3, &["no root certificates"]);
}

#[test]
fn dual_stack_and_fips_do_not_touch_a_custom_endpoint_and_are_named_where_aws_is_not_reached() {
    let user = User::configured(HERE);
    for (variable, kind) in [("AWS_USE_DUALSTACK_ENDPOINT", "dual-stack"), ("AWS_USE_FIPS_ENDPOINT", "FIPS")] {
        let stub = nothing_allowed();
        let ran = user.run(&format!("info --profile oncall --endpoint-url {}", stub.url()), &[(variable, "true")]);
        assert!(ran.out.contains(ARN) && ran.out.contains(variable) && ran.out.contains("not used with a custom endpoint"), "{ran:#?}");
        // Nobody is reached through this proxy.
        let env = [(variable, "true"), ("HTTPS_PROXY", CLOSED), ("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")];
        let ran = user.run("snapshot --profile oncall", &env);
        if !ran.err.contains("no root certificates") {
            ran.ends(3, &[variable, kind, "next:"]).silent();
        }
        let ran = user.run(&format!("info --profile oncall --endpoint-url {}", stub.url()), &[(variable, "yes")]);
        ran.ends(0, &[variable, "'yes'", "neither true nor false"]);
    }
}

#[test]
fn an_endpoint_of_the_configuration_is_taken_before_that_of_the_shell_and_that_is_said() {
    let (ours, shells) = (nothing_allowed(), nothing_allowed());
    let user = User::configured(&format!("endpoint_url = \"{}\"\n", ours.url()));
    let ran = user.run("info --profile oncall", &[("AWS_ENDPOINT_URL", &shells.url())]);
    ran.ends(0, &[&ours.url(), &format!("not {}", shells.url()), "AWS_ENDPOINT_URL"]);
    assert!(shells.calls().is_empty() && !ours.calls().is_empty());
}

#[test]
fn the_dashboard_shows_an_endpoint_that_is_not_aws_and_what_contradicts_what() {
    let Some(window) = Window::open(120, 40) else { return };
    let stub = nothing_allowed();
    window.machine.file(".config/nextcore-top/config.toml", HERE);
    let host = stub.url().replace("http://", "");
    let keys = "AWS_ACCESS_KEY_ID=AKIDTEST AWS_SECRET_ACCESS_KEY=x AWS_REGION=us-west-2";
    window.line(&format!("{keys} AWS_ENDPOINT_URL=http://ops:hunter2@{host} sh watched"));
    // The line that was typed says AWS_REGION too: only the header says where it is watched.
    let screen = window.shows(&format!("endpoint {host}"));
    assert!(screen.contains("AWS_REGION"), "{screen}");
    assert!(screen.lines().next().is_some_and(|l| l.contains(&format!("endpoint {host}"))), "{screen}");
    assert!(!screen.contains("hunter2") && screen.contains("ap-southeast-2"), "{screen}");
    window.press(&["Escape"]);
    let gone = |s: &str| !s.contains("AWS_REGION");
    super::process::eventually(std::time::Duration::from_secs(10), || Some(window.screen()).filter(|s| gone(s)), || window.screen());
}

// Which account.

#[test]
fn another_account_than_the_pinned_one_is_refused_before_anything_else_is_asked() {
    for config in ["account = \"999988887777\"\n", "[stack]\naccount = \"9999-8888-7777\"\n"] {
        let user = User::configured(config);
        for line in [
            "snapshot",
            "snapshot --format json",
            "verify",
            "info",
            "scale web 4 --dry-run",
            "scale web 4 --yes --write",
            "failover db --dry-run",
        ] {
            let stub = nothing_allowed();
            let ran = user.run(&format!("{line} --endpoint-url {}", stub.url()), &OTHER);
            ran.ends(3, &[OURS, "999988887777", "next:", "config.toml"]);
            assert!(line == "info" || ran.out.is_empty(), "{ran:#?}");
            assert!(stub.calls().iter().all(is_who) && !stub.calls().is_empty(), "{line}: {:#?}", stub.calls());
        }
    }
}

#[test]
fn who_we_are_is_asked_first_and_while_it_is_not_known_nothing_else_is() {
    let user = User::configured(&format!("account = \"{OURS}\"\n"));
    let stub = nothing_allowed();
    let ran = user.run(&format!("snapshot --timeout 5 --endpoint-url {}", stub.url()), &OTHER);
    ran.ends(3, &[]);
    let calls = stub.calls();
    assert!(is_who(&calls[0]) && calls.iter().filter(|c| !is_who(c)).count() > 20, "{calls:#?}");
    for silent in [Answer::Silence, Answer::Close, Answer::error(500, "InternalFailure", "x"), Answer::denied()] {
        let stub = Stub::start(move |_| silent.clone());
        user.run(&format!("snapshot --timeout 3 --endpoint-url {}", stub.url()), &OTHER).ends(3, &[]);
        assert!(stub.calls().iter().all(is_who), "{:#?}", stub.calls());
    }
}

#[test]
fn the_dashboard_does_not_stay_in_another_account() {
    let Some(window) = Window::open(120, 40) else { return };
    let stub = nothing_allowed();
    window.machine.file(".config/nextcore-top/config.toml", "account = \"999988887777\"\n");
    window.line(&format!("AWS_ACCESS_KEY_ID=AKIDTEST AWS_SECRET_ACCESS_KEY=x sh watched --endpoint-url {}", stub.url()));
    let screen = window.shows("exit code 3");
    assert!(screen.contains("999988887777") && screen.contains(OURS), "{screen}");
    assert!(stub.calls().iter().all(is_who), "{:#?}", stub.calls());
}

/// The plan is made as somebody; the same who did not confirm it does not send it.
#[test]
fn every_action_asks_who_we_are_before_it_sends_and_refuses_when_that_is_somebody_else() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    for (account, arn) in [
        ("999988887777", "arn:aws:sts::999988887777:assumed-role/OnCall/maya"),
        (OURS, "arn:aws:sts::111122223333:assumed-role/Admin/maya"),
    ] {
        for line in
            ["scale web 4", "stop-task NONE", "alarm-actions off production-nextcore-rds-cpu-high", "failover db", "redeploy celery-worker"]
        {
            let line = line.replace("NONE", "0");
            let asked = std::sync::atomic::AtomicUsize::new(0);
            let stub = Stub::before(cloud.address(), move |call| {
                if !is_who(call) {
                    return Answer::Upstream;
                }
                let first = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
                if first { Answer::identity(OURS, ARN) } else { Answer::identity(account, arn) }
            });
            let user = User::new();
            let ran = user.run(&format!("{line} --yes --write --endpoint-url {}", stub.url()), &OTHER);
            let calls = stub.calls();
            assert!(is_who(&calls[0]), "{line}: {calls:#?}");
            let writes = SERVICES.iter().flat_map(|s| s.operations).filter(|o| o.is_write);
            let written: Vec<&str> = writes.map(|o| o.name).filter(|w| calls.iter().any(|c| c.operation == *w)).collect();
            assert!(written.is_empty(), "{line}: {written:?}");
            if ran.err.contains("the plan was made as") {
                ran.ends(1, &[ARN, arn, "nothing was sent", "next:"]);
            } else {
                assert!(line != "scale web 4" && !line.starts_with("alarm"), "{line} was not refused for it: {ran:#?}");
            }
        }
    }
    // Every action, as a plan: the first thing that it asks is who we are.
    for line in EVERY_ACTION {
        let stub = Stub::before(cloud.address(), |_| Answer::Upstream);
        User::new().run(&format!("{line} --dry-run --endpoint-url {}", stub.url()), &OTHER);
        let calls = stub.calls();
        assert_eq!(calls.iter().filter(|c| is_who(c)).count(), 1, "{line}: {calls:#?}");
        assert!(is_who(&calls[0]), "{line}: {calls:#?}");
    }
}

// Which partition.

#[test]
fn the_partition_follows_from_the_region() {
    let user = User::new();
    for (region, partition, cdn) in
        [("cn-north-1", "aws-cn", true), ("us-gov-west-1", "aws-us-gov", false), ("eusc-de-east-1", "aws-eusc", false)]
    {
        let ran = user.run(&format!("iam-policy --operator --region {region}"), &[]);
        ran.ends(0, &[]);
        let of = |p: &str| ran.out.matches(&format!("\"arn:{p}:")).count();
        assert!(of(partition) > 20 && of("aws") == 0, "{}", ran.out);
        assert_eq!(ran.out.contains("cloudfront"), cdn, "{}", ran.out);
    }
    let ran = user.run("iam-policy --region cn-north-1 --partition aws", &[]);
    assert!(ran.out.contains("\"arn:aws:") && !ran.out.contains("aws-cn"), "{}", ran.out);
    user.run("iam-policy --partition mars", &[]).ends(2, &["aws-us-gov", "aws-iso-b"]);
    user.run("iam-policy --region cn-north-1", &[("AWS_REGION", "eu-west-1")]).ends(0, &[]);
}

#[test]
fn what_a_partition_lacks_is_not_applicable_and_its_global_metrics_are_asked_where_it_has_them() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    for (region, global, cdn) in [("cn-north-1", "cn-northwest-1", true), ("us-gov-west-1", "us-gov-west-1", false)] {
        let stub = Stub::before(cloud.address(), |_| Answer::Upstream);
        let ran = User::new().run(&format!("snapshot --format json --region {region} --endpoint-url {}", stub.url()), &OTHER);
        let wanted: BTreeSet<String> = [region, global].map(ToOwned::to_owned).into();
        assert_eq!(regions(&stub, "monitoring"), wanted, "{ran:#?}");
        assert_eq!(!regions(&stub, "cloudfront").is_empty(), cdn, "{:#?}", regions(&stub, "cloudfront"));
        let document: Value = serde_json::from_str(&ran.out).unwrap();
        let node = document["nodes"]["cdn"].to_string();
        assert_eq!(node.contains("n/a: no CloudFront in aws-us-gov"), !cdn, "{node}");
        assert!(!stub.calls().iter().any(|c| c.region == "us-east-1"), "nothing is asked in the public partition");
    }
}

// Locks.

#[test]
fn the_users_own_lock_is_a_lock_whatever_is_to_be_written() {
    let user = User::configured("read_only = true\n");
    let stub = nothing_allowed();
    for line in ["snapshot", "scale web 4 --yes", "failover db --dry-run", "info", "demo"] {
        let ran = user.run(&format!("{line} --write --endpoint-url {}", stub.url()), &OTHER);
        ran.ends(4, &["config.toml", "read_only = true", "next:", "--write"]).silent();
    }
    assert!(stub.calls().is_empty());
}
