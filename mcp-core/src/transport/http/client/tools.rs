//! What is known of the server's tools: which of their arguments are repeated in headers.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::jsonrpc::{RawJson, with_member};
use crate::model::RawObject;
use crate::modern::{InvalidAnnotation, MirroredParams};

/// A tool that was left out of a list: calls of it could not be routed (HDR-19).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DroppedTool {
    /// The name of the tool.
    pub name: String,
    /// What is wrong with it.
    pub problem: InvalidAnnotation,
}

/// The tools that have arguments to mirror, by name.
#[derive(Debug, Default)]
pub(super) struct Tools(BTreeMap<String, MirroredParams>);

impl Tools {
    /// Learns from the result of a `tools/list`; what it looks like without the tools that no
    /// client may call over HTTP, and which those are.
    ///
    /// What is no such result stays as it is: whoever reads it says so better. Of tools beyond
    /// `limit` nothing is remembered.
    pub(super) fn learn(&mut self, result: &RawJson, limit: usize) -> (RawJson, Vec<DroppedTool>) {
        #[derive(Deserialize)]
        struct List<'a> {
            #[serde(borrow)]
            tools: Vec<&'a RawValue>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Tool {
            name: String,
            input_schema: RawObject,
        }
        let mut dropped = Vec::new();
        let Ok(List { tools }) = serde_json::from_str(result.as_str()) else {
            return (result.clone(), dropped);
        };
        let mut kept = Vec::with_capacity(tools.len());
        for raw in tools {
            let Ok(tool) = serde_json::from_str::<Tool>(raw.get()) else {
                kept.push(raw);
                continue;
            };
            match MirroredParams::of(&tool.input_schema) {
                Ok(params) => {
                    kept.push(raw);
                    self.remember(tool.name, params, limit);
                }
                Err(problem) => {
                    self.0.remove(&tool.name);
                    dropped.push(DroppedTool { name: tool.name, problem });
                }
            }
        }
        if dropped.is_empty() {
            return (result.clone(), dropped);
        }
        (with_tools(result, &kept).unwrap_or_else(|| result.clone()), dropped)
    }

    fn remember(&mut self, name: String, params: MirroredParams, limit: usize) {
        if params.is_empty() {
            self.0.remove(&name);
        } else if self.0.len() < limit || self.0.contains_key(&name) {
            self.0.insert(name, params);
        }
    }

    /// The headers of a call, if its tool is known to have arguments to mirror (HDR-12, HDR-33).
    pub(super) fn headers(&self, name: &str, params: &RawJson) -> Vec<(String, String)> {
        #[derive(Deserialize)]
        struct Call {
            #[serde(default)]
            arguments: RawObject,
        }
        let Some(mirrored) = self.0.get(name) else { return Vec::new() };
        let Ok(Call { arguments }) = params.to() else { return Vec::new() };
        let headers = mirrored.iter().filter_map(|param| {
            let value = param.value(&arguments)?;
            Some((param.header().into(), value))
        });
        headers.collect()
    }
}

/// The result with other tools in it, and every other member as it was.
fn with_tools(result: &RawJson, tools: &[&RawValue]) -> Option<RawJson> {
    type Members<'a> = BTreeMap<String, &'a RawValue>;
    let mut members: Members<'_> = serde_json::from_str(result.as_str()).ok()?;
    members.remove("tools")?;
    let rest = RawJson::from_value(&members).ok()?;
    let tools = RawJson::from_value(tools).ok()?;
    Some(with_member(&rest, "tools", tools.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"{"nextCursor":"c","tools":[
        {"name":"good","inputSchema":{"type":"object","properties":{
            "region":{"type":"string","x-mcp-header":"Region"},
            "n":{"type":"integer","x-mcp-header":"N"},
            "b":{"type":"boolean","x-mcp-header":"B"}}},"x":1e400},
        {"name":"bad","inputSchema":{"type":"object","properties":{
            "f":{"type":"number","x-mcp-header":"F"}}}},
        {"name":"plain","inputSchema":{"type":"object"}},
        {"no":"tool"}],"ttlMs":9007199254740993}"#;

    fn raw(json: &str) -> RawJson {
        RawJson::parse(json.to_owned()).unwrap()
    }

    use alloc::borrow::ToOwned;

    /// HDR-19: the invalid tool is left out, everything else stays as it was.
    #[test]
    fn hdr_19_tools_with_bad_annotations_are_dropped() {
        let mut tools = Tools::default();
        let (kept, dropped) = tools.learn(&raw(LIST), 10);
        assert_eq!(dropped.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["bad"]);
        assert!(!kept.as_str().contains("\"bad\""));
        for part in ["1e400", "9007199254740993", "\"nextCursor\":\"c\"", "{\"no\":\"tool\"}"] {
            assert!(kept.as_str().contains(part), "{part}");
        }
        let (same, dropped) = tools.learn(&raw(r#"{"tools":7}"#), 10);
        assert_eq!((same.as_str(), dropped.len()), (r#"{"tools":7}"#, 0));
    }

    /// HDR-12, HDR-16, HDR-21, HDR-24, HDR-25, HDR-33, HDR-34.
    #[test]
    fn hdr_12_annotated_arguments_become_headers() {
        let mut tools = Tools::default();
        let headers = |tools: &Tools, arguments: &str| {
            tools.headers("good", &raw(&alloc::format!(r#"{{"arguments":{arguments}}}"#)))
        };
        let all = r#"{"region":"us west","n":42,"b":true}"#;
        assert_eq!(headers(&tools, all), [], "nothing is known yet");
        tools.learn(&raw(LIST), 10);
        let pairs = |pairs: &[(&str, &str)]| {
            let own = |(name, value): &(&str, &str)| {
                (alloc::format!("Mcp-Param-{name}"), String::from(*value))
            };
            pairs.iter().map(own).collect::<Vec<_>>()
        };
        let mut found = headers(&tools, all);
        found.sort();
        assert_eq!(found, pairs(&[("B", "true"), ("N", "42"), ("Region", "us west")]));
        assert_eq!(headers(&tools, r#"{"region":null}"#), []);
        assert_eq!(headers(&tools, r#"{"region":""}"#), pairs(&[("Region", "")]));
        let found = headers(&tools, r#"{"region":"Hello, 世界"}"#);
        assert_eq!(found, pairs(&[("Region", "=?base64?SGVsbG8sIOS4lueVjA==?=")]));
        assert_eq!(headers(&tools, r#"{"n":42.0}"#), pairs(&[("N", "42")]));
        assert_eq!(
            headers(&tools, r#"{"n":-9007199254740991}"#),
            pairs(&[("N", "-9007199254740991")])
        );
        for unfit in [r#"{"n":9007199254740992}"#, r#"{"n":1.5}"#, r#"{"n":{}}"#, r#"{"n":1e400}"#]
        {
            assert_eq!(headers(&tools, unfit), [], "{unfit}");
        }
    }

    #[test]
    fn no_more_is_remembered_than_the_limit_allows() {
        let mut tools = Tools::default();
        tools.learn(&raw(LIST), 0);
        assert!(tools.0.is_empty());
    }
}
