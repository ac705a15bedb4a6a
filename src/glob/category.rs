//! The general categories of Unicode, for `\pL` and `\p{Lu}`.

/// The names, in the order of the bits of a mask.
const NAMES: [&str; 30] = [
    "Cc", "Cf", "Cn", "Co", "Cs", "Ll", "Lm", "Lo", "Lt", "Lu", "Mc", "Me", "Mn", "Nd", "Nl", "No", "Pc", "Pd", "Pe", "Pf", "Pi", "Po",
    "Ps", "Sc", "Sk", "Sm", "So", "Zl", "Zp", "Zs",
];

/// Runs of runes of one category, from U+0000 to U+10FFFF: the category in the upper five bits, and in the lower three the run's length
/// less one: 0 to 5, or 6 with the rest in one byte, or 7 with all of it in three bytes. Unicode 15.0, as in Go 1.26 (`unicode.Categories`).
const RUNS: &[u8] = include_bytes!("categories.bin");

/// The categories that a name stands for, as a mask; none where the name is none of a category.
pub(super) fn mask(name: &str) -> Option<u32> {
    match name {
        "Any" => Some(u32::MAX),
        "Assigned" => Some(!(1 << 2)),
        "Lc" => Some(1 << 5 | 1 << 8 | 1 << 9),
        _ => {
            let is_meant = |full: &&str| full.starts_with(name) && (1..=2).contains(&name.len());
            let mask = NAMES.iter().enumerate().filter(|(_, full)| is_meant(full)).map(|(bit, _)| 1 << bit).sum();
            (mask != 0).then_some(mask)
        }
    }
}

/// Which bit of a mask is a rune's.
pub(super) fn category(rune: u32) -> u8 {
    let (mut bytes, mut end) = (RUNS.iter(), 0_u32);
    let mut byte = || bytes.next().map(|&byte| u32::from(byte));
    while let Some(head) = byte() {
        let more = match head & 7 {
            6 => byte().map_or(0, |low| low + 6),
            7 => [byte(), byte(), byte()].into_iter().fold(0, |sum, byte| sum << 8 | byte.unwrap_or(0)),
            few => few,
        };
        end += more + 1;
        if rune < end {
            return u8::try_from(head >> 3).unwrap_or(0);
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runes_have_their_category() {
        for (rune, name) in [
            ('\0', "Cc"),
            ('a', "Ll"),
            ('A', "Lu"),
            ('7', "Nd"),
            (' ', "Zs"),
            ('_', "Pc"),
            ('+', "Sm"),
            ('\u{e9}', "Ll"),
            ('\u{1c5}', "Lt"),
            ('\u{4e2d}', "Lo"),
            ('\u{e000}', "Co"),
            ('\u{378}', "Cn"),
            ('\u{1f600}', "So"),
            ('\u{10ffff}', "Cn"),
        ] {
            assert_eq!(1_u32 << category(u32::from(rune)), mask(name).unwrap(), "{rune:?}");
        }
        assert_eq!(mask("L"), Some(0b11_1110_0000));
        assert!(["", "X", "Lx", "Greek", "l"].iter().all(|name| mask(name).is_none()));
    }
}
