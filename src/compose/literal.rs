//! Texts of a build that Bake changes. Compose hands a build to `docker buildx bake` as JSON, and Bake reads each of its strings as a template.
//!
//! Rules: Compose `pkg/compose/build_bake.go`; HCL `json/structure.go` (the names in a mapping are templates too) and `hclsyntax/scan_tokens.rl`
//! (a byte order mark is skipped); go-cty `StringVal`, which composes characters (Unicode, form C).

/// A part of a text that Bake does not leave as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Altered<'a> {
    /// The text from there on.
    pub rest: &'a str,
    /// Why it is changed.
    pub cause: Cause,
}

/// Why Bake changes a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A template begins: `${` or `%{`.
    Template(&'static str),
    /// A character that another form of the same text can take the place of, or a byte order mark.
    Character(char),
}

/// The beginning of a value in a template. Compose escapes it only in arguments and in `dockerfile_inline`.
pub const VALUE: &str = "${";
const CONTROL: &str = "%{";

/// Returns the first part of a text that Bake changes; `None` if it is passed on as it is.
///
/// ```
/// use docktag::compose::literal::{Cause, altered};
///
/// assert_eq!(altered("a $HOME 100% {é} 中", false), None);
/// assert_eq!(altered("./${x}", false).map(|it| (it.rest, it.cause)), Some(("${x}", Cause::Template("${"))));
/// assert_eq!(altered("./${x}", true), None);
/// assert_eq!(altered("e\u{301}", true).map(|it| it.cause), Some(Cause::Character('\u{301}')));
/// ```
pub fn altered(text: &str, is_escaped: bool) -> Option<Altered<'_>> {
    let templates: &[&'static str] = if is_escaped { &[CONTROL] } else { &[VALUE, CONTROL] };
    text.char_indices().find_map(|(at, character)| {
        let rest = &text[at..];
        let template = templates.iter().find(|it| rest.starts_with(**it)).map(|it| Cause::Template(it));
        let cause = template.or_else(|| (!is_inert(character)).then_some(Cause::Character(character)))?;
        Some(Altered { rest, cause })
    })
}

/// Characters that stay what they are beside any others: no combining mark, nothing that a mark composes with from behind, and nothing that has
/// another form (Unicode Standard Annex 15). Other characters of these kinds may be missing here, such as vowel signs.
const INERT: [(u32, u32); 21] = [
    (0, 0x2FF),
    (0x388, 0x482),
    (0x488, 0x590),
    (0x5D0, 0x60F),
    (0x1E00, 0x1F6F),
    (0x2002, 0x20CF),
    (0x20F1, 0x2125),
    (0x212C, 0x2328),
    (0x232B, 0x2ADB),
    (0x2ADD, 0x2CEE),
    (0x2E00, 0x3029),
    (0x3030, 0x3098),
    (0x309B, 0xA66E),
    (0xAC00, 0xD7FF),
    (0xE000, 0xF8FF),
    (0xFB00, 0xFB1C),
    (0xFE00, 0xFE0F),
    (0xFE30, 0xFEFE),
    (0xFF00, 0xFFFF),
    (0x1E950, 0x2F7FF),
    (0x2FA1E, 0x10_FFFF),
];

fn is_inert(character: char) -> bool {
    let code = u32::from(character);
    INERT.iter().any(|(first, last)| (*first..=*last).contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bake_evaluates_is_found() {
        for (text, is_escaped, rest) in [
            ("a", false, None),
            ("$a $$b $ {", false, None),
            ("$${a}", false, Some("${a}")),
            ("$${a}", true, None),
            ("%%{if", true, Some("%{if")),
            ("% {", false, None),
            ("a${b%{c", true, Some("%{c")),
            ("a%{c${b", false, Some("%{c${b")),
            ("\u{feff}a", false, Some("\u{feff}a")),
            ("K\u{212a}", false, Some("\u{212a}")),
            ("Größe → ✓ 日本語 한국어 🚀\u{fe0f}", false, None),
        ] {
            assert_eq!(altered(text, is_escaped).map(|it| it.rest), rest, "{text}");
        }
    }
}
