use mcp_core::app::{ConfigError, Context, Handler, Server, ServerBuilder, TemplateError};
use mcp_core::lifecycle::Method;
use mcp_core::model::{
    Annotations, ForRevision, Prompt, PromptArgument, RawObject, Reference, Resource,
    ResourceTemplate, Tool,
};
use mcp_core::revision::Revision;
use serde_json::{Value, json};

fn builder() -> ServerBuilder {
    Server::builder("s", "1")
}

fn with_tool(tool: Tool) -> Result<Server, ConfigError> {
    builder().raw_tool(tool, |_: Value, _: Context| async { Ok(()) }).build()
}

/// TOOL-11: 1 to 128 of `A-Z a-z 0-9 _ - .`; names differ by case.
#[test]
fn tool_11_names_are_checked() {
    for good in ["a", "A.b-c_9", &"x".repeat(128)] {
        assert!(with_tool(Tool::new(good)).is_ok(), "{good}");
    }
    for bad in ["", "a b", "a/b", "é", "a\n", &"x".repeat(129)] {
        let mistake = ConfigError::ToolName(bad.to_owned());
        assert_eq!(with_tool(Tool::new(bad)).unwrap_err(), mistake);
    }
    let both = builder()
        .raw_tool(Tool::new("a"), |_: Value, _: Context| async { Ok(()) })
        .raw_tool(Tool::new("A"), |_: Value, _: Context| async { Ok(()) });
    assert!(both.build().is_ok());
}

/// TOOL-07: the root of an input schema is an object's, and there is one.
#[test]
fn tool_07_input_schemas_are_checked() {
    for bad in
        ["{}", r#"{"type":"string"}"#, r#"{"type":["object"]}"#, r#"{"oneOf":[{"type":"object"}]}"#]
    {
        let schema: RawObject = bad.parse().unwrap();
        let mistake = with_tool(Tool::new("t").with_input_schema(schema)).unwrap_err();
        assert_eq!(mistake, ConfigError::InputSchema("t".into()), "{bad}");
        assert!(mistake.to_string().contains("`t`"));
    }
    // TOOL-08, TOOL-09: whatever else is in it is sent as it is.
    let schema = r##"{"$schema":"https://json-schema.org/draft/2020-12/schema","$defs":{"a":{"$anchor":"a"}},
        "type":"object","allOf":[{"if":{},"then":{}}],"additionalProperties":false,"x-mine":9007199254740993}"##;
    let tool = Tool::new("t").with_input_schema(schema.parse::<RawObject>().unwrap());
    let fixture = crate::support::Fixture::new(&with_tool(tool).unwrap());
    let list = fixture.reply(Method::ToolsList, "").unwrap();
    assert!(list.as_str().contains(schema));
}

/// HDR-13, HDR-14, HDR-15, HDR-17, HDR-18: what clients would drop a tool for is not offered, and
/// the mistake says where it is.
#[test]
fn hdr_13_bad_annotations_are_mistakes() {
    let with = |schema: &str| {
        let schema: RawObject = schema.parse().unwrap();
        with_tool(Tool::new("t").with_input_schema(schema))
    };
    for (properties, place, problem) in [
        (r#"{"a":{"type":"string","x-mcp-header":"A B"}}"#, "/properties/a", "HTTP token"),
        (r#"{"a":{"type":"number","x-mcp-header":"A"}}"#, "/properties/a", "integer"),
        (
            r#"{"a":{"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"a"}}"#,
            "/properties/b",
            "same header",
        ),
        (
            r#"{"a":{"items":{"type":"string","x-mcp-header":"A"}}}"#,
            "/properties/a/items",
            "`properties` alone",
        ),
    ] {
        let mistake = with(&format!(r#"{{"type":"object","properties":{properties}}}"#));
        let mistake = mistake.unwrap_err();
        assert!(matches!(mistake, ConfigError::MirroredParam { .. }), "{mistake}");
        let text = mistake.to_string();
        for part in ["`t`", place, problem] {
            assert!(text.contains(part), "{text}");
        }
    }
    // HDR-11: and what they mirror is listed as it was written.
    let schema = r#"{"type":"object","properties":{"a":{"type":"string", "x-mcp-header":"A"}}}"#;
    let fixture = crate::support::Fixture::new(&with(schema).unwrap());
    assert!(fixture.reply(Method::ToolsList, "").unwrap().as_str().contains(schema));
    assert_eq!(fixture.server.mirrored("t").unwrap().iter().count(), 1);
    assert!(fixture.server.mirrored("u").is_none());
}

#[test]
fn names_are_unique() {
    let twice = [
        builder()
            .raw_tool(Tool::new("x"), |_: Value, _: Context| async { Ok(()) })
            .raw_tool(Tool::new("x"), |_: Value, _: Context| async { Ok(()) }),
        builder()
            .prompt(Prompt::new("x"), |(): (), _: Context| async { Ok("") })
            .prompt(Prompt::new("x"), |(): (), _: Context| async { Ok("") }),
        builder()
            .resource(Resource::new("x:", "a"), |_, _| async { Ok("") })
            .resource(Resource::new("x:", "b"), |_, _| async { Ok("") }),
        builder()
            .resource_template(ResourceTemplate::new("x:{x}", "a"), |_, _| async { Ok("") })
            .resource_template(ResourceTemplate::new("x:{x}", "b"), |_, _| async { Ok("") }),
        builder()
            .method("x", |(): (), _: Context| async { Ok(()) })
            .method("x", |(): (), _: Context| async { Ok(()) }),
    ];
    for builder in twice {
        let mistake = builder.build().unwrap_err();
        assert!(matches!(mistake, ConfigError::Duplicate { .. }), "{mistake}");
        assert!(mistake.to_string().contains("`x"), "{mistake}");
    }
}

/// RES-18, RES-19.
#[test]
fn everything_else_is_checked_too() {
    let resource = builder().resource(Resource::new("/etc/passwd", "x"), |_, _| async { Ok("") });
    assert_eq!(resource.build().unwrap_err(), ConfigError::ResourceUri("/etc/passwd".into()));

    let template = ResourceTemplate::new("x:{?q}", "x");
    let template = builder().resource_template(template, |_, _| async { Ok("") });
    let mistake = template.build().unwrap_err();
    assert_eq!(
        mistake.to_string(),
        "the URI template `x:{?q}` has an expression other than {name} and {+name}"
    );
    assert!(matches!(mistake, ConfigError::Template { error: TemplateError::Expression, .. }));

    let page_size = builder().page_size(0);
    assert_eq!(page_size.build().unwrap_err(), ConfigError::PageSize);

    for method in ["tools/call", "initialize", "ping"] {
        let taken = builder().method(method, |(): (), _: Context| async { Ok(()) });
        assert_eq!(taken.build().unwrap_err(), ConfigError::Method(method.into()));
    }

    let priority = Annotations::new().with_priority(f64::NAN);
    let resource = Resource::new("x:y", "x").with_annotations(priority);
    let resource = builder().resource(resource, |_, _| async { Ok("") });
    assert!(matches!(resource.build().unwrap_err(), ConfigError::NoJson { .. }));
}

/// EXT-01, EXT-05, CAP-08: an extension is named with a prefix, and shown to clients that know of
/// extensions.
#[test]
fn ext_01_extensions_have_a_prefix() {
    for name in
        ["reviews", "com.example/", "/reviews", "com..example/x", "1com/x", "com/-x", "a/b/"]
    {
        let mistake = builder().extension(name, RawObject::new()).build().unwrap_err();
        assert_eq!(mistake, ConfigError::ExtensionName(name.into()));
    }
    let settings: RawObject = r#"{"stars":5}"#.parse().unwrap();
    let server = builder().extension("com.example/reviews-2.0", settings).build().unwrap();
    let shown = |revision| {
        let capabilities = server.greeting().capabilities.clone().for_revision(revision);
        capabilities.extensions.and_then(|all| all.get("com.example/reviews-2.0").cloned())
    };
    assert_eq!(shown(Revision::V2026_07_28).unwrap().as_str(), r#"{"stars":5}"#);
    assert_eq!(shown(Revision::V2025_11_25), None);
}

#[test]
fn completions_are_of_arguments_that_there_are() {
    let prompt = || Prompt::new("p").with_arguments([PromptArgument::new("a")]);
    let with = |reference: Reference, argument: &str| {
        builder()
            .completion(reference, argument, |_, _| async { Ok(vec![""]) })
            .prompt(prompt(), |(): (), _: Context| async { Ok("") })
            .resource_template(ResourceTemplate::new("x:{y}", "x"), |_, _| async { Ok("") })
            .build()
    };
    assert!(with(Reference::prompt("p"), "a").is_ok());
    assert!(with(Reference::resource("x:{y}"), "y").is_ok());
    for (reference, argument) in [
        (Reference::prompt("p"), "b"),
        (Reference::prompt("q"), "a"),
        (Reference::resource("x:{y}"), "z"),
        (Reference::resource("x:1"), "y"),
    ] {
        let mistake = with(reference, argument).unwrap_err();
        assert!(matches!(mistake, ConfigError::Completion { .. }), "{mistake}");
    }
}

/// CAP-07, LOG-01, COMP-01, RES-01, TOOL-01, PROMPT-01: capabilities and methods follow from what
/// is there.
#[test]
fn cap_07_capabilities_are_what_is_there() {
    let list = json!({"listChanged": true});
    for (builder, capabilities, methods) in [
        (builder().tools(), json!({"tools": list}), 2),
        (builder().prompts(), json!({"prompts": list}), 2),
        (builder().resources(), json!({"resources": list}), 3),
        (
            builder().subscriptions(),
            json!({"resources": {"listChanged": true, "subscribe": true}}),
            5,
        ),
        (builder().logging(), json!({"logging": {}}), 1),
        (
            builder()
                .prompt(
                    Prompt::new("p").with_arguments([PromptArgument::new("a")]),
                    |(): (), _: Context| async { Ok("") },
                )
                .completion(Reference::prompt("p"), "a", |_, _| async { Ok(vec![""]) }),
            json!({"prompts": list, "completions": {}}),
            3,
        ),
    ] {
        let server = builder.build().unwrap();
        let advertised = serde_json::to_value(&server.greeting().capabilities).unwrap();
        assert_eq!(advertised, capabilities);
        let served = server.methods();
        // Everyone is discovered and listened to.
        let own = |method: &&Method| {
            served.contains(method)
                && !matches!(method, Method::ServerDiscover | Method::SubscriptionsListen)
        };
        let count = Method::ALL.iter().filter(own).count();
        assert_eq!(count, methods, "{capabilities}");
    }
}

#[test]
fn a_server_says_who_it_is() {
    let server = builder()
        .title("S")
        .description("Serves")
        .website("https://example.com")
        .instructions("Ask.")
        .build()
        .unwrap();
    let greeting = serde_json::to_value(server.greeting()).unwrap();
    assert_eq!(
        greeting["serverInfo"],
        json!({"name": "s", "version": "1", "title": "S", "description": "Serves", "websiteUrl": "https://example.com"})
    );
    assert_eq!(greeting["instructions"], "Ask.");
}

#[test]
fn servers_and_contexts_cross_threads() {
    fn crosses<T: Send + Sync + Clone + 'static>() {}
    crosses::<Server>();
    crosses::<Context>();
    assert!(size_of::<Server>() <= size_of::<usize>(), "cheap to clone");
    let server = builder().build().unwrap();
    let fixture = crate::support::Fixture::new(&server);
    let call = server.call(fixture.cx(), Method::ToolsCall, None);
    assert!(size_of_val(&call) <= 2048, "{}", size_of_val(&call));
}
