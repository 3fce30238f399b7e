//! Who the client is where a server wants to know.

use std::error::Error;
use std::sync::Arc;

use mcp_core::auth::{ClientCredentials, Es256, Grant, IdentityProvider, OAuthConfig, Secret};
use mcp_core::driver::client::OAuth;

use super::browser;
use super::options::{Context, Options};

/// Where a real client has its metadata: authorization servers that can read it need no
/// registration. This one is known to the conformance suite alone.
const METADATA: &str = "https://conformance-test.local/client-metadata.json";

/// How to get a token, if the server wants one. The seed is for a key that tokens are bound to,
/// where they can be: a real client keeps one.
pub(super) fn as_told(
    options: &Options,
    config: OAuthConfig,
    seed: [u8; 32],
) -> Result<OAuth, Box<dyn Error>> {
    let context = &options.context;
    let mut config = config.with_client_name("A bit of everything").with_grant(grant(options)?);
    if options.scenario.is_some() {
        config = config.with_metadata_document(METADATA)?;
    }
    if let Some(client) = registered(context)? {
        config = config.with_client(client);
    }
    if options.is("auth/dpop") || options.is("auth/dpop-nonce") {
        config = config.with_dpop(Arc::new(Es256::from_bytes(&seed)?));
    }
    let oauth = OAuth::new(config);
    // A person would look at the page that this URL shows: without this it is printed.
    Ok(match options.scenario {
        Some(_) => oauth.open_browser(browser::open),
        None => oauth,
    })
}

/// A client that somebody has registered by hand.
fn registered(context: &Context) -> Result<Option<ClientCredentials>, Box<dyn Error>> {
    let Some(id) = &context.client_id else {
        return Ok(None);
    };
    let mut client = ClientCredentials::new(id);
    if let Some(issuer) = &context.issuer {
        client = client.for_issuer(issuer);
    }
    if let Some(secret) = &context.client_secret {
        client = client.with_secret(Secret::new(secret));
    }
    if let Some(pem) = &context.private_key_pem {
        client = client.with_key(Arc::new(Es256::from_pem(pem)?));
    }
    Ok(Some(client))
}

/// On what grounds the client gets a token: by default a person agrees.
fn grant(options: &Options) -> Result<Grant, Box<dyn Error>> {
    let context = &options.context;
    if options.own_account
        || options.is("auth/client-credentials-jwt")
        || options.is("auth/client-credentials-basic")
    {
        return Ok(Grant::ClientCredentials);
    }
    if let Some(assertion) = &context.valid_jwt {
        return Ok(Grant::JwtBearer(Secret::new(assertion)));
    }
    if let (Some(endpoint), Some(id), Some(token)) =
        (&context.idp_token_endpoint, &context.idp_client_id, &context.idp_id_token)
    {
        let client = ClientCredentials::new(id);
        let provider = IdentityProvider::new(endpoint, client, Secret::new(token))?;
        return Ok(Grant::EnterpriseManaged(provider));
    }
    Ok(Grant::default())
}

impl Options {
    fn is(&self, scenario: &str) -> bool {
        self.scenario.as_deref() == Some(scenario)
    }
}
