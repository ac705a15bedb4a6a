//! Documents that are made from the definition of the options: with `UPDATE=1` they are written, without it they are compared.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test may fail loudly and use the machine"
)]

use docktag::options::Job;
use docktag::options::table::{COMMAND, Definition, OPTIONS, Takes};

/// The part of a file between two marks must be what was made.
fn check(file: &str, begin: &str, end: &str, made: &str) {
    let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
    let (before, rest) = text.split_once(begin).unwrap_or_else(|| panic!("{file}: no `{begin}`"));
    let (_, after) = rest.split_once(end).unwrap_or_else(|| panic!("{file}: no `{end}`"));
    let expected = format!("{before}{begin}{made}{end}{after}");
    if std::env::var_os("UPDATE").is_some() {
        return std::fs::write(&path, expected).unwrap();
    }
    assert!(text == expected, "{file}: is not what the definition gives, run `UPDATE=1 cargo test --test generated`");
}

fn names(jobs: &[Job]) -> String {
    match jobs.len() == Job::ALL.len() {
        true => "all".to_owned(),
        false => jobs.iter().map(|job| job.as_str()).collect::<Vec<_>>().join(", "),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn help(it: &Definition) -> String {
    let default = it.default.map(|default| format!(" [default: {default}]")).unwrap_or_default();
    format!("{}{default}", it.help)
}

/// Runners pass every input, so the defaults that are none to them are the empty text.
fn input_default(it: &Definition) -> &'static str {
    it.default.unwrap_or(if it.takes == Takes::Flag { "false" } else { "" })
}

#[test]
fn the_options_in_readme() {
    let rows = OPTIONS.iter().filter(|it| it.command_line).map(|it| {
        let value = match it.takes {
            Takes::Flag => String::new(),
            Takes::One(name) | Takes::Many(name) => format!(" {name}"),
            Takes::Choice(values) => format!(" {}", values.join("|")),
        };
        let short = it.short.map(|short| format!("`-{short}`, ")).unwrap_or_default();
        let repeatable = if let Takes::Many(_) = it.takes { " (repeatable)" } else { "" };
        format!("| {short}`--{}{}` | {}{repeatable} | {} |\n", it.name, cell(&value), cell(&help(it)), names(it.jobs))
    });
    let table = format!("| option | meaning | commands |\n| --- | --- | --- |\n{}", rows.collect::<String>());
    let begin = "<!-- options: made from src/options/table.rs by UPDATE=1 cargo test --test generated -->\n";
    check("README.md", begin, "<!-- end of options -->", &table);
}

#[test]
fn the_inputs_in_readme() {
    let jobs = COMMAND.1.iter().map(|job| job.as_str()).collect::<Vec<_>>().join("\\|");
    let rows = OPTIONS.iter().filter_map(|it| {
        let input = it.input?;
        let values = match it.takes {
            Takes::Choice(values) => format!(" ({})", values.join(", ")),
            Takes::Many(_) => "; one item a line".to_owned(),
            Takes::Flag => " (true, false)".to_owned(),
            Takes::One(_) => String::new(),
        };
        let jobs: Vec<Job> = it.jobs.iter().copied().filter(|job| COMMAND.1.contains(job)).collect();
        let commands = if jobs.len() == COMMAND.1.len() { "all".to_owned() } else { names(&jobs) };
        let default = input_default(it);
        let default = if default.is_empty() { String::new() } else { format!("`{default}`") };
        Some(format!("| `{input}` | {}{values} | {default} | {commands} |\n", cell(it.help)))
    });
    let table = format!(
        "| input | meaning | default | commands |\n| --- | --- | --- | --- |\n| `command` | What to do ({jobs}) | `build` | |\n{}",
        rows.collect::<String>()
    );
    let begin = "<!-- inputs: made from src/options/table.rs by UPDATE=1 cargo test --test generated -->\n";
    check("README.md", begin, "<!-- end of inputs -->", &table);
}

#[test]
fn the_inputs_of_the_action() {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let jobs: Vec<&str> = COMMAND.1.iter().map(|job| job.as_str()).collect();
    let command = format!("  command:\n    description: {}\n    default: build\n", quoted(&format!("What to do: {}", jobs.join(", "))));
    let inputs = OPTIONS.iter().filter_map(|it| {
        let input = it.input?;
        let values = match it.takes {
            Takes::Choice(values) => format!(" ({})", values.join(", ")),
            Takes::Many(_) => "; one item a line".to_owned(),
            Takes::Flag => " (true, false)".to_owned(),
            Takes::One(_) => String::new(),
        };
        Some(format!(
            "  {input}:\n    description: {}\n    default: {}\n",
            quoted(&format!("{}{values}", it.help)),
            quoted(input_default(it))
        ))
    });
    let begin = "  # inputs: made from src/options/table.rs by UPDATE=1 cargo test --test generated\n";
    check("action.yml", begin, "  # end of inputs", &format!("{command}{}", inputs.collect::<String>()));
}

#[test]
fn the_types_of_the_package() {
    let fields = OPTIONS.iter().filter(|it| !["json", "color", "verbose", "directory", "password-stdin"].contains(&it.name)).map(|it| {
        let kind = match it.takes {
            Takes::Flag => "boolean".to_owned(),
            Takes::One(_) => "string".to_owned(),
            Takes::Many(_) if it.name == "path" => "string | Path[]".to_owned(),
            Takes::Many(_) => "string | string[]".to_owned(),
            Takes::Choice(values) => values.iter().map(|value| format!("'{value}'")).collect::<Vec<_>>().join(" | "),
        };
        let name = if it.name.contains('-') { format!("'{}'", it.name) } else { it.name.to_owned() };
        format!("  /** {} */\n  {name}?: {kind};\n", help(it))
    });
    let begin = "  // options: made from src/options/table.rs by UPDATE=1 cargo test --test generated\n";
    let jobs = Job::ALL.map(|job| format!("'{}'", job.as_str())).join(" | ");
    let command = format!("  /** Which job; `build` if none is given. */\n  command?: {jobs};\n");
    check("src/types.d.ts", begin, "  // end of options", &format!("{command}{}", fields.collect::<String>()));
}

/// What the orb has no parameter for: its steps always keep their results, and read the password from a variable.
const NOT_IN_ORB: [&str; 5] = ["ci", "color", "json", "no-push", "password-stdin"];

fn in_orb(job: Job) -> impl Iterator<Item = (String, &'static Definition)> {
    OPTIONS.iter().filter(move |it| it.jobs.contains(&job) && !NOT_IN_ORB.contains(&it.name)).map(|it| (it.name.replace('-', "_"), it))
}

fn parameter(name: &str, it: &Definition) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let (help, kind) = match (it.name, it.takes) {
        // CircleCI keeps secrets in variables only.
        ("username" | "password", _) => {
            let variable = format!("DOCKER_{}", it.name.to_uppercase());
            (format!("The name of the variable that has this: {}", it.help), format!("    type: env_var_name\n    default: {variable}\n"))
        }
        ("share", _) => {
            let help = "docktag_missing of the parameters of a plan: every machine of the job builds its share of what is missing";
            (help.to_owned(), "    type: string\n    default: \"\"\n".to_owned())
        }
        (_, Takes::Flag) => (it.help.to_owned(), "    type: boolean\n    default: false\n".to_owned()),
        (_, Takes::Choice(values)) => {
            let values: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
            (
                it.help.to_owned(),
                format!("    type: enum\n    enum: [{}]\n    default: \"{}\"\n", values.join(", "), it.default.unwrap_or_default()),
            )
        }
        (_, takes) => {
            let lines = if let Takes::Many(_) = takes { "; one item a line" } else { "" };
            (format!("{}{lines}", it.help), format!("    type: string\n    default: \"{}\"\n", it.default.unwrap_or_default()))
        }
    };
    format!("  {name}:\n    description: {}\n{kind}", quoted(&help))
}

#[test]
fn the_parameters_of_the_orb() {
    let begin = |indent: &str| format!("{indent}# options: made from src/options/table.rs by UPDATE=1 cargo test --test generated\n");
    let end = "# end of options";
    for (job, command, wrapper) in [
        (Job::Tag, "tag", None),
        (Job::Plan, "plan", Some("plan")),
        (Job::Build, "build", Some("build")),
        (Job::Join, "join", Some("join")),
        (Job::Pull, "pull", Some("tests")),
    ] {
        let parameters: String = in_orb(job).map(|(name, it)| parameter(&name, it)).collect();
        let variables = in_orb(job).filter(|(name, _)| !["username", "password"].contains(&name.as_str()));
        let variables: String = variables.map(|(name, it)| format!("        {}: << parameters.{name} >>\n", it.variable())).collect();
        let file = format!("action/orb/commands/{command}.yml");
        check(&file, &format!("parameters:\n{}", begin("  ")), &format!("  {end}"), &parameters);
        check(&file, &begin("        "), &format!("        {end}"), &variables);
        if let Some(wrapper) = wrapper {
            let file = format!("action/orb/jobs/{wrapper}.yml");
            let handed: String = in_orb(job).map(|(name, _)| format!("      {name}: << parameters.{name} >>\n")).collect();
            check(&file, &format!("\n{}", begin("  ")), &format!("  {end}\n"), &parameters);
            check(&file, &begin("      "), &format!("      {end}"), &handed);
        }
    }
}
