//! What stack traces look like in Python, Java, Node, Go, Rust, Ruby, .NET and PHP: their first lines, and the lines that follow. Not which
//! line belongs to which event. Called by `level` (a trace without a level is an error) and by `event`.

use std::sync::LazyLock;

use memchr::memmem::Finder;

static TRACEBACK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("Traceback (most recent call last):"));

/// Whether a text is, or holds, a stack trace.
pub(crate) fn is_trace(text: &str) -> bool {
    let head = text.trim_start();
    if opens(head) || is_exception(head) {
        return true;
    }
    is_frame(text) || text.contains('\n') && text.lines().skip(1).take(40).any(|line| opens(line.trim_start()) || is_frame(line))
}

/// Whether a trace begins with this line.
pub(crate) fn opens(line: &str) -> bool {
    const OPENS: &[&str] = &[
        "Traceback (most recent call last)",
        "Exception in thread ",
        "Exception Group Traceback",
        "panic: ",
        "fatal error: ",
        "Unhandled exception",
        "Unhandled Exception",
        "Uncaught ",
        "UnhandledPromiseRejection",
        "Caused by: ",
        "Segmentation fault",
        "runtime error: ",
        "stack backtrace:",
        "[signal SIG",
    ];
    OPENS.iter().any(|o| line.starts_with(o))
        || line.starts_with("goroutine ") && line.contains('[')
        || line.starts_with("thread '") && line.contains(" panicked at ")
        || TRACEBACK.find(line.as_bytes()).is_some()
}

/// Whether a line begins with the name of an exception: `TypeError: x`, `java.lang.NullPointerException`, `Npgsql.PostgresException (0x80004005): x`.
pub(crate) fn is_exception(line: &str) -> bool {
    let end = line.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'$')).count();
    let name = line.get(..end).unwrap_or_default();
    let rest = line.get(end..).unwrap_or_default();
    let is_named = name.ends_with(':') || rest.is_empty() || rest.starts_with(" (");
    let name = name.trim_end_matches(':');
    let last = name.rsplit(['.', ':', '$']).next().unwrap_or_default();
    is_named
        && last.starts_with(|c: char| c.is_ascii_uppercase())
        && ["Error", "Exception", "Exit", "Interrupt"].iter().any(|e| last.ends_with(e))
        && (last.len() > 5 || name.len() < end)
}

/// Whether a line is a frame of a trace, or stands between frames.
pub(crate) fn is_frame(line: &str) -> bool {
    let text = line.trim_start();
    let is_indented = text.len() < line.len();
    if let Some(rest) = text.strip_prefix("at ") {
        return is_indented && !rest.is_empty() || rest.ends_with(')') && rest.contains(':');
    }
    if is_indented && (text.starts_with("File \"") || text.starts_with("from ") && text.contains(":in ")) {
        return true;
    }
    is_between(text) || is_ruby(text) || is_php(text)
}

fn is_between(text: &str) -> bool {
    const BETWEEN: &[&str] = &[
        "Caused by: ",
        "Suppressed: ",
        "During handling of the above exception",
        "The above exception was the direct cause",
        "--- End of ",
        "---> ",
        "note: run with `RUST_BACKTRACE",
        "stack backtrace:",
        "created by ",
        "[previous exception]",
    ];
    BETWEEN.iter().any(|b| text.starts_with(b)) || text.starts_with("... ") && text.ends_with(" more")
}

/// `app/models/user.rb:12:in 'save'`.
fn is_ruby(text: &str) -> bool {
    text.split_once(":in ").is_some_and(|(place, name)| {
        name.starts_with(['\'', '`'])
            && !place.contains(' ')
            && place.rsplit(':').next().is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
    })
}

/// `#0 /app/index.php(12): main()`.
fn is_php(text: &str) -> bool {
    text.strip_prefix('#').and_then(|t| t.split_once(' ')).is_some_and(|(n, rest)| {
        !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()) && (rest.contains("(): ") || rest.contains("): ") || rest == "{main}")
    })
}
