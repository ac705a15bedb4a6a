//! The played host: a disk, programs and a registry in memory, and a record of everything that was asked for.

use std::collections::{BTreeMap, VecDeque};

use docktag::digest::{Algorithm, Digest, Hasher, Text, digest};
use docktag::error::Error;
use docktag::image::Repository;
use docktag::need::{Answer, Command, Exited, Failure, FailureKind, Hashed, Listing, Need, Writing};
use docktag::options::{Job, Options};
use docktag::path::RelPath;
use docktag::registry::trust::Trust;
use docktag::registry::{Request, Response};
use docktag::report::{Note, Report};
use docktag::session::{Session, Step};
use docktag::tree::{Entry, Folder, Node};

/// The tag of the one file that the played disk has: `docker/Dockerfile` with the content `abc`.
pub(crate) const TAG: &str = "a4f4b6f84cffbbdd86270545477abf5b";
/// A digest that the played registry gives to images.
pub(crate) const SHA: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
/// The bytes of a manifest with that digest.
pub(crate) const MANIFEST: &str = "abc";
const MEDIA_TYPE: &str = "application/vnd.docker.distribution.manifest.v2+json";

type Program = Box<dyn FnMut(&Command, &mut BTreeMap<String, Vec<u8>>) -> Result<Exited, FailureKind>>;

/// What the host has, and what it was asked for.
pub(crate) struct Host {
    /// Files by path.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// Prepared answers by the beginning of `METHOD path`; the last one of a list is given for ever.
    pub(crate) replies: Vec<(String, VecDeque<Result<Response, FailureKind>>)>,
    /// Programs by the beginning of their command line; the first that fits runs.
    pub(crate) programs: Vec<(String, Program)>,
    /// `METHOD url [who]` of every request.
    pub(crate) requests: Vec<String>,
    /// The proxy of every request.
    pub(crate) proxies: Vec<Option<String>>,
    /// Whom every request trusts.
    pub(crate) trusts: Vec<Trust>,
    /// Every program that was run, as a shell line.
    pub(crate) ran: Vec<Command>,
    /// Milliseconds that were waited.
    pub(crate) waited: u32,
    /// What was said.
    pub(crate) notes: Vec<Note>,
    /// Whether answers come one at a time and last asked first, instead of all at once.
    pub(crate) slow: bool,
}

impl Host {
    /// One input, a Compose project with the service `app`, an engine, and a registry that has nothing.
    pub(crate) fn new() -> Self {
        let mut host = Host {
            files: BTreeMap::from([("docker/Dockerfile".to_owned(), b"abc".to_vec()), ("docker-compose.yml".to_owned(), Vec::new())]),
            replies: Vec::new(),
            programs: Vec::new(),
            requests: Vec::new(),
            proxies: Vec::new(),
            trusts: Vec::new(),
            ran: Vec::new(),
            waited: 0,
            notes: Vec::new(),
            slow: false,
        };
        host.model(&format!(r#"{{"services":{{"app":{{"image":"reg.example/a/b:{TAG}","build":{{"context":"."}}}}}}}}"#));
        host
    }

    /// What `compose config` prints.
    pub(crate) fn model(&mut self, json: &str) {
        let json = json.to_owned();
        self.programs.retain(|(name, _)| name != "docker compose");
        self.program("docker compose", move |command, _| {
            let is_config = command.argv.iter().any(|word| word == "config");
            Ok(Exited { code: Some(0), stdout: if is_config { json.clone().into_bytes() } else { Vec::new() }, ..Exited::default() })
        });
    }

    /// A program that may look at the command and change the disk.
    pub(crate) fn program(
        &mut self,
        name: &str,
        run: impl FnMut(&Command, &mut BTreeMap<String, Vec<u8>>) -> Result<Exited, FailureKind> + 'static,
    ) {
        self.programs.insert(0, (name.to_owned(), Box::new(run)));
    }

    /// A program that ends with an exit code and prints something.
    pub(crate) fn exits(&mut self, name: &str, code: i32, stdout: &str) {
        let stdout = stdout.to_owned();
        self.program(name, move |_, _| Ok(Exited { code: Some(code), stdout: stdout.clone().into_bytes(), ..Exited::default() }));
    }

    /// Prepares answers to requests that begin so.
    pub(crate) fn reply(&mut self, request: &str, replies: impl IntoIterator<Item = Result<Response, FailureKind>>) {
        self.replies.insert(0, (request.to_owned(), replies.into_iter().collect()));
    }

    /// Runs a job to its end.
    pub(crate) fn run(&mut self, options: Options) -> Result<Report, Error> {
        let mut session = Session::new(options);
        let mut open = Vec::new();
        let mut answers = Vec::new();
        loop {
            match session.step(answers) {
                Step::Open { needs, notes } => {
                    self.notes.extend(notes);
                    open.extend(needs);
                    assert!(!open.is_empty(), "the session waits for nothing");
                    let take = if self.slow { open.len() - 1 } else { 0 };
                    answers = open.drain(take..).map(|(id, need)| (id, self.perform(&need))).collect();
                }
                Step::Done { result, notes } => {
                    self.notes.extend(notes);
                    return result;
                }
            }
        }
    }

    /// The command lines that were run, and that contain a word.
    pub(crate) fn ran(&self, word: &str) -> Vec<String> {
        self.ran.iter().map(ToString::to_string).filter(|line| line.split(' ').any(|it| it == word)).collect()
    }

    /// Everything that was said, in one text.
    pub(crate) fn said(&self) -> String {
        self.notes.iter().map(|note| format!("{:?}: {}\n", note.level, note.text)).collect()
    }

    fn perform(&mut self, need: &Need) -> Answer {
        match need {
            Need::List { root } => self.list(root),
            Need::Entries { folders } => folders
                .iter()
                .map(|folder| self.entries(folder))
                .collect::<Option<_>>()
                .map_or_else(|| failed(FailureKind::NotFound), Answer::Entries),
            Need::Read { path, .. } => self.files.get(path).cloned().map_or_else(|| failed(FailureKind::NotFound), Answer::Bytes),
            Need::Hash { paths, algorithm, text } => {
                let hash = |path: &RelPath| {
                    self.files.get(&path.to_string()).map(|bytes| Hashed {
                        digest: if *text { text_digest(*algorithm, bytes) } else { digest(*algorithm, bytes) },
                        size: bytes.len() as u64,
                        executable: false,
                    })
                };
                paths.iter().map(hash).collect::<Option<_>>().map_or_else(|| failed(FailureKind::NotFound), Answer::Hashed)
            }
            Need::Exist { paths } => Answer::Exist(paths.iter().map(|path| self.files.contains_key(path)).collect()),
            Need::Http { request, .. } => {
                self.proxies.push(request.proxy.as_ref().map(|proxy| proxy.expose().clone()));
                self.trusts.push(request.trust.clone());
                self.http(request)
            }
            Need::Run(command) => self.run_program(command),
            Need::Objects { .. } => failed(FailureKind::NotFound),
            Need::Write { path, bytes, how } => {
                let file = self.files.entry(path.clone()).or_default();
                if *how != Writing::Append {
                    file.clear();
                }
                file.extend_from_slice(bytes.expose());
                Answer::Done
            }
            Need::Mirror { .. } | Need::Stage { .. } => Answer::Done,
            Need::Wait { milliseconds } => {
                self.waited += milliseconds;
                Answer::Done
            }
        }
    }

    fn list(&self, root: &RelPath) -> Answer {
        let prefix = format!("{root}/");
        let files: Vec<RelPath> =
            self.files.keys().filter(|path| path.starts_with(&prefix)).map(|path| RelPath::new(path.as_bytes())).collect();
        match self.files.contains_key(&root.to_string()) {
            true => failed(FailureKind::IsAFile),
            false if files.is_empty() => failed(FailureKind::NotFound),
            false => Answer::Listing(Listing { files, ..Listing::default() }),
        }
    }

    /// What is in a folder; `.` is the project folder itself.
    fn entries(&self, folder: &RelPath) -> Option<Vec<Entry>> {
        let mut tree = Folder::default();
        for path in self.files.keys().filter(|path| !path.starts_with('/')) {
            tree.insert(path.as_bytes(), Node::File);
        }
        let found = match &*folder.plain() {
            b"." => &tree,
            path => match tree.get(path)? {
                Node::Folder(folder) => folder,
                _ => return None,
            },
        };
        let shallow = |node: &Node| if let Node::Folder(_) = node { Node::Folder(Folder::default()) } else { node.clone() };
        Some(found.entries.iter().map(|entry| Entry { name: entry.name.clone(), node: shallow(&entry.node) }).collect())
    }

    fn http(&mut self, request: &Request) -> Answer {
        let who = request.authorization.as_ref().map(|secret| format!(" [{}]", secret.expose())).unwrap_or_default();
        let path = request.url.splitn(4, '/').nth(3).unwrap_or_default();
        let line = format!("{} /{path}", request.method.as_str());
        self.requests.push(format!("{} {}{who}", request.method.as_str(), request.url));
        let full = format!("{line}{who}");
        let prepared = self.replies.iter_mut().find(|(begin, _)| full.starts_with(begin.as_str()) || line.starts_with(begin.as_str()));
        let reply = match prepared {
            Some((_, replies)) if replies.len() > 1 => replies.pop_front().unwrap(),
            Some((_, replies)) => replies.front().cloned().unwrap(),
            None => miss(),
        };
        reply.map_or_else(failed, Answer::Response)
    }

    fn run_program(&mut self, command: &Command) -> Answer {
        self.ran.push(command.clone());
        let line = command.to_string();
        let Some((_, program)) = self.programs.iter_mut().find(|(name, _)| line.starts_with(name.as_str())) else {
            return if line.starts_with("docker ") {
                Answer::Exited(Exited { code: Some(0), ..Exited::default() })
            } else {
                failed(FailureKind::NotFound)
            };
        };
        program(command, &mut self.files).map_or_else(failed, Answer::Exited)
    }
}

/// The options of a job on the played project.
pub(crate) fn options(job: Job) -> Options {
    let mut options = Options::new(job);
    options.paths = vec![RelPath::root("docker").unwrap()];
    options.image = Some(Repository::parse("reg.example/a/b").unwrap());
    options.host.scratch = "/scratch".to_owned();
    options.host.docker_config = Some("/home/u/.docker".to_owned());
    options
}

/// An answer with a status, headers and a body.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Response, FailureKind> {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ok(Response { status, headers, body: body.into(), milliseconds: 0 })
}

/// The image is there.
pub(crate) fn hit() -> Result<Response, FailureKind> {
    answer(200, &[("content-type", MEDIA_TYPE), ("docker-content-digest", SHA)], MANIFEST)
}

/// The registry says that the image is not there.
pub(crate) fn miss() -> Result<Response, FailureKind> {
    answer(404, &[("content-type", "application/json")], r#"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#)
}

fn text_digest(algorithm: Algorithm, bytes: &[u8]) -> Digest {
    let (mut hasher, mut text) = (Hasher::new(algorithm), Text::default());
    text.update(&mut hasher, bytes);
    text.end(&mut hasher);
    hasher.finish()
}

fn failed(kind: FailureKind) -> Answer {
    Answer::Failed(Failure { kind, path: None, message: format!("{kind:?}").to_lowercase() })
}
