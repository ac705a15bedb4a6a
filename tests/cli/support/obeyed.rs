//! What GitHub's runner obeys of a log: its rules (actions/runner, `ActionCommandManager.cs`, `ActionCommand.cs`), written down once more.

/// The commands that it knows.
const KNOWN: [&str; 16] = [
    "internal-set-repo-path",
    "set-env",
    "set-output",
    "save-state",
    "add-path",
    "add-mask",
    "add-matcher",
    "remove-matcher",
    "debug",
    "warning",
    "error",
    "notice",
    "group",
    "endgroup",
    "echo",
    "stop-commands",
];

/// The lines that it obeys, those that stop it and let it go on left out, and whether it obeys after the last one.
pub(crate) fn obeyed(log: &str) -> (Vec<&str>, bool) {
    let (mut lines, mut stopped) = (Vec::new(), None::<String>);
    // .NET ends a line at a CR too.
    for line in log.split(['\n', '\r']) {
        let Some((name, data)) = colons(line, stopped.as_deref()).or_else(|| brackets(line, stopped.as_deref())) else { continue };
        match &stopped {
            Some(token) if name.eq_ignore_ascii_case(token) => stopped = None,
            Some(_) => {}
            None if name.eq_ignore_ascii_case("stop-commands") => stopped = Some(data.to_owned()),
            None => lines.push(line),
        }
    }
    (lines, stopped.is_none())
}

/// `::name properties::data` at the beginning of a line.
fn colons<'a>(line: &'a str, token: Option<&str>) -> Option<(&'a str, &'a str)> {
    let (info, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    known(info, token).map(|name| (name, data))
}

/// `##[name properties]data` anywhere in it, the first one.
fn brackets<'a>(line: &'a str, token: Option<&str>) -> Option<(&'a str, &'a str)> {
    let (info, data) = line.split_once("##[")?.1.split_once(']')?;
    known(info, token).map(|name| (name, data))
}

fn known<'a>(info: &'a str, token: Option<&str>) -> Option<&'a str> {
    let name = info.split(' ').next()?;
    KNOWN.into_iter().chain(token).any(|it| it.eq_ignore_ascii_case(name)).then_some(name)
}
