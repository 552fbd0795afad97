//! Secrets that must not get through, and what looks like one and must stay.

use proptest::prelude::*;

use crate::log::mask::{is_complete, is_secret_name, mask};

/// A line, and what of it nobody may see.
const SECRETS: &[(&str, &str)] = &[
    ("found AKIAIOSFODNN7EXAMPLE in env", "AKIAIOSFODNN7EXAMPLE"),
    ("ASIAY34FZKBOKMUTVV7A used", "ASIAY34FZKBOKMUTVV7A"),
    ("AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"),
    (r#"{"SecretAccessKey":"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY","x":1}"#, "wJalrXUtnFEMI"),
    (r#"{"SessionToken": "FwoGZXIvYXdzEBYaDKT"}"#, "FwoGZXIvYXdzEBYaDKT"),
    ("aws_session_token = FwoGZXIvYXdzEBYaDKT//////", "FwoGZXIvYXdzEBYaDKT"),
    ("GET /x?X-Amz-Signature=fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024&y=1", "fe5f80f77d5fa3be"),
    ("GET /x?X-Amz-Security-Token=FwoGZXIvYXdzEBYaDKT%2F&y=1", "FwoGZXIvYXdzEBYaDKT"),
    (
        "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261130/x, Signature=fe5f80f77d5fa3beca038a248ff027d0",
        "fe5f80f77d5fa3be",
    ),
    ("Authorization: Bearer 7c1f0a3be98d4b52", "7c1f0a3be98d4b52"),
    (r#"headers={"authorization": "Bearer abcDEF123456"}"#, "abcDEF123456"),
    ("curl -H 'Authorization: Basic dXNlcjpwYXNzd29yZA=='", "dXNlcjpwYXNzd29yZA"),
    ("Authorization: Token 9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b", "9944b09199c62bcf"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P", "eyJzdWIiOiIxMjM0In0"),
    ("jwt=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0", "eyJzdWIiOiIxMjM0In0"),
    ("connect postgres://app:hunter2@db.internal:5432/shop failed", "hunter2"),
    ("connect postgres://app:p@ss@db.internal:5432/shop failed", "p@ss"),
    ("could not parse postgres://app:pa/ss#1@db.internal/shop", "pa/ss#1"),
    ("redis://:s3cr3t@cache:6379/0", "s3cr3t"),
    ("amqp://guest:12345@mq", "12345"),
    (
        "git clone https://x-access-token:ghs_16C7e42F292c6912E7710c838347Ae178B4a@github.com/a/b",
        "ghs_16C7e42F292c6912E7710c838347Ae178B4a",
    ),
    ("https://0123456789abcdef0123456789abcdef@o1.ingest.sentry.io/1", "0123456789abcdef0123456789abcdef"),
    ("root:t0psecret@tcp(db:3306)/shop", "t0psecret"),
    (
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA3Tz2mr7SZiAMfQyuvBjM9Oi\n-----END RSA PRIVATE KEY-----",
        "MIIEpAIBAAKCAQEA3Tz2mr7SZiAMfQyuvBjM9Oi",
    ),
    (r"key: -----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0\n", "MIIEvQIBADANBgkqhkiG9w0"),
    ("-----BEGIN OPENSSH PRIVATE KEY----- b3BlbnNzaC1rZXktdjEAAAAA", "b3BlbnNzaC1rZXktdjEAAAAA"),
    ("MIIEpAIBAAKCAQEA3Tz2mr7SZiAMfQyuvBjM9Oi4dPhEyYrV0hR4wR+lq8Qm5h2Z", "MIIEpAIBAAKCAQEA3Tz2"),
    ("SECRET_KEY = 'django-insecure-&x7#k!q0'", "&x7#k!q0"),
    ("SECRET_KEY='7d$kl2*x9(w0-abc'", "7d$kl2*x9(w0-abc"),
    ("django-insecure-x7k2q0zz8r4 loaded", "x7k2q0zz8r4"),
    ("{'ENGINE': 'postgresql', 'PASSWORD': 'hunter2', 'HOST': 'db'}", "hunter2"),
    (r#"{"msg":"login","password":"hun\"ter2","user":"a"}"#, "ter2"),
    (r#"{"msg":"{\"password\":\"hunter2\"}"}"#, "hunter2"),
    ("password=hunter2 user=a", "hunter2"),
    ("Server=db;Uid=app;Pwd=hunter2;", "hunter2"),
    ("db_pass=hunter2", "hunter2"),
    ("PGPASSWORD=hunter2 psql", "hunter2"),
    ("password: hunter2", "hunter2"),
    ("mysqldump --password=hunter2 shop", "hunter2"),
    ("cli login --token abc123def", "abc123def"),
    ("CREATE USER x IDENTIFIED BY 'hunter2'", "hunter2"),
    ("ALTER ROLE app PASSWORD 'hunter2'", "hunter2"),
    ("Cookie: sessionid=8wq1zzk2m0; csrftoken=abc123abc", "8wq1zzk2m0"),
    ("Set-Cookie: sessionid=8wq1zzk2m0; HttpOnly", "8wq1zzk2m0"),
    ("sent sessionid=8wq1zzk2m0p", "8wq1zzk2m0p"),
    ("csrfmiddlewaretoken=Zk3v1Q9&next=/", "Zk3v1Q9"),
    ("GET /cb?access_token=ab12cd34&state=1", "ab12cd34"),
    ("api_key: 9f8e7d6c5b4a", "9f8e7d6c5b4a"),
    ("x-api-key: 9f8e7d6c5b4a", "9f8e7d6c5b4a"),
    ("client_secret=GOCSPX-abcdefghijklmnopqrstuv", "abcdefghijklmnopqrstuv"),
    ("AccountKey=Zm9vYmFyYmF6cXV4==;Endpoint=x", "Zm9vYmFyYmF6cXV4"),
    ("token ghp_16C7e42F292c6912E7710c838347Ae178B4a", "16C7e42F292c6912E7710c838347Ae178B4a"),
    ("github_pat_11ABCDEFG0123456789_abcdefghijkl", "11ABCDEFG0123456789"),
    ("glpat-abcdEFGH12345678ijkl", "abcdEFGH12345678ijkl"),
    ("xoxb-123456789012-abcdefABCDEF", "123456789012-abcdefABCDEF"),
    ("https://hooks.slack.com/services/T0000/B0000/XXXXYYYYZZZZ1234", "XXXXYYYYZZZZ1234"),
    ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", "4eC39HqLyjWDarjtT1zdp7dc"),
    ("sk-proj-abcdefghijklmnopqrstuvwx", "abcdefghijklmnopqrstuvwx"),
    ("AIzaSyA1234567890abcdefghijklmnopqrstuv", "SyA1234567890abcdefghijklmnopqrstuv"),
    ("SG.abcdefghijklmnopqrst.uvwxyzABCDEFGHIJKLMNOP", "uvwxyzABCDEFGHIJKLMNOP"),
    ("npm_abcdefghijklmnopqrstuvwxyz0123456789", "abcdefghijklmnopqrstuvwxyz0123456789"),
    ("Password: Sup3rSecret!", "Sup3rSecret!"),
    (r#"{"password":["hunter2"]}"#, "hunter2"),
    ("Authorization: Digest username=\"a\", response=\"6629fae49393a05397450978507c4ef1\"", "6629fae49393a053"),
    ("SECRET_KEY: abcd-efgh-ijkl", "abcd-efgh"),
    ("password: correcthorse", "correcthorse"),
    ("secret: hunter2", "hunter2"),
    ("curl -u admin:hunter2 https://x", "hunter2"),
    ("redis-cli -h cache -a hunter2 ping", "hunter2"),
    ("mysql -uroot -phunter2 shop", "hunter2"),
    (r#"{"auth":{"user":"a","pass":"hunter2"}}"#, "hunter2"),
    (r#"{"Authorization":["Bearer abcdef123456"]}"#, "abcdef123456"),
    (r#"{"token": 12345678}"#, "12345678"),
    ("<password>hunter2</password>", "hunter2"),
    ("next=x&password%3Dhunter2&y", "hunter2"),
    ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"),
    ("bearer=abcdef123456", "abcdef123456"),
    ("'HTTP_AUTHORIZATION': 'Bearer abcdef123456'", "abcdef123456"),
    ("password = 'a\\'b hunter2'", "hunter2"),
];

#[test]
fn no_secret_gets_through() {
    assert!(is_complete());
    let mut wrong = Vec::new();
    for (line, secret) in SECRETS {
        let shown = mask(line);
        if shown.contains(secret) || mask(&shown) != shown {
            wrong.push(format!("{secret}: {shown}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_left_says_what_it_was() {
    for (line, shown) in [
        ("found AKIAIOSFODNN7EXAMPLE in env", "found AKIA…MPLE in env"),
        ("postgres://app:hunter2@db:5432/shop", "postgres://app:***@db:5432/shop"),
        ("password=hunter2 user=a", "password=*** user=a"),
        (r#"{"password":"hunter2","user":"a"}"#, r#"{"password":"***","user":"a"}"#),
        ("Authorization: Bearer 7c1f0a3be98d4b52", "Authorization: Bearer ***"),
        ("use ghp_16C7e42F292c6912E7710c838347Ae178B4a", "use ghp_…"),
        ("a eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc z", "a eyJ… z"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY----- z", "-----BEGIN PRIVATE KEY-----***-----END PRIVATE KEY----- z"),
        (r#"{"token": 12345678}"#, r#"{"token": "***"}"#),
        ("password=a&token=b2&secret=c", "password=***&token=***&secret=***"),
    ] {
        assert_eq!(mask(line), shown);
    }
}

#[test]
fn what_only_looks_like_a_secret_stays() {
    let mut wrong = Vec::new();
    for line in [
        "plain words and nothing else",
        "request 550e8400-e29b-41d4-a716-446655440000 done",
        "deployed 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "image 123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/web@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:prod/db-AbCdEf",
        "arn:aws:iam::123456789012:role/app-task",
        "arn:aws:ecs:ap-southeast-2:123456789012:task/cluster/0123456789abcdef0123456789abcdef",
        "secret=arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:prod/db-AbCdEf",
        "x-amzn-requestid: 7f1d3f2a-1111-2222-3333-444455556666",
        "Root=1-67891233-abcdef012345678912345678",
        "AROAEXAMPLEEXAMPLE123 assumed",
        "http://10.0.3.87:8000/health?email=a@b.example",
        "GET https://shop.example:443/x?next=/a@b HTTP/1.1",
        "max_tokens=4096 total_tokens: 512",
        "token_type=bearer expires_in=3600",
        "Unexpected token: }",
        "Unexpected token < in JSON at position 0",
        "password_reset=true",
        "password=None",
        "password: [FILTERED]",
        "POST /api/password/reset/ 200",
        "bearer authentication is required",
        "Basic authentication required",
        "task-abcdefghijklmnopqrstuvwxyz started",
        "msg.abcdefghijklmnopqrst.uvwxyzABCDEFGHIJKLMNOP",
        "user@example.com logged in at 10:00:00",
        "accessKeyId=1",
        "secret_name=prod/db",
        "tests: 5 pass: 4 fail: 1",
        "CacheKey: views.decorators.cache.cache_page",
        "git+ssh://git@github.com/a/b.git",
        "z-index: sk-learn disk-usage",
        "token: invalid",
        "cookies accepted",
    ] {
        if mask(line) != line {
            wrong.push(mask(line));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_of_secrets() {
    for (name, is) in [
        ("password", true),
        ("DB_PASSWORD", true),
        ("apiKey", true),
        ("secretAccessKey", true),
        ("access_token", true),
        ("tokens", false),
        ("token_type", false),
        ("message", false),
        ("key", false),
    ] {
        assert_eq!(is_secret_name(name), is, "{name}");
    }
}

proptest! {
    /// Wherever a secret stands, it does not get through; and nothing breaks.
    #[test]
    fn no_secret_gets_through_anywhere(before in "\\PC{0,30}", after in "\\PC{0,30}", index in 0..SECRETS.len()) {
        let (line, secret) = SECRETS[index];
        // What comes right before may make another word of the first one; a blank or a break may not.
        for gap in [" ", "\n", "; ", "\t"] {
            let text = format!("{before}{gap}{line}{gap}{after}");
            let alone = line.starts_with("MII") && gap != "\n";
            let shown = mask(&text);
            prop_assert!(alone || !shown.contains(secret), "{secret}: {shown}");
        }
    }

    #[test]
    fn anything_is_masked_without_an_end(text in "(\\PC|password|token|[:= \"'\\\\/@]|://|-----BEGIN PRIVATE KEY-----|eyJ|AKIA){0,40}") {
        let once = mask(&text).into_owned();
        prop_assert!(once.len() <= text.len() + 400);
    }
}
