//! Values as an application makes them, in every revision that has a place for them.

use mcp_core::model::*;
use serde::Serialize;
use serde_json::{Value, json};

use crate::Tally;
use crate::checks::enveloped;
use crate::schema::Schema;

struct Emitted<'a> {
    tally: &'a mut Tally,
    schemas: &'a [Schema],
}

impl Emitted<'_> {
    fn value<T: ForRevision + Serialize + Clone>(&mut self, name: &str, value: &T) {
        self.within(name, value, |value, _| value);
    }

    fn within<T: ForRevision + Serialize + Clone>(
        &mut self,
        name: &str,
        value: &T,
        envelope: impl Fn(Value, &Value) -> Value,
    ) {
        let mut places = 0;
        for schema in self.schemas {
            let Some(definition) = schema.definition(name) else {
                continue;
            };
            places += 1;
            let adapted = value.clone().for_revision(schema.revision);
            let outcome = serde_json::to_value(&adapted)
                .map_err(|error| error.to_string())
                .and_then(|value| schema.validate(name, &envelope(value, definition)));
            self.tally.record(format_args!("emitted {name} in {}", schema.revision), outcome);
        }
        if places == 0 {
            self.tally.record(name, Err("no revision has such a definition".into()));
        }
    }
}

pub fn check(tally: &mut Tally, schemas: &[Schema]) {
    let mut emitted = Emitted { tally, schemas };
    tools(&mut emitted);
    results(&mut emitted);
    client_side(&mut emitted);
    errors(&mut emitted);
}

fn raw(value: Value) -> RawObject {
    RawObject::try_from(value).unwrap_or_default()
}

fn tools(emitted: &mut Emitted<'_>) {
    let tools = [
        Tool::new("plain"),
        // As schema generators write it: `true` for a property of any type.
        Tool::new("derived").with_input_schema(raw(json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
            "properties": {"any": true, "none": false, "n": {"type": "number"}},
            "required": ["any"], "additionalProperties": false,
        }))),
        Tool::new("list").with_output_schema(raw(json!({"type": "array", "items": {}}))),
        Tool::new("union").with_output_schema(raw(json!({"type": ["object", "null"]}))),
        Tool::new("object").with_output_schema(raw(json!({
            "type": "object", "properties": {"any": true},
        }))),
    ];
    for tool in &tools {
        emitted.value("Tool", tool);
    }
    let list = ListToolsResult::new(tools).with_next_cursor("").with_ttl_ms(5_u64);
    emitted.value("ListToolsResult", &list);
}

/// CONT-05: blocks of all kinds, with annotations.
fn results(emitted: &mut Emitted<'_>) {
    let link = Resource::new("file:///a", "a").with_mime_type("text/plain").with_size(3_u64);
    let blocks = [
        Content::text("t"),
        Content::image("aGk=", "image/png"),
        Content::audio("aGk=", "audio/wav"),
        Content::resource(ResourceContents::blob("file:///a", "aGk=")),
        Content::resource_link(link),
    ];
    let hints = Annotations::new().with_last_modified("2026-01-01T00:00:00Z").with_priority(1.0);
    let blocks = blocks.map(|block| block.with_annotations(hints.clone()));
    emitted.value("CallToolResult", &CallToolResult::new(blocks.clone()));
    emitted.value("CallToolResult", &CallToolResult::error("no"));
    for value in [json!({"a": 1}), json!([1]), json!(7), json!(null)] {
        let bare = CallToolResult::new([]).with_structured_content(value.clone());
        emitted.value("CallToolResult", &bare);
        match CallToolResult::structured(&value) {
            Ok(result) => emitted.value("CallToolResult", &result),
            Err(error) => emitted.tally.record("structured", Err(error.to_string())),
        }
    }
    let messages = blocks.map(PromptMessage::user);
    emitted.value("GetPromptResult", &GetPromptResult::new(messages).with_description("d"));
    emitted.value("ReadResourceResult", &ReadResourceResult::text("file:///a", "t"));
    emitted.value("ReadResourceResult", &ReadResourceResult::blob("file:///a", "aGk="));
    emitted.value("CompleteResult", &CompleteResult::of(vec!["a"; 200]));
    emitted.value("EmptyResult", &EmptyResult::new());
    emitted.value("InputRequiredResult", &InputRequiredResult::new().with_request_state(""));
    let task = Task::new("1", "2026-01-01T00:00:00Z");
    emitted.value("GetTaskResult", &DetailedTask::new(task.clone()));
    emitted.value("CreateTaskResult", &CreateTaskResult::new(task));
    let info = Implementation::new("n", "1").with_title("t").with_icons([Icon::new("data:,x")]);
    let offer = ServerCapabilities::new()
        .with_tools(ListChangedCapability::new().with_list_changed(true))
        .with_completions(Supported)
        .with_extensions([(TASKS_EXTENSION.to_owned(), json!({}).into())]);
    let result = InitializeResult::new(offer.clone(), info).with_instructions("i");
    emitted.value("InitializeResult", &result);
    emitted.value("DiscoverResult", &DiscoverResult::new([], offer));
}

fn client_side(emitted: &mut Emitted<'_>) {
    let options = || [ChoiceOption::new("r").with_title("Red"), ChoiceOption::new("b")];
    let form = FormSchema::new()
        .with_required_field("t", TextField::new().with_format(TextFormat::Email).with_default("x"))
        .with_field("n", NumberField::number().with_minimum(0.5).with_default(1.0))
        .with_field("i", NumberField::integer().with_maximum(9.0))
        .with_field("b", BooleanField::new().with_default(true))
        .with_field("plain", ChoiceField::new(["a".into(), "b".into()]))
        .with_field("one", ChoiceField::new(options()).with_default("r"))
        .with_field("old", ChoiceField::new(options()).with_legacy_names(true))
        .with_field("many", ChoicesField::new(["a".into()]).with_min_items(1_u64))
        .with_field("some", ChoicesField::new(options()).with_default(["r".to_owned()]));
    let form = ElicitParams::form("m", form);
    emitted.within("ElicitRequest", &form, |params, definition| {
        enveloped("elicitation/create", params, definition)
    });
    let call = ToolUseContent::new("c", "add", RawObject::new());
    let blocks = [SamplingContent::text("t"), SamplingContent::ToolUse(Box::new(call))];
    let result = CreateMessageResult::new(Role::Assistant, blocks, "m");
    emitted.value("CreateMessageResult", &result);
    emitted.value("CreateMessageResult", &CreateMessageResult::text("m", "t"));
    let choices = vec!["a".to_owned(), "b".to_owned()];
    let answer = ElicitResult::accept([("c".to_owned(), choices.into())]);
    emitted.value("ElicitResult", &answer);
    emitted.value("ElicitResult", &ElicitResult::decline());
    let requests = InputRequiredResult::new()
        .with_input_request("f", form)
        .with_input_request("u", ElicitParams::url("m", "https://a.example"))
        .with_input_request("s", CreateMessageParams::new([SamplingMessage::user("t")], 5_u64))
        .with_input_request("r", InputRequest::ListRoots(None));
    emitted.value("InputRequiredResult", &requests);
    let mut answers = InputResponses::new();
    for (key, answer) in [
        ("f", InputResponse::Elicit(answer)),
        ("s", InputResponse::CreateMessage(result)),
        ("r", InputResponse::ListRoots(ListRootsResult::new([Root::new("file:///a")]))),
    ] {
        let inserted = answers.insert(key, &answer).map_err(|error| error.to_string());
        emitted.tally.record(key, inserted);
    }
    emitted.value("InputResponses", &answers);
}

/// ELIC-22, and the other errors with data.
fn errors(emitted: &mut Emitted<'_>) {
    let error = |code: i64| {
        move |data: Value, _: &Value| {
            json!({"jsonrpc": "2.0", "id": 1,
                "error": {"code": code, "message": "m", "data": data}})
        }
    };
    let versions = UnsupportedVersionData::new(["2026-07-28".to_owned()], "1900-01-01");
    emitted.within("UnsupportedProtocolVersionError", &versions, error(-32022));
    let needed = ClientCapabilities::new().with_sampling(SamplingCapability::new());
    let needed = MissingCapabilityData::new(needed);
    emitted.within("MissingRequiredClientCapabilityError", &needed, error(-32021));
    let url = ElicitUrlParams::new("m", "https://a.example").with_elicitation_id("7");
    let urls = UrlElicitationData::new([url]);
    emitted.within("URLElicitationRequiredError", &urls, error(-32042));
    emitted.within("JSONRPCErrorResponse", &ResourceNotFoundData::new("a:b"), error(-32002));
}
