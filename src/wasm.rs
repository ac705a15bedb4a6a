//! The JavaScript interface: only types are converted here. Values cross as JSON; bytes of files are hashed where they lie, and digests and files to be written cross as bytes.

mod hash;

use js_sys::{Array, ArrayBuffer, Error as JsError, Float64Array, JSON, Reflect, Uint8Array};
use serde::Serialize;
use serde_json::Value;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::bytes::excerpt;
use crate::desk::Id;
use crate::diff;
use crate::digest::Algorithm;
use crate::error::{Code, Error};
use crate::manifest::{self as text, Manifest};
use crate::need::{self, Answer, Exited, Need};
use crate::options::{self, table};
use crate::print;
use crate::report::{Note, Report};
use crate::say;
use crate::session;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

type Result<T> = std::result::Result<T, JsValue>;

/// A job in progress: `step` says what is needed, and takes the answers.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Session {
    session: std::result::Result<session::Session, Error>,
    voice: say::Voice,
    /// Programs and requests that are on their way, for `begin` and `end`, and files that are to be written, for `bytes`.
    open: Vec<(Id, Need)>,
    notes: Vec<Note>,
    result: Option<std::result::Result<Report, Error>>,
}

#[wasm_bindgen]
impl Session {
    /// Begins a job. Where the options are wrong, its first step says so and is its last.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "Options")] options: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "Voice")] voice: &JsValue,
    ) -> Result<Session> {
        let session = options::from_object(&stringify(options)?).map(session::Session::new);
        let voice = say::Voice::from_object(&stringify(voice)?);
        Ok(Session { session, voice, open: Vec::new(), notes: Vec::new(), result: None })
    }

    /// Takes answers, at first none, and goes on until something is needed or the job has ended.
    #[wasm_bindgen(unchecked_return_type = "Step")]
    pub fn step(&mut self, #[wasm_bindgen(unchecked_param_type = "Array<[number, Answer]>")] answers: &JsValue) -> Result<JsValue> {
        let step = match &mut self.session {
            Ok(session) => session.step(answers_of(answers)?),
            Err(error) => session::Step::Done { result: Err(error.clone()), notes: Vec::new() },
        };
        let (session::Step::Open { notes, .. } | session::Step::Done { notes, .. }) = &step;
        let log: String = notes.iter().map(|note| self.voice.note(note)).collect();
        self.notes.extend_from_slice(notes);
        match step {
            session::Step::Open { needs, notes } => {
                let step = to_js(&Step { needs: Some(&needs), notes: &notes, log, ..Step::default() });
                let is_open = |need: &Need| matches!(need, Need::Run(_) | Need::Objects { .. } | Need::Http { .. } | Need::Write { .. });
                self.open.extend(needs.into_iter().filter(|(_, need)| is_open(need)));
                step
            }
            session::Step::Done { result, notes } => {
                let (report, error) = match &result {
                    Ok(report) => (Some(report), report.failure.as_ref()),
                    Err(error) => (None, Some(error)),
                };
                let log = log + &error.map(|error| self.voice.error(error)).unwrap_or_default();
                let exit = error.map_or(0, |error| error.code.exit());
                let step = Step { report, error, exit, notes: &notes, log, ..Step::default() };
                let step = to_js(&step);
                self.result = Some(result);
                step
            }
        }
    }

    /// What a `write` is to write; it is given once.
    pub fn bytes(&mut self, id: Id) -> Option<Vec<u8>> {
        let index = self.open.iter().position(|(of, need)| *of == id && matches!(need, Need::Write { .. }))?;
        match self.open.swap_remove(index).1 {
            Need::Write { bytes, .. } => Some(bytes.expose().clone()),
            _ => None,
        }
    }

    /// What nobody can guess, to be given before the first program begins whose output goes to the log; only the first counts.
    pub fn hold(&mut self, token: String) {
        if self.voice.token.is_empty() {
            self.voice.token = token;
        }
    }

    /// What to show where programs were ended, whose output went to the log.
    pub fn released(&self) -> String {
        self.voice.released()
    }

    /// What to show before a need is performed: the heading of a program.
    pub fn begin(&mut self, id: Id) -> String {
        match self.open.iter().find(|(of, _)| *of == id) {
            Some((_, Need::Run(command) | Need::Objects { command, .. })) => self.voice.begin(command),
            _ => String::new(),
        }
    }

    /// What to show after it. `outcome` is a program's exit code (`null`: ended by a signal), a response's status, or why there is neither.
    pub fn end(
        &mut self,
        id: Id,
        #[wasm_bindgen(unchecked_param_type = "number | string | null")] outcome: &JsValue,
        milliseconds: u32,
    ) -> String {
        let Some(index) = self.open.iter().position(|(of, _)| *of == id) else { return String::new() };
        let milliseconds = u64::from(milliseconds);
        let number = outcome.as_f64();
        match self.open.swap_remove(index).1 {
            Need::Run(command) | Need::Objects { command, .. } => {
                let exited = Exited { code: number.map(|code| code as i32), milliseconds, ..Exited::default() };
                self.voice.end(&command, Some(&exited).filter(|_| !outcome.is_string()))
            }
            Need::Http { request, because } => {
                let outcome = number.map(|status| (status as u16).to_string()).or_else(|| outcome.as_string()).unwrap_or_default();
                self.voice.request(request.method.as_str(), &request.url, &because, &outcome, milliseconds)
            }
            _ => String::new(),
        }
    }

    /// The lines for an error of the host itself, before a job could begin.
    pub fn fail(&self, place: &str, message: &str, help: &str) -> String {
        self.voice.error(&Error::new(Code::Usage, message).at(place).help(help))
    }

    /// One line of the log.
    pub fn line(&self, text: &str) -> String {
        self.voice.line(text)
    }

    /// The manifest of a job that ended well.
    pub fn manifest(&self) -> Option<Vec<u8>> {
        Some(self.result.as_ref()?.as_ref().ok()?.manifest.clone())
    }

    /// What a command line prints of a job that has ended: text, or one JSON object.
    pub fn output(&self, json: bool) -> Vec<u8> {
        match &self.result {
            Some(result) if json => print::json(result, &self.notes),
            Some(Ok(report)) => self.voice.result(report),
            _ => Vec::new(),
        }
    }
}

/// What crosses after a step: needs, or a report, or an error.
#[derive(Default, Serialize)]
struct Step<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    needs: Option<&'a [(Id, Need)]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<&'a Report>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a Error>,
    exit: u8,
    notes: &'a [Note],
    log: String,
}

/// The text of a manifest: its lines sorted, names escaped, as `md5sum` and `LC_ALL=C sort -k 2` write them.
#[wasm_bindgen]
pub fn manifest(
    #[wasm_bindgen(unchecked_param_type = "ManifestFile[]")] files: &JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "Algorithm")] algorithm: Option<String>,
) -> Result<Vec<u8>> {
    Ok(Manifest::of_files(named(algorithm)?, files_of(files)?).map_err(|error| thrown(&error))?.render())
}

/// The tag of a manifest: the digest of its text.
#[wasm_bindgen]
pub fn tag(
    #[wasm_bindgen(unchecked_param_type = "Bytes")] manifest: &JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "Algorithm")] algorithm: Option<String>,
) -> Result<String> {
    Ok(text::tag(named(algorithm)?, &bytes_of(manifest)?))
}

/// Reads a manifest; the order of its lines is kept. Throws with the line where it is none.
#[wasm_bindgen(js_name = parseManifest, unchecked_return_type = "ParsedManifest")]
pub fn parse_manifest(
    #[wasm_bindgen(unchecked_param_type = "Bytes")] manifest: &JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "Algorithm")] algorithm: Option<String>,
) -> Result<JsValue> {
    to_js(&parse(&bytes_of(manifest)?, named(algorithm)?)?)
}

/// What differs between two manifests, each list sorted by path.
#[wasm_bindgen(js_name = diffManifests, unchecked_return_type = "Diff")]
pub fn diff_manifests(
    #[wasm_bindgen(unchecked_param_type = "Bytes")] before: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Bytes")] after: &JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "Algorithm")] algorithm: Option<String>,
) -> Result<JsValue> {
    let algorithm = named(algorithm)?;
    to_js(&diff::diff(&parse(&bytes_of(before)?, algorithm)?, &parse(&bytes_of(after)?, algorithm)?))
}

/// The definition of every option.
#[wasm_bindgen(unchecked_return_type = "Definition[]")]
pub fn definitions() -> Result<JsValue> {
    to_js(table::OPTIONS)
}

fn parse(text: &[u8], algorithm: Algorithm) -> Result<Manifest> {
    Manifest::parse(algorithm, text).map_err(|error| thrown(&error))
}

/// The bytes that a caller means: a string as UTF-8, a buffer or a view of one, or a list of byte values. JavaScript itself would make zeros of
/// everything else.
///
/// # Errors
/// [`Code::Usage`] for anything else.
fn bytes_of(value: &JsValue) -> Result<Vec<u8>> {
    if let Some(text) = value.as_string() {
        return Ok(text.into_bytes());
    }
    if let Some(bytes) = value.dyn_ref::<Uint8Array>() {
        return Ok(bytes.to_vec());
    }
    if value.is_instance_of::<ArrayBuffer>() {
        return Ok(Uint8Array::new(value).to_vec());
    }
    if ArrayBuffer::is_view(value) {
        let get = |name: &str| Reflect::get(value, &name.into());
        let number = |name: &str| get(name).map(|number| number.as_f64().unwrap_or_default() as u32);
        return Ok(Uint8Array::new_with_byte_offset_and_length(&get("buffer")?, number("byteOffset")?, number("byteLength")?).to_vec());
    }
    let byte =
        |item: JsValue| item.as_f64().filter(|number| number.fract() == 0.0 && (0.0..256.0).contains(number)).map(|number| number as u8);
    let list = Array::is_array(value).then(|| Array::from(value).iter().map(byte).collect::<Option<Vec<u8>>>()).flatten();
    list.ok_or_else(|| unexpected("a string, or bytes such as a Uint8Array", &value.js_typeof().as_string().unwrap_or_default()))
}

fn named(algorithm: Option<String>) -> Result<Algorithm> {
    match algorithm.as_deref() {
        None | Some("md5") => Ok(Algorithm::Md5),
        Some("sha256") => Ok(Algorithm::Sha256),
        Some(other) => Err(thrown(&Error::new(Code::Usage, format!("`{}` is none of md5, sha256", other.escape_debug())))),
    }
}

/// An `Error` with the properties that scripts need.
fn thrown(error: &Error) -> JsValue {
    let object = JsError::new(&error.to_string());
    let text = |value: &Option<String>| value.as_deref().map_or(JsValue::NULL, JsValue::from_str);
    let number = |value: Option<u32>| value.map_or(JsValue::NULL, JsValue::from);
    for (name, value) in [
        ("code", JsValue::from_str(error.code.as_str())),
        ("place", text(&error.place)),
        ("line", number(error.line)),
        ("column", number(error.column)),
        ("help", text(&error.help)),
        ("exit", error.code.exit().into()),
    ] {
        // Setting a property of a plain object cannot fail.
        Reflect::set(&object, &name.into(), &value).ok();
    }
    object.into()
}

fn stringify(value: &JsValue) -> Result<String> {
    if value.is_undefined() {
        return Ok("null".to_owned());
    }
    Ok(String::from(JSON::stringify(value)?))
}

fn from_js(value: &JsValue) -> Result<Value> {
    // `JSON.stringify` writes JSON.
    Ok(serde_json::from_slice(stringify(value)?.as_bytes()).unwrap_or_default())
}

fn answers_of(value: &JsValue) -> Result<Vec<(Id, Answer)>> {
    let (mut hashed, others) = (Vec::new(), Array::new());
    for pair in Array::from(value).iter() {
        let list = Array::from(&pair);
        let answer = Some(list.get(1)).filter(JsValue::is_object);
        match answer.and_then(|answer| Reflect::get(&answer, &"hashed".into()).ok()).filter(JsValue::is_object) {
            None => {
                others.push(&pair);
            }
            Some(digests) => {
                let id = list.get(0).as_f64().unwrap_or_default() as Id;
                hashed.push((id, Answer::Hashed(hashed_of(&digests).ok_or_else(|| unexpected("digests, sizes and modes", "others"))?)));
            }
        }
    }
    hashed.extend(need::answers(&from_js(&others)?).map_err(|found| unexpected("an answer", &found))?);
    Ok(hashed)
}

/// Digests are too many to cross as text.
fn hashed_of(value: &JsValue) -> Option<Vec<need::Hashed>> {
    let get = |name: &str| Reflect::get(value, &name.into()).ok();
    let digests = get("digests")?.dyn_into::<Uint8Array>().ok()?.to_vec();
    let sizes = get("sizes")?.dyn_into::<Float64Array>().ok()?.to_vec();
    let executable = get("executable")?.dyn_into::<Uint8Array>().ok()?.to_vec();
    need::Hashed::list(&digests, &sizes, &executable)
}

fn files_of(value: &JsValue) -> Result<Vec<text::File>> {
    let value = from_js(value)?;
    let list = value.as_array().ok_or_else(|| unexpected("a list of files", &excerpt(&value)))?;
    list.iter().map(|file| text::File::from_json(file).ok_or_else(|| unexpected("a file with path and digest", &excerpt(file)))).collect()
}

fn unexpected(expected: &str, found: &str) -> JsValue {
    thrown(&Error::new(Code::Usage, format!("expected {expected}, found {found}")))
}

fn to_js<T: Serialize + ?Sized>(value: &T) -> Result<JsValue> {
    let text = serde_json::to_string(value).map_err(|error| thrown(&Error::new(Code::Internal, error.to_string())))?;
    JSON::parse(&text)
}
