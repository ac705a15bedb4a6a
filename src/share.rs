//! What a plan found missing, as a text short enough to be handed on between jobs, and one job's share of it.
//!
//! CircleCI takes at most 512 bytes as the value of a pipeline's parameter (API v2, "Continue a pipeline"), which names of services do not
//! fit into: so every image is one bit here. Whoever reads the text knows the same images from the same files, in the same order.

use crate::digest::{Algorithm, digest};
use crate::error::{Code, Error, Result};

/// Which images are missing, out of a list that both sides know.
///
/// ```
/// use docktag::share::Missing;
///
/// let names = ["a:1", "b:1", "c:1", "d:1", "e:1"];
/// let missing = Missing::new(&names, &[true, false, false, true, true]);
/// assert_eq!(missing.to_string(), "161ccdbf-98");
/// assert_eq!(missing.of(&names)?, [true, false, false, true, true]);
/// # Ok::<(), docktag::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The beginning of the digest of all names: another list is noticed.
    check: String,
    /// Four images a hexadecimal digit, the first image in the highest bit.
    bits: String,
}

/// One job's share of what is missing: `MISSING:INDEX/COUNT`, counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// What the plan found missing.
    pub missing: Missing,
    /// Which job this is, from 0.
    pub index: usize,
    /// How many jobs there are.
    pub count: usize,
}

impl Missing {
    /// Those of the names for which `missing` is true.
    pub fn new(names: &[&str], missing: &[bool]) -> Self {
        let digit = |four: &[bool]| (0..4).fold(0, |digit, bit| digit * 2 + u32::from(four.get(bit) == Some(&true)));
        let bits = missing.chunks(4).filter_map(|four| char::from_digit(digit(four), 16)).collect();
        Missing { check: check(names), bits }
    }

    /// Which of the names are missing.
    ///
    /// # Errors
    /// [`Code::Changed`] where they are not the names that the plan was made for.
    pub fn of(&self, names: &[&str]) -> Result<Vec<bool>> {
        if self.check != check(names) || self.bits.len() != names.len().div_ceil(4) {
            return Err(Error::new(Code::Changed, "`--share` is of a plan for other images than these")
                .help("give this job the same files and options as the job that ran `docktag plan`"));
        }
        let digits = self.bits.chars().map(|digit| digit.to_digit(16).unwrap_or_default());
        let mut missing: Vec<bool> = digits.flat_map(|digit| [8, 4, 2, 1].map(|bit| digit & bit != 0)).collect();
        missing.truncate(names.len());
        Ok(missing)
    }
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.check, self.bits)
    }
}

impl Share {
    /// Reads `MISSING:INDEX/COUNT`.
    ///
    /// # Errors
    /// [`Code::Usage`] for what is none.
    pub fn parse(text: &str) -> Result<Self> {
        let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let read = || {
            let (missing, which) = text.trim().split_once(':')?;
            let (check, bits) = missing.split_once('-')?;
            let (index, count) = which.split_once('/')?;
            let (index, count) = (index.parse().ok()?, count.parse().ok()?);
            let is_one = check.len() == CHECK && is_hex(check) && is_hex(bits) && index < count;
            is_one.then(|| Share { missing: Missing { check: check.to_owned(), bits: bits.to_owned() }, index, count })
        };
        read().ok_or_else(|| {
            Error::new(
                Code::Usage,
                format!("`--share`: `{}` is no share, expected what a plan found missing and which job this is, such as 6fd1b0ff-98:0/3", text.escape_debug()),
            )
            .help("take `docktag_missing` of the parameters that `docktag plan --continuation` writes, and add the job's number from 0 and how many there are")
        })
    }
}

/// How many digits of the digest are kept.
const CHECK: usize = 8;

fn check(names: &[&str]) -> String {
    let mut check = digest(Algorithm::Md5, names.join("\n").as_bytes()).to_string();
    check.truncate(CHECK);
    check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_again() {
        let names: Vec<String> = (0..300).map(|number| format!("ghcr.io/acme/service{number}:1")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let missing: Vec<bool> = (0..300).map(|number| number % 7 == 0).collect();
        let text = Missing::new(&names, &missing).to_string();
        assert!(text.len() < 100, "{text}");
        let share = Share::parse(&format!("{text}:2/5")).unwrap();
        assert_eq!((share.index, share.count), (2, 5));
        assert_eq!(share.missing.of(&names).unwrap(), missing);
    }

    #[test]
    fn a_plan_for_other_images_is_refused() {
        let missing = Missing::new(&["a:1", "b:1"], &[true, false]);
        assert_eq!(missing.of(&["a:1", "b:2"]).unwrap_err().code, Code::Changed);
        assert_eq!(missing.of(&["a:1"]).unwrap_err().code, Code::Changed);
        let empty = Missing::new(&[], &[]);
        assert_eq!(Share::parse(&format!("{empty}:0/1")).unwrap().missing.of(&[]).unwrap(), [false; 0]);
    }

    #[test]
    fn what_is_no_share_is_refused() {
        for text in [
            "",
            "x",
            "161ccdbf-98",
            "6fd1b0ff-98:3/3",
            "6fd1b0ff-98:-1/3",
            "6fd1b0ff-98:0",
            "6fd1b0f-98:0/3",
            "6fd1b0ff-9G:0/3",
            "6fd1b0ff:0/3",
        ] {
            assert_eq!(Share::parse(text).unwrap_err().code, Code::Usage, "{text}");
        }
    }
}
