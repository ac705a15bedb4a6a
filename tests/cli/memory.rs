//! Memory does not grow with the inputs.

use crate::support::shell::tag_of;
use crate::support::{Dir, Run};

/// What `head -c 5G /dev/zero | md5sum` prints.
const FIVE_GIB_OF_ZEROS: &str = "ec4bcc8776ea04479b786e063a9ace45";

#[test]
fn a_file_of_five_gib_is_hashed_in_little_memory() {
    let dir = Dir::new();
    dir.sparse("docker/large", 5 << 30);
    // A limit on the address space bounds every way to hold the file: 256 MiB leave room for the program and its threads' stacks.
    let limited = ["/bin/sh", "-c", "ulimit -v 262144; exec \"$@\"", "sh"];
    let tag = Run::through(&dir, &limited, ["tag", "--path", "docker"]).run().ok();
    let manifest = format!("{FIVE_GIB_OF_ZEROS}  docker/large\n");
    assert_eq!(tag.trim(), tag_of(&dir, "md5sum", manifest.as_bytes()));
}
