//! Markdown to a runbook: the front matter, what stands before the first step, and the steps (`##`) with their prose, their blocks of commands
//! and the shell lines that are only shown. Links and headings are kept for `lint`. Whatever the text is, it ends soon and says why not.

use std::collections::BTreeMap;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::fault::Fault;
use super::front::{Front, read};

/// The language of the blocks that hold our commands.
const OURS: &str = "nextcore-top";
/// Blocks that people copy into a shell.
const SHELLS: &[&str] = &["sh", "bash", "shell", "console", "zsh"];

const LARGEST: usize = 1 << 20;
const STEPS: usize = 200;
const COMMANDS: usize = 50;
const DEEPEST: usize = 12;
const LONGEST_LINE: usize = 4000;

/// A runbook, or one that is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runbook {
    /// The file's name without its ending: what it is called by.
    pub name: String,
    /// The file's name.
    pub file: String,
    pub front: Front,
    /// What stands before the first step.
    pub intro: Vec<Block>,
    pub steps: Vec<Step>,
    /// The values that are filled in.
    pub values: BTreeMap<String, String>,
    /// Where it leads to, and what can be led to in it.
    pub links: Vec<Link>,
    pub anchors: Vec<String>,
}

/// One heading with what is below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub title: String,
    /// Its line in the file.
    pub line: usize,
    pub blocks: Vec<Block>,
}

impl Step {
    /// The lines of its blocks of commands, in order.
    pub fn commands(&self) -> impl Iterator<Item = &Line> {
        self.blocks.iter().flat_map(|block| if let Block::Commands(lines) = block { lines.as_slice() } else { &[] })
    }
}

/// A piece of a step, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Markdown, as it is written.
    Prose { text: String, line: usize },
    /// Commands of ours, one a line.
    Commands(Vec<Line>),
    /// Lines for a shell: shown, never run by us.
    Shell { text: String, line: usize },
}

/// One line of a block of commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub text: String,
    pub line: usize,
    /// Where its text begins.
    pub column: usize,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub to: String,
    pub line: usize,
    pub column: usize,
}

impl Runbook {
    /// Reads a file's text; the faults name line and column.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Fault>> {
        // Some editors begin a file with a mark of their own.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let one = |line: usize, column: usize, message: String| vec![Fault::new(file, line, column, message)];
        if text.len() > LARGEST {
            return Err(one(1, 1, format!("larger than {} KiB", LARGEST >> 10)));
        }
        if let Some((line, message)) = text.lines().enumerate().find_map(|(i, line)| Some((i + 1, too_much(line)?))) {
            return Err(one(line, 1, message));
        }
        let lines: Vec<&str> = text.lines().collect();
        let end = lines.iter().skip(1).position(|l| l.trim_end() == "---").map(|at| at + 1);
        let (Some("---"), Some(end)) = (lines.first().map(|l| l.trim_end()), end) else {
            return Err(one(1, 1, "no front matter: a runbook begins with `---`, `title: ...`, `when: ...`, `---`".to_owned()));
        };
        let front = read(file, lines.get(1..end).unwrap_or_default())?;
        let body = text.split_inclusive('\n').take(end + 1).map(str::len).sum();
        let mut reader = Reader::new(file, text);
        reader.read(body);
        reader.faults.sort();
        if let Some(more) = reader.steps.get(STEPS) {
            reader.faults.push(Fault::new(file, more.line, 1, format!("more than {STEPS} steps")));
        }
        if reader.steps.is_empty() && reader.faults.is_empty() {
            reader.faults.push(Fault::new(file, end + 1, 1, "no steps: each is a heading `## ...`"));
        }
        if !reader.faults.is_empty() {
            return Err(reader.faults);
        }
        let name = file.rsplit('/').next().unwrap_or(file);
        let name = name.strip_suffix(".md").unwrap_or(name).to_owned();
        let Reader { intro, steps, links, anchors, .. } = reader;
        Ok(Self { name, file: file.to_owned(), front, intro, steps, values: BTreeMap::new(), links, anchors })
    }
}

/// What no text that people read has, and what would cost a reader of Markdown much.
fn too_much(line: &str) -> Option<String> {
    // What a terminal obeys, and what turns the direction of a text around: nobody sees it, and it says something else than it shows.
    let hidden = line.chars().find(|c| (c.is_control() && *c != '\t') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
    let marks = line.chars().take_while(|c| c.is_whitespace() || ">-*+".contains(*c)).filter(|c| !c.is_whitespace()).count();
    let rule = line.chars().all(|c| c.is_whitespace() || c == '-' || c == '*');
    if let Some(c) = hidden {
        Some(format!("a character that cannot be seen: U+{:04X}", u32::from(c)))
    } else if line.len() > LONGEST_LINE {
        Some(format!("a line of more than {LONGEST_LINE} bytes"))
    } else if marks > DEEPEST && !rule {
        Some(format!("nested deeper than {DEEPEST}"))
    } else {
        None
    }
}

struct Reader<'t> {
    file: &'t str,
    text: &'t str,
    /// Where each line begins.
    starts: Vec<usize>,
    intro: Vec<Block>,
    steps: Vec<Step>,
    links: Vec<Link>,
    anchors: Vec<String>,
    faults: Vec<Fault>,
}

impl<'t> Reader<'t> {
    fn new(file: &'t str, text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { file, text, starts, intro: Vec::new(), steps: Vec::new(), links: Vec::new(), anchors: Vec::new(), faults: Vec::new() }
    }

    /// Line and column of a byte, from 1.
    fn place(&self, at: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= at).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or_default();
        (line, self.text.get(start..at).map_or(1, |before| before.chars().count() + 1))
    }

    fn fault(&mut self, at: usize, message: impl Into<String>) {
        let (line, column) = self.place(at);
        self.faults.push(Fault::new(self.file, line, column, message));
    }

    fn blocks(&mut self) -> &mut Vec<Block> {
        match self.steps.last_mut() {
            Some(step) => &mut step.blocks,
            None => &mut self.intro,
        }
    }

    /// Reads the body, which begins at this byte.
    fn read(&mut self, body: usize) {
        let text = self.text.get(body..).unwrap_or_default();
        let mut depth = 0;
        let mut heading: Option<(HeadingLevel, String, usize)> = None;
        for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
            let range = range.start + body..range.end + body;
            match event {
                Event::Start(tag) => {
                    depth += 1;
                    if depth > DEEPEST {
                        return self.fault(range.start, format!("nested deeper than {DEEPEST}"));
                    }
                    match tag {
                        Tag::Heading { level, .. } => heading = Some((level, String::new(), range.start)),
                        Tag::CodeBlock(kind) => self.code(&kind, &range, depth),
                        Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                            let (line, column) = self.place(range.start);
                            self.links.push(Link { to: dest_url.into_string(), line, column });
                        }
                        _ if depth == 1 => self.prose(&range),
                        _ => {}
                    }
                }
                Event::End(tag) => {
                    depth -= 1;
                    if let (TagEnd::Heading(_), Some((level, title, at))) = (tag, heading.take_if(|_| matches!(tag, TagEnd::Heading(_)))) {
                        self.heading(level, title.trim(), at, &range, depth);
                    }
                }
                Event::Text(words) | Event::Code(words) => {
                    if let Some((_, title, _)) = &mut heading {
                        title.push_str(&words);
                    }
                }
                Event::Rule if depth == 0 => self.prose(&range),
                _ => {}
            }
        }
    }

    fn heading(&mut self, level: HeadingLevel, title: &str, at: usize, range: &Range<usize>, depth: usize) {
        let anchor = slug(title);
        let same = self.anchors.iter().filter(|a| **a == anchor || a.strip_prefix(&anchor).is_some_and(is_number)).count();
        self.anchors.push(if same == 0 { anchor } else { format!("{anchor}-{same}") });
        if level != HeadingLevel::H2 || depth > 0 {
            // The title is said in the front matter already.
            if level != HeadingLevel::H1 {
                self.prose(range);
            }
            return;
        }
        let (line, _) = self.place(at);
        if title.is_empty() {
            self.fault(at, "a step without a title");
        }
        if self.steps.len() <= STEPS {
            self.steps.push(Step { title: title.to_owned(), line, blocks: Vec::new() });
        }
    }

    /// Prose as it is written; what stands together stays one piece.
    fn prose(&mut self, range: &Range<usize>) {
        let (line, _) = self.place(range.start);
        let text = self.text.get(range.clone()).unwrap_or_default().trim_end().to_owned();
        match self.blocks().last_mut() {
            Some(Block::Prose { text: before, .. }) => {
                before.push_str("\n\n");
                before.push_str(&text);
            }
            _ => self.blocks().push(Block::Prose { text, line }),
        }
    }

    fn code(&mut self, kind: &CodeBlockKind, range: &Range<usize>, depth: usize) {
        let language = match kind {
            CodeBlockKind::Fenced(language) => language.trim(),
            CodeBlockKind::Indented => "",
        };
        let ours = language == OURS;
        if depth > 1 {
            if ours {
                self.fault(range.start, "commands inside a list or a quote: a block of commands stands at the margin");
            }
            return;
        }
        if !ours && !SHELLS.contains(&language) {
            return self.prose(range);
        }
        let (first, _) = self.place(range.start);
        let whole = self.text.get(range.clone()).unwrap_or_default();
        let is_fence = |line: &str| ['`', '~'].into_iter().any(|mark| line.len() > 2 && line.chars().all(|c| c == mark));
        let closed = whole.lines().skip(1).last().is_some_and(|line| is_fence(line.trim()));
        if !closed {
            return self.fault(range.start, "a block that is not closed");
        }
        let inner: Vec<(usize, &str)> = whole.lines().enumerate().skip(1).map(|(i, text)| (first + i, text)).collect();
        let inner = inner.get(..inner.len() - 1).unwrap_or_default();
        if !ours {
            let text: Vec<&str> = inner.iter().map(|(_, text)| *text).collect();
            return self.blocks().push(Block::Shell { text: text.join("\n"), line: first });
        }
        if self.steps.is_empty() {
            return self.fault(range.start, "commands before the first step: they stand below a heading `## ...`");
        }
        let is_command = |text: &str| !text.trim().is_empty() && !text.trim_start().starts_with('#');
        let commands = inner.iter().filter(|(_, text)| is_command(text));
        let commands: Vec<Line> = commands
            .map(|(line, text)| Line { text: text.trim().to_owned(), line: *line, column: text.len() - text.trim_start().len() + 1 })
            .collect();
        if commands.len() > COMMANDS {
            return self.fault(range.start, format!("more than {COMMANDS} commands in one block"));
        }
        self.blocks().push(Block::Commands(commands));
    }
}

fn is_number(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// A heading as GitHub makes an anchor of it.
fn slug(title: &str) -> String {
    let kept = title.to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}
