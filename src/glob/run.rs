//! Whether a regexp finds a match in a path: all ways at once, so that no pattern takes more than its steps times the path's runes.

use super::regexp::{Regexp, Set, Step};
use super::text::rune;

/// As many words of steps as need no allocation: 512 steps.
const FEW: usize = 8;

impl Regexp {
    /// Whether there is a match in a path.
    pub(super) fn is_match(&self, path: &[u8]) -> bool {
        let Some(rest) = path.strip_prefix(self.prefix.as_bytes()) else { return false };
        if !path.ends_with(self.suffix.as_bytes()) || !contains(rest, self.inner.as_bytes()) {
            return false;
        }
        let words = self.steps.len() / 64 + 1;
        if words <= FEW { self.run(rest, &mut [0; FEW], &mut [0; FEW]) } else { self.run(rest, &mut vec![0; words], &mut vec![0; words]) }
    }

    /// `now` and `next` are the steps that can be taken at this rune and at the one after it.
    fn run<'a>(&self, mut rest: &[u8], mut now: &'a mut [u64], mut next: &'a mut [u64]) -> bool {
        let mut before = self.prefix.chars().next_back();
        let is_anchored = |start: &&usize| self.steps.get(**start) == Some(&Step::Begin);
        let can_begin_later = !self.starts.iter().all(|start| is_anchored(&start));
        self.starts.iter().for_each(|&start| set(now, start));
        loop {
            let here = rune(rest);
            if self.advance(before, here.map(|(rune, _)| rune), now, next) {
                return true;
            }
            let Some((rune, width)) = here else { return false };
            if can_begin_later {
                self.starts.iter().filter(|start| !is_anchored(start)).for_each(|&start| set(next, start));
            } else if next.iter().all(|&word| word == 0) {
                return false;
            }
            before = Some(rune);
            rest = rest.get(width..).unwrap_or_default();
            (now, next) = (next, now);
            next.fill(0);
        }
    }

    /// Takes one rune, or the end, through every step of `now`; whether that is a match.
    fn advance(&self, before: Option<char>, here: Option<char>, now: &mut [u64], next: &mut [u64]) -> bool {
        let mut known = None;
        for word in 0..now.len() {
            // Steps that take no rune only lead forward, so the bits can be taken from the lowest up.
            let mut done = 0;
            loop {
                let left = now.get(word).map_or(0, |bits| bits & !done);
                if left == 0 {
                    break;
                }
                done |= left & left.wrapping_neg();
                let at = word * 64 + usize::try_from(left.trailing_zeros()).unwrap_or_default();
                let Some(&step) = self.steps.get(at) else { break };
                match step {
                    Step::Accept => return true,
                    Step::One(class) => {
                        if self.takes(class, here, &mut known) {
                            set(next, at + 1);
                        }
                    }
                    Step::Maybe(class) => {
                        set(now, at + 1);
                        if self.takes(class, here, &mut known) {
                            set(next, at + 1);
                        }
                    }
                    Step::Many(class) => {
                        set(now, at + 1);
                        if self.takes(class, here, &mut known) {
                            set(next, at);
                        }
                    }
                    Step::Folders => {
                        set(now, at + 1);
                        set(now, at + 2);
                    }
                    Step::Inside => {
                        if self.takes(Set::NotNewline, here, &mut known) {
                            set(next, at);
                        }
                        if here == Some('/') {
                            set(next, at + 1);
                        }
                    }
                    assertion => {
                        let holds = match assertion {
                            // The first step is only begun with where it holds: at the start, or behind the prefix.
                            Step::Begin => before.is_none() || at == 0,
                            Step::End => here.is_none(),
                            Step::Boundary => is_word(before) != is_word(here),
                            _ => is_word(before) == is_word(here),
                        };
                        if holds {
                            set(now, at + 1);
                        }
                    }
                }
            }
        }
        false
    }

    fn takes(&self, set: Set, here: Option<char>, known: &mut Option<u8>) -> bool {
        let Some(rune) = here else { return false };
        match set {
            Set::Rune(other) => u32::from(rune) == other,
            Set::NotSlash => rune != '/',
            Set::NotNewline => rune != '\n',
            Set::Class(number) => {
                self.classes.get(usize::try_from(number).unwrap_or(usize::MAX)).is_some_and(|class| class.has(u32::from(rune), known))
            }
        }
    }
}

/// Whether a part of a text is `part`, looked for where its first byte is.
fn contains(mut text: &[u8], part: &[u8]) -> bool {
    let Some(first) = part.first() else { return true };
    while let Some(at) = text.iter().position(|byte| byte == first) {
        text = text.get(at..).unwrap_or_default();
        if text.starts_with(part) {
            return true;
        }
        text = text.get(1..).unwrap_or_default();
    }
    false
}

fn is_word(rune: Option<char>) -> bool {
    rune.is_some_and(|rune| rune.is_ascii_alphanumeric() || rune == '_')
}

fn set(words: &mut [u64], bit: usize) {
    if let Some(word) = words.get_mut(bit / 64) {
        *word |= 1 << (bit % 64);
    }
}
