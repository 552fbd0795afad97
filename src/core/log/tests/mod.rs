//! Tables of cases for log lines, and texts that somebody wrote to break what reads them.

mod clean;
mod event;
mod insights;
mod json;
mod level;
mod mask;
mod pattern;
mod query;
mod ready;
