//! The desk between a job and its host: a job puts needs on it and waits; the host takes them and puts answers there.
//!
//! A job is an `async fn`, so it reads from top to bottom and can have several questions open at once. Nothing here waits for
//! anything: a future is ready when its answer lies on the desk, and `crate::session::Session` polls the job after each round of answers.

use std::cell::RefCell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use crate::digest::Algorithm;
use crate::need::{Answer, Command, Exited, Failure, FailureKind, Hashed, Listing, Need, TEXT_LIMIT, Writing};
use crate::options::SECRET_VARIABLES;
use crate::path::RelPath;
use crate::registry::{Request, Response};
use crate::report::Note;
use crate::secret::Secret;
use crate::shell::Env;
use crate::tree::Entry;

/// The number of a need.
pub type Id = u32;

/// A handle on the desk; clones share it.
#[derive(Clone, Default)]
pub struct Desk {
    state: Rc<RefCell<State>>,
    /// What answers questions about files in the host's place.
    files: Option<Rc<dyn Files>>,
    /// Whether nothing is said to the user.
    is_quiet: bool,
}

/// Files that are not on the host's disk, such as those of a commit.
pub trait Files {
    /// Answers a need, or gives it back where the host is to answer it.
    fn answer(&self, need: Need) -> Pin<Box<dyn Future<Output = Result<Answer, Need>> + '_>>;
}

#[derive(Default)]
struct State {
    next: Id,
    needs: Vec<(Id, Need)>,
    answers: Vec<(Id, Answer)>,
    notes: Vec<Note>,
    /// Variables that every program gets, unless its command sets them otherwise.
    child_env: Env,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("next", &self.state.borrow().next).finish_non_exhaustive()
    }
}

/// Declares one asking function per need: its answer's variant is the only one that fits.
macro_rules! ask {
    ($desk:ident: $($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) -> $out:ty = $need:expr, $answer:pat => $value:expr;)*) => {
        impl Desk {
            $($(#[$doc])* pub async fn $name(&self, $($arg: $type),*) -> Result<$out, Failure> {
                let $desk = self;
                match $desk.ask($need).await {
                    $answer => Ok($value),
                    Answer::Failed(failure) => Err(failure),
                    _ => Err(Failure { kind: FailureKind::Other, path: None, message: "the host gave an answer of another kind".to_owned() }),
                }
            })*
        }
    };
}

ask! {
    desk:
    /// Asks for [`Need::List`].
    list(root: RelPath) -> Listing = Need::List { root }, Answer::Listing(listing) => listing;
    /// Asks for [`Need::Entries`].
    entries(folders: Vec<RelPath>) -> Vec<Vec<Entry>> = Need::Entries { folders }, Answer::Entries(entries) => entries;
    /// Asks for [`Need::Read`].
    read_up_to(path: String, limit: u64) -> Vec<u8> = Need::Read { path, limit }, Answer::Bytes(bytes) => bytes;
    /// Asks for [`Need::Hash`].
    hash(paths: Arc<Vec<RelPath>>, algorithm: Algorithm, text: bool) -> Vec<Hashed> = Need::Hash { paths, algorithm, text }, Answer::Hashed(hashed) => hashed;
    /// Asks for [`Need::Exist`].
    exist(paths: Vec<String>) -> Vec<bool> = Need::Exist { paths }, Answer::Exist(exist) => exist;
    /// Asks for [`Need::Http`].
    http(request: Request, because: String) -> Response = Need::Http { request, because }, Answer::Response(response) => response;
    /// Asks for [`Need::Run`], in the environment that every program gets.
    run(command: Command) -> Exited = Need::Run(desk.in_child_env(command)), Answer::Exited(exited) => exited;
    /// Asks for [`Need::Objects`], in the environment that every program gets.
    objects(command: Command, algorithm: Algorithm) -> Vec<Hashed> = Need::Objects { command: desk.in_child_env(command), algorithm }, Answer::Hashed(hashed) => hashed;
    /// Asks for [`Need::Write`].
    write(path: String, bytes: Secret<Vec<u8>>, how: Writing) -> () = Need::Write { path, bytes, how }, Answer::Done => ();
    /// Asks for [`Need::Stage`].
    stage(need: Need) -> () = need, Answer::Done => ();
    /// Asks for [`Need::Mirror`].
    mirror(from: String, to: String, except: Vec<String>) -> () = Need::Mirror { from, to, except }, Answer::Done => ();
    /// Asks for [`Need::Wait`].
    wait(milliseconds: u32) -> () = Need::Wait { milliseconds }, Answer::Done => ();
}

impl Desk {
    /// Reads a text.
    pub async fn read(&self, path: String) -> Result<Vec<u8>, Failure> {
        self.read_up_to(path, TEXT_LIMIT).await
    }

    /// Reads a text that need not exist.
    pub async fn read_if_there(&self, path: &str) -> crate::error::Result<Option<Vec<u8>>> {
        self.read_if_there_up_to(path, TEXT_LIMIT).await
    }

    /// Reads a text that need not exist; a folder of its name is passed over.
    pub async fn read_unless_folder(&self, path: &str) -> crate::error::Result<Option<Vec<u8>>> {
        match self.read_up_to(path.to_owned(), TEXT_LIMIT).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Failure { kind: FailureKind::NotFound | FailureKind::IsAFolder, .. }) => Ok(None),
            Err(failure) => Err(failure.of_file(path)),
        }
    }

    /// Reads a file that need not exist.
    pub async fn read_if_there_up_to(&self, path: &str, limit: u64) -> crate::error::Result<Option<Vec<u8>>> {
        match self.read_up_to(path.to_owned(), limit).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Failure { kind: FailureKind::NotFound, .. }) => Ok(None),
            Err(failure) => Err(failure.of_file(path)),
        }
    }

    /// Says something to the user, now.
    pub fn tell(&self, note: Note) {
        if !self.is_quiet {
            self.state.borrow_mut().notes.push(note);
        }
    }

    /// Sets the variables that every program gets from now on.
    pub fn set_child_env(&self, env: Env) {
        self.state.borrow_mut().child_env = env;
    }

    /// A command with the variables that every program gets, and without those that hold secrets.
    fn in_child_env(&self, command: Command) -> Command {
        let mut env = self.state.borrow().child_env.clone();
        (&command.env).into_iter().for_each(|(name, value)| env.insert(name.to_owned(), value.to_owned()));
        let env_remove = SECRET_VARIABLES.iter().map(|&name| name.to_owned()).chain(command.env_remove.iter().cloned()).collect();
        Command { env, env_remove, ..command }
    }

    /// A handle through which other files than the host's are seen, and nothing is said to the user.
    pub fn over(&self, files: Rc<dyn Files>) -> Desk {
        Desk { files: Some(files), is_quiet: true, state: Rc::clone(&self.state) }
    }

    /// The same handle, through which nothing is said to the user.
    pub fn quiet(&self) -> Desk {
        Desk { is_quiet: true, ..self.clone() }
    }

    /// Whether these are other files than the host's.
    pub fn is_over(&self) -> bool {
        self.files.is_some()
    }

    pub(crate) fn take_needs(&self) -> Vec<(Id, Need)> {
        std::mem::take(&mut self.state.borrow_mut().needs)
    }

    pub(crate) fn take_notes(&self) -> Vec<Note> {
        std::mem::take(&mut self.state.borrow_mut().notes)
    }

    pub(crate) fn put_answer(&self, id: Id, answer: Answer) {
        self.state.borrow_mut().answers.push((id, answer));
    }

    async fn ask(&self, need: Need) -> Answer {
        let need = match &self.files {
            Some(files) => match files.answer(need).await {
                Ok(answer) => return answer,
                Err(need) => need,
            },
            None => need,
        };
        self.put_need(need).await
    }

    fn put_need(&self, need: Need) -> impl Future<Output = Answer> + use<> {
        let state = Rc::clone(&self.state);
        let id = {
            let mut state = state.borrow_mut();
            state.next += 1;
            let id = state.next;
            state.needs.push((id, need));
            id
        };
        poll_fn(move |_| {
            let answers = &mut state.borrow_mut().answers;
            // They are taken at once, so few lie here at a time.
            match answers.iter().position(|(of, _)| *of == id) {
                Some(index) => Poll::Ready(answers.swap_remove(index).1),
                None => Poll::Pending,
            }
        })
    }
}

/// Runs futures together; the outputs have the order of the futures.
pub async fn join_all<'a, F: Future + 'a>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    wait_for(futures.into_iter().map(|future| Box::pin(future) as Pin<Box<dyn Future<Output = F::Output> + 'a>>).collect()).await
}

/// Apart from [`join_all`], so that it is compiled once per output and not once per future: the wasm is smaller so.
async fn wait_for<T>(mut futures: Vec<Pin<Box<dyn Future<Output = T> + '_>>>) -> Vec<T> {
    let mut outputs: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, output) in futures.iter_mut().zip(&mut outputs).filter(|(_, output)| output.is_none()) {
            if let Poll::Ready(value) = future.as_mut().poll(context) {
                *output = Some(value);
            }
        }
        match outputs.iter().all(Option::is_some) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

/// Runs two futures together.
pub async fn join<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut a_out, mut b_out) = (None, None);
    poll_fn(move |context| {
        if a_out.is_none()
            && let Poll::Ready(value) = a.as_mut().poll(context)
        {
            a_out = Some(value);
        }
        if b_out.is_none()
            && let Poll::Ready(value) = b.as_mut().poll(context)
        {
            b_out = Some(value);
        }
        match (a_out.take(), b_out.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (a_out, b_out) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}
