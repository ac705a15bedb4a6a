//! Sets of runes: `[a-z]`, `\d`, `[[:alpha:]]`, `\pL`.

use super::category::{category, mask};
use super::escape::{Cursor, escape};

/// A set of runes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Class {
    negated: bool,
    /// Ranges as `low << 32 | high`: sorted, and none touches another.
    ranges: Vec<u64>,
    /// Categories of Unicode, all runes of which are in it.
    categories: u32,
}

impl Class {
    /// Whether a rune is in it. The rune's category is looked up at most once, in `known`.
    pub(super) fn has(&self, rune: u32, known: &mut Option<u8>) -> bool {
        let after = self.ranges.partition_point(|range| low(*range) <= rune);
        let in_range = after.checked_sub(1).and_then(|at| self.ranges.get(at)).is_some_and(|range| rune <= high(*range));
        let found = in_range || (self.categories != 0 && self.categories >> *known.get_or_insert_with(|| category(rune)) & 1 == 1);
        found != self.negated
    }

    /// Adds runes, or all others where they are negated.
    fn add(&mut self, runes: &[(u32, u32)], negated: bool) {
        if !negated {
            self.ranges.extend(runes.iter().map(|&(low, high)| u64::from(low) << 32 | u64::from(high)));
            return;
        }
        let mut from = 0;
        for &(low, high) in runes {
            if from < low {
                self.add(&[(from, low - 1)], false);
            }
            from = high + 1;
        }
        self.add(&[(from, u32::from(char::MAX))], false);
    }

    /// Sorts the ranges and joins those that touch.
    fn settle(mut self) -> Class {
        self.ranges.sort_unstable();
        self.ranges.dedup_by(|next, last| {
            let touches = low(*next) <= high(*last).saturating_add(1);
            if touches {
                *last = *last & !u64::from(u32::MAX) | u64::from(high(*last).max(high(*next)));
            }
            touches
        });
        self
    }
}

fn low(range: u64) -> u32 {
    u32::try_from(range >> 32).unwrap_or(u32::MAX)
}

fn high(range: u64) -> u32 {
    u32::try_from(range & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

/// A class after its `[`; none where Go refuses it.
///
/// rule: Go 1.26 `regexp/syntax/parse.go` `parseClass`
pub(super) fn bracket(text: &mut Cursor<'_>) -> Option<Class> {
    let mut class = Class { negated: text.eat("^"), ..Class::default() };
    let mut first = true;
    while first || !text.eat("]") {
        first = false;
        if named(text, &mut class)? || escaped(text, &mut class)? {
            continue;
        }
        let low = member(text)?;
        let is_range = text.0.starts_with('-') && !text.0.starts_with("-]") && text.0.len() > 1;
        let high = if is_range && text.eat("-") { member(text)? } else { low };
        if high < low {
            return None;
        }
        class.add(&[(low, high)], false);
    }
    Some(class.settle())
}

/// A class that is one escape, such as `\d` or `\p{Lu}`; none where Go refuses it.
pub(super) fn escape_class(text: &mut Cursor<'_>) -> Option<Class> {
    let mut class = Class::default();
    escaped(text, &mut class)?.then(|| class.settle())
}

fn member(text: &mut Cursor<'_>) -> Option<u32> {
    if text.eat("\\") { escape(text) } else { text.rune() }
}

/// `[:alpha:]` and the like; whether there was one.
fn named(text: &mut Cursor<'_>, class: &mut Class) -> Option<bool> {
    let Some((name, rest)) = text.0.strip_prefix("[:").and_then(|rest| rest.split_once(":]")) else { return Some(false) };
    let (negated, name) = name.strip_prefix('^').map_or((false, name), |name| (true, name));
    class.add(posix(name)?, negated);
    text.0 = rest;
    Some(true)
}

/// `\d`, `\pL`, `\p{^Lu}` and the like; whether there was one.
fn escaped(text: &mut Cursor<'_>, class: &mut Class) -> Option<bool> {
    let Some(rest) = text.0.strip_prefix('\\') else { return Some(false) };
    let mut after = Cursor(rest);
    let Some(letter) = after.0.chars().next() else { return Some(false) };
    let (runes, negated) = match letter {
        'd' | 'D' => (posix("digit")?, letter == 'D'),
        's' | 'S' => (&[(0x9, 0xa), (0xc, 0xd), (0x20, 0x20)][..], letter == 'S'),
        'w' | 'W' => (posix("word")?, letter == 'W'),
        'p' | 'P' => {
            after.rune();
            category_class(&mut after, letter == 'P', class)?;
            *text = after;
            return Some(true);
        }
        _ => return Some(false),
    };
    after.rune();
    class.add(runes, negated);
    *text = after;
    Some(true)
}

/// rule: Go 1.26 `regexp/syntax/parse.go` `parseUnicodeClass`, `canonicalName`. Scripts and the long names of categories are refused:
/// their tables would be larger than all the rest of this.
fn category_class(text: &mut Cursor<'_>, negated: bool, class: &mut Class) -> Option<()> {
    let name = if text.eat("{") {
        let (name, rest) = text.0.split_once('}')?;
        text.0 = rest;
        name
    } else {
        let (name, rest) = text.0.split_at_checked(text.0.chars().next()?.len_utf8())?;
        text.0 = rest;
        name
    };
    let (negated, name) = name.strip_prefix('^').map_or((negated, name), |name| (!negated, name));
    let mut canonical = String::new();
    for letter in name.chars().filter(|letter| !matches!(letter, '_' | '-' | ' ')) {
        canonical.push(if canonical.is_empty() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() });
    }
    if canonical == "Ascii" {
        class.add(posix("ascii")?, negated);
    } else {
        let mask = mask(&canonical)?;
        class.categories |= if negated { !mask } else { mask };
    }
    Some(())
}

/// rule: Go 1.26 `regexp/syntax/perl_groups.go`
fn posix(name: &str) -> Option<&'static [(u32, u32)]> {
    Some(match name {
        "alnum" => &[(0x30, 0x39), (0x41, 0x5a), (0x61, 0x7a)],
        "alpha" => &[(0x41, 0x5a), (0x61, 0x7a)],
        "ascii" => &[(0, 0x7f)],
        "blank" => &[(0x9, 0x9), (0x20, 0x20)],
        "cntrl" => &[(0, 0x1f), (0x7f, 0x7f)],
        "digit" => &[(0x30, 0x39)],
        "graph" => &[(0x21, 0x7e)],
        "lower" => &[(0x61, 0x7a)],
        "print" => &[(0x20, 0x7e)],
        "punct" => &[(0x21, 0x2f), (0x3a, 0x40), (0x5b, 0x60), (0x7b, 0x7e)],
        "space" => &[(0x9, 0xd), (0x20, 0x20)],
        "upper" => &[(0x41, 0x5a)],
        "word" => &[(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)],
        "xdigit" => &[(0x30, 0x39), (0x41, 0x46), (0x61, 0x66)],
        _ => return None,
    })
}
