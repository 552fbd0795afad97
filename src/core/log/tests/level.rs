//! The formats that services write, and what only looks like a level.

use proptest::prelude::*;

use crate::log::level::Level::{self, Critical, Debug, Error, Info, None, Notice, Trace, Warn};

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn formats_that_services_write() {
    let mut wrong = Vec::new();
    for (line, level) in [
        // Python and Django.
        ("ERROR:root:it broke", Error),
        ("WARNING:django.request:Not Found: /x", Warn),
        ("2026-11-30 10:00:00,123 ERROR django.request Internal Server Error: /api/x", Error),
        ("2026-11-30 10:00:00,123 - app.views - INFO - saved", Info),
        ("ERROR 2026-11-30 10:00:00,123 views 7 140 it broke", Error),
        ("[30/Nov/2026 10:00:00] ERROR [django.request:241] Internal Server Error: /x", Error),
        ("[30/Nov/2026 10:00:00] \"GET /x HTTP/1.1\" 500 145", Error),
        ("[30/Nov/2026 10:00:00] \"GET /x HTTP/1.1\" 404 145", Warn),
        ("[30/Nov/2026 10:00:00] \"GET /x HTTP/1.1\" 200 145", Info),
        ("Internal Server Error: /api/x\nTraceback (most recent call last):\n  File \"a.py\", line 1, in f", Error),
        ("DEBUG (0.002) SELECT 1; args=()", Debug),
        ("CRITICAL app no space left", Critical),
        // gunicorn, uvicorn, Celery.
        ("[2026-11-30 10:00:00 +0000] [7] [ERROR] Exception in worker process", Error),
        ("[2026-11-30 10:00:00 +0000] [7] [CRITICAL] WORKER TIMEOUT (pid:9)", Critical),
        ("[2026-11-30 10:00:00 +0000] [7] [INFO] Booting worker with pid: 7", Info),
        ("10.0.1.7 - - [30/Nov/2026:10:00:00 +0000] \"GET /api HTTP/1.1\" 502 12 \"-\" \"curl/8\"", Error),
        ("2026-11-23 01:00:00,001 INFO gunicorn.access 10.0.1.7 \"GET /api/x/ HTTP/1.1\" 500 20 9ms", Error),
        ("2026-11-23 01:00:00,001 INFO gunicorn.access 10.0.1.7 \"GET /error HTTP/1.1\" 200 20 9ms", Info),
        ("INFO:     127.0.0.1:50000 - \"GET / HTTP/1.1\" 503 Service Unavailable", Error),
        ("INFO:     Started server process [1]", Info),
        ("[2026-11-30 10:00:00,000: ERROR/ForkPoolWorker-1] Task app.tasks.send[1-2] raised unexpected: ValueError('x')", Error),
        ("[2026-11-30 10:00:00,000: WARNING/MainProcess] consumer: Connection to broker lost", Warn),
        ("[2026-11-30 10:00:00,000: INFO/MainProcess] Task x received", Info),
        // Next.js, Node.
        ("⨯ Error: boom", Error),
        (" ⨯ unhandledRejection: Error: boom", Error),
        ("⚠ Fast Refresh had to reload", Warn),
        ("✓ Ready in 2s", Info),
        ("error - ./pages/x.js", Error),
        ("warn  - You have enabled", Warn),
        ("GET /api/x 500 in 35ms", Error),
        ("GET /api/x 200 in 35ms", Info),
        ("TypeError: Cannot read properties of undefined (reading 'x')", Error),
        ("Error: connect ECONNREFUSED 10.0.0.1:5432", Error),
        ("error: it broke {\"id\":1}", Error),
        ("[10:00:00.123] ERROR (7): it broke", Error),
        ("npm ERR! code E404", Error),
        ("2026-11-30T10:00:00.000Z\tinfo\tmain.go:1\tstarted", Info),
        // Postgres, MySQL, Redis.
        ("2026-11-30 10:00:00.123 UTC [123] ERROR:  relation \"x\" does not exist", Error),
        ("2026-11-30 10:00:00 UTC:10.0.1.7(5432):app@shop:[123]:FATAL:  too many connections", Critical),
        ("2026-11-30 10:00:00 UTC::@:[1]:LOG:  checkpoint complete", Info),
        ("LOG:  duration: 1200 ms", Info),
        ("PANIC:  could not write", Critical),
        ("WARNING:  there is no transaction in progress", Warn),
        ("2026-11-30T10:00:00.000000Z 0 [ERROR] [MY-010119] [Server] Aborting", Error),
        ("2026-11-30T10:00:00.000000Z 0 [Note] ready", Info),
        ("1:M 30 Nov 2026 10:00:00.000 # Server started", Warn),
        ("1:M 30 Nov 2026 10:00:00.000 * Ready", Notice),
        // syslog.
        ("<134>Nov 30 10:00:00 host app[1]: x", Info),
        ("<131>1 2026-11-30T10:00:00Z host app 1 - - x", Error),
        ("<0>kernel panic", Critical),
        ("Nov 30 10:00:00 host kern.err kernel: oops", Error),
        ("Nov 30 10:00:00 host app[12]: ERROR it broke", Error),
        // JSON.
        (r#"{"level":"error","msg":"x"}"#, Error),
        (r#"{"time":1,"LEVEL":"WARN","msg":"x"}"#, Warn),
        (r#"{"level":50,"msg":"x"}"#, Error),
        (r#"{"level":30,"msg":"x"}"#, Info),
        (r#"{"level":60,"msg":"x"}"#, Critical),
        (r#"{"level":3,"short_message":"gelf"}"#, Error),
        (r#"{"severity":"CRITICAL","message":"x"}"#, Critical),
        (r#"{"severity":"DEFAULT","message":"x"}"#, Info),
        (r#"{"levelname":"WARNING","message":"x"}"#, Warn),
        (r#"{"log.level":"error","message":"x"}"#, Error),
        (r#"{"log":{"level":"warn"},"message":"x"}"#, Warn),
        (r#"{"severityNumber":17,"body":"x"}"#, Error),
        (r#"{"t":{"$date":"x"},"s":"E","c":"NETWORK","msg":"x"}"#, Error),
        (r#"{"level":"info","msg":"answered","status":503}"#, Error),
        (r#"{"msg":"x","exc_info":"Traceback (most recent"}"#, Error),
        (r#"{"log":"2026-11-30 10:00:00 ERROR it broke","stream":"stdout"}"#, Error),
        (r#"2026-11-30T10:00:00Z web {"level":"error","msg":"x"}"#, Error),
        (r#"{"@t":"2026","@l":"Fatal","@m":"x"}"#, Critical),
        (r#"{"message":"level: error","n":1}"#, None),
        (r#"{"meta":{"level":"error"},"message":"x","error_count":0}"#, None),
        // logfmt, Go, klog.
        ("time=2026-11-30T10:00:00Z level=ERROR msg=\"it broke\"", Error),
        ("ts=1 caller=x.go:1 lvl=eror msg=x", Error),
        ("severity=\"WARNING\" x=1", Warn),
        ("2026/11/30 10:00:00 ERROR it broke id=1", Error),
        ("E1130 10:00:00.123456       1 reflector.go:138] Failed to watch", Error),
        ("I1130 10:00:00.123456       1 main.go:1] ok", Info),
        ("W1130 10:00:00.123456       1 main.go:1] hm", Warn),
        ("[GIN] 2026/11/30 - 10:00:00 | 500 |  1.2ms |  10.0.0.1 | GET  \"/x\"", Error),
        ("panic: runtime error: index out of range [5]", Error),
        ("goroutine 1 [running]:", Error),
        ("2026-11-30T10:00:00.123456Z ERROR app::db: it broke", Error),
        ("[2026-11-30T10:00:00Z ERROR app] it broke", Error),
        ("thread 'main' panicked at src/main.rs:1:1:", Error),
        // Java, .NET, Ruby, PHP.
        ("2026-11-30 10:00:00.123 ERROR 1 --- [main] c.x.Y : it broke", Error),
        ("10:00:00.123 [http-nio-8080-exec-1] WARN  c.x.Y - hm", Warn),
        ("10:00:00,123 |-ERROR in ch.qos.logback", Error),
        ("[2026-11-30T10:00:00,000][ERROR][o.e.b.Bootstrap] [node] it broke", Error),
        ("[2026-11-30 10:00:00,000] WARN [Controller id=1] x (kafka.x)", Warn),
        ("Exception in thread \"main\" java.lang.NullPointerException", Error),
        ("java.lang.IllegalStateException: x\n\tat a.B.c(B.java:1)", Error),
        ("\tat com.x.Y.z(Y.java:12)", Error),
        ("fail: Microsoft.AspNetCore.Server.Kestrel[13]", Error),
        ("crit: App[0]", Critical),
        ("dbug: App[0]", Debug),
        ("trce: App[0]", Trace),
        ("info: Microsoft.Hosting.Lifetime[14]", Info),
        ("[10:00:00 ERR] it broke", Error),
        ("[10:00:00 INF] ok", Info),
        ("Unhandled exception. System.InvalidOperationException: x", Error),
        ("E, [2026-11-30T10:00:00.123 #1] ERROR -- : it broke", Error),
        ("PHP Fatal error:  Uncaught Error: x", Critical),
        ("[2026-11-30 10:00:00] production.ERROR: it broke", Error),
        // nginx, Apache, Envoy, a load balancer.
        ("2026/11/30 10:00:00 [error] 7#7: *1 connect() failed (111: Connection refused)", Error),
        ("2026/11/30 10:00:00 [warn] 7#7: x", Warn),
        ("[Mon Nov 30 10:00:00.000 2026] [core:error] [pid 7] AH00124: x", Error),
        ("[2026-11-30 10:00:00.000][1][critical][main] [source/server.cc:1] x", Critical),
        ("[2026-11-30T10:00:00.000Z] \"GET / HTTP/1.1\" 503 UF 0 91", Error),
        (
            "https 2026-11-30T10:00:00.1Z app/lb/50dc 10.0.1.7:2817 10.0.0.1:80 0.0 0.1 0.0 502 502 0 57 \"GET https://x:443/ HTTP/1.1\" \"curl\"",
            Error,
        ),
        // Lambda.
        ("[ERROR] 2026-11-30T10:00:00.000Z 7f1d3f2a-1111-2222-3333-444455556666 it broke", Error),
        ("2026-11-30T10:00:00.000Z 7f1d3f2a-1111-2222-3333-444455556666 Task timed out after 3.00 seconds", Error),
        ("2026-11-30T10:00:00.000Z 7f1d3f2a-1111-2222-3333-444455556666 ERROR Invoke Error", Error),
        ("REPORT RequestId: 7f1d3f2a Duration: 1.00 ms Billed", None),
        ("START RequestId: 7f1d3f2a Version: $LATEST", Info),
        ("[ERROR] KeyError: 'x'\nTraceback (most recent call last):", Error),
        // Others.
        ("[30-Nov-2026 10:00:00 UTC] PHP Fatal error:  Uncaught Exception: x", Critical),
        ("Nov 30, 2026 10:00:00 AM org.apache.X start\nSEVERE: it broke", Error),
        ("[I 2026-11-30 10:00:00 main:1] ok", Info),
        ("[E 10:00:00.123 NotebookApp] it broke", Error),
        ("[2026-11-30 10:00:00,000] {taskinstance.py:1} ERROR - Task failed", Error),
        ("2026-11-30T10:00:00Z app[router]: at=error code=H12 desc=\"Request timeout\" status=503", Error),
        ("ERRO[0001] it broke", Error),
        ("(node:7) UnhandledPromiseRejectionWarning: Error: x", Error),
        ("(node:7) [DEP0005] DeprecationWarning: x", Warn),
        ("[Error: ENOENT: no such file]", Error),
        ("Internal Server Error: /x", Error),
        ("Not Found: /favicon.ico", Warn),
        ("Task timed out after 3.00 seconds", Error),
        ("haproxy[1]: 10.0.0.1:50 [30/Nov/2026:10:00:00.000] fe be/s1 0/0/0/1/1 503 212 - - SC-- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"", Error),
        ("2026-11-30T10:00:00.1Z pid=1 tid=x WARN: it broke", Warn),
        ("[10:00:00] [Server thread/WARN]: hm", Warn),
        ("** (RuntimeError) it broke", Error),
        ("E20261130 10:00:00.123456 1 x.cc:1] it broke", Error),
        ("web-1  | ERROR it broke", Error),
        ("10:00:00.123 [error] GenServer terminating", Error),
        ("[error] it broke", Error),
        ("[INFO ] padded", Info),
        ("Error connecting to the database", Error),
        ("Traceback (most recent call last):", Error),
        ("  File \"/app/x.py\", line 3, in f", Error),
        ("    at f (/app/x.js:1:2)", Error),
    ] {
        let found = Level::of(line);
        if found != level {
            wrong.push(format!("{found:?}, not {level:?}: {line}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn words_in_a_message_are_no_level() {
    let mut wrong = Vec::new();
    for line in [
        "0 errors",
        "CEF:0|Vendor|Product|1.0|100|error occurred|5|src=10.0.0.1",
        "E0001: x",
        "the quick ERROR: brown",
        "found 3 ERROR entries",
        "Errors: 0, Warnings: 0",
        "a=1 b=error c=2",
        "finished with 0 errors and 3 warnings",
        "error_count=0 warning_count=1",
        "errors=0",
        "visit /error/500 for details",
        "GET /error",
        "level of detail 3",
        "the level is error",
        "the user typed ERROR into the box",
        "see http://x/?level=error",
        "Error budget 99 %",
        "error-pages deployed",
        "no error: all is well",
        "2026-11-30 10:00:00 error rate is 0.1",
        "loaded fatal.css",
        "information desk opened",
        "default: 3",
        "log: x",
        "debugging is off",
        "user info saved",
        "key=\"ERROR: x\"",
        "deployed critical-path",
        "the warning was dismissed",
        "note: the config was read",
        "system started",
        "at noon",
        "from here to there",
        "panicked buyers",
        "",
        " ",
        "[",
        "<",
        "<999>x",
        "{",
        "E",
        "12:",
    ] {
        let found = Level::of(line);
        if found != None {
            wrong.push(format!("{found:?}: {line}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn words_and_order() {
    for level in Level::ALL {
        assert_eq!(Level::named(level.word()), Some(level));
    }
    assert!(Level::ALL.is_sorted());
    assert_eq!(Level::named("none"), Some(None));
    assert_eq!(Level::named("FATAL"), Some(Critical));
    assert_eq!(Level::named("x"), Option::None);
}

proptest! {
    #[test]
    fn anything_has_a_level_or_none(text in "(\\PC|[\\[\\](){}<>|:=\" \n]|ERROR|error|level=|Nov|10:00|at |HTTP/1.1\" 5){0,40}") {
        let _ = Level::of(&text);
    }

    /// Behind plain prose no word makes a level.
    #[test]
    fn prose_has_none(words in "([a-z]{2,9} ){4,9}", level in "(ERROR|WARN|error|fatal)") {
        let subjects = words.split(' ').all(|w| Level::named(w).is_none() && w != "at" && w != "in");
        prop_assert!(!subjects || Level::of(&format!("{words}{level} {words}")) == None, "{words}{level}");
    }
}
