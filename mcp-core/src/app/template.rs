//! URI templates, read backwards: which values make a template into a given URI.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// What is wrong with a URI template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A brace has no partner.
    #[error("has a brace without a partner")]
    Brace,
    /// An expression is something else than `{name}` or `{+name}`.
    #[error("has an expression other than {{name}} and {{+name}}")]
    Expression,
    /// There is no variable: that is a resource, not a family of them.
    #[error("has no variable")]
    NoVariable,
    /// Two variables have the same name.
    #[error("has two variables of one name")]
    Duplicate,
    /// Nothing stands between two variables, so that a URI can be read in many ways.
    #[error("has two variables with nothing between them")]
    Adjacent,
    /// There are two `{+name}`, so that a URI can be read in many ways.
    #[error("has more than one {{+name}}")]
    TwoReserved,
}

/// A URI template of which URIs can be taken apart: RFC 6570 level 1, and one `{+name}`.
///
/// `{name}` stands for one or more characters other than `/`, `?` and `#`; `{+name}` for one or
/// more of any. Each piece of text between variables is looked for once, so that taking a URI
/// apart takes time linear in its length: there is nothing to backtrack into
/// (CVE-2026-0621 was a regular expression here).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    prefix: Box<str>,
    variables: Vec<Variable>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Variable {
    name: Box<str>,
    /// Whether it may hold `/`, `?` and `#`.
    reserved: bool,
    /// The text after it; of all but the last it is not empty.
    suffix: Box<str>,
}

/// What the variables of a URI template stand for in one URI.
///
/// Values are what the client wrote with percent-encoding taken away: they can hold anything,
/// `/` included, and `..` unless it is a `file:` URI, of which those that lead elsewhere match no
/// template. Check them before they touch a file system or a query: links lead elsewhere too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UriVariables {
    uri: String,
    values: Vec<(Box<str>, String)>,
}

impl UriVariables {
    /// The whole URI.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// What a variable stands for; `None` if the template has no such variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.values.iter();
        let (_, value) = values.find(|(variable, _)| &**variable == name)?;
        Some(value)
    }

    /// What every variable stands for, in the order of the template.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let values = self.values.iter();
        values.map(|(name, value)| (&**name, value.as_str()))
    }
}

impl Template {
    pub(super) fn parse(template: &str) -> Result<Self, TemplateError> {
        let mut pieces = template.split('{');
        let prefix = literal(pieces.next().unwrap_or_default())?;
        let mut variables: Vec<Variable> = Vec::new();
        for piece in pieces {
            if variables.last().is_some_and(|last| last.suffix.is_empty()) {
                return Err(TemplateError::Adjacent);
            }
            let (expression, suffix) = piece.split_once('}').ok_or(TemplateError::Brace)?;
            let variable = variable(expression, literal(suffix)?)?;
            if variables.iter().any(|other| other.name == variable.name) {
                return Err(TemplateError::Duplicate);
            }
            variables.push(variable);
        }
        if variables.is_empty() {
            return Err(TemplateError::NoVariable);
        }
        if variables.iter().filter(|it| it.reserved).count() > 1 {
            return Err(TemplateError::TwoReserved);
        }
        Ok(Self { prefix, variables })
    }

    pub(super) fn has_variable(&self, name: &str) -> bool {
        self.variables.iter().any(|it| &*it.name == name)
    }

    /// Takes a URI apart; `None` if the template cannot have made it.
    pub(super) fn captures(&self, uri: &str) -> Option<UriVariables> {
        let values = self.split(uri)?;
        if strays(uri) {
            return None;
        }
        let decode = |(variable, value): (&Variable, &str)| {
            Some((variable.name.clone(), percent_decode(value)?))
        };
        let values = self.variables.iter().zip(values).map(decode);
        Some(UriVariables { uri: uri.to_owned(), values: values.collect::<Option<_>>()? })
    }

    /// What stands for each variable, still encoded.
    ///
    /// From the left each value ends at the first place where the text after it stands, from the
    /// right each starts at the last. That loses no match: a shorter value leaves more to the
    /// others, and `{+name}`, of which there is one at most, takes whatever is left in between.
    fn split<'a>(&self, uri: &'a str) -> Option<Vec<&'a str>> {
        let (last, rest) = self.variables.split_last()?;
        let mut middle = uri.strip_prefix(&*self.prefix)?.strip_suffix(&*last.suffix)?;
        let widest = rest.iter().position(|it| it.reserved).unwrap_or(rest.len());

        let mut values = Vec::with_capacity(self.variables.len());
        for variable in rest.get(..widest)? {
            let (value, after) = split_once_after_first(middle, &variable.suffix)?;
            values.push(value);
            middle = after;
        }
        let mut from_the_right = Vec::new();
        for variable in rest.get(widest..)?.iter().rev() {
            let (before, value) = rsplit_once_before_last(middle, &variable.suffix)?;
            from_the_right.push(value);
            middle = before;
        }
        values.push(middle);
        values.extend(from_the_right.into_iter().rev());

        let fits = |(variable, value): (&Variable, &&str)| {
            !value.is_empty() && (variable.reserved || !value.contains(['/', '?', '#']))
        };
        self.variables.iter().zip(&values).all(fits).then_some(values)
    }
}

/// Splits at the first `separator` that has at least one character before it.
fn split_once_after_first<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let first = text.chars().next()?.len_utf8();
    let (value, after) = text.get(first..)?.split_once(separator)?;
    Some((text.get(..first + value.len())?, after))
}

/// Splits at the last `separator` that has at least one character after it.
fn rsplit_once_before_last<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let last = text.char_indices().next_back()?.0;
    let (before, value) = text.get(..last)?.rsplit_once(separator)?;
    Some((before, text.get(last - value.len()..)?))
}

fn literal(text: &str) -> Result<Box<str>, TemplateError> {
    if text.contains('}') {
        return Err(TemplateError::Brace);
    }
    Ok(text.into())
}

fn variable(expression: &str, suffix: Box<str>) -> Result<Variable, TemplateError> {
    let (reserved, name) = match expression.strip_prefix('+') {
        Some(name) => (true, name),
        None => (false, expression),
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
    if name.is_empty() || !name.bytes().all(is_name) {
        return Err(TemplateError::Expression);
    }
    Ok(Variable { name: name.into(), reserved, suffix })
}

/// Whether a `file:` URI could lead out of the folder that a handler means: by `..`, by an absolute
/// path within the path, or by a NUL that ends it early (RES-20).
fn strays(uri: &str) -> bool {
    const SLASHES: [char; 2] = ['/', '\\'];
    let parts = uri.split_once(':').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("file"));
    let Some((_, rest)) = parts else {
        return false;
    };
    let Some(rest) = percent_decode(rest) else {
        return true;
    };
    let path = match rest.strip_prefix("//") {
        Some(rest) => rest.split_once(SLASHES).map_or("", |(_host, path)| path),
        None => &rest,
    };
    let path = path.trim_end_matches(SLASHES);
    rest.contains('\0')
        || rest.split(SLASHES).any(|segment| segment == "..")
        || (!path.is_empty() && path.split(SLASHES).any(str::is_empty))
}

/// Takes percent-encoding away; `None` if what it stands for is no text.
fn percent_decode(text: &str) -> Option<String> {
    let mut pieces = text.split('%');
    let mut bytes = Vec::with_capacity(text.len());
    bytes.extend_from_slice(pieces.next()?.as_bytes());
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(template: &str, uri: &str) -> Option<Vec<String>> {
        let captures = Template::parse(template).unwrap().captures(uri)?;
        Some(captures.iter().map(|(_, value)| value.to_owned()).collect())
    }

    #[test]
    fn takes_uris_apart() {
        for (template, uri, expected) in [
            ("catalog://tool/{name}", "catalog://tool/add", Some(&["add"][..])),
            ("catalog://tool/{name}", "catalog://tool/", None),
            ("catalog://tool/{name}", "catalog://tool/a/b", None),
            ("catalog://tool/{name}", "catalog://prompt/add", None),
            ("t://{id}/data", "t://123/data", Some(&["123"])),
            ("t://{id}/data", "t:///data", None),
            ("t://{id}/data", "t://1/data/data", None),
            ("t://{a}-{b}", "t://x-y-z", Some(&["x", "y-z"])),
            ("t://{a}--{b}", "t://---x", Some(&["-", "x"])),
            ("t://{a}/{b}/c", "t://x/y/c", Some(&["x", "y"])),
            ("f:///{+path}", "f:///a/b?c#d", Some(&["a/b?c#d"])),
            ("f:///{+path}", "f:///", None),
            ("{repo}:{+path}.{ext}", "r:a/b.c/d.rs", Some(&["r", "a/b.c/d", "rs"])),
            ("{+path}-{b}", "x-y/z-w", Some(&["x-y/z", "w"])),
            ("{+path}--{b}", "a----", Some(&["a-", "-"])),
            ("{a}-{+b}-{c}", "1-2", None),
            ("{a}-{+b}-{c}", "1--3", None),
            ("x{a}x", "xx", None),
            ("x{a}x", "xüx", Some(&["ü"])),
            ("x{a}", "x%C3%BC%2Fy", Some(&["ü/y"])),
            ("x{a}", "x%C3", None),
            ("x{a}", "x%+1", None),
            ("x{a}", "x%1", None),
        ] {
            let expected = expected.map(|it| it.iter().map(|it| (*it).to_owned()).collect());
            assert_eq!(values(template, uri), expected, "{template} {uri}");
        }
    }

    #[test]
    fn refuses_what_it_cannot_take_apart() {
        for (template, expected) in [
            ("a", TemplateError::NoVariable),
            ("{a", TemplateError::Brace),
            ("a}{b}", TemplateError::Brace),
            ("{a}}", TemplateError::Brace),
            ("{{a}}", TemplateError::Brace),
            ("{}", TemplateError::Expression),
            ("{?q}", TemplateError::Expression),
            ("{a,b}", TemplateError::Expression),
            ("{a*}", TemplateError::Expression),
            ("{a:3}", TemplateError::Expression),
            ("{a}{b}", TemplateError::Adjacent),
            ("{a}/{a}", TemplateError::Duplicate),
            ("{+a}/{+b}", TemplateError::TwoReserved),
        ] {
            assert_eq!(Template::parse(template), Err(expected), "{template}");
        }
    }

    /// RES-20: a file URI that leads out of its folder is none of the family, however it is written.
    #[test]
    fn res_20_file_uris_do_not_stray() {
        for good in ["a", "a/b.c", "a/..b/c..", "...", ".a", "a/", "%2e%2e%2e", "a:b"] {
            assert!(
                values("file:///{+path}", &alloc::format!("file:///{good}")).is_some(),
                "{good}"
            );
        }
        for bad in [
            "..",
            "../etc/passwd",
            "a/../../etc/passwd",
            "a/..",
            "%2e%2E/etc",
            "..%2fetc",
            "a%2f..%2F..",
            "..\\etc",
            "a%5c..%5cetc",
            "/etc/passwd",
            "%2fetc/passwd",
            "\\\\host\\share",
            "a//b",
            "a%00.txt",
        ] {
            for (template, root) in [
                ("file:///{+path}", "file:///"),
                ("FILE:///{+path}", "FILE:///"),
                ("{+uri}", "file:///"),
            ] {
                let uri = alloc::format!("{root}{bad}");
                assert_eq!(values(template, &uri), None, "{template} {uri}");
            }
        }
        assert_eq!(values("file:///{a}/x", "file:///%2e%2e/x"), None);
        assert_eq!(values("file:///.{a}/x", "file:///../x"), None);
        // Only files have folders to lead out of.
        assert!(values("git://{+path}", "git://a/../b").is_some());
        assert!(values("file://{host}/{+path}", "file://h/a").is_some());
        assert_eq!(values("file://{host}/{+path}", "file://h//a"), None);
    }

    /// The greedy split against trying everything: it must find a match whenever there is one.
    #[test]
    fn loses_no_match() {
        let alphabet = ['a', '-', '/'];
        let templates = ["{a}-{b}", "{a}-/{b}-", "{+a}-{b}", "{a}-{+b}-{c}", "a{a}--{b}/{c}"];
        let mut uris = alloc::vec![String::new()];
        for length in 1..=7 {
            let longer = uris.iter().filter(|uri| uri.len() == length - 1);
            let longer =
                longer.flat_map(|uri| alphabet.map(|letter| alloc::format!("{uri}{letter}")));
            let longer: Vec<String> = longer.collect();
            uris.extend(longer);
        }
        for template in templates {
            let template = Template::parse(template).unwrap();
            for uri in &uris {
                let found = template.split(uri).is_some();
                let there = uri
                    .strip_prefix(&*template.prefix)
                    .is_some_and(|rest| exhaustive(&template.variables, rest));
                assert_eq!(found, there, "{template:?} {uri}");
            }
        }
    }

    fn exhaustive(variables: &[Variable], uri: &str) -> bool {
        let Some((first, rest)) = variables.split_first() else {
            return uri.is_empty();
        };
        (1..=uri.len()).any(|end| {
            let (value, after) = uri.split_at(end);
            (first.reserved || !value.contains('/'))
                && after.strip_prefix(&*first.suffix).is_some_and(|after| exhaustive(rest, after))
        })
    }
}
