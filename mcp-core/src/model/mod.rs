//! The types of the specification.
#![allow(missing_docs)]
use crate::revision::Revision;
use alloc::string::String;
use serde::{Deserialize, Serialize};
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Implementation {
    pub name: String,
    pub version: String,
}
impl Implementation {
    pub fn new(n: impl Into<String>, v: impl Into<String>) -> Self {
        Self {
            name: n.into(),
            version: v.into(),
        }
    }
}
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClientCapabilities {}
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerCapabilities {}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InitializeParams {
    pub protocol_version: String,
    pub capabilities: ClientCapabilities,
    pub client_info: Implementation,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InitializeResult {
    pub protocol_version: String,
    pub capabilities: ServerCapabilities,
    pub server_info: Implementation,
}
impl InitializeResult {
    pub fn new(capabilities: ServerCapabilities, server_info: Implementation) -> Self {
        Self {
            protocol_version: String::new(),
            capabilities,
            server_info,
        }
    }
    pub fn for_revision(mut self, r: Revision) -> Self {
        self.protocol_version = String::from(r.as_str());
        self
    }
}
