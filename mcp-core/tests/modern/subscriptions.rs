//! `subscriptions/listen`.

use mcp_core::app::{Changes, Context, Server, ServerBuilder};
use mcp_core::model::{Prompt, Tool};
use serde_json::{Value, json};

use crate::support::{Answer, Web, builder, headers, request, secs};

const ID: &str = "io.modelcontextprotocol/subscriptionId";

struct Fixture {
    web: Web,
    server: Server,
}

impl Fixture {
    fn new() -> Self {
        Self::of(builder().prompts())
    }

    fn of(builder: ServerBuilder) -> Self {
        let server = builder.build().unwrap();
        Self { web: Web::with(server.clone(), |_| {}), server }
    }

    fn listen(&self, id: impl Into<Value>, notifications: &Value) -> Answer {
        let params = json!({"notifications": notifications});
        self.web.post(&request(id, "subscriptions/listen", &params))
    }

    fn change_tools(&self) {
        let tool = |_: Value, _: Context| async { Ok("") };
        self.server.apply(Changes::new().raw_tool(Tool::new("new"), tool)).unwrap();
        self.web.sim.run();
    }

    fn change_prompts(&self) {
        let prompt = |_: Value, _: Context| async { Ok("") };
        self.server.apply(Changes::new().prompt(Prompt::new("new"), prompt)).unwrap();
        self.web.sim.run();
    }

    fn touch(&self, uri: &str) -> usize {
        let told = self.server.resource_updated(uri);
        self.web.sim.run();
        told
    }
}

/// The method of a message, and what it is tagged with.
fn tagged(message: &Value) -> (&str, &Value) {
    (message["method"].as_str().unwrap(), &message["params"]["_meta"][ID])
}

/// SUB-03, SUB-06, SUB-08, SUB-14; trap 1: the acknowledgment comes first, with what will be
/// served and the id as it was.
#[test]
fn sub_03_a_subscription_is_acknowledged_first() {
    let fixture = Fixture::new();
    for id in [json!(7), json!("7"), json!("a b")] {
        let answer = fixture.listen(id.clone(), &json!({"toolsListChanged": true}));
        assert_eq!(answer.status(), 200);
        let [acknowledged] = &answer.events()[..] else { panic!("one") };
        assert_eq!(tagged(acknowledged), ("notifications/subscriptions/acknowledged", &id));
        assert_eq!(acknowledged["params"]["notifications"], json!({"toolsListChanged": true}));
        assert!(!answer.is_over());
        answer.hang_up();
    }
}

/// SUB-06, SUB-15: what the server does not have, and what it does not know, is left out.
#[test]
fn sub_15_only_what_can_be_served_is_acknowledged() {
    let everything = json!({"toolsListChanged": true, "promptsListChanged": true,
        "resourcesListChanged": true, "resourceSubscriptions": ["a:b"], "taskIds": ["t"],
        "x": 1});
    let tool = |_: Value, _: Context| async { Ok("") };
    for (builder, expected) in [
        (Server::builder("s", "1"), json!({})),
        (
            Server::builder("s", "1").raw_tool(Tool::new("t"), tool),
            json!({"toolsListChanged": true}),
        ),
        (Server::builder("s", "1").resources(), json!({"resourcesListChanged": true})),
        (
            Server::builder("s", "1").subscriptions(),
            json!({"resourcesListChanged": true, "resourceSubscriptions": ["a:b"]}),
        ),
    ] {
        let answer = Fixture::of(builder).listen(1, &everything);
        assert_eq!(answer.events()[0]["params"]["notifications"], expected);
    }
    // False, and nothing at all.
    let fixture = Fixture::new();
    for wish in [json!({}), json!({"toolsListChanged": false})] {
        assert_eq!(fixture.listen(1, &wish).events()[0]["params"]["notifications"], json!({}));
    }
    // SUB-01.
    let none = fixture.web.post(&request(1, "subscriptions/listen", &json!({})));
    assert_eq!(none.failure().1, -32602);
}

/// SUB-02, SUB-04, SUB-08, SUB-09; RES-13, RES-15: each stream has what it asked for, tagged with its id.
#[test]
fn sub_02_nothing_that_was_not_asked_for_is_sent() {
    let fixture = Fixture::new();
    let tools = fixture.listen(1, &json!({"toolsListChanged": true}));
    let prompts = fixture.listen("p", &json!({"promptsListChanged": true}));
    let watching = fixture.listen(3, &json!({"resourceSubscriptions": ["a:1", "a:2", "a:1"]}));
    let nothing = fixture.listen(4, &json!({}));
    let all = [&tools, &prompts, &watching, &nothing];
    for answer in all {
        assert_eq!(answer.events().len(), 1);
    }
    fixture.change_tools();
    fixture.change_prompts();
    assert_eq!(fixture.touch("a:1"), 1);
    assert_eq!(fixture.touch("a:3"), 0);
    let [changed] = &tools.events()[..] else { panic!("one") };
    assert_eq!(tagged(changed), ("notifications/tools/list_changed", &json!(1)));
    let [changed] = &prompts.events()[..] else { panic!("one") };
    assert_eq!(tagged(changed), ("notifications/prompts/list_changed", &json!("p")));
    let [updated] = &watching.events()[..] else { panic!("one") };
    assert_eq!(tagged(updated), ("notifications/resources/updated", &json!(3)));
    assert_eq!(updated["params"]["uri"], "a:1");
    assert_eq!(nothing.events().len(), 0);
    // Who leaves is forgotten.
    watching.hang_up();
    fixture.web.sim.run();
    assert_eq!(fixture.touch("a:1"), 0);
}

/// SHTTP-M03, LOG-11: what a call reports stays with the call.
#[test]
fn shttp_m03_a_subscription_has_no_progress_and_no_messages() {
    let report = |_: Value, cx: Context| async move {
        cx.error("x");
        cx.progress(1.0, None, None);
        Ok("")
    };
    let fixture = Fixture::of(builder().raw_tool(Tool::new("report"), report));
    let mut listen =
        request(1, "subscriptions/listen", &json!({"notifications": {"toolsListChanged": true}}));
    listen["params"]["_meta"]["io.modelcontextprotocol/logLevel"] = json!("debug");
    listen["params"]["_meta"]["progressToken"] = json!(1);
    let listening = fixture.web.post(&listen);
    let mut call = request(2, "tools/call", &json!({"name": "report"}));
    call["params"]["_meta"] = listen["params"]["_meta"].clone();
    assert_eq!(fixture.web.post(&call).events().len(), 3);
    assert_eq!(listening.events().len(), 1, "the acknowledgment");
}

/// SUB-11, SUB-12; CANCEL-12: a server that stops ends subscriptions with their result, and on
/// HTTP with nothing else.
#[test]
fn sub_11_a_server_that_stops_ends_subscriptions() {
    let fixture = Fixture::new();
    let answer = fixture.listen("s", &json!({"toolsListChanged": true}));
    answer.events();
    fixture.web.service.drain(secs(10));
    fixture.web.sim.run();
    assert!(answer.is_over());
    let [end] = &answer.events()[..] else { panic!("one") };
    assert_eq!(end["id"], "s");
    assert_eq!(end["result"]["resultType"], "complete");
    assert_eq!(end["result"]["_meta"][ID], "s");
    assert_eq!((fixture.web.sim.tasks(), fixture.web.sim.timers()), (0, 0));
}

/// Changes are no log: those of one thing are one for a client that does not read, and the
/// newest is never lost.
#[test]
fn a_client_that_does_not_read_is_told_once() {
    let fixture = Fixture::new();
    let wish = json!({"toolsListChanged": true, "resourceSubscriptions": ["a:1", "a:2"]});
    let answer = fixture.listen(1, &wish);
    answer.events();
    answer.set_stuck(true);
    for _ in 0..10_000 {
        fixture.change_tools();
        fixture.touch("a:1");
        fixture.touch("a:2");
    }
    answer.set_stuck(false);
    fixture.web.sim.run();
    let events = answer.events();
    assert_eq!(events.len(), 3);
    fixture.change_tools();
    assert_eq!(answer.events().len(), 1);
}

/// SHTTP-M05: a subscription may last for days, its proxies do not know that; and it has no
/// deadline.
#[test]
fn a_subscription_lasts() {
    let fixture = Fixture::new();
    let answer = fixture.listen(1, &json!({"toolsListChanged": true}));
    answer.events();
    fixture.web.sim.advance(secs(24 * 60 * 60));
    assert!(answer.text().starts_with(": keep-alive\n\n"));
    assert_eq!(answer.events().len(), 0);
    fixture.change_tools();
    assert_eq!(answer.events().len(), 1);
}

/// What one client can make the server remember has an end.
#[test]
fn what_one_subscription_watches_is_bounded() {
    let fixture = Fixture::of(builder().max_subscriptions(2));
    let watch = |uris: Vec<String>| fixture.listen(1, &json!({"resourceSubscriptions": uris}));
    assert_eq!(watch(vec!["a:1".into(), "a:2".into()]).status(), 200);
    assert_eq!(watch(vec!["a:1".into(), "a:2".into(), "a:3".into()]).failure().1, -32602);
    assert_eq!(watch(vec!["a".repeat(10_000)]).failure().1, -32602);
}

/// T8: the stream is for listening alone; a subscription says so in its headers like all others.
#[test]
fn a_subscription_has_the_headers_of_any_request() {
    let fixture = Fixture::new();
    let listen = request(1, "subscriptions/listen", &json!({"notifications": {}}));
    let mut wrong = headers(&listen);
    wrong.insert("mcp-method", "tools/list".parse().unwrap());
    assert_eq!(fixture.web.post_with(&wrong, &listen).failure().1, -32020);
}
