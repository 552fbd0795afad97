//! What is typed: a thread reads the terminal, `decode` makes keys of the bytes, and here they become messages. The bytes can be diverted,
//! so that a shell in a container gets them.

use std::collections::VecDeque;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{Stream, stream};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::decode::{Decoder, Input};
use nextcore_core::session::{Msg, Tone};

/// Reads that may wait to be looked at; then the thread waits, and the terminal with it.
const WAITING: usize = 64;
const CHUNK: usize = 4096;

type Diverted = Arc<Mutex<Option<mpsc::Sender<Vec<u8>>>>>;

/// The reader of this terminal. It ends with the last of these.
#[derive(Debug, Clone)]
pub(super) struct Keyboard {
    diverted: Diverted,
    _stop: Arc<PipeWriter>,
}

impl Keyboard {
    /// Reads stdin from now on; the stream ends when the terminal is gone.
    pub(super) fn open() -> io::Result<(Self, mpsc::Receiver<Vec<u8>>)> {
        let (stopped, stop) = io::pipe()?;
        let (sender, receiver) = mpsc::channel(WAITING);
        let diverted = Diverted::default();
        let target = Arc::clone(&diverted);
        std::thread::Builder::new().name("keyboard".to_owned()).spawn(move || {
            follow(&stopped, &sender, &target);
            divert(&target, None);
        })?;
        Ok((Self { diverted, _stop: Arc::new(stop) }, receiver))
    }

    /// From now on the bytes go there, until it is dropped.
    pub(super) fn divert(&self) -> mpsc::Receiver<Vec<u8>> {
        let (sender, receiver) = mpsc::channel(WAITING);
        divert(&self.diverted, Some(sender));
        receiver
    }
}

fn divert(diverted: &Diverted, to: Option<mpsc::Sender<Vec<u8>>>) {
    *diverted.lock().unwrap_or_else(PoisonError::into_inner) = to;
}

/// Passes on what is read until the terminal is gone or nobody wants it.
fn follow(stopped: &PipeReader, sender: &mpsc::Sender<Vec<u8>>, diverted: &Diverted) {
    let terminal = rustix::stdio::stdin();
    while let Some(bytes) = read(terminal, stopped.as_fd()) {
        let target = diverted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let left = match target {
            Some(target) => target.blocking_send(bytes).err().map(|e| e.0),
            None => Some(bytes),
        };
        let Some(bytes) = left else { continue };
        divert(diverted, None);
        if sender.blocking_send(bytes).is_err() {
            return;
        }
    }
}

/// One read; `None` when the terminal is gone or the pipe is closed.
fn read(terminal: BorrowedFd<'_>, stopped: BorrowedFd<'_>) -> Option<Vec<u8>> {
    let mut buffer = vec![0; CHUNK];
    loop {
        let mut fds = [PollFd::from_borrowed_fd(terminal, PollFlags::IN), PollFd::from_borrowed_fd(stopped, PollFlags::IN)];
        match poll(&mut fds, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return None,
        }
        if !fds[1].revents().is_empty() {
            return None;
        }
        if fds[0].revents().is_empty() {
            continue;
        }
        match rustix::io::read(terminal, &mut buffer) {
            // In raw mode there is no end of input but that of the terminal.
            Ok(0) => return None,
            Ok(n) => {
                buffer.truncate(n);
                return Some(buffer);
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => return None,
        }
    }
}

/// The messages in what a terminal sends, read by read; ends when the reads do.
pub fn messages(reads: mpsc::Receiver<Vec<u8>>) -> impl Stream<Item = Msg> {
    let typing = Typing { reads, decoder: Decoder::default(), ready: VecDeque::new() };
    stream::unfold(typing, |mut typing| async move { Some((typing.next().await?, typing)) })
}

struct Typing {
    reads: mpsc::Receiver<Vec<u8>>,
    decoder: Decoder,
    ready: VecDeque<Input>,
}

impl Typing {
    async fn next(&mut self) -> Option<Msg> {
        loop {
            if let Some(input) = self.ready.pop_front() {
                return Some(message(input));
            }
            let read = match self.decoder.patience() {
                Some(patience) => timeout(patience, self.reads.recv()).await,
                None => Ok(self.reads.recv().await),
            };
            self.ready.extend(match read {
                Ok(bytes) => self.decoder.feed(&bytes?),
                Err(_) => self.decoder.expire(),
            });
        }
    }
}

fn message(input: Input) -> Msg {
    match input {
        Input::Key(key) => Msg::Key(key),
        Input::Paste(text) => Msg::Paste(text),
        Input::Focus(focused) => Msg::Focus(focused),
        Input::LostPaste => Msg::Flash("paste did not end: discarded, press Esc to continue".to_owned(), Tone::Error),
    }
}
