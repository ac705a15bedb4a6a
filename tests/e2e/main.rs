//! End to end: the real program on a real engine, registry and Compose.
//!
//! An engine that runs already is used and left as it is, but for the images that the tests themselves made. Tests that need a *fresh*
//! engine start one of their own (`tests/engine.sh`: Linux, root); where that cannot be, they say that they were not run.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test may fail loudly and use the machine"
)]

mod action;
mod certain;
mod circle;
mod classic;
mod compose;
mod cycle;
mod engine;
mod failing;
mod faults;
mod login;
mod needed;
mod npm;
mod orb;
mod plan;
mod project;
mod prune;
mod random;
mod registry;
mod runner;
mod strict;
mod structures;
mod torture;
mod why;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::engine::{Engine, Needs};

/// A fact, the engine that it needs to be shown, and how.
type Test = (&'static str, Needs, fn(&Engine) -> Result<(), Failed>);

fn main() {
    let mut arguments = Arguments::from_args();
    // One engine, emptied between tests: one test at a time.
    arguments.test_threads = Some(1);
    let tests: Vec<Test> = [
        cycle::tests(),
        failing::tests(),
        faults::tests(),
        login::tests(),
        action::tests(),
        orb::tests(),
        compose::tests(),
        classic::tests(),
        strict::tests(),
        prune::tests(),
        needed::tests(),
        certain::tests(),
        why::tests(),
        plan::tests(),
        torture::tests(),
    ]
    .concat();
    let trials = tests.into_iter().map(|(name, needs, test)| Trial::test(name, move || engine::with(needs, test))).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    engine::stop();
    conclusion.exit();
}
