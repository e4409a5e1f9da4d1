//! Lengths of time and numbers of bytes, as people write them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::time::Duration;

/// A length of time, written `30s`, `10m`, `24h`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(pub Duration);

impl Time {
    /// That many seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

/// A length of time between two of something, or `off` for never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Every(pub Option<Duration>);

/// A number of bytes, written `512`, `64KiB`, `1GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

const OFF: &str = "off";
const TIMES: &[(&str, u64)] = &[("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];
const SIZES: &[(&str, u64)] = &[("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1)];

fn parse_unit(text: &str, units: &[(&str, u64)], example: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = units
        .iter()
        .find(|(name, _)| *name == text[digits.len()..].trim());
    let number = digits.parse::<u64>().ok();
    let value = number
        .zip(unit)
        .and_then(|(number, (_, factor))| number.checked_mul(*factor));
    value.ok_or_else(|| format!("`{text}` is not a value like {example}"))
}

fn write_unit(value: u64, units: &[(&str, u64)]) -> String {
    let unit = units
        .iter()
        .find(|(_, factor)| value.is_multiple_of(*factor) && value >= *factor);
    unit.map_or_else(
        || format!("{value}{}", units[units.len() - 1].0),
        |(name, factor)| format!("{}{name}", value / factor),
    )
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_unit(&text, TIMES, "`30s`, `10m`, `24h` or `7d`")
            .map(Self::seconds)
            .map_err(serde::de::Error::custom)
    }
}
impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&write_unit(self.0.as_secs(), TIMES))
    }
}
impl<'de> Deserialize<'de> for Every {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == OFF {
            return Ok(Self(None));
        }
        parse_unit(&text, TIMES, "`10m`, `1h`, `7d` or `off`")
            .map(|seconds| Self(Some(Duration::from_secs(seconds))))
            .map_err(serde::de::Error::custom)
    }
}
impl Serialize for Every {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            None => serializer.serialize_str(OFF),
            Some(time) => Time(time).serialize(serializer),
        }
    }
}
impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_unit(&text, SIZES, "`512`, `64KiB`, `100MiB` or `1GiB`")
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}
impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&write_unit(self.0, SIZES))
    }
}
