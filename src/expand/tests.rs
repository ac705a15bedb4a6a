use super::*;
use crate::map::Map;

struct Env(Map<&'static str, &'static str>);

impl Variables for Env {
    fn get(&self, name: &str) -> Lookup<'_> {
        Lookup { value: self.0.get(name).copied(), sure: name != "UNSURE" }
    }
}

fn env() -> Env {
    Env(Map::from([("A", "a/b/c.tar.gz"), ("E", ""), ("L", "one\ntwo"), ("S", "x  y"), ("B", "aabaa"), ("é", "accent")]))
}

fn expand(word: &str) -> Result<String> {
    Lex::new('\\').expand(word, &env()).map(|it| it.text)
}

#[test]
fn words_are_expanded_as_the_builder_does() {
    for (word, expected) in [
        ("$A", "a/b/c.tar.gz"),
        ("${A}x$", "a/b/c.tar.gzx$"),
        ("$Ax", ""),
        ("$é", "accent"),
        ("$1a $$x", "a x"),
        ("'$A'\"$E\"", "$A"),
        ("\"a\\$b\\c\\\"\"", "a$b\\c\""),
        ("\\$A\\a", "$Aa"),
        ("a\\", "a"),
        ("\u{feff}a", "a"),
        ("${E-d}${E:-d}${N-d}${N:-d}", "ddd"),
        ("${E+d}${E:+d}${A+d}${N+d}", "dd"),
        ("${N:-${M:-'$x'}}", "$x"),
        ("${A#*/}", "b/c.tar.gz"),
        ("${A##*/}", "c.tar.gz"),
        ("${A%.*}", "a/b/c.tar"),
        ("${A%%.*}", "a/b/c"),
        ("${A#x}", "a/b/c.tar.gz"),
        ("${A/\\//-}", "a-b/c.tar.gz"),
        ("${A//\\//-}", "a-b-c.tar.gz"),
        ("${B//a/}", "b"),
        ("${B/a*a/x}", "x"),
        ("${B//?/<$E>}", "<><><><><>"),
        ("${B//*/x}", "x"),
        ("${L#*}", "one\ntwo"),
        ("${L##*}", "\ntwo"),
        ("${B//b/\\$0}", "aa\\baa"),
        ("<<  EOF", "<<  EOF"),
    ] {
        assert_eq!(expand(word).unwrap(), expected, "{word}");
    }
}

#[test]
fn wrong_words_are_refused() {
    for word in
        ["'", "\"a", "${", "${}", "${A", "${:x}", "${{A}}", "${A^^}", "${A:0:1}", "${A:#x}", "${N?}", "${E:?empty}", "${A#\\x}", "${A/x}"]
    {
        let error = expand(word).unwrap_err();
        assert_eq!(error.code, Code::DockerfileInvalid, "{word}");
    }
    assert!(expand("${N:?say so}").unwrap_err().message.ends_with("N: say so"));
}

#[test]
fn words_are_split_outside_of_quotes() {
    for (word, expected) in [
        ("a  b\tc", &["a", "b", "c"][..]),
        ("\"a b\" 'c d'", &["a b", "c d"]),
        ("$S", &["x", "y"]),
        ("\"$S\"", &["x  y"]),
        // A nested word forgets what stands before it, in the original too.
        ("a${N:-b}", &["b"]),
        ("", &[]),
    ] {
        assert_eq!(Lex::new('\\').expand(word, &env()).unwrap().words, expected, "{word}");
    }
}

#[test]
fn the_escape_character_can_be_a_backtick() {
    let word = Lex::new('`').expand("`$A\\$E``", &env()).unwrap();
    assert_eq!(word.text, "$A\\`");
}

#[test]
fn what_is_unsure_is_said() {
    let word = Lex::new('\\').expand("$A$UNSURE", &env()).unwrap();
    assert!(!word.sure);
    assert_eq!(word.names, ["A", "UNSURE"]);
}

#[test]
fn nothing_grows_without_bound() {
    let deep = "${N:-".repeat(50_000) + &"}".repeat(50_000);
    assert!(expand(&deep).unwrap_err().message.contains("levels deep"));
    let long = Env(Map::from([("A", &*Box::leak("ab".repeat(100_000).into_boxed_str()))]));
    assert!(Lex::new('\\').expand(&"$A".repeat(100), &long).unwrap_err().message.contains("longer than"));
    let patterns = Lex::new('\\').expand(&format!("${{A//{}c/x}}", "*a".repeat(1000)), &long);
    assert!(patterns.unwrap_err().message.contains("too long"));
}
