//! Reading a regexp's text, and the escapes that stand for one rune.

/// What is left of a text.
pub(super) struct Cursor<'a>(pub(super) &'a str);

impl Cursor<'_> {
    /// Takes the next rune.
    pub(super) fn rune(&mut self) -> Option<u32> {
        let mut runes = self.0.chars();
        let rune = runes.next()?;
        self.0 = runes.as_str();
        Some(u32::from(rune))
    }

    /// Takes a text if it is next.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let rest = self.0.strip_prefix(text);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn digit(&mut self, radix: u32) -> Option<u32> {
        let digit = self.0.chars().next()?.to_digit(radix)?;
        self.rune();
        Some(digit)
    }
}

/// The rune that an escape stands for, after its `\`; none where Go refuses it.
///
/// rule: Go 1.26 `regexp/syntax/parse.go` `parseEscape`
pub(super) fn escape(text: &mut Cursor<'_>) -> Option<u32> {
    let letter = char::from_u32(text.rune()?)?;
    match letter {
        // A digit other than 0 alone would be a back reference.
        '1'..='7' if !text.0.starts_with(|digit: char| digit.is_digit(8)) => None,
        '0'..='7' => {
            let mut rune = letter.to_digit(8)?;
            for _ in 0..2 {
                let Some(digit) = text.digit(8) else { break };
                rune = rune * 8 + digit;
            }
            Some(rune)
        }
        'x' if text.eat("{") => {
            let mut rune = text.digit(16)?;
            while !text.eat("}") {
                rune = Some(rune * 16 + text.digit(16)?).filter(|rune| *rune <= u32::from(char::MAX))?;
            }
            Some(rune)
        }
        'x' => Some(text.digit(16)? * 16 + text.digit(16)?),
        'a' => Some(0x7),
        'f' => Some(0xc),
        'n' => Some(0xa),
        'r' => Some(0xd),
        't' => Some(0x9),
        'v' => Some(0xb),
        other => (other.is_ascii() && !other.is_ascii_alphanumeric()).then_some(u32::from(other)),
    }
}
