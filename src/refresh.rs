//! Periods after which everything is built anew, so that base images are not older than that.

use crate::error::{Code, Error, Result};

const DAY: u64 = 24 * 60 * 60;

/// How long an image is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refresh {
    /// Until the day ends, in UTC.
    Daily,
    /// Until the week ends, in UTC; weeks are those of ISO 8601.
    Weekly,
    /// Until the month ends, in UTC.
    Monthly,
    /// This period, whatever the time is: what an earlier job of the same run found.
    Period(String),
}

impl Refresh {
    /// Reads `daily`, `weekly`, `monthly`, or a period such as `2026-11-24`, `2026-W48`, `2026-11`.
    ///
    /// # Errors
    /// [`Code::Usage`] for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let is_digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_number = |text: &str, most: u32| is_digits(text, 2) && text.parse().is_ok_and(|number| (1..=most).contains(&number));
        match text {
            "daily" => return Ok(Refresh::Daily),
            "weekly" => return Ok(Refresh::Weekly),
            "monthly" => return Ok(Refresh::Monthly),
            _ => {}
        }
        let is_period = match text.split('-').collect::<Vec<_>>().as_slice() {
            [year, month, day] => is_digits(year, 4) && is_number(month, 12) && is_number(day, 31),
            [year, rest] => is_digits(year, 4) && (is_number(rest, 12) || rest.strip_prefix('W').is_some_and(|week| is_number(week, 53))),
            _ => false,
        };
        match is_period {
            true => Ok(Refresh::Period(text.to_owned())),
            false => Err(Error::new(
                Code::Usage,
                format!(
                    "`--refresh`: `{}` is none of daily, weekly, monthly, and no period such as 2026-11-24, 2026-W48 or 2026-11",
                    text.escape_debug()
                ),
            )
            .help("mend the value, or leave it out")),
        }
    }

    /// The period that a time is in, and the one before; `now` is in seconds since 1970-01-01 UTC.
    ///
    /// ```
    /// use docktag::refresh::Refresh;
    ///
    /// // 2026-11-24 08:00 UTC, a Tuesday.
    /// let now = 1_795_507_200;
    /// assert_eq!(Refresh::Daily.periods(now), ("2026-11-24".into(), Some("2026-11-23".into())));
    /// assert_eq!(Refresh::Weekly.periods(now), ("2026-W48".into(), Some("2026-W47".into())));
    /// assert_eq!(Refresh::Monthly.periods(now), ("2026-11".into(), Some("2026-10".into())));
    /// ```
    pub fn periods(&self, now: u64) -> (String, Option<String>) {
        let today = now / DAY;
        let (_, _, day) = date(today);
        match self {
            Refresh::Daily => (daily(today), Some(daily(today.saturating_sub(1)))),
            Refresh::Weekly => (weekly(today), Some(weekly(today.saturating_sub(7)))),
            Refresh::Monthly => (monthly(today), Some(monthly(today.saturating_sub(day)))),
            Refresh::Period(period) => (period.clone(), None),
        }
    }
}

/// A time, in seconds since 1970-01-01 UTC, as RFC 3339 has it.
///
/// ```
/// assert_eq!(docktag::refresh::rfc3339(1_795_507_261), "2026-11-24T08:01:01Z");
/// ```
pub fn rfc3339(now: u64) -> String {
    let seconds = now % DAY;
    format!("{}T{:02}:{:02}:{:02}Z", daily(now / DAY), seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn daily(days: u64) -> String {
    let (year, month, day) = date(days);
    format!("{year:04}-{month:02}-{day:02}")
}

fn monthly(days: u64) -> String {
    let (year, month, _) = date(days);
    format!("{year:04}-{month:02}")
}

/// A week belongs to the year that its Thursday is in (ISO 8601).
fn weekly(days: u64) -> String {
    // 1970-01-01 was a Thursday.
    let thursday = days + 3 - (days + 3) % 7;
    let (year, ..) = date(thursday);
    let mut first = thursday;
    while first >= 7 && date(first - 7).0 == year {
        first -= 7;
    }
    format!("{year:04}-W{:02}", (thursday - first) / 7 + 1)
}

/// Year, month and day of a number of days since 1970-01-01, in the Gregorian calendar.
fn date(days: u64) -> (u64, u64, u64) {
    // Years are counted from March, so that the leap day is the last of its year; an era has 400 years.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days since 1970-01-01 (`date -u -d DATE +%s`, by 86,400), and what `date -u +%G-W%V` says.
    #[test]
    fn dates_are_those_of_coreutils() {
        for (days, day, week) in [
            (0, "1970-01-01", "1970-W01"),
            (18_262, "2020-01-01", "2020-W01"),
            (18_321, "2020-02-29", "2020-W09"),
            (18_627, "2020-12-31", "2020-W53"),
            (18_628, "2021-01-01", "2020-W53"),
            (18_631, "2021-01-04", "2021-W01"),
            (19_722, "2023-12-31", "2023-W52"),
            (19_723, "2024-01-01", "2024-W01"),
            (20_453, "2025-12-31", "2026-W01"),
            (47_541, "2100-03-01", "2100-W09"),
        ] {
            assert_eq!((daily(days).as_str(), weekly(days).as_str()), (day, week));
            assert_eq!(monthly(days), day[..7]);
        }
    }

    #[test]
    fn a_period_is_taken_as_it_is() {
        for text in ["2026-11-24", "2026-W48", "2026-11"] {
            assert_eq!(Refresh::parse(text).unwrap().periods(0), (text.to_owned(), None));
        }
        for text in ["", "hourly", "2026", "2026-1-1", "2026-W4", "2026-11-24-1"] {
            assert_eq!(Refresh::parse(text).unwrap_err().code, Code::Usage, "{text}");
        }
    }

    #[test]
    fn the_period_before_the_first_of_a_month_is_the_month_before() {
        let first_of_march = 18_322 * DAY;
        assert_eq!(Refresh::Monthly.periods(first_of_march), ("2020-03".to_owned(), Some("2020-02".to_owned())));
        assert_eq!(Refresh::Daily.periods(first_of_march).1.as_deref(), Some("2020-02-29"));
    }
}
