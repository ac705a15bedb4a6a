//! Names that a terminal would obey.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use libtest_mimic::Failed;

use super::attack::{Run, held, project, put, said};
use crate::engine::Engine;
use crate::torture::hosts::HOSTS;

const NAMES: [&[u8]; 5] = [b"\x1b[31mred", b"\x1b]0;title\x07", b"back\x08\x08\x08", b"\xc2\x9b31m", b"\xe2\x80\xaetxt.exe"];

pub(super) fn test(engine: &Engine) -> Result<(), Failed> {
    let project = project(engine, "");
    put(&project, "Dockerfile", "FROM scratch\nCOPY d /d\n");
    fs::create_dir(project.folder.join("d")).unwrap();
    for name in NAMES {
        fs::write(project.folder.join("d").join(std::ffi::OsStr::from_bytes(name)), "x").unwrap();
    }
    let program = env!("CARGO_BIN_EXE_docktag");
    let is_raw = |text: &[u8]| NAMES.iter().filter(|name| text.windows(name.len()).any(|part| part == **name)).count();
    let mut count = 0;
    for arguments in ["manifest --path d", "manifest", "inputs app", "explain d app"] {
        // `script` gives the program a terminal.
        let shown = project.command("script").args(["-qec", &format!("{program} {arguments}"), "/dev/null"]).output().unwrap().stdout;
        assert!(!shown.is_empty(), "{arguments}: nothing was shown");
        assert_eq!(is_raw(&shown), 0, "{arguments}: {}", shown.escape_ascii());
        count += 1;
        if arguments.starts_with("manifest") {
            assert!(shown.windows(3).any(|part| part == b"red"), "{arguments}: {}", shown.escape_ascii());
            // In a pipe they are what `md5sum` writes.
            let piped = project.command(program).args(arguments.split(' ')).output().unwrap().stdout;
            assert_eq!(is_raw(&piped), NAMES.len(), "{arguments}: {}", piped.escape_ascii());
        }
    }
    for host in HOSTS {
        // The log of a job is shown by a terminal as well.
        project.shell("git init -q . && git -c user.name=a -c user.email=a@example.org commit -q --allow-empty -m a; touch d/more").ok();
        for job in ["tag", "why", "build"] {
            let text = said(&Run::of(job).on(&project, host));
            // The output of `docker` has no names of files in it.
            assert_eq!(is_raw(text.as_bytes()), 0, "{host:?} {job}: {}", text.escape_debug());
            count += 1;
        }
    }
    held("terminals", count);
    Ok(())
}
