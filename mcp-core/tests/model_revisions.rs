//! What is sent in which revision: the tables of the specification's changes, as tests.
//!
//! Names in upper case are rows of the project's requirement list.
#![allow(missing_docs, reason = "a test crate")]

use mcp_core::model::*;
use mcp_core::revision::Revision;
use mcp_core::revision::Revision::{
    V2024_11_05 as R1, V2025_03_26 as R2, V2025_06_18 as R3, V2025_11_25 as R4, V2026_07_28 as R5,
};
use serde::Serialize;
use serde_json::{Value, json};

fn raw(json: &str) -> RawObject {
    json.parse().unwrap()
}

fn sent<T: ForRevision + Serialize + Clone>(value: &T, revision: Revision) -> Value {
    serde_json::to_value(value.clone().for_revision(revision)).unwrap()
}

/// Checks the members of a value that has all of them: those for 2024-11-05, and the changes.
#[track_caller]
fn members<T: ForRevision + Serialize + Clone>(
    value: &T,
    first: &str,
    deltas: &[(Revision, &str)],
) {
    let mut expected: Vec<String> = first.split_whitespace().map(str::to_owned).collect();
    for revision in Revision::ALL {
        for change in deltas.iter().filter(|(since, _)| *since == revision) {
            for name in change.1.split_whitespace() {
                match name.strip_prefix('-') {
                    Some(gone) => expected.retain(|known| known != gone),
                    None => expected.push(name.to_owned()),
                }
            }
        }
        expected.sort();
        let value = sent(value, revision);
        let mut keys: Vec<&String> = value.as_object().unwrap().keys().collect();
        keys.sort();
        assert_eq!(keys, expected.iter().collect::<Vec<_>>(), "{revision}");
    }
}

/// Table T5: Implementation; ICON-02
#[test]
fn implementation_grows() {
    let info = Implementation::new("n", "1")
        .with_title("t")
        .with_description("d")
        .with_icons([Icon::new("data:,").with_theme(IconTheme::Dark)])
        .with_website_url("https://a.example");
    members(&info, "name version", &[(R3, "title"), (R4, "description icons websiteUrl")]);
}

/// ICON-01
#[test]
fn icons_have_sources_sizes_and_themes() {
    let icon = Icon::new("https://a.example/i.png")
        .with_mime_type("image/png")
        .with_sizes(["48x48".to_owned(), "any".to_owned()]);
    let mut wire = json!({"src": "https://a.example/i.png", "mimeType": "image/png",
        "sizes": ["48x48", "any"], "theme": "light"});
    for (theme, name) in [(IconTheme::Light, "light"), (IconTheme::Dark, "dark")] {
        wire["theme"] = name.into();
        let icon = icon.clone().with_theme(theme);
        assert_eq!(serde_json::to_value(&icon).unwrap(), wire);
        assert_eq!(serde_json::from_value::<Icon>(wire.clone()).unwrap(), icon);
    }
    assert!(serde_json::from_value::<Icon>(json!({"sizes": ["any"]})).is_err());
}

fn full_tool() -> Tool {
    Tool::new("t")
        .with_description("d")
        .with_annotations(ToolAnnotations::new().with_read_only_hint(true))
        .with_title("T")
        .with_output_schema(raw(r#"{"type":"object"}"#))
        .with_meta(Meta::new())
        .with_icons([Icon::new("data:,")])
        .with_execution(ToolExecution::new().with_task_support(TaskSupport::Optional))
}

/// Table T5: Tool; TOOL-06, TOOL-27, TOOL-32
#[test]
fn tools_grow() {
    let deltas = [
        (R2, "annotations"),
        (R3, "title outputSchema _meta"),
        (R4, "icons execution"),
        (R5, "-execution"),
    ];
    members(&full_tool(), "name inputSchema description", &deltas);
    members(&ListToolsResult::new([]), "tools", &[(R5, "resultType ttlMs cacheScope")]);
    let list = ListToolsResult::new([full_tool()]);
    assert_eq!(sent(&list, R1)["tools"][0], sent(&full_tool(), R1));
    assert_eq!(full_tool().display_name(), "T");
    let mut tool = full_tool();
    tool.title = None;
    tool.annotations = Some(ToolAnnotations::default().with_title("among"));
    assert_eq!(tool.display_name(), "among");
    assert_eq!(Tool::new("name").display_name(), "name");
}

/// Table T5: Resource, ResourceTemplate, ResourceContents, Root, Prompt, Annotations; RES-04,
/// CONT-04
#[test]
fn other_listed_things_grow() {
    let hints =
        Annotations::new().with_audience([Role::User]).with_priority(1.0).with_last_modified("x");
    members(&hints, "audience priority", &[(R3, "lastModified")]);
    let icons = || [Icon::new("data:,")];
    let resource = Resource::new("a:b", "n")
        .with_size(3_u64)
        .with_annotations(hints.clone())
        .with_title("t")
        .with_icons(icons())
        .with_meta(Meta::new());
    let deltas = [(R3, "title _meta"), (R4, "icons")];
    members(&resource, "uri name size annotations", &deltas);
    assert_eq!(sent(&resource, R2)["annotations"], json!({"audience":["user"],"priority":1}));
    let template = ResourceTemplate::new("a:{b}", "n")
        .with_title("t")
        .with_icons(icons())
        .with_meta(Meta::new());
    members(&template, "uriTemplate name", &deltas);
    let prompt = Prompt::new("p")
        .with_arguments([PromptArgument::new("a").with_title("t").with_required(true)])
        .with_title("t")
        .with_icons(icons())
        .with_meta(Meta::new());
    members(&prompt, "name arguments", &deltas);
    assert_eq!(sent(&prompt, R2)["arguments"], json!([{"name":"a","required":true}]));
    let contents = ResourceContents::text("a:b", "t").with_meta(Meta::new());
    members(&contents, "uri text", &[(R3, "_meta")]);
    let root = Root::new("file:///a").with_meta(Meta::new());
    members(&root, "uri", &[(R3, "_meta")]);
}

/// CONT-04: nobody's list is refused for a priority out of its bounds.
#[test]
fn priorities_lie_between_0_and_1() {
    for (given, sent) in [(-1.0, 0.0), (0.0, 0.0), (0.25, 0.25), (1.0, 1.0), (7.0, 1.0)] {
        let hints = serde_json::to_value(Annotations::new().with_priority(given)).unwrap();
        assert_eq!(hints["priority"].as_f64(), Some(sent), "{given}");
    }
}

/// CONT-05: annotations are a member of the block, also of one that holds a resource.
#[test]
fn annotations_sit_on_the_block() {
    let hints = || Annotations::new().with_audience([Role::User]);
    for block in [
        Content::text("t"),
        Content::image("AAAA", "image/png"),
        Content::audio("AAAA", "audio/wav"),
        Content::resource(ResourceContents::text("a:b", "t")),
        Content::resource_link(Resource::new("a:b", "n")),
    ] {
        let block = sent(&block.with_annotations(hints()), R5);
        assert_eq!(block["annotations"], json!({"audience": ["user"]}));
        assert_eq!(block.get("resource").and_then(|it| it.get("annotations")), None);
    }
}

/// Table T6, CAP-09, COMP-01
#[test]
fn capabilities_change() {
    let settings = [(TASKS_EXTENSION.to_owned(), json!({}).into())];
    let server = ServerCapabilities::new()
        .with_experimental([("x".to_owned(), json!({}).into())])
        .with_logging(Supported)
        .with_prompts(ListChangedCapability::new())
        .with_resources(ResourcesCapability::new().with_subscribe(true))
        .with_tools(ListChangedCapability::new())
        .with_completions(Supported)
        .with_tasks(TasksCapability::new())
        .with_extensions(settings.clone());
    let deltas = [(R2, "completions"), (R4, "tasks"), (R5, "-tasks extensions")];
    members(&server, "experimental logging prompts resources tools", &deltas);

    let client = ClientCapabilities::new()
        .with_roots(RootsCapability::new().with_list_changed(true))
        .with_sampling(SamplingCapability::new().with_tools(Supported).with_context(Supported))
        .with_elicitation(ElicitationCapability::new().with_form(Supported).with_url(Supported))
        .with_tasks(TasksCapability::new())
        .with_extensions(settings);
    let deltas = [(R3, "elicitation"), (R4, "tasks"), (R5, "-tasks extensions")];
    members(&client, "roots sampling", &deltas);
    assert_eq!(sent(&client, R3)["elicitation"], json!({}));
    assert_eq!(sent(&client, R3)["sampling"], json!({}));
    assert_eq!(sent(&client, R4)["elicitation"], json!({"form":{},"url":{}}));
    assert_eq!(sent(&client, R4)["roots"], json!({"listChanged":true}));
    assert_eq!(sent(&client, R5)["roots"], json!({}));
    // ELIC-02: `{}` would promise forms.
    let urls = ClientCapabilities::new()
        .with_elicitation(ElicitationCapability::new().with_url(Supported));
    members(&urls, "", &[(R4, "elicitation")]);
}

/// CONT-01, TOOL-28, PROMPT-09: a block the revision lacks becomes text that says what it was.
#[test]
fn unknown_blocks_become_text() {
    let hints = Annotations::new().with_priority(1.0);
    let audio = Content::audio("A".repeat(400), "audio/wav").with_annotations(hints);
    let old = sent(&audio, R1);
    assert_eq!(old["type"], "text");
    assert_eq!(old["text"], "[audio, audio/wav, about 300 bytes, not shown]");
    assert_eq!(old["annotations"], json!({"priority":1}));
    assert_eq!(sent(&audio, R2)["type"], "audio");
    let link = Resource::new("file:///a.rs", "a.rs")
        .with_mime_type("text/x-rust")
        .with_description("the code");
    let link = Content::resource_link(link);
    for revision in [R1, R2] {
        let text = sent(&link, revision);
        assert_eq!(text["text"], "[resource a.rs: file:///a.rs, text/x-rust, the code]");
    }
    assert_eq!(sent(&link, R3)["type"], "resource_link");
    let prompt = GetPromptResult::new([PromptMessage::user(link)]);
    assert_eq!(sent(&prompt, R2)["messages"][0]["content"]["type"], "text");
    let text = Content::Text(TextContent::new("t").with_meta(Meta::new()));
    members(&text, "type text", &[(R3, "_meta")]);
}

/// TOOL-19, TOOL-20, TOOL-21
#[test]
fn structured_content_is_an_object_then_anything() {
    let object = CallToolResult::structured(&json!({"a":1})).unwrap();
    members(&object, "content", &[(R3, "structuredContent"), (R5, "resultType")]);
    for value in [json!([1]), json!(7), json!(null), json!("t")] {
        let other = CallToolResult::structured(&value).unwrap();
        members(&other, "content", &[(R5, "structuredContent resultType")]);
        assert_eq!(sent(&other, R4)["content"][0]["text"], value.to_string());
        let bare = CallToolResult::new([]).with_structured_content(value.clone());
        assert_eq!(sent(&bare, R4)["content"][0]["text"], value.to_string());
        // TOOL-21: who knows objects alone can read the text.
        assert_eq!(sent(&bare, R5)["content"][0]["text"], value.to_string());
        let said = CallToolResult::text("said").with_structured_content(value);
        assert_eq!(sent(&said, R5)["content"].as_array().unwrap().len(), 1);
    }
}

/// TOOL-24, TOOL-07
#[test]
fn schemas_fit_the_legacy_revisions() {
    let schema = r#"{"type":"array","items":{}}"#;
    let tool = Tool::new("t").with_output_schema(raw(schema));
    members(&tool, "name inputSchema", &[(R5, "outputSchema")]);

    let schema =
        r#"{"z":1e400,"type":"object","properties":{"any":true,"none":false,"n":{"a":1.0}}}"#;
    let tool = Tool::new("t").with_input_schema(raw(schema));
    assert_eq!(tool.clone().for_revision(R5).input_schema.get(), schema);
    assert_eq!(
        tool.for_revision(R4).input_schema.get(),
        r#"{"z":1e400,"type":"object","properties":{"any":{},"none":{"not":{}},"n":{"a":1.0}}}"#,
    );
    let plain = raw(r#"{"type":"object", "properties":{"n":{}}}"#);
    let tool = Tool::new("t").with_input_schema(plain.clone());
    assert_eq!(tool.for_revision(R1).input_schema, plain);
}

/// CACHE-01, CACHE-02, CACHE-03, JSONRPC-19, JSONRPC-20
#[test]
fn modern_results_get_what_they_must_have() {
    let read = ReadResourceResult::text("a:b", "t");
    members(&read, "contents", &[(R5, "resultType ttlMs cacheScope")]);
    assert_eq!(sent(&read, R5)["ttlMs"], 0);
    assert_eq!(sent(&read, R5)["cacheScope"], "private");
    let read = read.with_ttl_ms(5_u64).with_cache_scope(CacheScope::Public);
    assert_eq!(sent(&read, R5)["ttlMs"], 5);
    assert_eq!(sent(&read, R5)["cacheScope"], "public");
    members(&EmptyResult::new(), "", &[(R5, "resultType")]);
    members(&CompleteResult::of(["a"]), "completion", &[(R5, "resultType")]);
    members(&GetPromptResult::new([]), "messages", &[(R5, "resultType")]);
    let hints = [(R5, "resultType ttlMs cacheScope")];
    members(&ListPromptsResult::new([]), "prompts", &hints);
    members(&ListResourcesResult::new([]), "resources", &hints);
    members(&ListResourceTemplatesResult::new([]), "resourceTemplates", &hints);
    let discovered = sent(&DiscoverResult::new([], ServerCapabilities::new()), R5);
    assert_eq!((&discovered["ttlMs"], &discovered["cacheScope"]), (&json!(0), &json!("private")));
    // CACHE-04
    let asks = InputRequiredResult::new().with_request_state("s");
    assert_eq!(sent(&asks, R5), json!({"resultType":"input_required","requestState":"s"}));
}

/// Table T3: params
#[test]
fn params_change() {
    let call = CallToolParams::new("t")
        .with_task(TaskRequest::new().with_ttl(5_u64))
        .with_input_responses(InputResponses::new())
        .with_request_state("");
    let deltas = [(R4, "task"), (R5, "-task inputResponses requestState")];
    members(&call, "name", &deltas);
    let complete = CompleteParams::new(
        Reference::Prompt(PromptReference::new("p").with_title("t")),
        CompletionArgument::new("a", "v"),
    )
    .with_context(CompletionContext::new());
    members(&complete, "ref argument", &[(R3, "context")]);
    assert_eq!(sent(&complete, R2)["ref"], json!({"type":"ref/prompt","name":"p"}));
    // PROG-06
    let progress = ProgressParams::new(7, 0.5).with_total(1.0).with_message("m");
    members(&progress, "progressToken progress total", &[(R2, "message")]);
    let sample = CreateMessageParams::new([], 5_u64)
        .with_tools([])
        .with_tool_choice(ToolChoice::new().with_mode(ToolChoiceMode::Auto))
        .with_task(TaskRequest::new())
        .with_meta(Meta::new());
    let deltas = [(R4, "tools toolChoice task"), (R5, "-task -_meta")];
    members(&sample, "messages maxTokens _meta", &deltas);
    let url =
        ElicitParams::Url(ElicitUrlParams::new("m", "https://a.example").with_elicitation_id("7"));
    assert_eq!(sent(&url, R4)["elicitationId"], "7");
    assert_eq!(sent(&url, R5), json!({"mode":"url","message":"m","url":"https://a.example"}));
}

/// SAMP-16, table T5: sampling content
#[test]
fn old_samples_have_one_known_block() {
    let call = ToolUseContent::new("c1", "add", raw(r#"{"a":1}"#));
    let blocks = [SamplingContent::text("t"), SamplingContent::ToolUse(Box::new(call))];
    let message = SamplingMessage::new(Role::Assistant, blocks.clone());
    let params = CreateMessageParams::new([message], 5_u64);
    assert_eq!(sent(&params, R4)["messages"][0]["content"][1]["type"], "tool_use");
    let old = sent(&params, R3);
    assert_eq!(
        old["messages"][0],
        json!({"role":"assistant","content":{"type":"text","text":"t"}})
    );
    assert_eq!(old["messages"][1]["content"]["text"], r#"[call c1 of tool add with {"a":1}]"#);
    let result = CreateMessageResult::new(Role::Assistant, blocks, "m");
    assert_eq!(sent(&result, R4)["content"][0]["text"], "t");
    let text = "t\n[call c1 of tool add with {\"a\":1}]";
    assert_eq!(sent(&result, R3)["content"], json!({"type":"text","text":text}));
    let empty = CreateMessageResult::new(Role::Assistant, [], "m");
    assert_eq!(sent(&empty, R1)["content"]["text"], "");
}

/// ELIC-07, ELIC-08
#[test]
fn old_forms_have_simple_fields() {
    let options = || [ChoiceOption::new("r").with_title("Red"), ChoiceOption::new("b")];
    let form = FormSchema::new()
        .with_field("t", TextField::new().with_default("x").with_min_length(1_u64))
        .with_field("n", NumberField::number().with_default(0.5))
        .with_field("b", BooleanField::new().with_default(true))
        .with_field("one", ChoiceField::new(options()).with_default("r"))
        .with_required_field("some", ChoicesField::new(options()).with_title("Some"));
    let params = ElicitParams::form("m", form);
    let new = sent(&params, R4);
    let fields = &new["requestedSchema"]["properties"];
    assert_eq!(fields["one"]["oneOf"][1], json!({"const":"b","title":"b"}));
    assert_eq!(fields["some"]["type"], "array");
    let old = sent(&params, R3);
    assert_eq!(
        old["requestedSchema"],
        json!({"type":"object","required":["some"],"properties":{
            "t":{"type":"string","minLength":1},
            "n":{"type":"number"},
            "b":{"type":"boolean","default":true},
            "one":{"type":"string","enum":["r","b"],"enumNames":["Red","b"]},
            "some":{"type":"string","title":"Some","enum":["r","b"],"enumNames":["Red","b"]},
        }})
    );
    let endless = NumberField::number().with_maximum(f64::INFINITY).with_minimum(0.0);
    let endless = ElicitParams::form("m", FormSchema::new().with_field("n", endless));
    let field = &sent(&endless, R4)["requestedSchema"]["properties"]["n"];
    assert_eq!(*field, json!({"type":"number","minimum":0}));
    // A schema that is no form goes out as it came.
    let odd = raw(r#"{"type":"object","properties":{"x":{"type":"null"}}}"#);
    let params = ElicitFormParams::new("m", odd.clone());
    assert_eq!(params.for_revision(R3).requested_schema, odd);
    let answer = ElicitResult::accept([("c".to_owned(), vec!["a".into(), "b".to_owned()].into())]);
    assert_eq!(sent(&answer, R3)["content"]["c"], "a,b");
    assert_eq!(sent(&answer, R4)["content"]["c"], json!(["a", "b"]));
}

/// COMP-05
#[test]
fn completions_stop_at_a_hundred() {
    let result = CompleteResult::of((0..250).map(|n| n.to_string())).for_revision(R1).completion;
    assert_eq!((result.values.len(), result.total, result.has_more), (100, Some(250), Some(true)));
    let result = CompleteResult::of(vec!["a"; 100]).for_revision(R1).completion;
    assert_eq!((result.values.len(), result.total, result.has_more), (100, None, None));
}

/// TASK-07, TASK-13, TASKX-06, TASKX-07, TASKX-08, TASKX-11
#[test]
fn tasks_have_two_spellings() {
    let task = Task::new("1", "2026-01-01T00:00:00Z").with_ttl_ms(5).with_poll_interval_ms(9);
    let common = "taskId status createdAt lastUpdatedAt";
    let deltas = [(R5, "-ttl -pollInterval ttlMs pollIntervalMs")];
    members(&task, &format!("{common} ttl pollInterval"), &deltas);
    let created = CreateTaskResult::new(task.clone());
    assert_eq!(sent(&created, R4), json!({"task": sent(&task, R4)}));
    let flat = sent(&created, R5);
    assert_eq!(flat["resultType"], "task");
    assert_eq!(flat["ttlMs"], 5);
    let done = task.with_status(TaskStatus::Completed, "2026-01-01T00:00:01Z");
    let done = DetailedTask::new(done).with_result(raw(r#"{"content":[]}"#)).into_result();
    let deltas = [(R5, "-ttl -pollInterval ttlMs pollIntervalMs result resultType")];
    members(&done, &format!("{common} ttl pollInterval"), &deltas);
    let endless = sent(&Task::new("1", "a"), R5);
    assert!(endless["ttlMs"].is_null() && endless.get("ttlMs").is_some());
}

#[test]
fn wire_types_travel_between_threads() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Outcome<CallToolResult>>();
    check::<CreateMessageParams>();
    check::<Meta>();
}
