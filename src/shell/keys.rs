//! From crossterm's events to the program's own keys and messages. Key releases and unknown keys are not messages.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures_util::{Stream, StreamExt};

use crate::input::{Code, Key};
use crate::session::Msg;

/// What is typed here; it can be let go, so that another program reads the terminal.
#[derive(Clone)]
pub(super) struct Keyboard(Arc<Mutex<Option<EventStream>>>);

impl Default for Keyboard {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Some(EventStream::new()))))
    }
}

impl Keyboard {
    fn lock(&self) -> MutexGuard<'_, Option<EventStream>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads no more: crossterm's reader would take keys away from the other program.
    pub(super) fn let_go(&self) {
        self.lock().take();
    }

    /// Reads again.
    pub(super) fn take_back(&self) {
        self.lock().get_or_insert_with(EventStream::new);
    }
}

impl Stream for Keyboard {
    type Item = io::Result<Event>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.lock().as_mut() {
            Some(events) => events.poll_next_unpin(cx),
            // Whoever took it back polls anew: both happen in the one loop that reads.
            None => Poll::Pending,
        }
    }
}

/// The message that a terminal event means, if any.
pub(super) fn message(event: Event) -> Option<Msg> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => self::key(key).map(Msg::Key),
        Event::Paste(text) => Some(Msg::Paste(text)),
        Event::Resize(columns, rows) => Some(Msg::Resize(columns, rows)),
        Event::FocusGained => Some(Msg::Focus(true)),
        Event::FocusLost => Some(Msg::Focus(false)),
        _ => None,
    }
}

fn key(event: KeyEvent) -> Option<Key> {
    let code = match event.code {
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::F(n) => Code::F(n),
        _ => return None,
    };
    Some(Key { code, ctrl: event.modifiers.contains(KeyModifiers::CONTROL), alt: event.modifiers.contains(KeyModifiers::ALT) })
}
