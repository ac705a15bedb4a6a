//! Numbers with a fraction, read and printed.
//!
//! The standard library does both faster, with tables that are 12 kB of the wasm, even when it is packed.

use std::cmp::Ordering;

use serde_json::Number;

/// Digits that can matter; of those behind them counts only whether there are any.
const DIGITS_MAX: usize = 800;

/// The number nearest to a decimal one such as `-1.5e3`, with ties to even; what is too large is infinite.
pub(super) fn read(text: &str) -> f64 {
    let unsigned = text.trim_start_matches(['+', '-']);
    let value = magnitude(unsigned);
    if text.starts_with('-') { -value } else { value }
}

fn magnitude(text: &str) -> f64 {
    let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let mut power = power_of_ten(power);
    let mut digits = Vec::new();
    let (mut behind_point, mut is_cut) = (false, false);
    for byte in mantissa.bytes() {
        match byte {
            b'.' => behind_point = true,
            b'0' if digits.is_empty() => power -= i64::from(behind_point),
            _ if digits.len() < DIGITS_MAX => {
                digits.push(byte - b'0');
                power -= i64::from(behind_point);
            }
            _ => {
                is_cut |= byte != b'0';
                power += i64::from(!behind_point);
            }
        }
    }
    if is_cut {
        digits.push(1);
        power -= 1;
    }
    // The place of the point: beyond these there is nothing but infinity and zero.
    match digits.len() as i64 + power {
        _ if digits.is_empty() => return 0.0,
        310.. => return f64::INFINITY,
        ..-330 => return 0.0,
        _ => {}
    }
    let (mut over, mut under) = (Whole(Vec::new()), Whole(vec![1]));
    digits.iter().for_each(|&digit| over.multiply(10, u32::from(digit)));
    if power > 0 { &mut over } else { &mut under }.scale(power.unsigned_abs());
    ratio(over, under)
}

fn power_of_ten(text: &str) -> i64 {
    let digits = text.trim_start_matches(['+', '-']);
    // No text is so long that a larger power would come near to a number again.
    let power = digits.bytes().fold(0, |power: i64, digit| (power * 10 + i64::from(digit - b'0')).min(1 << 50));
    if text.starts_with('-') { -power } else { power }
}

/// The number nearest to a fraction, bit by bit.
fn ratio(mut over: Whole, mut under: Whole) -> f64 {
    let mut exponent = over.bits() - under.bits();
    if exponent > 0 { &mut under } else { &mut over }.shift(exponent.unsigned_abs());
    if over.cmp(&under) == Ordering::Less {
        over.shift(1);
        exponent -= 1;
    }
    // Now `over / under` is at least 1 and less than 2. Small numbers have fewer bits than 53.
    let biased = (exponent + 1023).max(1);
    let precision = 53 - (biased - (exponent + 1023));
    if precision < 0 || biased > 2046 {
        return if precision < 0 { 0.0 } else { f64::INFINITY };
    }
    let mut bits = 0u64;
    for _ in 0..precision {
        bits <<= 1;
        if over.cmp(&under) != Ordering::Less {
            over.subtract(&under);
            bits |= 1;
        }
        over.shift(1);
    }
    bits += match over.cmp(&under) {
        Ordering::Less => 0,
        Ordering::Equal => bits & 1,
        Ordering::Greater => 1,
    };
    // The highest bit is not written, so it counts as one more of the exponent; and so does a carry.
    f64::from_bits(((biased as u64 - 1) << 52) + bits)
}

/// A whole number of any size: its parts, the lowest first, the highest not zero.
struct Whole(Vec<u32>);

impl Whole {
    fn multiply(&mut self, factor: u32, add: u32) {
        let mut carry = u64::from(add);
        for part in &mut self.0 {
            carry += u64::from(*part) * u64::from(factor);
            *part = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    /// Times a power of ten.
    fn scale(&mut self, power: u64) {
        (0..power / 9).for_each(|_| self.multiply(1_000_000_000, 0));
        (0..power % 9).for_each(|_| self.multiply(10, 0));
    }

    /// Times a power of two.
    fn shift(&mut self, bits: u64) {
        if bits >= 32 {
            self.0.splice(0..0, std::iter::repeat_n(0, (bits / 32) as usize));
        }
        self.multiply(1 << (bits % 32), 0);
    }

    /// Takes away what is not more.
    fn subtract(&mut self, other: &Whole) {
        let mut others = other.0.iter();
        let mut borrow = 0;
        for part in &mut self.0 {
            let rest = i64::from(*part) - i64::from(others.next().copied().unwrap_or(0)) - borrow;
            *part = rest as u32;
            borrow = i64::from(rest < 0);
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    fn bits(&self) -> i64 {
        self.0.last().map_or(0, |last| 32 * self.0.len() as i64 - i64::from(last.leading_zeros()))
    }

    fn cmp(&self, other: &Whole) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

/// The shortest digits, with an exponent below 1e-4 and from 1e6 on (rule: Go `strconv/ftoa.go`, format `g`).
pub(super) fn print(value: f64) -> String {
    let Some(number) = Number::from_f64(value) else {
        let word = if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        };
        return word.to_owned();
    };
    // Its digits are the shortest ones, wherever the point stands.
    let text = number.to_string();
    let (sign, unsigned) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (mantissa, power) = unsigned.split_once('e').unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0');
    let point = whole.len() as i32 + power.parse().unwrap_or(0) - (all.len() - digits.len()) as i32;
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return format!("{sign}0");
    }
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    if !(-3..=GO_PRECISION).contains(&point) {
        let (first, rest) = digits.split_at(1);
        let point_or_none = if rest.is_empty() { "" } else { "." };
        let (mark, power) = (if point < 1 { '-' } else { '+' }, (point - 1).unsigned_abs());
        return format!("{sign}{first}{point_or_none}{rest}e{mark}{power:02}");
    }
    match digits.split_at_checked(usize::try_from(point).unwrap_or(0)) {
        Some(("", rest)) => format!("{sign}0.{}{rest}", zeros(-point)),
        Some((whole, rest)) if !rest.is_empty() => format!("{sign}{whole}.{rest}"),
        _ => format!("{sign}{digits}{}", zeros(point - digits.len() as i32)),
    }
}

/// From this power of ten on Go writes an exponent.
const GO_PRECISION: i32 = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_printed_as_go_prints_them() {
        for (value, text) in [
            (1.1, "1.1"),
            (1.0, "1"),
            (100_000.0, "100000"),
            (123_456.5, "123456.5"),
            (1_000_000.0, "1e+06"),
            (1_234_567.5, "1.2345675e+06"),
            (1e21, "1e+21"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (1e308, "1e+308"),
            (-0.0, "-0"),
            (0.0, "0"),
            (-0.25, "-0.25"),
            (5e-324, "5e-324"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(print(value), text);
        }
    }

    #[test]
    fn they_are_what_the_standard_library_reads_and_prints() {
        let mut state = 1u64;
        let mut random = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state ^ (state >> 31)
        };
        let check = |text: &str| assert_eq!(read(text).to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
        for _ in 0..20_000 {
            let value = f64::from_bits(random());
            if value.is_finite() {
                check(&format!("{value:e}"));
                assert_eq!(print(value).parse(), Ok(value));
            }
            let (digits, small, power) = (random() >> (random() % 64), random() % 100_000, (random() % 700) as i64 - 360);
            check(&format!("{digits}e{power}"));
            check(&format!("-{small}.{digits:019}E{power:+}"));
            let plain = small as f64 / 1000.0;
            assert!(print(plain) == plain.to_string() || !(1e-4..1e6).contains(&plain));
        }
        for text in
            ["0", "0.0", "00.10", "5.", ".5", "1e400", "1e-400", "1e99999999999999999999", "0e99999999999999999999", "9007199254740993"]
        {
            check(text);
        }
        // Ties, and a digit far behind that breaks one.
        let half = format!("{:.0}", 2f64.powi(1023)) + "." + &"0".repeat(900);
        for text in [&half, &format!("{half}1"), "2.4703282292062327e-324", "2.4703282292062328e-324", "1.7976931348623159e308"] {
            check(text);
        }
        check(&format!("1{}e-5000", "0".repeat(5000)));
        check(&format!("0.{}1e5000", "0".repeat(5000)));
        check(&format!("9007199254740993.{}1", "0".repeat(2000)));
        check(&format!("{:.1074}", f64::from_bits(1)));
        check(&format!("{:.1074}5", f64::from_bits(1) * 3.0));
    }
}
