//! The protected server that several binaries run: tools that know who calls, and a table of
//! tokens in place of an authorization server.
//!
//! ```text
//! curl -i localhost:8000/mcp -d '{}'                     # 401, and where to get a token
//! curl localhost:8000/.well-known/oauth-protected-resource/mcp
//! ```

use std::future::Future;
use std::io;
use std::process::ExitCode;

use lexopt::{Arg, Parser, ValueExt};
use mcp_core::app::{Context, Server};
use mcp_core::auth::{AccessToken, Principal, ResourceServer, Secret, VerifyError};
use mcp_core::driver::{Platform, Serve, TokenVerifier};
use mcp_core::model::Tool;

use crate::{command_line, serving};

/// Who issues tokens. Nobody does: this is a demonstration.
const ISSUER: &str = "https://as.example.com";

const HELP: &str = "\
A server that only serves who has a token. Those it knows:

  ada      may call `whoami`
  ada-rw   the same person, may call `delete` as well
  bob      somebody else
  other    a token of ada's for another server

  --http ADDR          serve HTTP on ADDR (default 127.0.0.1:8000)
  --url URL            what clients know the server as (default http://ADDR/mcp)
  --allow-origin URL   let pages of this origin call (repeatable)
  --help               print this
";

/// Serves it as the command line says, until it is told to stop.
pub async fn run<P: Platform>(
    platform: P,
    stop: impl Future<Output = ()> + Send + 'static,
) -> ExitCode {
    let options = Options::from_env();
    let server = match serve(platform, &options) {
        Ok(server) => server.until(stop),
        Err(error) => return serving::ended(Err(error)),
    };
    let welcome = |address| format!("Serving {} on http://{address}/mcp", options.url);
    serving::ended(serving::serve(server, Some(&options.address), welcome).await)
}

fn serve<P: Platform>(platform: P, options: &Options) -> io::Result<Serve<P, Server>> {
    let origins = options.origins.clone();
    let server = Serve::new(platform, build()?)
        .protected_by(options.resource()?, options.verifier())
        .http_config(move |http| {
            http.origins = origins.into_iter().fold(http.origins.clone(), |all, it| all.allow(it));
        });
    Ok(server)
}

/// Where to serve, and for whom.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen on.
    pub address: String,
    /// The canonical URI of the server: what its tokens must be for.
    pub url: String,
    /// Origins whose pages may call.
    pub origins: Vec<String>,
}

impl Options {
    /// Reads the command line of this process; ends the process with a message when there is
    /// nothing to run.
    #[must_use]
    pub fn from_env() -> Self {
        command_line::read(HELP, Self::read)
    }

    fn read(mut arguments: Parser) -> Result<Option<Self>, lexopt::Error> {
        let (mut address, mut url, mut origins) = ("127.0.0.1:8000".to_owned(), None, Vec::new());
        while let Some(argument) = arguments.next()? {
            match argument {
                Arg::Long("http") => address = arguments.value()?.string()?,
                Arg::Long("url") => url = Some(arguments.value()?.string()?),
                Arg::Long("allow-origin") => origins.push(arguments.value()?.string()?),
                Arg::Long("help") => return Ok(None),
                _ => return Err(argument.unexpected()),
            }
        }
        let url = url.unwrap_or_else(|| format!("http://{address}/mcp"));
        Ok(Some(Self { address, url, origins }))
    }

    /// What the server is called, who issues tokens for it, and which scopes it wants.
    ///
    /// # Errors
    /// The URL is none.
    pub fn resource(&self) -> io::Result<ResourceServer> {
        let resource = ResourceServer::new(&self.url, [ISSUER]).map_err(io::Error::other)?;
        Ok(resource.with_scopes("mcp:basic").with_tool_scopes("delete", "mcp:write"))
    }

    /// What verifies tokens for it.
    #[must_use]
    pub fn verifier(&self) -> Table {
        Table { url: self.url.clone() }
    }
}

/// Builds the server.
///
/// # Errors
/// Two tools have the same name, which they have not.
pub fn build() -> io::Result<Server> {
    Server::builder("protected", env!("CARGO_PKG_VERSION"))
        .tool(
            Tool::new("whoami").with_description("Says on whose behalf the call is made"),
            |(), cx: Context| async move { Ok(cx.principal().unwrap_or("nobody").to_owned()) },
        )
        .tool(
            Tool::new("delete").with_description("Deletes nothing, but wants the scope for it"),
            |(), _cx: Context| async move { Ok("deleted") },
        )
        .build()
        .map_err(io::Error::other)
}

/// A verifier for demonstrations. A real one checks the signature, the issuer and the expiry of a
/// JWT, or asks the issuer (RFC 7662).
#[derive(Clone, Debug)]
pub struct Table {
    url: String,
}

impl TokenVerifier for Table {
    async fn verify(&self, token: &Secret) -> Result<AccessToken, VerifyError> {
        let (subject, audience, scopes) = match token.expose() {
            "ada" => ("ada", self.url.as_str(), "mcp:basic"),
            "ada-rw" => ("ada", self.url.as_str(), "mcp:basic mcp:write"),
            "bob" => ("bob", self.url.as_str(), "mcp:basic"),
            "other" => ("ada", "https://other.example.com/mcp", "mcp:basic"),
            _ => return Err(VerifyError::Invalid),
        };
        Ok(AccessToken::new(Principal::new(ISSUER, subject), audience).with_scopes(scopes))
    }
}
