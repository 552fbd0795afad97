//! `man`: the manual, a page per command, made of the command line that clap reads. The page of the program has what no flag tells: exit
//! codes, files and variables.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use clap::Command;
use clap_mangen::Man;

use crate::config::SYSTEM_FILE;
use crate::config::environment::LOG_VARIABLE;
use crate::config::program::EXIT_CODES;
use crate::shell::failure::{Failure, say};
use crate::shell::headless::print;

/// Prints the page of the program, or writes them all.
pub(super) fn run(out: Option<&Path>) -> Result<(), Failure> {
    let mut command = crate::shell::every_command();
    command.build();
    let Some(folder) = out else {
        let page = page(&command, true).map_err(Failure::cannot_tell)?;
        return print(&String::from_utf8_lossy(&page));
    };
    let cannot =
        |e: io::Error| Failure::cannot_tell(format!("{}: {e}\n  next: --out with a directory that you may write", folder.display()));
    fs::create_dir_all(folder).map_err(cannot)?;
    let count = write(&command, folder, true).map_err(cannot)?;
    say(&format!("written: {count} pages in {}", folder.display()));
    Ok(())
}

/// Writes the page of a command and those below it; how many there are.
fn write(command: &Command, folder: &Path, is_whole: bool) -> io::Result<usize> {
    fs::write(folder.join(Man::new(command.clone()).get_filename()), page(command, is_whole)?)?;
    let mut count = 1;
    for below in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        count += write(below, folder, false)?;
    }
    Ok(count)
}

fn page(command: &Command, is_whole: bool) -> io::Result<Vec<u8>> {
    let source = concat!("nextcore-top ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).source(source).manual("Commands");
    let mut out = Vec::new();
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_description_section(&mut out)?;
    man.render_options_section(&mut out)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut out)?;
    }
    if is_whole {
        let codes = EXIT_CODES.split_once('\n').map_or(EXIT_CODES, |(_, table)| table);
        write!(out, ".SH \"EXIT STATUS\"\n.nf\n{}\n.fi\n", escaped(codes))?;
        write!(out, ".SH FILES\n.nf\n{}\n.fi\n", escaped(&files()))?;
        write!(out, ".SH ENVIRONMENT\n.nf\n{}\n.fi\n", escaped(&variables()))?;
        man.render_version_section(&mut out)?;
    }
    Ok(out)
}

fn files() -> String {
    [
        "  ~/.config/nextcore-top/config.toml   the configuration (XDG_CONFIG_HOME)".to_owned(),
        format!("  {SYSTEM_FILE}        'read_only = true' locks the machine"),
        "  ~/.local/state/nextcore-top          audit, incidents, obligations, runbooks,".to_owned(),
        "                                       the program's own log (XDG_STATE_HOME)".to_owned(),
    ]
    .join("\n")
}

fn variables() -> String {
    [
        "  AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, ...  as in the AWS CLI".to_owned(),
        format!("  {LOG_VARIABLE}                                level of the own log, as --log-level"),
        "  NO_COLOR, TERM, COLORTERM                       how many colours are used".to_owned(),
        "  LC_ALL, LC_CTYPE, LANG                          whether Unicode is drawn".to_owned(),
    ]
    .join("\n")
}

/// Text that is set as it is: no line is a request, and a hyphen is the one that can be typed.
fn escaped(text: &str) -> String {
    let line = |line: &str| format!("\\&{}", line.replace('\\', "\\e").replace('-', "\\-"));
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
