//! A session runs one job for a host, step by step.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::desk::{Desk, Id};
use crate::error::{Code, Error};
use crate::job;
use crate::need::{Answer, Need};
use crate::options::{Options, Spelling};
use crate::report::{Note, Report};

/// A job in progress. The host's whole part is this loop:
///
/// ```
/// use docktag::need::{Answer, Hashed, Listing, Need};
/// use docktag::options::{Job, Options};
/// use docktag::path::RelPath;
/// use docktag::session::{Session, Step};
///
/// // A host whose disk holds one file, `docker/Dockerfile`, with the content `abc`.
/// fn perform(need: &Need) -> Answer {
///     match need {
///         Need::List { root } => Answer::Listing(Listing { files: vec![root.join(b"Dockerfile")], ..Listing::default() }),
///         Need::Hash { algorithm, .. } => {
///             let digest = docktag::digest::digest(*algorithm, b"abc");
///             Answer::Hashed(vec![Hashed { digest, size: 3, executable: false }])
///         }
///         other => unreachable!("a tag needs no {other:?}"),
///     }
/// }
///
/// let options = Options { paths: vec![RelPath::root("docker")?], ..Options::new(Job::Tag) };
/// let mut session = Session::new(options);
/// let mut answers = Vec::new();
/// let report = loop {
///     match session.step(answers) {
///         Step::Open { needs, notes: _ } => answers = needs.iter().map(|(id, need)| (*id, perform(need))).collect(),
///         Step::Done { result, notes: _ } => break result?,
///     }
/// };
/// // `printf '900150983cd24fb0d6963f7d28e17f72  docker/Dockerfile\n' | md5sum`
/// assert_eq!(report.tag, "a4f4b6f84cffbbdd86270545477abf5b");
/// # Ok::<(), docktag::error::Error>(())
/// ```
pub struct Session {
    desk: Desk,
    spelling: Spelling,
    job: Option<Running>,
    open: usize,
}

type Running = Pin<Box<dyn Future<Output = Result<Report, Error>>>>;

/// What a host is to do next.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one at a time, and its end is where a host takes it apart")]
pub enum Step {
    /// Perform these needs, in any order and at once if you can, and come back with one answer or more.
    /// Empty where earlier needs are still unanswered.
    Open {
        /// New needs, with the numbers that their answers carry.
        needs: Vec<(Id, Need)>,
        /// Things to show to the user first.
        notes: Vec<Note>,
    },
    /// The job has ended.
    Done {
        /// How. A report can have a failure with it ([`Report::failure`]).
        result: Result<Report, Error>,
        /// Things to show to the user first.
        notes: Vec<Note>,
    },
}

/// A job can need another poll without an answer when one of its parts waits for another; more than this many are a defect.
const IDLE_POLLS: usize = 10_000;

impl Session {
    /// A session for the job that the options describe.
    pub fn new(options: Options) -> Self {
        let desk = Desk::default();
        let spelling = options.host.spelling;
        let job = Box::pin(job::run(desk.clone(), options));
        Session { desk, spelling, job: Some(job), open: 0 }
    }

    /// Takes answers (at first none) and goes on until the job needs something, or is done.
    pub fn step(&mut self, answers: Vec<(Id, Answer)>) -> Step {
        for (id, answer) in answers {
            self.open = self.open.saturating_sub(1);
            self.desk.put_answer(id, answer);
        }
        let ended = |message: &str| {
            Err(Error::new(Code::Internal, message).help("this is a defect in docktag: please report it with the output of `-v`"))
        };
        let Some(job) = &mut self.job else {
            return Step::Done { result: ended("a step after the end of the session"), notes: Vec::new() };
        };
        for _ in 0..IDLE_POLLS {
            let poll = job.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            let needs = self.desk.take_needs();
            self.open += needs.len();
            match poll {
                Poll::Ready(result) => {
                    self.job = None;
                    return Step::Done { result: self.spelled(result), notes: self.take_notes() };
                }
                Poll::Pending if self.open > 0 => return Step::Open { needs, notes: self.take_notes() },
                Poll::Pending => {}
            }
        }
        self.job = None;
        Step::Done { result: ended("the job waits for nothing"), notes: self.take_notes() }
    }

    /// How it ended, in the user's words for options.
    fn spelled(&self, result: Result<Report, Error>) -> Result<Report, Error> {
        let spell = |error| self.spelling.of_error(error);
        result.map(|report| Report { failure: report.failure.map(spell), ..report }).map_err(spell)
    }

    /// What was said, in the user's words for options.
    fn take_notes(&self) -> Vec<Note> {
        let notes = self.desk.take_notes().into_iter();
        notes.map(|note| Note { text: self.spelling.say(&note.text), ..note }).collect()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("open", &self.open).finish_non_exhaustive()
    }
}
