//! Resources, families of resources, and what their handlers return.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::shelf::Item;
use super::template::{Template, UriVariables};
use super::{CallError, ConfigError, Context, Work};
use crate::jsonrpc::{InvalidJson, RawJson};
use crate::model::{
    Cursor, ForRevision, ListResourceTemplatesResult, ListResourcesResult, ReadResourceResult,
    Resource, ResourceContents, ResourceTemplate,
};
use crate::revision::Revision;

/// What a resource's handler returns on success.
///
/// Text, bytes (which are sent in base64), contents with a URI and type of their own, a whole
/// [`ReadResourceResult`], or an `Option` of these, whose `None` says that the resource does not
/// exist.
#[diagnostic::on_unimplemented(
    message = "a resource cannot be read as `{Self}`",
    note = "return text, bytes, `ResourceContents`, `ReadResourceResult` or an `Option` of them"
)]
pub trait ResourceOutput {
    /// Makes the result of reading `uri`, whose media type is `mime_type` if that is known.
    ///
    /// # Errors
    /// [`CallError`] when there is no such resource.
    fn into_resource_result(
        self,
        uri: &str,
        mime_type: Option<&str>,
    ) -> Result<ReadResourceResult, CallError>;
}

impl ResourceOutput for ReadResourceResult {
    fn into_resource_result(self, _: &str, _: Option<&str>) -> Result<Self, CallError> {
        Ok(self)
    }
}

impl ResourceOutput for ResourceContents {
    fn into_resource_result(
        self,
        _: &str,
        _: Option<&str>,
    ) -> Result<ReadResourceResult, CallError> {
        Ok(ReadResourceResult::new([self]))
    }
}

impl ResourceOutput for Vec<ResourceContents> {
    fn into_resource_result(
        self,
        _: &str,
        _: Option<&str>,
    ) -> Result<ReadResourceResult, CallError> {
        Ok(ReadResourceResult::new(self))
    }
}

impl ResourceOutput for String {
    fn into_resource_result(
        self,
        uri: &str,
        mime_type: Option<&str>,
    ) -> Result<ReadResourceResult, CallError> {
        Ok(one(ResourceContents::text(uri, self), mime_type))
    }
}

impl ResourceOutput for &str {
    fn into_resource_result(
        self,
        uri: &str,
        mime_type: Option<&str>,
    ) -> Result<ReadResourceResult, CallError> {
        Ok(one(ResourceContents::text(uri, self), mime_type))
    }
}

impl ResourceOutput for Vec<u8> {
    fn into_resource_result(
        self,
        uri: &str,
        mime_type: Option<&str>,
    ) -> Result<ReadResourceResult, CallError> {
        Ok(one(ResourceContents::blob(uri, STANDARD.encode(self)), mime_type))
    }
}

impl ResourceOutput for Bytes {
    fn into_resource_result(
        self,
        uri: &str,
        mime_type: Option<&str>,
    ) -> Result<ReadResourceResult, CallError> {
        Ok(one(ResourceContents::blob(uri, STANDARD.encode(self)), mime_type))
    }
}

impl<T: ResourceOutput> ResourceOutput for Option<T> {
    fn into_resource_result(
        self,
        uri: &str,
        mime_type: Option<&str>,
    ) -> Result<ReadResourceResult, CallError> {
        match self {
            Some(output) => output.into_resource_result(uri, mime_type),
            None => Err(CallError::resource_not_found(uri)),
        }
    }
}

fn one(mut contents: ResourceContents, mime_type: Option<&str>) -> ReadResourceResult {
    contents.mime_type = mime_type.map(Into::into);
    ReadResourceResult::new([contents])
}

/// Starts reading.
type Run<T> = dyn Fn(T, Context) -> Work<ReadResourceResult> + Send + Sync;

/// A resource and what reads it.
pub(super) struct ResourceEntry {
    pub(super) resource: Resource,
    run: Box<Run<String>>,
}

impl ResourceEntry {
    pub(super) fn new<F, Fut, R>(resource: Resource, handler: F) -> Self
    where
        F: Fn(String, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, CallError>> + Send + 'static,
        R: ResourceOutput,
    {
        let mime_type: Option<Arc<str>> = resource.mime_type.as_deref().map(Into::into);
        let run = move |uri: String, cx: Context| {
            let work = handler(uri.clone(), cx);
            let mime_type = mime_type.clone();
            let work: Work<ReadResourceResult> = Box::pin(async move {
                let output = work.await?;
                output.into_resource_result(&uri, mime_type.as_deref())
            });
            work
        };
        Self { resource, run: Box::new(run) }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        check_uri(&self.resource.uri)
    }

    pub(super) fn read(&self, cx: Context) -> Work<ReadResourceResult> {
        (self.run)(self.resource.uri.clone(), cx)
    }
}

/// A family of resources and what reads its members.
pub(super) struct TemplateEntry {
    pub(super) resource_template: ResourceTemplate,
    pub(super) template: Template,
    run: Box<Run<UriVariables>>,
}

impl TemplateEntry {
    pub(super) fn new<F, Fut, R>(
        resource_template: ResourceTemplate,
        handler: F,
    ) -> Result<Self, ConfigError>
    where
        F: Fn(UriVariables, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, CallError>> + Send + 'static,
        R: ResourceOutput,
    {
        let template = Template::parse(&resource_template.uri_template).map_err(|error| {
            ConfigError::Template { template: resource_template.uri_template.clone(), error }
        })?;
        let mime_type: Option<Arc<str>> = resource_template.mime_type.as_deref().map(Into::into);
        let run = move |variables: UriVariables, cx: Context| {
            let uri: String = variables.uri().into();
            let work = handler(variables, cx);
            let mime_type = mime_type.clone();
            let work: Work<ReadResourceResult> = Box::pin(async move {
                let output = work.await?;
                output.into_resource_result(&uri, mime_type.as_deref())
            });
            work
        };
        Ok(Self { resource_template, template, run: Box::new(run) })
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        check_scheme(&self.resource_template.uri_template)
    }

    pub(super) fn read(&self, variables: UriVariables, cx: Context) -> Work<ReadResourceResult> {
        (self.run)(variables, cx)
    }
}

/// RES-18: a URI has the characters of RFC 3986, section 2, and no others.
fn check_uri(uri: &str) -> Result<(), ConfigError> {
    check_scheme(uri)?;
    let is_known =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    let is_encoded = |after: &str| {
        after.get(..2).is_some_and(|digits| digits.bytes().all(|it| it.is_ascii_hexdigit()))
    };
    if uri.bytes().all(is_known) && uri.split('%').skip(1).all(is_encoded) {
        Ok(())
    } else {
        Err(ConfigError::ResourceUri(uri.into()))
    }
}

/// RES-18: a URI starts with its scheme (RFC 3986, section 3.1). That of a template may be a
/// variable.
fn check_scheme(uri: &str) -> Result<(), ConfigError> {
    let is_variable = || uri.split_once(':').is_some_and(|(scheme, _)| scheme.starts_with('{'));
    if has_scheme(uri) || is_variable() {
        Ok(())
    } else {
        Err(ConfigError::ResourceUri(uri.into()))
    }
}

pub(super) fn has_scheme(uri: &str) -> bool {
    uri.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    })
}

impl Item for ResourceEntry {
    const KIND: &'static str = "resource";
    const MARK: char = 'r';

    fn key(&self) -> &str {
        &self.resource.uri
    }

    fn page(
        items: &[Arc<Self>],
        next: Option<Cursor>,
        revision: Revision,
    ) -> Result<RawJson, InvalidJson> {
        let resources: Vec<Resource> = items.iter().map(|it| it.resource.clone()).collect();
        let mut list = ListResourcesResult::new(resources);
        list.next_cursor = next;
        RawJson::from_value(&list.for_revision(revision))
    }
}

impl Item for TemplateEntry {
    const KIND: &'static str = "resource template";
    const MARK: char = 'f';

    fn key(&self) -> &str {
        &self.resource_template.uri_template
    }

    fn page(
        items: &[Arc<Self>],
        next: Option<Cursor>,
        revision: Revision,
    ) -> Result<RawJson, InvalidJson> {
        let templates = items.iter().map(|it| it.resource_template.clone());
        let templates: Vec<ResourceTemplate> = templates.collect();
        let mut list = ListResourceTemplatesResult::new(templates);
        list.next_cursor = next;
        RawJson::from_value(&list.for_revision(revision))
    }
}

impl fmt::Debug for ResourceEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ResourceEntry").field(&self.resource.uri).finish()
    }
}

impl fmt::Debug for TemplateEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TemplateEntry").field(&self.resource_template.uri_template).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RES-18, RES-19.
    #[test]
    fn a_uri_has_a_scheme() {
        for good in ["file:///a", "a+b-1.c:x", "{scheme}://x"] {
            assert!(check_scheme(good).is_ok(), "{good}");
        }
        for bad in ["", "a", ":a", "1a:b", "/a:b", "a b:c"] {
            assert!(check_scheme(bad).is_err(), "{bad}");
            assert!(check_uri(bad).is_err(), "{bad}");
        }
    }

    /// RES-18: what RFC 3986 does not have in a URI is encoded.
    #[test]
    fn res_18_a_uri_has_known_characters() {
        for good in ["a:", "file:///a%20b", "test://h:1/a/../b?c=d&e#f", "a:[::1]@!$'()*+,;~_-."] {
            assert!(check_uri(good).is_ok(), "{good}");
        }
        for bad in [
            "a: ", "a:b c", "a:\n", "a:\0", "a:ü", "a:\"", "a:<b>", "a:{b}", "a:b\\c", "a:%",
            "a:%4", "a:%4g",
        ] {
            assert!(check_uri(bad).is_err(), "{bad}");
        }
    }
}
