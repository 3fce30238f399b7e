//! Reading what peers send: unions, absence and `null`, numbers, unknown members.
//!
//! Names in upper case are rows of the project's requirement list.
#![allow(missing_docs, reason = "a test crate")]

use mcp_core::model::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn read<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn refusal<T: DeserializeOwned>(json: &str) -> String {
    match serde_json::from_str::<T>(json) {
        Ok(_) => panic!("{json} was accepted"),
        Err(error) => error.to_string(),
    }
}

fn write<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap()
}

/// Reads from text and from a value, and writes the same again.
#[track_caller]
fn round_trip<T: DeserializeOwned + Serialize>(json: &str) -> T {
    let value: T = read(json);
    let tree: Value = read(json);
    let from_tree: T = serde_json::from_value(tree.clone()).unwrap();
    assert_eq!(serde_json::to_value(&from_tree).unwrap(), tree);
    assert_eq!(serde_json::to_value(&value).unwrap(), tree);
    value
}

#[test]
fn content_blocks_are_told_apart_by_type() {
    let text = round_trip::<Content>(r#"{"type":"text","text":"hi"}"#);
    assert_eq!(text.as_text(), Some("hi"));
    let image = r#"{"type":"image","data":"aGk=","mimeType":"image/png"}"#;
    assert_eq!(round_trip::<Content>(image), Content::image("aGk=", "image/png"));
    let audio = r#"{"type":"audio","data":"aGk=","mimeType":"audio/wav"}"#;
    assert_eq!(round_trip::<Content>(audio), Content::audio("aGk=", "audio/wav"));
    let link = r#"{"type":"resource_link","uri":"file:///a","name":"a"}"#;
    let expected = Content::resource_link(Resource::new("file:///a", "a"));
    assert_eq!(round_trip::<Content>(link), expected);
    let resource = r#"{"type":"resource","resource":{"uri":"file:///a","text":"hi"}}"#;
    let expected = Content::resource(ResourceContents::text("file:///a", "hi"));
    assert_eq!(round_trip::<Content>(resource), expected);
}

#[test]
fn the_type_may_come_last() {
    let block: Content = read(r#"{"text":"hi","annotations":{"priority":0.5},"type":"text"}"#);
    assert_eq!(block, Content::text("hi").with_annotations(Annotations::new().with_priority(0.5)));
    let json = r#"{"name":"t","id":"1","input":{"n":9007199254740993, "z":0,"a":1e400},"type":"tool_use"}"#;
    let SamplingContent::ToolUse(call) = read(json) else { panic!("no tool use") };
    assert_eq!(call.input.get(), r#"{"n":9007199254740993, "z":0,"a":1e400}"#);
}

#[test]
fn errors_of_unions_name_the_member() {
    assert!(refusal::<Content>(r#"{"type":"audio","mimeType":"a/b"}"#).contains("`data`"));
    assert!(refusal::<Content>(r#"{"mimeType":"a/b","type":"audio"}"#).contains("`data`"));
    assert!(refusal::<Content>(r#"{"type":"video"}"#).contains("`video`"));
    assert!(refusal::<Content>(r#"{"text":"hi"}"#).contains("`type`"));
    assert!(refusal::<Content>("7").contains("`type`"));
    assert!(refusal::<Reference>(r#"{"type":"ref/tool"}"#).contains("`ref/tool`"));
    assert!(refusal::<Reference>(r#"{"type":"ref/prompt"}"#).contains("`name`"));
    assert!(refusal::<ResourceContents>(r#"{"uri":"a:b"}"#).contains("`text` or `blob`"));
    assert!(refusal::<InputRequest>(r#"{"method":"ping"}"#).contains("`ping`"));
    assert!(refusal::<InputRequest>(r#"{"method":"elicitation/create"}"#).contains("`params`"));
    assert!(refusal::<ElicitParams>(r#"{"mode":"fax","message":"m"}"#).contains("`fax`"));
    assert!(refusal::<ElicitParams>(r#"{"message":"m"}"#).contains("`requestedSchema`"));
    assert!(refusal::<Task>(r#"{"taskId":"1"}"#).contains("`status`"));
    assert!(refusal::<Tool>(r#"{"name":"t","inputSchema":null}"#).contains("an object"));
}

/// JSONRPC-26, CAP-01
#[test]
fn unknown_members_are_tolerated_whatever_they_hold() {
    let block: Content = read(r#"{"type":"text","data":5,"resource":[],"text":"hi","x":1e400}"#);
    assert_eq!(block, Content::text("hi"));
    let tool: Tool = read(r#"{"new":{},"name":"t","inputSchema":{"type":"object"},"title":null}"#);
    assert_eq!(tool, Tool::new("t"));
    let offer: ServerCapabilities = read(r#"{"tools":{"deep":{}},"other":1,"logging":{"a":1}}"#);
    assert!(offer.tools.is_some() && offer.logging.is_some() && offer.prompts.is_none());
    let client: ClientCapabilities =
        read(r#"{"roots":{"deep":[]},"experimental":{"a/b":{"c":1}},"other":null,"more":7}"#);
    assert!(client.roots.is_some() && client.sampling.is_none());
    assert_eq!(client.experimental.unwrap().len(), 1);
}

/// SAMP-16
#[test]
fn sampling_content_is_one_block_or_many() {
    let one = r#"{"role":"user","content":{"type":"text","text":"hi"}}"#;
    assert_eq!(round_trip::<SamplingMessage>(one), SamplingMessage::user("hi"));
    let late = r#"{"role":"user","content":{"text":"hi","type":"text"}}"#;
    assert_eq!(read::<SamplingMessage>(late), SamplingMessage::user("hi"));
    let many =
        r#"{"role":"user","content":[{"type":"text","text":"a"},{"text":"b","type":"text"}]}"#;
    assert_eq!(round_trip::<SamplingMessage>(many).content.len(), 2);
    let none = r#"{"role":"user","content":[]}"#;
    assert_eq!(round_trip::<SamplingMessage>(none).content.len(), 0);
    assert!(refusal::<SamplingMessage>(r#"{"role":"user","content":"hi"}"#).contains("block"));
}

/// RES-05, CONT-03
#[test]
fn resource_contents_are_text_or_blob() {
    let blob = r#"{"uri":"a:b","mimeType":"image/png","blob":"aGk="}"#;
    let expected = ResourceContents::blob("a:b", "aGk=").with_mime_type("image/png");
    assert_eq!(round_trip::<ResourceContents>(blob), expected);
    let empty = round_trip::<ResourceContents>(r#"{"uri":"a:b","text":""}"#);
    assert_eq!(empty.body, ResourceBody::Text(String::new()));
    refusal::<ResourceContents>(r#"{"uri":"a:b","mimeType":"image/png"}"#);
    refusal::<ResourceContents>(r#"{"text":""}"#);
}

/// ELIC-04, ELIC-05, ELIC-11, ELIC-12, ELIC-22
#[test]
fn elicitations_are_told_apart_by_mode() {
    let form = r#"{"message":"m","requestedSchema":{"type":"object","properties":{}}}"#;
    assert!(matches!(round_trip(form), ElicitParams::Form(form) if form.mode.is_none()));
    let form =
        r#"{"mode":"form","message":"m","requestedSchema":{"type":"object","properties":{}}}"#;
    assert!(matches!(round_trip(form), ElicitParams::Form(form) if form.mode.is_some()));
    let url = r#"{"mode":"url","message":"m","url":"https://a.example","elicitationId":"7"}"#;
    let ElicitParams::Url(url) = round_trip(url) else { panic!("no url") };
    assert_eq!(url.elicitation_id.as_deref(), Some("7"));
    let bare = UrlElicitationData::new([url]);
    assert_eq!(
        serde_json::to_value(&bare).unwrap(),
        json!({"elicitations": [{"mode": "url", "message": "m", "url": "https://a.example",
            "elicitationId": "7"}]})
    );
}

/// COMP-02
#[test]
fn completion_references_are_told_apart_by_type() {
    let prompt = round_trip::<Reference>(r#"{"type":"ref/prompt","name":"p"}"#);
    assert_eq!(prompt, Reference::prompt("p"));
    let resource = round_trip::<Reference>(r#"{"type":"ref/resource","uri":"file:///{a}"}"#);
    assert_eq!(resource, Reference::resource("file:///{a}"));
}

/// MRTR-06, MRTR-07
#[test]
fn input_requests_are_told_apart_by_method() {
    let json = r#"{"resultType":"input_required","requestState":"","inputRequests":{
        "a":{"method":"roots/list"},
        "b":{"method":"roots/list","params":{}},
        "c":{"params":{"message":"m","requestedSchema":{"x":9007199254740993}},
             "method":"elicitation/create"},
        "d":{"method":"sampling/createMessage","params":{"messages":[],"maxTokens":5}}}}"#;
    let result = round_trip::<InputRequiredResult>(json);
    let requests = result.input_requests.unwrap();
    assert_eq!(*requests.get("a").unwrap(), InputRequest::ListRoots(None));
    assert_eq!(*requests.get("b").unwrap(), InputRequest::ListRoots(Some(EmptyParams::new())));
    assert_eq!(requests.get("c").unwrap().method(), "elicitation/create");
    assert_eq!(requests.get("d").unwrap().method(), "sampling/createMessage");
    let twice = r#"{"inputRequests":{"a":{"method":"roots/list"},"a":{"method":"roots/list"}}}"#;
    assert!(refusal::<InputRequiredResult>(twice).contains("duplicate member `a`"));
}

/// MRTR-11, MRTR-23, MRTR-24
#[test]
fn input_responses_are_read_by_key_and_unknown_ones_ignored() {
    let json = r#"{"who":{"action":"accept","content":{"name":"Ann"}},"junk":7,
        "said":{"role":"assistant","model":"m","content":{"type":"text","text":"hi"}},
        "roots":{"roots":[{"uri":"file:///a"}]}}"#;
    let answers = round_trip::<InputResponses>(json);
    let who = answers.elicit("who").unwrap().unwrap();
    assert_eq!(who.value("name"), Some(&"Ann".into()));
    assert_eq!(answers.sampling("said").unwrap().unwrap(), CreateMessageResult::text("m", "hi"));
    assert_eq!(answers.roots("roots").unwrap().unwrap().roots, [Root::new("file:///a")]);
    assert!(answers.elicit("said").unwrap().is_err());
    assert!(answers.elicit("nobody").is_none());

    let bare = InputResponse::ListRoots(ListRootsResult::new([]).with_meta(Meta::new()));
    assert_eq!(write(&bare), r#"{"roots":[]}"#);
}

/// JSONRPC-20, JSONRPC-21, JSONRPC-22, TASK-07, TASKX-07
#[test]
fn results_are_told_apart_by_their_kind() {
    type Call = Outcome<CallToolResult>;
    let legacy = round_trip::<Call>(r#"{"content":[]}"#);
    assert_eq!(legacy, Outcome::Complete(CallToolResult::new([])));
    let modern = round_trip::<Call>(r#"{"resultType":"complete","content":[]}"#);
    assert!(matches!(modern, Outcome::Complete(_)));
    let asks = round_trip::<Call>(r#"{"resultType":"input_required","requestState":"s"}"#);
    assert!(matches!(asks, Outcome::InputRequired(_)));
    let task = r#"{"task":{"taskId":"1","status":"working","createdAt":"a","lastUpdatedAt":"b",
        "ttl":null}}"#;
    assert!(matches!(round_trip::<Call>(task), Outcome::Task(_)));
    let flat = r#"{"resultType":"task","taskId":"1","status":"working","createdAt":"a",
        "lastUpdatedAt":"b","ttlMs":5,"pollIntervalMs":100}"#;
    assert!(matches!(round_trip::<Call>(flat), Outcome::Task(_)));
    assert!(refusal::<Call>(r#"{"resultType":"later","content":[]}"#).contains("`later`"));
    assert!(refusal::<Call>(r#"{"resultType":"complete"}"#).contains("`content`"));
    // A tool's own member `task` beside its content is no task.
    assert!(matches!(read::<Call>(r#"{"content":[],"task":1}"#), Outcome::Complete(_)));
}

/// TOOL-18, TOOL-19
#[test]
fn structured_content_of_null_is_not_its_absence() {
    let null = round_trip::<CallToolResult>(r#"{"content":[],"structuredContent":null}"#);
    assert_eq!(null.structured_content, Some(RawJson::NULL));
    let absent = round_trip::<CallToolResult>(r#"{"content":[]}"#);
    assert_eq!(absent.structured_content, None);
    assert!(refusal::<CallToolResult>(r#"{"structuredContent":{}}"#).contains("`content`"));
}

/// PAGE-06, PAGE-07, MRTR-12
#[test]
fn empty_text_is_a_cursor_and_a_state() {
    let page = round_trip::<ListToolsResult>(r#"{"tools":[],"nextCursor":""}"#);
    assert_eq!(page.next_cursor, Some(Cursor::new("")));
    let end: ListToolsResult = read(r#"{"tools":[],"nextCursor":null}"#);
    assert_eq!(end.next_cursor, None);
    assert_eq!(round_trip::<ListParams>(r#"{"cursor":""}"#).cursor, Some(Cursor::new("")));
    let state = round_trip::<InputRequiredResult>(r#"{"requestState":""}"#);
    assert_eq!(state.request_state.as_deref(), Some(""));
}

/// TASK-13, TASKX-08
#[test]
fn an_unlimited_task_says_null() {
    let json = r#"{"taskId":"1","status":"input_required","createdAt":"a","lastUpdatedAt":"b",
        "ttl":null,"pollInterval":5}"#;
    assert_eq!(round_trip::<Task>(json).ttl_ms, None);
    let json = r#"{"taskId":"1","status":"failed","createdAt":"a","lastUpdatedAt":"b",
        "ttlMs":null,"error":{"code":-1,"message":"m"},"resultType":"complete"}"#;
    assert!(round_trip::<DetailedTask>(json).task.status.is_final());
}

/// ELIC-14, ELIC-15
#[test]
fn form_values_are_text_numbers_booleans_and_choices() {
    let json = r#"{"action":"accept","content":{"t":"x","i":30,"f":95.5,"big":9007199254740993,
        "neg":-0.25,"b":true,"c":["red","blue"],"none":[]}}"#;
    let result = round_trip::<ElicitResult>(json);
    assert_eq!(result.value("f").unwrap().as_f64(), Some(95.5));
    assert_eq!(result.value("i").unwrap().as_i64(), Some(30));
    assert_eq!(result.value("big").unwrap().as_i64(), Some(9_007_199_254_740_993));
    assert_eq!(result.value("b").unwrap().as_bool(), Some(true));
    assert_eq!(result.value("c").unwrap().as_choices().unwrap().len(), 2);
    assert_eq!(result.value("t").unwrap().as_choices().unwrap(), ["x"]);
    let declined: ElicitResult = read(r#"{"action":"decline","content":{"t":"x"}}"#);
    assert_eq!(declined.value("t"), None);
    for odd in ["null", "{}", "[1]"] {
        let json = format!(r#"{{"action":"accept","content":{{"x":{odd}}}}}"#);
        refusal::<ElicitResult>(&json);
    }
}

/// PROG-05, PROG-11
#[test]
fn progress_may_have_fractions() {
    let json = r#"{"progressToken":"a","progress":0.5,"total":1.25}"#;
    assert_eq!(round_trip::<ProgressParams>(json).total, Some(1.25));
    let json = r#"{"progressToken":7,"progress":50,"total":100,"message":"half"}"#;
    round_trip::<ProgressParams>(json);
    assert!(
        write(&read::<ProgressParams>(r#"{"progressToken":1,"progress":5.0}"#)).contains(":5}")
    );
    assert!(serde_json::to_string(&Annotations::new().with_priority(f64::NAN)).is_err());
    refusal::<ProgressParams>(r#"{"progressToken":1.5,"progress":5}"#);
}

/// CACHE-07
#[test]
fn advisory_counts_take_any_number() {
    let ttl =
        |json: &str| read::<ListToolsResult>(&format!(r#"{{"tools":[],"ttlMs":{json}}}"#)).ttl_ms;
    assert_eq!(ttl("60000"), Some(60_000));
    assert_eq!(ttl("60000.0"), Some(60_000));
    assert_eq!(ttl("6e4"), Some(60_000));
    assert_eq!(ttl("0"), Some(0));
    for absent in ["-1", "-1.0", "0.5", "null", "-0.5"] {
        assert_eq!(ttl(absent), None, "{absent}");
    }
    assert_eq!(ttl("1e30"), Some(u64::MAX));
}

/// SAMP-02
#[test]
fn max_tokens_is_a_count() {
    let json = |n: &str| format!(r#"{{"messages":[],"maxTokens":{n}}}"#);
    assert_eq!(read::<CreateMessageParams>(&json("100.0")).max_tokens, 100);
    for odd in ["-1", "0.5", "null", "\"9\""] {
        refusal::<CreateMessageParams>(&json(odd));
    }
    assert!(refusal::<CreateMessageParams>(r#"{"messages":[]}"#).contains("`maxTokens`"));
}

/// SCHEMA-09, TOOL-09
#[test]
fn schemas_arguments_and_data_stay_as_they_were() {
    let json = r#"{"name":"t","inputSchema":{"type":"object", "$defs":{"z":1,"a":{"$anchor":"b"}},"x":1e400}}"#;
    let tool: Tool = read(json);
    assert!(json.contains(tool.input_schema.get()));
    assert_eq!(write(&tool), json);
    let json = r#"{"name":"t","arguments":{"n":9007199254740993,"z":1.0,"a":1e400}}"#;
    assert_eq!(write(&read::<CallToolParams>(json)), json);
    let json = r#"{"level":"info","data":[1.0,12345678901234567890]}"#;
    assert_eq!(write(&read::<LogParams>(json)), json);
    refusal::<CallToolParams>(r#"{"name":"t","arguments":[1]}"#);
}

/// META-07, META-15, META-16
#[test]
fn reserved_metadata_is_typed() {
    let json = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28",
        "io.modelcontextprotocol/clientCapabilities":{"elicitation":{}},
        "io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"},
        "io.modelcontextprotocol/logLevel":"warning","progressToken":7,
        "traceparent":"00-a-b-01","com.example/n":9007199254740993}"#;
    let meta = round_trip::<Meta>(json);
    assert_eq!(meta.protocol_version(), Ok(Some("2026-07-28".into())));
    assert!(meta.client_capabilities().unwrap().unwrap().elicits_forms());
    assert_eq!(meta.client_info(), Ok(Some(Implementation::new("c", "1"))));
    assert_eq!(meta.log_level(), Ok(Some(Level::Warning)));
    assert_eq!(meta.progress_token(), Ok(Some(7.into())));
    assert_eq!(meta.server_info(), Ok(None));
    assert_eq!(meta.get("com.example/n").unwrap().as_str(), "9007199254740993");

    let odd: Meta = read(r#"{"io.modelcontextprotocol/logLevel":"loud"}"#);
    assert_eq!(odd.log_level().unwrap_err().key, Meta::LOG_LEVEL);
    assert!(refusal::<Meta>(r#"{"a":1,"a":2}"#).contains("duplicate member `a`"));

    let built = Meta::new()
        .with_progress_token(&"p".into())
        .with_related_task("t")
        .with_subscription_id(&"7".into());
    assert_eq!(built.related_task(), Ok(Some("t".into())));
    assert_eq!(built.subscription_id(), Ok(Some("7".into())));
    assert_ne!(built.subscription_id(), Ok(Some(7.into())));
}

/// META-01, META-02, META-03: every key of ours has the form that keys must have.
#[test]
fn keys_of_metadata_are_well_formed() {
    fn ends_alphanumeric(text: &str) -> bool {
        text.starts_with(|it: char| it.is_ascii_alphanumeric())
            && text.ends_with(|it: char| it.is_ascii_alphanumeric())
    }
    fn is_label(label: &str) -> bool {
        ends_alphanumeric(label)
            && label.starts_with(|it: char| it.is_ascii_alphabetic())
            && label.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-')
    }
    fn is_key(key: &str) -> bool {
        let (prefix, name) = key.split_once('/').unwrap_or(("a", key));
        prefix.split('.').all(is_label)
            && ends_alphanumeric(name)
            && name.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_.".contains(&it))
    }
    for key in [
        Meta::PROGRESS_TOKEN,
        Meta::PROTOCOL_VERSION,
        Meta::CLIENT_CAPABILITIES,
        Meta::CLIENT_INFO,
        Meta::SERVER_INFO,
        Meta::LOG_LEVEL,
        Meta::SUBSCRIPTION_ID,
        Meta::RELATED_TASK,
        Meta::MODEL_IMMEDIATE_RESPONSE,
        Meta::TRACEPARENT,
        Meta::TRACESTATE,
        Meta::BAGGAGE,
        TASKS_EXTENSION,
    ] {
        assert!(is_key(key), "{key}");
    }
    for odd in ["", "/a", "a/", "1a/b", "a-/b", "a..b/c", "a/b/c", "-a", "a_b/c"] {
        assert!(!is_key(odd), "{odd}");
    }
}

/// LOG-02
#[test]
fn log_levels_are_ordered() {
    assert!(Level::ALL.is_sorted());
    for level in Level::ALL {
        assert_eq!(round_trip::<Level>(&format!("\"{level}\"")), level);
        assert_eq!(level.as_str().parse(), Ok(level));
    }
    refusal::<Level>("\"loud\"");
    assert!("Info".parse::<Level>().is_err());
}

/// ELIC-02, CAP-02
#[test]
fn elicitation_without_a_mode_means_forms() {
    let client = |json: &str| read::<ClientCapabilities>(json);
    let empty = client(r#"{"elicitation":{}}"#);
    assert!(empty.elicits_forms() && !empty.elicits_urls());
    let url = client(r#"{"elicitation":{"url":{}}}"#);
    assert!(!url.elicits_forms() && url.elicits_urls());
    let both = client(r#"{"elicitation":{"url":{},"form":{}}}"#);
    assert!(both.elicits_forms() && both.elicits_urls());
    assert!(!client("{}").elicits_forms());
    assert!(client(r#"{"sampling":{"tools":{}}}"#).samples_with_tools());
    let tasks = client(r#"{"extensions":{"io.modelcontextprotocol/tasks":{}}}"#);
    assert!(tasks.has_extension(TASKS_EXTENSION));
}

/// ELIC-06, ELIC-07, ELIC-08, ELIC-09, ELIC-41
#[test]
fn form_fields_of_every_kind_survive() {
    let json = json!({"type":"object","required":["s"],"properties":{
        "s":{"type":"string","title":"S","minLength":1,"maxLength":9,"format":"email","default":"a"},
        "n":{"type":"number","minimum":0.5,"maximum":10,"default":1.5},
        "i":{"type":"integer","description":"d","default":3},
        "b":{"type":"boolean","default":false},
        "e":{"type":"string","enum":["a","b"],"default":"a"},
        "l":{"type":"string","enum":["a","b"],"enumNames":["A","B"]},
        "o":{"type":"string","oneOf":[{"const":"a","title":"A"}]},
        "m":{"type":"array","minItems":1,"items":{"type":"string","enum":["a","b"]},"default":["a"]},
        "t":{"type":"array","maxItems":2,"items":{"anyOf":[{"const":"a","title":"A"}]}},
    }});
    let form = round_trip::<FormSchema>(&json.to_string());
    assert!(form.is_required("s") && !form.is_required("n"));
    assert!(matches!(form.field("i"), Some(FormField::Number(field)) if field.whole));
    let Some(FormField::Choice(choice)) = form.field("l") else { panic!("no choice") };
    assert_eq!(choice.options[1], ChoiceOption::new("b").with_title("B"));
    let nested = r#"{"type":"object","properties":{"x":{"type":"object","properties":{}}}}"#;
    assert!(refusal::<FormSchema>(nested).contains("`object`"));
    let pattern = r#"{"type":"object","properties":{"x":{"type":"string","pattern":"a"}}}"#;
    assert!(!write(&read::<FormSchema>(pattern)).contains("pattern"), "no schema defines it");
}
