//! Short grammars, and JSON from hosts: options, answers, shares of a plan, platforms, periods, events, what Compose and buildx print.
#![no_main]

use docktag::ci::trust::{branch, untrusted};
use docktag::compose::bake::{Wanted, by_digest, digests};
use docktag::expand::{Lex, NoVariables};
use docktag::need::answers;
use docktag::options::{Given, Host, Job, Spelling, from_object};
use docktag::refresh::Refresh;
use docktag::say::Voice;
use docktag::session::{Session, Step};
use docktag::share::Share;
use docktag::{path, platform};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(found) = platform::parse(text) {
        assert_eq!(platform::parse(&found).as_ref(), Ok(&found));
    }
    if let Ok(share) = Share::parse(text) {
        assert!(share.index < share.count);
        drop(share.missing.of(&["a/b:1", "a/c:1"]));
    }
    if let Ok(refresh) = Refresh::parse(text) {
        refresh.periods(u64::MAX);
        refresh.periods(text.len() as u64);
    }
    path::relative("/p/q", text);
    for lex in [Lex::new('\\'), Lex { plain_quotes: true, keep_unset: true, ..Lex::new('`') }] {
        drop(lex.expand(text, &NoVariables));
    }
    if let Ok(options) = from_object(text) {
        assert!(!matches!(Session::new(options).step(Vec::new()), Step::Open { needs, .. } if needs.is_empty()));
    }
    Voice::from_object(text);
    if let Ok(value) = serde_json::from_str(text) {
        drop(answers(&value));
    }
    let env = [("GITHUB_EVENT_NAME".to_owned(), "pull_request".to_owned())].into_iter().collect();
    untrusted(&env, text.as_bytes());
    branch(&env, text.as_bytes());
    let wanted = [Wanted { image: "a/app:1".to_owned(), repository: "a/app".to_owned(), insecure: false }];
    if let Ok(bake) = by_digest(text.as_bytes(), &wanted) {
        assert!(!bake.text.contains("type=docker") || text.contains("type=docker"));
    }
    drop(digests(text.as_bytes(), &["app".to_owned()]));
    let mut given = Given::new(Spelling::Inputs);
    if let Some((name, value)) = text.split_once('\n')
        && given.input(name, value.as_bytes()).is_ok()
    {
        for job in Job::ALL {
            drop(given.options(job, Host::default()));
        }
    }
});
