//! The patterns of `${V#...}`, `${V%...}` and `${V/.../...}`: `*`, `?` and the rest literally.
//!
//! rule: buildkit `frontend/dockerfile/shell/lex.go`, `convertShellPatternToRegex`.

/// More steps than any real pattern takes; patterns on long values could take minutes otherwise.
const STEPS_MAX: usize = 20_000_000;

type Step<T> = Result<T, String>;

enum Token {
    Star,
    Any,
    Literal(char),
}

/// What is left after the shortest (or longest) match at the start.
pub(super) fn trim_start(pattern: &str, value: &str, greedy: bool) -> Step<String> {
    let value: Vec<char> = value.chars().collect();
    let mut steps = 0;
    let end = end_of_match(&parse(pattern)?, &value, greedy, &mut steps)?.unwrap_or(0);
    Ok(value.get(end..).unwrap_or_default().iter().collect())
}

/// What is left after the shortest (or longest) match at the end: the start of everything reversed.
pub(super) fn trim_end(pattern: &str, value: &str, greedy: bool) -> Step<String> {
    let reversed: String = value.chars().rev().collect();
    let left = trim_start(&reverse_pattern(pattern), &reversed, greedy)?;
    Ok(left.chars().rev().collect())
}

/// The value with the first match, or all of them, replaced; matches are as long as they can be.
pub(super) fn replace(pattern: &str, value: &str, replacement: &str, all: bool) -> Step<String> {
    let tokens = parse(pattern)?;
    let value: Vec<char> = value.chars().collect();
    let part = |from: usize, to: usize| value.get(from..to).unwrap_or_default().iter().collect::<String>();
    let mut steps = 0;
    let mut text = String::new();
    let (mut done, mut at) = (0, 0);
    while at <= value.len() {
        let Some((start, end)) = find(&tokens, &value, at, &mut steps)? else { break };
        text.push_str(&part(done, start));
        // rule: Go `regexp.ReplaceAllString`: an empty match right behind another one is none.
        if end > done || start == 0 {
            if all {
                expand_template(replacement, &part(start, end), &mut text);
            } else {
                text.push_str(replacement);
            }
        }
        done = end;
        at = end.max(at + 1);
        if !all {
            break;
        }
        if text.len() > super::TEXT_MAX {
            return Err(format!("becomes longer than {} bytes", super::TEXT_MAX));
        }
    }
    text.push_str(&part(done, value.len()));
    Ok(text)
}

fn find(tokens: &[Token], value: &[char], from: usize, steps: &mut usize) -> Step<Option<(usize, usize)>> {
    for start in from..=value.len() {
        let rest = value.get(start..).unwrap_or_default();
        if let Some(end) = end_of_match(tokens, rest, true, steps)? {
            return Ok(Some((start, start + end)));
        }
    }
    Ok(None)
}

/// Where a match that begins at the first character ends: the farthest such place, or the nearest.
fn end_of_match(tokens: &[Token], value: &[char], greedy: bool, steps: &mut usize) -> Step<Option<usize>> {
    // All places that the tokens so far can have led to, in order.
    let mut places = vec![0];
    for token in tokens {
        let mut next = Vec::new();
        match token {
            Token::Star => {
                for &place in &places {
                    // What an earlier place reached, and all after it in its line, is there already.
                    if next.last().is_some_and(|&last| last >= place) {
                        continue;
                    }
                    let line = value.get(place..).unwrap_or_default().iter().take_while(|&&character| character != '\n').count();
                    next.extend(place..=place + line);
                    *steps += line;
                }
            }
            Token::Any => next.extend(places.iter().filter(|&&at| value.get(at).is_some_and(|&it| it != '\n')).map(|at| at + 1)),
            Token::Literal(literal) => next.extend(places.iter().filter(|&&at| value.get(at) == Some(literal)).map(|at| at + 1)),
        }
        *steps += places.len() + 1;
        if *steps > STEPS_MAX {
            return Err("the pattern takes too long on this value".to_owned());
        }
        places = next;
        if places.is_empty() {
            return Ok(None);
        }
    }
    Ok(if greedy { places.last().copied() } else { places.first().copied() })
}

fn parse(pattern: &str) -> Step<Vec<Token>> {
    let pattern = pattern.strip_prefix('\u{feff}').unwrap_or(pattern);
    let mut tokens = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(character) = chars.next() {
        tokens.push(match character {
            '*' => Token::Star,
            '?' => Token::Any,
            '\\' if matches!(chars.peek(), Some('}' | '/')) => continue,
            '\\' => match chars.next() {
                Some(escaped @ ('*' | '?' | '\\')) => Token::Literal(escaped),
                _ => return Err(format!("the pattern `{pattern}` escapes something else than `*`, `?`, `\\`, `/` and `}}`")),
            },
            literal => Token::Literal(literal),
        });
    }
    Ok(tokens)
}

/// The pattern from its end, `\x` kept in its order.
fn reverse_pattern(pattern: &str) -> String {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let second = rest.chars().nth(1).filter(|_| first == '\\');
        let length = first.len_utf8() + second.map_or(0, char::len_utf8);
        let (part, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        parts.push(part);
        rest = after;
    }
    parts.reverse();
    parts.concat()
}

/// rule: Go `regexp.Expand`: `$0` is the match, another `$name` is nothing, `$$` is a dollar.
fn expand_template(template: &str, matched: &str, text: &mut String) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        text.push_str(before);
        rest = after;
        if let Some(after) = rest.strip_prefix('$') {
            text.push('$');
            rest = after;
            continue;
        }
        let (braced, body) = match rest.strip_prefix('{') {
            Some(body) => (true, body),
            None => (false, rest),
        };
        let length = body.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(body.len());
        let (name, after) = body.split_at_checked(length).unwrap_or((body, ""));
        let after = if braced { after.strip_prefix('}') } else { Some(after) };
        match after {
            Some(after) if !name.is_empty() => {
                if name == "0" {
                    text.push_str(matched);
                }
                rest = after;
            }
            _ => text.push('$'),
        }
    }
    text.push_str(rest);
}
