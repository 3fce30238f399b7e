//! Who is the client there?

use bytes::Bytes;
use http::Response;

use super::super::error::AuthError;
use super::super::grant::{self, TokenRequest};
use super::super::metadata::ServerMetadata;
use super::super::registration::{self, Choice};
use super::{Flow, Next, Phase, Step, Tools};

impl Flow {
    // Who is the client there?

    pub(super) fn identify(&mut self, tools: &mut Tools<'_>) -> Step {
        let authority = self.authority()?.clone();
        let refresh = self.trigger.refresh.take().filter(|(issuer, _)| *issuer == authority.issuer);
        let choice = registration::choose(
            tools.config,
            tools.store,
            &authority.metadata,
            &authority.issuer,
            tools.now,
        )?;
        match (choice, refresh) {
            (Choice::Known(client), Some((_, token))) => {
                self.ask(tools, TokenRequest::Refresh(token), client, 0)
            }
            (Choice::Known(client), None) => self.obtain(tools, client),
            // Registered for another redirect URI, which a refresh has no use for.
            (Choice::Register, Some((_, token))) => match tools.store.client(&authority.issuer) {
                Some(known) => self.ask(tools, TokenRequest::Refresh(token), known.into(), 0),
                None => self.register(tools),
            },
            (Choice::Register, None) => self.register(tools),
        }
    }

    fn register(&mut self, tools: &mut Tools<'_>) -> Step {
        let metadata = &self.authority()?.metadata;
        let url = metadata.registration_endpoint.as_ref();
        let url = ServerMetadata::endpoint(url, "registration endpoint", tools.policy)?;
        if tools.config.redirect_uri.is_none() {
            return Err(AuthError::NoRedirectUri);
        }
        let body = registration::request(tools.config, metadata)?;
        self.phase = Phase::Register;
        Ok(Next::Fetch(grant::post_json(&url, body)))
    }

    pub(super) fn on_registration(
        &mut self,
        tools: &mut Tools<'_>,
        response: &Response<Bytes>,
    ) -> Step {
        let authority = self.authority()?;
        let (status, body) = (response.status(), response.body());
        let client = registration::read(tools.config, &authority.metadata, status, body)?;
        tools.store.set_client(&authority.issuer, Some(client.clone()));
        self.registered_anew = true;
        self.obtain(tools, client.into())
    }
}
