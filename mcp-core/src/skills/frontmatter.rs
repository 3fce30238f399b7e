//! The frontmatter of `SKILL.md`: YAML, read as the JSON that it stands for.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use serde_json::{Map, Number, Value};

/// Why frontmatter is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrontmatterFault {
    /// The file is no text in UTF-8.
    #[error("is not in UTF-8")]
    NotText,
    /// The file does not begin with `---`, or nothing ends what begins there.
    #[error("is missing")]
    Missing,
    /// It is larger than 64 KiB, deeper than 32 levels, or has more than 4096 values.
    #[error("is too large")]
    TooLarge,
    /// It is no YAML.
    #[error("is no YAML")]
    Malformed,
    /// It has members twice, or what JSON does not have: infinity, tags of its own, keys that are
    /// no text.
    #[error("has no form in JSON")]
    NoJson,
}

/// Bytes: names, descriptions and licences have a few hundred.
const MAX_BYTES: usize = 64 << 10;

/// Levels, at which reading it is sure not to exhaust a stack.
const MAX_DEPTH: usize = 32;

/// Values, with those that aliases repeat.
const MAX_VALUES: usize = 4096;

/// Reads the frontmatter that a file begins with.
pub(super) fn of(file: &str) -> Result<Map<String, Value>, FrontmatterFault> {
    let yaml = block(file).ok_or(FrontmatterFault::Missing)?;
    if yaml.len() > MAX_BYTES {
        return Err(FrontmatterFault::TooLarge);
    }
    let mut reader =
        Reader { events: Parser::new_from_str(yaml), anchors: BTreeMap::new(), values: 0 };
    match reader.document()? {
        Value::Object(members) => Ok(members),
        _ => Err(FrontmatterFault::NoJson),
    }
}

/// What stands between the first line, `---`, and the next one.
fn block(file: &str) -> Option<&str> {
    let is_fence = |line: &str| line.trim_end() == "---";
    let (first, rest) = file.split_once('\n')?;
    if !is_fence(first) {
        return None;
    }
    let mut end = 0;
    for line in rest.split_inclusive('\n') {
        if is_fence(line) {
            return rest.get(..end);
        }
        end += line.len();
    }
    None
}

/// The first member in which two objects differ. Numbers are compared by value.
pub(super) fn difference(entry: &Map<String, Value>, found: &Map<String, Value>) -> Option<String> {
    let differs = |(key, value): (&String, &Value)| {
        let same = found.get(key).is_some_and(|other| is_same(value, other));
        (!same).then(|| key.clone())
    };
    let extra = || found.keys().find(|key| !entry.contains_key(*key)).cloned();
    entry.iter().find_map(differs).or_else(extra)
}

fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || is_same_number(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => difference(one, other).is_none(),
        _ => one == other,
    }
}

fn is_same_number(one: &Number, other: &Number) -> bool {
    match (one.as_i128(), other.as_i128()) {
        (Some(one), Some(other)) => one == other,
        _ => one.as_f64() == other.as_f64(),
    }
}

struct Reader<'a> {
    events: Parser<'a, StrInput<'a>>,
    anchors: BTreeMap<usize, Value>,
    values: usize,
}

impl<'a> Reader<'a> {
    /// The one document there is.
    fn document(&mut self) -> Result<Value, FrontmatterFault> {
        let mut document = None;
        loop {
            match self.next()? {
                Event::StreamEnd => return document.ok_or(FrontmatterFault::NoJson),
                Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd => {}
                _ if document.is_some() => return Err(FrontmatterFault::NoJson),
                event => document = Some(self.value(event, 0)?),
            }
        }
    }

    fn next(&mut self) -> Result<Event<'a>, FrontmatterFault> {
        let next: Option<Result<(Event<'a>, Span), ScanError>> = self.events.next();
        match next {
            Some(Ok((event, _))) => Ok(event),
            Some(Err(_)) | None => Err(FrontmatterFault::Malformed),
        }
    }

    fn value(&mut self, event: Event<'a>, depth: usize) -> Result<Value, FrontmatterFault> {
        self.count(1)?;
        if depth > MAX_DEPTH {
            return Err(FrontmatterFault::TooLarge);
        }
        let (anchor, value) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                (anchor, scalar(&text, style, tag.as_deref())?)
            }
            Event::SequenceStart(anchor, tag) => {
                expect_tag(tag.as_deref(), "seq")?;
                (anchor, self.sequence(depth)?)
            }
            Event::MappingStart(anchor, tag) => {
                expect_tag(tag.as_deref(), "map")?;
                (anchor, self.mapping(depth)?)
            }
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).ok_or(FrontmatterFault::Malformed)?.clone();
                self.count(size(&value))?;
                return Ok(value);
            }
            _ => return Err(FrontmatterFault::Malformed),
        };
        if anchor > 0 {
            self.count(size(&value))?;
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn sequence(&mut self, depth: usize) -> Result<Value, FrontmatterFault> {
        let mut values = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok(Value::Array(values)),
                event => values.push(self.value(event, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Value, FrontmatterFault> {
        let mut members = Map::new();
        loop {
            let key = match self.next()? {
                Event::MappingEnd => return Ok(Value::Object(members)),
                Event::Scalar(key, ..) => key.to_string(),
                _ => return Err(FrontmatterFault::NoJson),
            };
            let event = self.next()?;
            let value = self.value(event, depth + 1)?;
            if members.insert(key, value).is_some() {
                return Err(FrontmatterFault::NoJson);
            }
        }
    }

    fn count(&mut self, values: usize) -> Result<(), FrontmatterFault> {
        self.values = self.values.saturating_add(values);
        if self.values > MAX_VALUES { Err(FrontmatterFault::TooLarge) } else { Ok(()) }
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(size).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

fn expect_tag(tag: Option<&Tag>, kind: &str) -> Result<(), FrontmatterFault> {
    let fits = tag.is_none_or(|tag| tag.is_yaml_core_schema() && tag.suffix == kind);
    if fits { Ok(()) } else { Err(FrontmatterFault::NoJson) }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, FrontmatterFault> {
    let plain = match tag {
        None => style == ScalarStyle::Plain,
        Some(tag) if tag.handle.is_empty() && tag.suffix == "!" => false,
        Some(tag) if tag.is_yaml_core_schema() => match tag.suffix.as_str() {
            "str" => false,
            "null" | "bool" | "int" | "float" => true,
            _ => return Err(FrontmatterFault::NoJson),
        },
        Some(_) => return Err(FrontmatterFault::NoJson),
    };
    if plain { resolve(text) } else { Ok(Value::String(text.to_string())) }
}

/// What a plain scalar stands for in the core schema of YAML 1.2.
fn resolve(text: &str) -> Result<Value, FrontmatterFault> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(FrontmatterFault::NoJson);
    }
    let based = |prefix: &str, radix| {
        let digits = text.strip_prefix(prefix).filter(|it| !it.starts_with('+'))?;
        u64::from_str_radix(digits, radix).ok().map(Value::from)
    };
    if let Some(number) = based("0o", 8).or_else(|| based("0x", 16)) {
        return Ok(number);
    }
    if !is_decimal(unsigned) {
        return Ok(Value::String(text.to_string()));
    }
    let bare = text.strip_prefix('+').unwrap_or(text);
    if let Ok(integer) = bare.parse::<i64>() {
        return Ok(integer.into());
    }
    if let Ok(integer) = bare.parse::<u64>() {
        return Ok(integer.into());
    }
    let float = bare.parse::<f64>().ok().and_then(Number::from_f64);
    float.map(Value::Number).ok_or(FrontmatterFault::NoJson)
}

/// Whether it is a number in the core schema: digits, perhaps with a point and an exponent.
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let number = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    let exponent = exponent.is_none_or(|it| {
        let it = it.strip_prefix(['-', '+']).unwrap_or(it);
        !it.is_empty() && digits(it)
    });
    number && exponent
}
