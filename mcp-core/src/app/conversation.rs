//! What a conversation must be like for a model to go on with it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::model::{Role, SamplingContent, SamplingMessage};

/// SAMP-10, SAMP-11, SAMP-12: the first thing wrong with the tool calls of a conversation.
/// Providers refuse such conversations, and clients with them.
pub(super) fn mistake(messages: &[SamplingMessage]) -> Option<String> {
    let mut open: Vec<&str> = Vec::new();
    for message in messages {
        let results = results(message);
        if !results.is_empty() && results.len() != message.content.len() {
            return Some("a message holds results of tools and something else".into());
        }
        if !results.is_empty() && message.role != Role::User {
            return Some("results of tools are the user's to give".into());
        }
        if let Some(unknown) = results.iter().find(|id| !open.contains(id)) {
            return Some(format!("there is no tool call `{unknown}` to give the result of"));
        }
        if let Some(missing) = open.iter().find(|id| !results.contains(id)) {
            return Some(format!("the result of tool call `{missing}` does not follow it"));
        }
        open = calls(message);
    }
    open.first().map(|missing| format!("the result of tool call `{missing}` does not follow it"))
}

fn results<'a>(message: &'a SamplingMessage) -> Vec<&'a str> {
    let id = |block: &'a SamplingContent| match block {
        SamplingContent::ToolResult(result) => Some(result.tool_use_id.as_str()),
        _ => None,
    };
    message.content.iter().filter_map(id).collect()
}

fn calls<'a>(message: &'a SamplingMessage) -> Vec<&'a str> {
    let id = |block: &'a SamplingContent| match block {
        SamplingContent::ToolUse(call) => Some(call.id.as_str()),
        _ => None,
    };
    message.content.iter().filter_map(id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake_in(json: &str) -> Option<String> {
        let messages: Vec<SamplingMessage> = serde_json::from_str(json).unwrap();
        mistake(&messages)
    }

    const CALLS: &str = r#"{"role":"assistant","content":[
        {"type":"tool_use","id":"1","name":"t","input":{}},
        {"type":"tool_use","id":"2","name":"t","input":{}}]}"#;

    fn result(id: &str) -> String {
        format!(r#"{{"type":"tool_result","toolUseId":"{id}","content":[]}}"#)
    }

    #[test]
    fn samp_11_every_call_has_its_result() {
        let user = |blocks: &[String]| {
            let blocks = blocks.join(",");
            mistake_in(&format!(r#"[{CALLS},{{"role":"user","content":[{blocks}]}}]"#))
        };
        assert_eq!(user(&[result("1"), result("2")]), None);
        assert_eq!(user(&[result("2"), result("1")]), None);
        let missing = "the result of tool call `2` does not follow it";
        assert_eq!(user(&[result("1")]).as_deref(), Some(missing));
        assert!(mistake_in(&format!("[{CALLS}]")).is_some());
        let text = r#"{"type":"text","text":"so?"}"#.into();
        assert!(user(&[text]).is_some());
    }

    #[test]
    fn samp_10_results_stand_alone_and_samp_12_belong_to_a_call() {
        let text = r#"{"type":"text","text":"so?"}"#;
        let results = format!("{},{}", result("1"), result("2"));
        for wrong in [
            format!(r#"[{CALLS},{{"role":"user","content":[{results},{text}]}}]"#),
            format!(r#"[{CALLS},{{"role":"assistant","content":[{results}]}}]"#),
            format!(r#"[{CALLS},{{"role":"user","content":[{results},{}]}}]"#, result("3")),
            format!(r#"[{{"role":"user","content":[{}]}}]"#, result("1")),
        ] {
            assert!(mistake_in(&wrong).is_some(), "{wrong}");
        }
        let more = r#"{"role":"user","content":{"type":"text","text":"go on"}}"#;
        let right = format!(r#"[{CALLS},{{"role":"user","content":[{results}]}},{more}]"#);
        assert_eq!(mistake_in(&right), None);
    }
}
