//! What a client can be asked.

use core::fmt;

use crate::lifecycle::{Method, Sender};
use crate::model::{
    ClientCapabilities, ElicitationCapability, RootsCapability, SamplingCapability, Supported,
};
use crate::revision::{Era, Revision};

/// Something a client can be asked if it declared so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ClientFeature {
    /// Its model.
    Sampling,
    /// Its model, with tools that the server offers. Since 2025-11-25.
    SamplingTools,
    /// Its user, by a form. Since 2025-06-18.
    FormElicitation,
    /// Its user, by a URL to open. Since 2025-11-25.
    UrlElicitation,
    /// The folders the server may work in.
    Roots,
}

impl ClientFeature {
    /// The name of the capability.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sampling => "sampling",
            Self::SamplingTools => "sampling.tools",
            Self::FormElicitation => "elicitation",
            Self::UrlElicitation => "elicitation.url",
            Self::Roots => "roots",
        }
    }

    /// What a client declares that has it, and no more.
    #[must_use]
    pub fn capabilities(self) -> ClientCapabilities {
        let client = ClientCapabilities::new();
        let sampling = SamplingCapability::new();
        let elicitation = ElicitationCapability::new();
        match self {
            Self::Sampling => client.with_sampling(sampling),
            Self::SamplingTools => client.with_sampling(sampling.with_tools(Supported)),
            Self::FormElicitation => client.with_elicitation(elicitation.with_form(Supported)),
            Self::UrlElicitation => client.with_elicitation(elicitation.with_url(Supported)),
            Self::Roots => client.with_roots(RootsCapability::new()),
        }
    }

    /// Whether a client that declared these capabilities has it in this revision.
    pub(super) fn is_in(self, client: &ClientCapabilities, revision: Revision) -> bool {
        let has_modes = revision >= Revision::V2025_11_25;
        let declared = match self {
            Self::Sampling => client.sampling.is_some(),
            Self::SamplingTools => has_modes && client.samples_with_tools(),
            Self::FormElicitation => client.elicits_forms(),
            Self::UrlElicitation => has_modes && client.elicits_urls(),
            Self::Roots => client.roots.is_some(),
        };
        // There are no requests of servers in the modern era, but all these questions.
        declared
            && (revision.era() == Era::Modern || self.method().exists(revision, Sender::Server))
    }

    const fn method(self) -> Method {
        match self {
            Self::Sampling | Self::SamplingTools => Method::SamplingCreateMessage,
            Self::FormElicitation | Self::UrlElicitation => Method::ElicitationCreate,
            Self::Roots => Method::RootsList,
        }
    }
}

impl fmt::Display for ClientFeature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
