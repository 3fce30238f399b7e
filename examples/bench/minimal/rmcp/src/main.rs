//! The server of our README, on the official Rust SDK: with its macros with `--features derive`,
//! else with the schema of its tool written out.

use rmcp::model::{Implementation, ServerCapabilities, ServerConfig};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde::Deserialize;

#[derive(Clone)]
struct Demo;

#[derive(Deserialize)]
#[cfg_attr(feature = "derive", derive(schemars::JsonSchema))]
struct Add {
    a: f64,
    b: f64,
}

fn info() -> ServerConfig {
    ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
        .with_server_info(Implementation::new("demo", "1.0"))
}

#[cfg(feature = "derive")]
mod derived {
    use rmcp::handler::server::wrapper::Parameters;
    use rmcp::model::ServerConfig;
    use rmcp::{ServerHandler, tool, tool_handler, tool_router};

    use super::{Add, Demo};

    #[tool_router]
    impl Demo {
        #[tool(description = "Adds two numbers")]
        async fn add(&self, Parameters(Add { a, b }): Parameters<Add>) -> String {
            (a + b).to_string()
        }
    }

    #[tool_handler]
    impl ServerHandler for Demo {
        fn get_info(&self) -> ServerConfig {
            super::info()
        }
    }
}

#[cfg(not(feature = "derive"))]
mod written_out {
    use rmcp::model::*;
    use rmcp::service::RequestContext;
    use rmcp::{RoleServer, ServerHandler};

    use super::{Add, Demo};

    const SCHEMA: &str = r#"{
        "type": "object",
        "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
        "required": ["a", "b"]
    }"#;

    impl ServerHandler for Demo {
        fn get_info(&self) -> ServerConfig {
            super::info()
        }

        async fn list_tools(
            &self,
            _: Option<PaginatedRequestParams>,
            _: RequestContext<RoleServer>,
        ) -> Result<ListToolsResult, ErrorData> {
            let schema: JsonObject = serde_json::from_str(SCHEMA).expect("the schema is an object");
            let tool = Tool::new("add", "Adds two numbers", schema);
            Ok(ListToolsResult::with_all_items(vec![tool]))
        }

        async fn call_tool(
            &self,
            request: CallToolRequestParams,
            _: RequestContext<RoleServer>,
        ) -> Result<CallToolResponse, ErrorData> {
            let wrong = |text: String| ErrorData::invalid_params(text, None);
            if request.name != "add" {
                return Err(wrong(format!("there is no tool {}", request.name)));
            }
            let arguments = request.arguments.unwrap_or_default().into();
            let Add { a, b } =
                serde_json::from_value(arguments).map_err(|error| wrong(error.to_string()))?;
            Ok(CallToolResult::success(vec![ContentBlock::text((a + b).to_string())]).into())
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let service: StreamableHttpService<Demo, LocalSessionManager> = StreamableHttpService::new(
        || Ok(Demo),
        std::sync::Arc::default(),
        StreamableHttpServerConfig::default(),
    );
    let router = axum::Router::new().nest_service("/mcp", service);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
    axum::serve(listener, router).await?;
    Ok(())
}
