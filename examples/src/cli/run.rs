//! Does what a command says.

use std::time::Instant;

use mcp_core::driver::client::{Client, ClientError, ClientPlatform, Subscription};
use mcp_core::jsonrpc::ErrorCode;
use mcp_core::model::{
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    SubscriptionFilter, TaskSupport, Tool,
};
use serde_json::{Map, Value, json};

use super::command::{Command, Wrong};
use super::printer::{Output, Printer};
use super::problem::Problem;
use super::{Surroundings, show, values};

/// A connection, and what has been asked of it.
pub(super) struct Run<P> {
    pub(super) client: Client<P>,
    pub(super) printer: Printer,
    pub(super) here: Surroundings,
    /// Dropping a subscription ends it.
    subscriptions: Vec<Subscription>,
}

impl<P: ClientPlatform> Run<P> {
    pub(super) const fn new(client: Client<P>, printer: Printer, here: Surroundings) -> Self {
        Self { client, printer, here, subscriptions: Vec::new() }
    }

    pub(super) async fn command(&mut self, command: Command) -> Result<Output, Problem> {
        let client = &self.client;
        match command {
            Command::Info => Ok(self.info()),
            Command::Tools => {
                let tools = client.list_tools().await?;
                let text = show::tools(&tools);
                Ok(Output::new(ListToolsResult::new(tools), text))
            }
            Command::Call { name, arguments } => self.call(&name, &arguments).await,
            Command::CancelAfter { after, name, arguments } => {
                let late = async {
                    (self.here.sleep)(after).await;
                    Err(Problem::cancelled())
                };
                smol::future::or(self.call(&name, &arguments), late).await
            }
            Command::Resources => {
                let resources = client.list_resources().await?;
                let text = show::resources(&resources);
                Ok(Output::new(ListResourcesResult::new(resources), text))
            }
            Command::Templates => {
                let templates = client.list_resource_templates().await?;
                let text = show::templates(&templates);
                Ok(Output::new(ListResourceTemplatesResult::new(templates), text))
            }
            Command::Read { uri } => {
                let result = client.read_resource(uri).await?;
                let text = show::read(&result);
                Ok(Output::new(result, text))
            }
            Command::Prompts => {
                let prompts = client.list_prompts().await?;
                let text = show::prompts(&prompts);
                Ok(Output::new(ListPromptsResult::new(prompts), text))
            }
            Command::Prompt { name, arguments } => {
                let result = client.get_prompt(name, values::texts(&arguments)?).await?;
                let text = show::prompt(&result);
                Ok(Output::new(result, text))
            }
            Command::Ping => {
                let started = Instant::now();
                client.ping().await?;
                let took = started.elapsed().as_secs_f64() * 1000.0;
                Ok(Output::new(
                    json!({"milliseconds": took}),
                    format!("It is there: {took:.1} ms\n"),
                ))
            }
            Command::Listen { uris } => {
                self.listen(uris).await?;
                Ok(Output::new(json!({}), "Listening.\n"))
            }
            Command::Skills => {
                let skills = client.list_skills().await?;
                Ok(Output::new(json!({"skills": skills}), show::skills(&skills)))
            }
            Command::Login | Command::Logout | Command::Shell => {
                Err(Wrong::new("that is not for the shell").into())
            }
        }
    }

    /// Waits until the server has nothing more to report. What it reports has been said already.
    pub(super) async fn listened(&mut self) -> Result<(), Problem> {
        while let Some(subscription) = self.subscriptions.last_mut() {
            if subscription.next().await?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn info(&self) -> Output {
        let Some(server) = self.client.server() else {
            return Output::new(Value::Null, "");
        };
        let json = json!({
            "protocolVersion": server.revision.as_str(),
            "capabilities": server.capabilities,
            "serverInfo": server.info,
            "instructions": server.instructions,
        });
        let mut text = match &server.info {
            Some(info) => format!("{} {}", info.title.as_ref().unwrap_or(&info.name), info.version),
            None => "A server without a name".to_owned(),
        };
        text += &format!(", protocol {}\n", server.revision);
        let capabilities = serde_json::to_value(&server.capabilities).unwrap_or_default();
        let names: Vec<&str> =
            capabilities.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        text += &format!("It offers: {}\n", names.join(", "));
        if let Some(instructions) = &server.instructions {
            text += &format!("\n{instructions}\n");
        }
        Output::new(json, text)
    }

    async fn call(&self, name: &str, arguments: &[String]) -> Result<Output, Problem> {
        let arguments = self.arguments(name, arguments).await?;
        let printer = self.printer;
        let call = || {
            let call = self.client.call_tool(name, arguments.clone());
            call.on_progress(move |progress| printer.progress(&progress))
        };
        let mut result = call().await;
        // 2025-11-25 has tools that can only be called as tasks.
        if result.as_ref().is_err_and(is_method_not_found) && self.wants_task(name).await {
            result = call().as_task(None).await;
        }
        printer.progressed();
        match result {
            Ok(result) => {
                let failed = result.is_error == Some(true);
                let text = show::called(&result);
                Ok(Output { failed, ..Output::new(result, text) })
            }
            Err(error) => Err(self.explain(name, error.into()).await),
        }
    }

    /// Whether a tool can only be called as a task.
    async fn wants_task(&self, name: &str) -> bool {
        let tools = self.client.list_tools().await.unwrap_or_default();
        let tool = tools.iter().find(|tool| tool.name == name);
        tool.is_some_and(|tool| tool.task_support() == TaskSupport::Required)
    }

    /// The arguments, of the types that the tool's schema gives them.
    async fn arguments(&self, name: &str, words: &[String]) -> Result<Map<String, Value>, Problem> {
        let is_json = matches!(words, [word] if word.trim_start().starts_with('{'));
        if words.is_empty() || is_json {
            return Ok(values::arguments(words, None)?);
        }
        let tools = self.client.list_tools().await?;
        let tool = tools.iter().find(|tool| tool.name == name);
        let schema: Option<Value> =
            tool.and_then(|tool| serde_json::from_str(tool.input_schema.get()).ok());
        Ok(values::arguments(words, schema.as_ref())?)
    }

    /// Says which tool may have been meant.
    async fn explain(&self, name: &str, problem: Problem) -> Problem {
        if !problem.is_invalid_params() {
            return problem;
        }
        let Ok(tools) = self.client.list_tools().await else { return problem };
        if tools.iter().any(|tool| tool.name == name) {
            return problem;
        }
        match nearest(name, &tools) {
            Some(near) => problem.with_hint(format!("Did you mean `{near}`?")),
            None => problem.with_hint("`mcp tools` lists those it has."),
        }
    }

    async fn listen(&mut self, uris: Vec<String>) -> Result<(), Problem> {
        let mut filter = SubscriptionFilter::new()
            .with_tools_list_changed(true)
            .with_prompts_list_changed(true)
            .with_resources_list_changed(true);
        if !uris.is_empty() {
            filter = filter.with_resource_subscriptions(uris);
        }
        self.subscriptions.push(self.client.listen(filter).await?);
        Ok(())
    }
}

fn is_method_not_found(error: &ClientError) -> bool {
    error.refusal().is_some_and(|refusal| refusal.code() == ErrorCode::METHOD_NOT_FOUND)
}

fn nearest<'a>(name: &str, tools: &'a [Tool]) -> Option<&'a str> {
    let distance = |tool: &&str| strsim::damerau_levenshtein(name, tool);
    let near = tools.iter().map(|tool| tool.name.as_str()).min_by_key(distance)?;
    (distance(&near) <= 1 + name.len() / 3).then_some(near)
}
