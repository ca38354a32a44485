//! Schedules: five fields of `cron`, in UTC (CFG §5.8).
//!
//! More is accepted than the hosted service documents: steps, ranges in lists, ranges of weekdays. Each
//! of these is reported as a lint. Deliberately absent: when a schedule is due.

use std::ops::Range;

/// Longest text, in bytes.
const LENGTH: usize = 300;

/// What is wrong with a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CronProblem {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// Bytes of the text that are meant.
    pub(crate) span: Range<usize>,
    /// Other readers of cron take it; it is refused as a probable slip.
    pub(crate) is_slip: bool,
}

struct Field {
    name: &'static str,
    low: u8,
    high: u8,
    names: &'static [&'static str],
}

const MONTHS: &[&str] =
    &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// 7 is Sunday, as 0 is.
const FIELDS: [Field; 5] = [
    Field { name: "minute", low: 0, high: 59, names: &[] },
    Field { name: "hour", low: 0, high: 23, names: &[] },
    Field { name: "day of month", low: 1, high: 31, names: &[] },
    Field { name: "month", low: 1, high: 12, names: MONTHS },
    Field { name: "day of week", low: 0, high: 7, names: DAYS },
];

const DAY_OF_WEEK: usize = 4;

/// Looks for what is wrong with a schedule. What runs here, but not at the hosted service, or never,
/// is returned as lints.
///
/// # Errors
///
/// The first thing that keeps it from being read, with the name of its field.
pub(crate) fn check(text: &str) -> Result<Vec<CronProblem>, CronProblem> {
    read(text).map(|(_, lints)| lints)
}

/// Reads a schedule as sets of numbers.
fn read(text: &str) -> Result<(Vec<u64>, Vec<CronProblem>), CronProblem> {
    let parts = split(text)?;
    let mut lints = Vec::new();
    let mut sets: Vec<u64> = Vec::new();
    for (index, (field, (at, part))) in FIELDS.iter().zip(&parts).enumerate() {
        let set = field.set(part, *at, &mut lints)?;
        // Sunday once.
        sets.push(if index == DAY_OF_WEEK { (set | (set >> 7)) & 0x7F } else { set });
    }
    if parts[DAY_OF_WEEK].1 == "*" && never_comes(sets[2], sets[3]) {
        let (at, _) = parts[2];
        let (last, month) = parts[3];
        lints.push(CronProblem {
            message: "this date never occurs: no such month has that many days".to_owned(),
            help: None,
            span: at..last + month.len(),
            is_slip: false,
        });
    }
    Ok((sets, lints))
}

/// What the five fields are.
const ORDER: &str = "the fields are minute, hour, day of month, month and day of week, in UTC";

/// Splits into five fields, each with its first byte.
fn split(text: &str) -> Result<Vec<(usize, &str)>, CronProblem> {
    let whole = 0..text.len();
    let problem = |message: String, help: &str| CronProblem {
        message,
        help: Some(help.to_owned()),
        span: whole.clone(),
        is_slip: false,
    };
    if text.len() > LENGTH {
        return Err(problem(
            format!("a cron expression can have at most {LENGTH} bytes"),
            "use ranges",
        ));
    }
    let trimmed = text.trim();
    if trimmed.starts_with('@') {
        let same = match trimmed.to_ascii_lowercase().as_str() {
            "@hourly" => "0 * * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            _ => "0 0 * * *",
        };
        return Err(problem(format!("`{trimmed}` is not supported"), &format!("write `{same}`")));
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(from) = rest.find(|c: char| !c.is_ascii_whitespace()) {
        let at = text.len() - rest.len() + from;
        let part = &rest[from..];
        let end = part.find(|c: char| c.is_ascii_whitespace()).unwrap_or(part.len());
        parts.push((at, &part[..end]));
        rest = &part[end..];
    }
    match parts.len() {
        5 => Ok(parts),
        0 => Err(problem(
            "the cron expression is empty".to_owned(),
            "write, for example, `0 2 * * *`",
        )),
        count @ 1..5 => {
            let missing: Vec<_> = FIELDS[count..].iter().map(|field| field.name).collect();
            let message =
                format!("expected 5 fields, found {count}: missing {}", missing.join(", "));
            Err(problem(message, ORDER))
        }
        count => {
            let message =
                format!("expected 5 fields, found {count}; seconds and years are not supported");
            Err(problem(message, ORDER))
        }
    }
}

impl Field {
    /// Reads a field as a set of numbers.
    fn set(&self, text: &str, at: usize, lints: &mut Vec<CronProblem>) -> Result<u64, CronProblem> {
        let mut set = 0;
        let mut from = at;
        let is_list = text.contains(',');
        if is_list && text.split(',').any(|item| item == "*") {
            let message = "`*` cannot be part of a list";
            return Err(self.slip(message, at..at + text.len()).help("write `*`"));
        }
        for item in text.split(',') {
            set |= self.item(item, from, lints)?;
            if is_list && item.contains('-') {
                let help = "write out the numbers";
                lints.push(self.lint("ranges in lists", help, from..from + item.len()));
            }
            from += item.len() + 1;
        }
        Ok(set)
    }

    /// Reads `*`, `7`, `1-5`, each perhaps with a step.
    fn item(
        &self,
        text: &str,
        at: usize,
        lints: &mut Vec<CronProblem>,
    ) -> Result<u64, CronProblem> {
        let span = at..at + text.len();
        let (range, step) = match text.split_once('/') {
            None => (text, 1),
            Some((range, step)) => {
                let at = at + range.len() + 1;
                let number = number(step).filter(|step| (1..=self.high).contains(step));
                let number = number.ok_or_else(|| {
                    let message =
                        format!("`{step}` is not a valid step, expected 1 to {}", self.high);
                    self.slip(&message, at..at + step.len())
                })?;
                lints.push(self.lint("steps", "write out the numbers", span.clone()));
                (range, number)
            }
        };
        let (low, high) = match range.split_once('-') {
            _ if range == "*" => (self.low, if self.high == 7 { 6 } else { self.high }),
            None if step > 1 || text.contains('/') => {
                let low = self.value(range, at)?;
                return Err(self
                    .problem("a step needs `*` or a range before it", span)
                    .help(format!("write `{low}-{}/{step}`", self.high)));
            }
            None => {
                let value = self.value(range, at)?;
                (value, value)
            }
            Some((low, high)) => {
                if self.high == 7 {
                    lints.push(self.lint("ranges of weekdays", "write `1,2,3,4,5`", span.clone()));
                }
                let from = self.value(low, at)?;
                let to = self.value(high, at + low.len() + 1)?;
                // A week may end with Sunday.
                (from, if to == 0 && self.high == 7 && from > 0 { 7 } else { to })
            }
        };
        if low > high {
            let message = format!("the range `{range}` starts after its end");
            let help = format!("write `{low}-{},{}-{high}`", self.high, self.low);
            return Err(self.problem(&message, span).help(help));
        }
        Ok((low..=high).step_by(usize::from(step)).fold(0, |set, value| set | 1 << value))
    }

    fn value(&self, text: &str, at: usize) -> Result<u8, CronProblem> {
        let span = at..at + text.len();
        let lower = text.to_ascii_lowercase();
        if let Some(index) = self.names.iter().position(|name| *name == lower) {
            return Ok(self.low + u8::try_from(index).unwrap_or(0));
        }
        if text.is_empty() {
            return Err(self.problem("a number is missing", span));
        }
        if let Some(name) = self.names.iter().find(|name| lower.starts_with(**name)) {
            let message = format!("`{text}` is not a valid {}", self.name);
            return Err(self.problem(&message, span).help(format!("write `{name}`")));
        }
        if text.contains(['L', 'W', '#', '?']) {
            let message = format!("`{text}` is not supported in this cron dialect");
            return Err(self.problem(&message, span).help("use numbers, lists and `*`"));
        }
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits {
            let help = format!("write a number between {} and {}", self.low, self.high);
            return Err(self.problem(&format!("`{text}` is not a number"), span).help(help));
        }
        match number(text) {
            Some(value) if value < self.low => {
                let message = format!("{text} is less than {}", self.low);
                Err(self.problem(&message, span))
            }
            Some(value) if value <= self.high => Ok(value),
            _ => Err(self.problem(&format!("{text} is greater than {}", self.high), span)),
        }
    }

    fn problem(&self, message: &str, span: Range<usize>) -> CronProblem {
        let message = format!("{}: {message}", self.name);
        CronProblem { message, help: None, span, is_slip: false }
    }

    fn slip(&self, message: &str, span: Range<usize>) -> CronProblem {
        CronProblem { is_slip: true, ..self.problem(message, span) }
    }

    fn lint(&self, what: &str, help: &str, span: Range<usize>) -> CronProblem {
        let message = format!("{}: {what} may not work on the hosted service", self.name);
        CronProblem { message, help: Some(help.to_owned()), span, is_slip: false }
    }
}

impl CronProblem {
    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

fn number(text: &str) -> Option<u8> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Returns whether no month of the set has a day of the set.
fn never_comes(days: u64, months: u64) -> bool {
    const LONGEST: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let first = days.trailing_zeros();
    (1..=12)
        .zip(LONGEST)
        .filter(|(month, _)| months & (1 << month) != 0)
        .all(|(_, days)| first > days)
}

#[cfg(test)]
mod tests {
    use croner::parser::{CronParser, Seconds, Year};
    use proptest::prelude::*;

    use super::*;

    /// Numbers only; `*` for all.
    fn canonical(text: &str) -> String {
        let (sets, _) = read(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        let field = |(set, field): (&u64, &Field)| {
            let high = field.high.min(if field.high == 7 { 6 } else { 59 });
            let numbers: Vec<_> = (0..64).filter(|value| set & (1 << value) != 0).collect();
            if numbers.len() == usize::from(high - field.low) + 1 {
                return "*".to_owned();
            }
            numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
        };
        sets.iter().zip(&FIELDS).map(field).collect::<Vec<_>>().join(" ")
    }

    fn lints(text: &str) -> Vec<String> {
        let lints = check(text).unwrap();
        lints.into_iter().map(|lint| format!("{}|{}", &text[lint.span], lint.message)).collect()
    }

    #[test]
    fn cfg_200_numbers_lists_names_and_ranges_are_read() {
        for (text, expected) in [
            ("30 2 * * 1,2,3,4,5", "30 2 * * 1,2,3,4,5"),
            ("0 0 1 jan,JUL sun", "0 0 1 1,7 0"),
            ("*/15 * * * *", "0,15,30,45 * * * *"),
            ("0 9-11 * * 1-5", "0 9,10,11 * * 1,2,3,4,5"),
            ("0 0 * * 7", "0 0 * * 0"),
            ("0 0 * * fri-sun", "0 0 * * 0,5,6"),
            ("0 0 * * 5-7", "0 0 * * 0,5,6"),
            ("  5   4\t*  * * ", "5 4 * * *"),
            ("0 10-20/5 * * *", "0 10,15,20 * * *"),
            ("00 08 * * *", "0 8 * * *"),
            ("0 0 31 * *", "0 0 31 * *"),
        ] {
            assert_eq!(canonical(text), expected, "{text}");
        }
    }

    #[test]
    fn cfg_200_mistakes_name_the_field() {
        for (text, underlined, message) in [
            ("75 * * * *", "75", "minute: 75 is greater than 59"),
            ("0 24 * * *", "24", "hour: 24 is greater than 23"),
            ("0 0 0 * *", "0", "day of month: 0 is less than 1"),
            ("0 0 * 13 *", "13", "month: 13 is greater than 12"),
            ("0 0 * * 8", "8", "day of week: 8 is greater than 7"),
            ("0 0 * * monday", "monday", "day of week: `monday` is not a valid day of week"),
            ("0 20-3 * * *", "20-3", "hour: the range `20-3` starts after its end"),
            ("*/0 * * * *", "0", "minute: `0` is not a valid step"),
            ("5/10 * * * *", "5/10", "minute: a step needs"),
            ("1,,2 * * * *", "", "minute: a number is missing"),
            ("0 0 L * *", "L", "day of month: `L` is not supported"),
            ("x * * * *", "x", "minute: `x` is not a number"),
            ("0 0 * *", "0 0 * *", "expected 5 fields, found 4: missing day of week"),
            ("0 0 0 * * *", "0 0 0 * * *", "expected 5 fields, found 6"),
            ("@daily", "@daily", "`@daily` is not supported"),
            ("", "", "the cron expression is empty"),
            ("300 * * * *", "300", "minute: 300 is greater than 59"),
        ] {
            let error = check(text).unwrap_err();
            assert_eq!(&text[error.span.clone()], underlined, "{error:?}");
            assert!(error.message.starts_with(message), "{error:?}");
        }
        assert_eq!(check("@daily").unwrap_err().help.as_deref(), Some("write `0 0 * * *`"));
    }

    #[test]
    fn cfg_200_what_the_hosted_service_does_not_promise_is_reported() {
        assert!(lints("30 2 * * 1,2,3").is_empty());
        assert!(lints("0 0,12 * jan *").is_empty());
        assert!(lints("0 9-17 * * *").is_empty());
        assert_eq!(lints("*/5 * * * *").len(), 1);
        assert!(lints("*/5 * * * *")[0].starts_with("*/5|minute:"));
        assert!(lints("0 1-3,5 * * *")[0].starts_with("1-3|hour:"));
        assert!(lints("0 0 * * 1-5")[0].starts_with("1-5|day of week:"));
        assert!(lints("0 0 30,31 feb *")[0].contains("never occurs"));
        assert!(lints("0 0 31 4,6 *")[0].contains("never occurs"));
        assert!(lints("0 0 29 2 *").is_empty());
        assert!(lints("0 0 30 2 1").is_empty());
    }

    fn croner_takes(text: &str) -> bool {
        let parser =
            CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        parser.parse(text).is_ok()
    }

    proptest! {
        /// The server's library must take what is let through here, and mean the same by it.
        #[test]
        fn what_is_taken_here_is_taken_by_the_scheduler(
            fields in prop::collection::vec("([0-9]{1,2}|\\*)(-[0-9]{1,2})?(/[0-9]{1,2})?(,[0-9]{1,2})?", 5),
        ) {
            let text = fields.join(" ");
            match check(&text) {
                Ok(_) => {
                    prop_assert!(croner_takes(&text), "{text} is taken here only");
                    let canonical = canonical(&text);
                    prop_assert!(croner_takes(&canonical));
                }
                // A step beyond its field says the same as one number, and `*` in a list the same as
                // `*` alone.
                Err(error) => {
                    prop_assert!(!croner_takes(&text) || error.is_slip, "{text}: {error:?}");
                }
            }
        }

        #[test]
        fn any_text_is_survived(text in "[0-9*/, a-zLW#?@-]{0,30}|\\PC{0,30}") {
            if let Err(error) = check(&text) {
                prop_assert!(text.get(error.span).is_some());
            }
        }
    }
}
