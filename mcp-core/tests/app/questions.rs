use core::pin::pin;
use core::task::{Context as Polling, Poll, Waker};
use core::time::Duration;

use mcp_core::app::{AskError, Context, Server, ask_all};
use mcp_core::error::RequestError;
use mcp_core::model::{
    CreateMessageParams, ElicitAction, ElicitParams, ElicitUrlParams, RawObject, SamplingMessage,
    Tool,
};
use mcp_core::revision::Revision;
use serde_json::Value;

use crate::support::{Fixture, run};

const ANSWER: &str = r#"{"role":"assistant","content":{"type":"text","text":"4"},"model":"m","stopReason":"endTurn"}"#;

fn empty() -> Server {
    Server::builder("s", "1").build().unwrap()
}

fn question() -> CreateMessageParams {
    CreateMessageParams::new([SamplingMessage::user("2+2?")], 100u64)
}

fn form() -> ElicitParams {
    let schema = r#"{"type":"object","properties":{"name":{"type":"string"}}}"#;
    ElicitParams::form("Who are you?", schema.parse::<RawObject>().unwrap())
}

#[test]
fn the_client_is_asked() {
    let fixture = Fixture::new(&empty());
    let cx = fixture.cx();
    fixture.peer.answer(ANSWER);
    fixture.peer.answer(r#"{"action":"accept","content":{"name":"Ada"}}"#);
    fixture.peer.answer(r#"{"roots":[{"uri":"file:///home"}]}"#);
    fixture.peer.answer("{}");

    assert_eq!(run(cx.sample("q", question())).unwrap().model, "m");
    let form = run(cx.elicit("q", form())).unwrap();
    assert_eq!(form.action, ElicitAction::Accept);
    assert_eq!(form.value("name").unwrap().as_str(), Some("Ada"));
    assert_eq!(run(cx.list_roots("q")).unwrap().roots.len(), 1);
    run(cx.ping()).unwrap();

    let sent = fixture.peer.take_raw();
    let methods: Vec<&str> = sent.iter().map(|it| it.method.as_ref()).collect();
    assert_eq!(methods, ["sampling/createMessage", "elicitation/create", "roots/list", "ping"]);
    // They leave on the lane of the request they belong to; people may take their time.
    assert!(sent.iter().all(|it| it.about == Some(cx.request())));
    let timeouts: Vec<Option<u64>> =
        sent.iter().map(|it| it.timeout.map(|it| it.as_secs())).collect();
    assert_eq!(timeouts, [Some(600), Some(600), None, None]);
}

/// TIME-03.
#[test]
fn a_timeout_of_ones_own() {
    let fixture = Fixture::new(&empty());
    fixture.peer.answer("{}");
    let cx = fixture.cx().with_timeout(Duration::from_secs(5));
    run(cx.ping()).unwrap();
    assert_eq!(fixture.peer.take_raw().remove(0).timeout, Some(Duration::from_secs(5)));
}

/// ROOTS-05, SAMP-07, ELIC-03; LIFE-07, LIFE-08: who did not offer is not asked.
#[test]
fn roots_05_a_client_that_cannot_is_not_asked() {
    let unsupported = |error| match error {
        AskError::Unsupported(what) => what.as_str(),
        other => panic!("{other}"),
    };
    let with_tools = || question().with_tools([Tool::new("t")]);
    let url = || ElicitParams::url("Sign in", "https://example.com");
    let latest = Revision::LATEST_LEGACY;

    let fixtures = [Fixture::with(&empty(), latest, "{}"), Fixture::silent(&empty())];
    for fixture in &fixtures {
        let cx = fixture.cx();
        assert_eq!(unsupported(run(cx.sample("q", question())).unwrap_err()), "sampling");
        assert_eq!(unsupported(run(cx.elicit("q", form())).unwrap_err()), "elicitation");
        assert_eq!(unsupported(run(cx.elicit("q", url())).unwrap_err()), "elicitation.url");
        assert_eq!(unsupported(run(cx.list_roots("q")).unwrap_err()), "roots");
        assert!(fixture.peer.take().is_empty());
    }

    // `{}` means forms alone, and models without tools.
    let fixture = Fixture::with(&empty(), latest, r#"{"sampling":{},"elicitation":{}}"#);
    let cx = fixture.cx();
    assert_eq!(unsupported(run(cx.sample("q", with_tools())).unwrap_err()), "sampling.tools");
    assert_eq!(unsupported(run(cx.elicit("q", url())).unwrap_err()), "elicitation.url");
    fixture.peer.answer(r#"{"action":"decline"}"#);
    assert_eq!(run(cx.elicit("q", form())).unwrap().action, ElicitAction::Decline);
}

/// LIFE-07, LIFE-08: what a revision does not have is not asked in it, whatever the client declares.
#[test]
fn life_08_old_clients_are_asked_what_they_know() {
    for revision in Revision::LEGACY {
        let fixture = Fixture::at(&empty(), revision);
        let cx = fixture.cx();
        let url = ElicitUrlParams::new("Sign in", "https://example.com").with_elicitation_id("7");
        let url = ElicitParams::Url(url);
        for (question, since) in [(form(), Revision::V2025_06_18), (url, Revision::V2025_11_25)] {
            fixture.peer.answer(r#"{"action":"decline"}"#);
            let answered = run(cx.elicit("q", question)).is_ok();
            assert_eq!(answered, revision >= since, "{revision} {since}");
            assert_eq!(fixture.peer.take().len(), usize::from(answered));
        }
    }
}

#[test]
fn a_question_that_fails_says_why() {
    let fixture = Fixture::new(&empty());
    let cx = fixture.cx();
    let lost = run(cx.list_roots("q")).unwrap_err();
    assert!(matches!(lost, AskError::Request(RequestError::Lost)));
    fixture.peer.answer(r#"{"roots":7}"#);
    let nonsense = run(cx.list_roots("q")).unwrap_err();
    assert!(matches!(nonsense, AskError::Answer(_)));
}

/// A tool that cannot ask fails in words that the model can read.
#[test]
fn tool_16_a_tool_that_cannot_ask_says_so() {
    let server = Server::builder("s", "1")
        .raw_tool(Tool::new("ask"), |_: Value, cx: Context| async move {
            let answer = cx.sample("q", question()).await?;
            Ok(format!("LLM response: {}", answer.model))
        })
        .build()
        .unwrap();
    let fixture = Fixture::with(&server, Revision::LATEST_LEGACY, "{}");
    let result = fixture.tool("ask", "{}").unwrap();
    assert_eq!(result["isError"], true);
    assert_eq!(result["content"][0]["text"], "the client does not support sampling");

    let fixture = Fixture::new(&server);
    fixture.peer.answer(ANSWER);
    let result = fixture.tool("ask", "{}").unwrap();
    assert_eq!(result["content"][0]["text"], "LLM response: m");
}

const ROOTS: &str = r#"{"roots":[{"uri":"file:///home"}]}"#;

/// Questions that do not depend on each other do not wait for each other.
#[test]
fn questions_are_asked_together() {
    let fixture = Fixture::new(&empty());
    fixture.peer.set_slow();
    let cx = fixture.cx();
    let methods = || -> Vec<String> {
        let sent = fixture.peer.take();
        sent.into_iter().map(|(method, _)| method).collect()
    };
    for answer in [ANSWER, ROOTS, ROOTS, ROOTS] {
        fixture.peer.answer(answer);
    }
    let mut asked = pin!(ask_all((cx.sample("a", question()), cx.list_roots("b"))));
    assert!(methods().is_empty(), "nobody waits for the answers yet");
    let mut polling = Polling::from_waker(Waker::noop());
    assert!(asked.as_mut().poll(&mut polling).is_pending());
    assert_eq!(methods(), ["sampling/createMessage", "roots/list"]);
    let Poll::Ready(Ok((model, roots))) = asked.poll(&mut polling) else {
        panic!("there are two answers");
    };
    assert_eq!((model.model.as_str(), roots.roots.len()), ("m", 1));

    let mut asked = pin!(ask_all(vec![cx.list_roots("a"), cx.list_roots("b")]));
    assert!(asked.as_mut().poll(&mut polling).is_pending());
    assert_eq!(methods(), ["roots/list", "roots/list"]);
    assert_eq!(run(asked).unwrap().len(), 2);
    assert!(run(ask_all(Vec::<mcp_core::app::Ask<()>>::new())).unwrap().is_empty());
}

/// Nobody is asked for half of what is needed.
#[test]
fn questions_that_cannot_all_be_asked_are_not_asked() {
    let fixture = Fixture::with(&empty(), Revision::LATEST_LEGACY, r#"{"roots":{}}"#);
    fixture.peer.answer(ROOTS);
    let cx = fixture.cx();
    let error = run(ask_all((cx.list_roots("a"), cx.sample("b", question())))).unwrap_err();
    assert!(matches!(error, AskError::Unsupported(_)));
    let sample = || cx.sample("b", question());
    let error = run(ask_all(vec![sample(), sample()])).unwrap_err();
    assert!(matches!(error, AskError::Unsupported(_)));
    assert!(fixture.peer.take().is_empty());
}

/// SAMP-11: a conversation that no provider takes is not sent.
#[test]
fn samp_11_calls_without_results_are_not_sent() {
    let fixture = Fixture::new(&empty());
    let messages = r#"[{"role":"assistant","content":{"type":"tool_use","id":"1","name":"t",
        "input":{}}}]"#;
    let messages: Vec<SamplingMessage> = serde_json::from_str(messages).unwrap();
    let asked = run(fixture.cx().sample("a", CreateMessageParams::new(messages, 9u64)));
    assert!(matches!(asked, Err(AskError::Question(_))));
    assert!(fixture.peer.take().is_empty());
}

/// ELIC-18: on the connection of whoever was asked, and with the id that was given.
#[test]
fn elic_18_the_end_of_a_question_is_told_to_who_was_asked() {
    let fixture = Fixture::new(&empty());
    fixture.cx().connection().elicitation_complete("e-7").unwrap();
    let told = fixture.peer.take_raw().remove(0);
    assert_eq!(told.method, "notifications/elicitation/complete");
    assert_eq!(told.params.unwrap().as_str(), r#"{"elicitationId":"e-7"}"#);
}
