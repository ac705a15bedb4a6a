//! The loop: step the session, perform its needs at once, bring the answers back.

use std::sync::mpsc;
use std::thread;

use docktag::error::Error;
use docktag::need::{Answer, Need};
use docktag::report::{Note, Report};
use docktag::session::{Session, Step};

use crate::host::{Host, exec, fs, hash, stage, walk};

/// Runs a session to its end. The notes are shown as they come, and given back for `--json`.
pub(crate) fn drive(host: &Host, mut session: Session) -> (Result<Report, Error>, Vec<Note>) {
    let mut said = Vec::new();
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        let mut answers = Vec::new();
        let mut open = 0_usize;
        loop {
            let (notes, step) = match session.step(std::mem::take(&mut answers)) {
                Step::Open { needs, notes } => (notes, Ok(needs)),
                Step::Done { result, notes } => (notes, Err(result)),
            };
            notes.iter().for_each(|note| host.log.note(note));
            said.extend(notes);
            let needs = match step {
                Ok(needs) => needs,
                Err(result) => return (result, said),
            };
            match <[_; 1]>::try_from(needs) {
                // The common case costs no thread.
                Ok([(id, need)]) if open == 0 => answers.push((id, perform(host, need))),
                Ok(one) => open += spawn(host, scope, &sender, one),
                Err(many) => open += spawn(host, scope, &sender, many),
            }
            if answers.is_empty() && open > 0 {
                answers.extend(receiver.recv());
                answers.extend(receiver.try_iter());
                open -= answers.len();
            }
        }
    })
}

fn spawn<'scope, 'env>(
    host: &'env Host,
    scope: &'scope thread::Scope<'scope, 'env>,
    sender: &mpsc::Sender<(u32, Answer)>,
    needs: impl IntoIterator<Item = (u32, Need)>,
) -> usize {
    let mut count = 0;
    for (id, need) in needs {
        let sender = sender.clone();
        // The receiver lives as long as the loop: nobody waits for an answer that comes later.
        scope.spawn(move || drop(sender.send((id, perform(host, need)))));
        count += 1;
    }
    count
}

fn perform(host: &Host, need: Need) -> Answer {
    let answer = match need {
        Need::List { root } => walk::list(&root).map(Answer::Listing),
        Need::Entries { folders } => fs::entries(&folders).map(Answer::Entries),
        Need::Read { path, limit } => fs::read(&path, limit).map(Answer::Bytes),
        Need::Hash { paths, algorithm, text } => hash::hash(&host.log, host.kernel, &paths, algorithm, text).map(Answer::Hashed),
        Need::Exist { paths } => Ok(Answer::Exist(fs::exist(&paths))),
        Need::Http { request, because } => host.http.send(&host.log, &request, &because).map(Answer::Response),
        Need::Run(command) => exec::run(&host.log, &command).map(Answer::Exited),
        Need::Objects { command, algorithm } => exec::objects(&host.log, &command, algorithm).map(Answer::Hashed),
        Need::Write { path, bytes, how } => fs::write(&path, bytes.expose(), how).map(|()| Answer::Done),
        Need::Stage { to, folders, files, links, time } => stage::stage(&to, &folders, &files, &links, time).map(|()| Answer::Done),
        Need::Mirror { from, to, except } => fs::mirror(&from, &to, &except).map(|()| Answer::Done),
        Need::Wait { milliseconds } => {
            thread::sleep(std::time::Duration::from_millis(milliseconds.into()));
            Ok(Answer::Done)
        }
    };
    answer.unwrap_or_else(Answer::Failed)
}
