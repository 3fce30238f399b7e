//! What a client can be asked.

use core::fmt;

use crate::model::{
    ClientCapabilities, ElicitationCapability, RootsCapability, SamplingCapability, Supported,
};

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
}

impl fmt::Display for ClientFeature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
