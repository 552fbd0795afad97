//! The commands that act, as clap reads them: built of the rows of ACTIONS, so that names, parameters and help are those of the keys and
//! the palette. Decides nothing.

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::args::Format;
use nextcore_core::model::action::{ACTIONS, Param, Request, Spec, Subject, Takes, check, is_optional, placeholder, usage};

/// A command that acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActArgs {
    /// What is asked for.
    pub request: Request,
    /// Print the plan only.
    pub dry_run: bool,
    /// Carry it out.
    pub yes: bool,
    /// Do not wait for the end.
    pub no_wait: bool,
    /// How plan and result are printed.
    pub format: Format,
}

const TARGET: &str = "target";

/// Adds a command for every action.
pub fn augment(mut command: Command) -> Command {
    let mut heads: Vec<&str> = ACTIONS.iter().filter_map(|s| s.name.split(' ').next()).collect();
    heads.dedup();
    for head in heads {
        command = command.subcommand(match Spec::find(head) {
            Some(spec) => of(spec, Command::new(head)),
            None => family(head),
        });
    }
    command
}

/// Several actions with a first word in common: `failover db`, `failover cache`.
fn family(head: &'static str) -> Command {
    let members = || ACTIONS.iter().filter_map(move |s| Some((s, s.name.strip_prefix(head)?.strip_prefix(' ')?)));
    let words: Vec<&str> = members().map(|(_, word)| word).collect();
    let about = format!("Actions: {}", words.join(", "));
    let command = Command::new(head).about(about).subcommand_required(true).arg_required_else_help(true).disable_help_subcommand(true);
    members().fold(command, |command, (spec, word)| command.subcommand(of(spec, Command::new(word))))
}

fn of(spec: &'static Spec, command: Command) -> Command {
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let mut command =
        command.about(sentence(spec)).override_usage(format!("nextcore-top {} (--dry-run | --yes --write) [OPTIONS]", usage(spec)));
    if !spec.subject.placeholder().is_empty() {
        command = command.arg(Arg::new(TARGET).required(true).value_name(spec.subject.placeholder()).help(target_help(spec.subject)));
    }
    command = spec.params.iter().fold(command, |command, p| command.arg(arg(p)));
    command
        .arg(flag("dry-run", "Print the plan; send nothing").conflicts_with("yes"))
        .arg(flag("yes", "Run the plan; needs --write"))
        .arg(flag("wait", "Wait until it is finished (the default)").conflicts_with("no-wait"))
        .arg(flag("no-wait", "Return once AWS has accepted it"))
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .default_value("table")
                .value_parser(["table", "json"])
                .help("Output format"),
        )
}

fn sentence(spec: &Spec) -> String {
    let mut text = spec.doc.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

fn target_help(subject: Subject) -> &'static str {
    match subject {
        Subject::Service => "Name of the ECS service",
        Subject::Task => "Id of the task, or a unique prefix",
        Subject::NodeGroup => "Id of the node group, such as 0001",
        Subject::Zone => "Letter or name of the availability zone",
        Subject::Alarm => "Name of the alarm",
        Subject::Project => "Name of the CodeBuild project",
        Subject::Database | Subject::Pipeline | Subject::Distribution => "",
    }
}

fn arg(param: &'static Param) -> Arg {
    let arg = Arg::new(param.name).help(param.doc);
    if param.takes == Takes::Flag {
        return arg.long(param.name).action(ArgAction::SetTrue);
    }
    let arg = arg.value_name(placeholder(param).trim_end_matches("...")).allow_negative_numbers(true);
    let arg = if param.takes == Takes::Paths { arg.num_args(1..) } else { arg };
    if param.positional { arg.required(!is_optional(param)) } else { arg.long(param.name) }
}

/// The action that these matches ask for; `None` = it is another command.
pub fn from_matches(command: &mut Command, matches: &ArgMatches) -> Option<Result<ActArgs, clap::Error>> {
    let (head, inner) = matches.subcommand()?;
    let (spec, inner) = if let Some(spec) = Spec::find(head) {
        (spec, inner)
    } else {
        let (word, inner) = inner.subcommand()?;
        (Spec::find(&format!("{head} {word}"))?, inner)
    };
    let request = request(spec, inner);
    Some(check(spec, &request).map_err(|e| command.error(ErrorKind::ValueValidation, e)).map(|()| ActArgs {
        request,
        dry_run: inner.get_flag("dry-run"),
        yes: inner.get_flag("yes"),
        no_wait: inner.get_flag("no-wait"),
        format: if inner.get_one::<String>("format").is_some_and(|f| f == "json") { Format::Json } else { Format::Table },
    }))
}

fn request(spec: &'static Spec, matches: &ArgMatches) -> Request {
    let target = if spec.subject.placeholder().is_empty() { None } else { matches.get_one::<String>(TARGET) };
    let mut request = Request::new(spec.name, target.map_or("", String::as_str));
    for param in spec.params {
        let value = if param.takes == Takes::Flag {
            matches.get_flag(param.name).then(|| "true".to_owned())
        } else {
            matches.get_many::<String>(param.name).map(|values| values.map(String::as_str).collect::<Vec<_>>().join(" "))
        };
        if let Some(value) = value {
            request.args.insert(param.name.to_owned(), value);
        }
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;
    use nextcore_core::model::action::{parse, words};

    fn read(line: &str) -> Result<Option<ActArgs>, clap::Error> {
        let mut command = augment(Command::new("nextcore-top"));
        let matches = command.try_get_matches_from_mut(std::iter::once("nextcore-top".to_owned()).chain(words(line)))?;
        from_matches(&mut command, &matches).transpose()
    }

    #[test]
    fn commands_and_the_palette_read_the_same_words() {
        for line in
            ["scale web 4", "scale web -1 --hold", "rollback web --to web:57", "failover db", "failover cache 0001", "invalidate /a /b/*"]
        {
            assert_eq!(read(line).unwrap().unwrap().request, parse(&words(line)).unwrap(), "{line}");
        }
    }

    #[test]
    fn what_is_wrong_is_usage() {
        for line in [
            "scale web",
            "scale web many",
            "scale web 4 --yse",
            "failover",
            "failover moon",
            "scale web 4 --yes --dry-run",
            "bounds web 6-3",
        ] {
            let error = read(line).unwrap_err();
            assert!(error.use_stderr() && error.exit_code() == 2, "{line}: {error}");
        }
    }
}
