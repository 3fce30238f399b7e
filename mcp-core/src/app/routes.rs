//! What begins to answer a request, where not every server offers it.

use super::Context;
use super::dispatch::{Begun, list};
use super::server::Inner;
use crate::jsonrpc::Params;
use crate::lifecycle::Method;
use crate::revision::Revision;

/// Begins to answer a request.
pub(super) type Route = for<'a> fn(&'a Inner, Context, Option<&Params>, Revision) -> Begun<'a>;

/// The methods of one thing that servers offer.
pub(super) type Area = &'static [(Method, Route)];

/// What the builder has been told to offer besides tools.
///
/// Nothing else leads to the code behind it, so that it is no part of a program that offers
/// nothing of the kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Routes {
    pub(super) resources: Option<Area>,
    pub(super) prompts: Option<Area>,
    pub(super) completions: Option<Area>,
}

impl Routes {
    pub(super) fn get(&self, method: &Method) -> Option<Route> {
        let areas = [self.resources, self.prompts, self.completions];
        let mut routes = areas.into_iter().flatten().flatten();
        routes.find(|(of, _)| of == method).map(|(_, route)| *route)
    }
}

pub(super) const RESOURCES: Area = &[
    (Method::ResourcesList, |server, _, params, revision| {
        list(&server.resources, params, revision)
    }),
    (Method::ResourcesTemplatesList, |server, _, params, revision| {
        list(&server.templates, params, revision)
    }),
    (Method::ResourcesRead, Inner::begin_resource),
    (Method::ResourcesSubscribe, Inner::subscribe),
    (Method::ResourcesUnsubscribe, Inner::unsubscribe),
];

pub(super) const PROMPTS: Area = &[
    (Method::PromptsList, |server, _, params, revision| list(&server.prompts, params, revision)),
    (Method::PromptsGet, Inner::begin_prompt),
];

pub(super) const COMPLETIONS: Area = &[(Method::CompletionComplete, Inner::begin_completion)];
