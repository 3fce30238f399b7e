//! Tools and their listing.

use alloc::string::String;
use alloc::vec::Vec;

use super::result::{CacheScope, ResultType, complete_cacheable};
use super::wire::{wire, wire_enum};
use super::{Cursor, Icon, Meta, RawObject};
use crate::revision::Revision;

wire! {
    /// A tool a server offers (`2025-11-25/server/tools#tool`).
    ///
    /// The schemas are sent exactly as they were given. A schema whose root is not
    /// `"type":"object"` is only legal as an `outputSchema` in 2026-07-28.
    ///
    /// ```
    /// use mcp_core::model::Tool;
    ///
    /// let tool = Tool::new("add")
    ///     .with_description("Adds two numbers")
    ///     .with_input_schema(r#"{"type":"object","required":["a","b"]}"#.parse::<mcp_core::model::RawObject>()?);
    /// assert_eq!(tool.name, "add");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct Tool from server {
        required {
            /// The name it is called by: 1 to 128 of `A-Z a-z 0-9 _ - .`.
            name: String;
            /// The JSON Schema of the arguments; until set, any object.
            input_schema / with_input_schema: RawObject = RawObject::any_object_schema(),
        }
        always {
            /// What it does, for the model.
            description / with_description: String,
        }
        since V2025_03_26 {
            /// Hints about its behaviour. Since 2025-03-26.
            annotations / with_annotations: ToolAnnotations,
        }
        since V2025_06_18 {
            /// The name for people. Since 2025-06-18.
            title / with_title: String,
            /// The JSON Schema of `structuredContent`. Since 2025-06-18.
            output_schema / with_output_schema: RawObject,
            /// Metadata. Since 2025-06-18.
            meta = "_meta" / with_meta: Meta,
        }
        since V2025_11_25 {
            /// Pictures to show. Since 2025-11-25.
            icons / with_icons: Vec<Icon>,
        }
        only V2025_11_25 {
            /// How it can be run. 2025-11-25 only.
            execution / with_execution: ToolExecution,
        }
    }
    finish = Self::finish;
}

impl Tool {
    /// The name to show: `title`, else the title among the annotations, else the name.
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.title
            .as_deref()
            .or_else(|| self.annotations.as_ref().and_then(|hints| hints.title.as_deref()))
            .unwrap_or(&self.name)
    }

    /// Says whether the tool can be run as a task: absent means never.
    #[must_use]
    pub fn with_task_support(mut self, support: TaskSupport) -> Self {
        self.execution.get_or_insert_default().task_support = Some(support);
        self
    }

    /// Whether the tool can be run as a task.
    #[must_use]
    pub fn task_support(&self) -> TaskSupport {
        let execution = self.execution.as_ref();
        execution.and_then(|it| it.task_support).unwrap_or(TaskSupport::Forbidden)
    }

    fn finish(&mut self, revision: Revision) {
        if revision >= Revision::V2026_07_28 {
            return;
        }
        self.output_schema.take_if(|schema| !has_object_root(schema));
        spell_out_property_schemas(&mut self.input_schema);
        if let Some(schema) = &mut self.output_schema {
            spell_out_property_schemas(schema);
        }
    }
}

/// Whether every instance of the schema is an object, as 2025-06-18 and 2025-11-25 demand.
fn has_object_root(schema: &RawObject) -> bool {
    schema.members().get("type").is_some_and(|kind| kind.as_str() == r#""object""#)
}

/// Writes `true` and `false` among `properties` as the objects that mean the same.
///
/// The schemas of the legacy revisions allow only objects there, while derived JSON Schemas
/// say `true` for a property of any type.
fn spell_out_property_schemas(schema: &mut RawObject) {
    let mut members = schema.members();
    let Some(member) = members.get_mut("properties") else {
        return;
    };
    let Ok(properties) = RawObject::try_from(member.clone()) else {
        return;
    };
    let mut properties = properties.members();
    let mut changed = false;
    for (_, property) in &mut properties.0 {
        let object = match property.as_str() {
            "true" => RawObject::new(),
            "false" => RawObject::not_anything(),
            _ => continue,
        };
        *property = object.into();
        changed = true;
    }
    if changed {
        *member = RawObject::from(properties).into();
        *schema = members.into();
    }
}

wire! {
    /// Hints about a tool's behaviour, not to be trusted unless the server is
    /// (`2025-11-25/schema#toolannotations`); since 2025-03-26.
    ///
    /// The members are what the server said; `is_…` is what to assume where it said nothing, and
    /// the default stands for a tool without annotations.
    ///
    /// ```
    /// use mcp_core::model::Tool;
    ///
    /// let hints = Tool::new("drop_table").annotations.unwrap_or_default();
    /// assert!(hints.is_destructive() && !hints.is_idempotent());
    /// ```
    #[derive(Default)]
    pub struct ToolAnnotations from server {
        required {}
        always {
            /// The name for people.
            title / with_title: String,
            /// It changes nothing. Absent means that it may.
            read_only_hint / with_read_only_hint: bool,
            /// Its changes may destroy something. Absent means that they may.
            destructive_hint / with_destructive_hint: bool,
            /// Calling it again with the same arguments changes nothing more. Absent means that
            /// it may.
            idempotent_hint / with_idempotent_hint: bool,
            /// It deals with the outside world. Absent means that it does.
            open_world_hint / with_open_world_hint: bool,
        }
    }
}

impl ToolAnnotations {
    /// Whether the tool changes nothing; it may unless it says otherwise.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.read_only_hint.unwrap_or(false)
    }

    /// Whether what the tool changes may destroy something; it may unless it says otherwise, or
    /// changes nothing.
    #[must_use]
    pub fn is_destructive(&self) -> bool {
        !self.is_read_only() && self.destructive_hint.unwrap_or(true)
    }

    /// Whether calling the tool again with the same arguments changes nothing more; it may change
    /// more unless it says otherwise, or changes nothing at all.
    #[must_use]
    pub fn is_idempotent(&self) -> bool {
        self.is_read_only() || self.idempotent_hint.unwrap_or(false)
    }

    /// Whether the tool deals with the outside world; it does unless it says otherwise.
    #[must_use]
    pub fn is_open_world(&self) -> bool {
        self.open_world_hint.unwrap_or(true)
    }
}

wire! {
    /// How a tool can be run; 2025-11-25 only.
    #[derive(Default)]
    pub struct ToolExecution from server {
        required {}
        always {
            /// Whether calls may or must ask for a task; absent means `forbidden`.
            task_support / with_task_support: TaskSupport,
        }
    }
}

wire_enum! {
    /// Whether a tool can be run as a task.
    pub enum TaskSupport from server {
        /// Never.
        Forbidden = "forbidden",
        /// If the caller asks for it.
        Optional = "optional",
        /// Only so.
        Required = "required",
    }
}

wire! {
    /// The result of `tools/list` (`2025-11-25/server/tools#listing-tools`).
    pub struct ListToolsResult from server {
        required {
            /// The tools of this page.
            tools: Vec<Tool>,
        }
        always {
            /// Where the next page starts; absent on the last one.
            next_cursor / with_next_cursor: Cursor,
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
        }
        since V2026_07_28 {
            /// How long the result stays fresh, in milliseconds. Since 2026-07-28; 0 if unset.
            ttl_ms / with_ttl_ms: u64 as Count,
            /// Who may share the result. Since 2026-07-28; private if unset.
            cache_scope / with_cache_scope: CacheScope,
            /// The kind of result. Since 2026-07-28.
            result_type / with_result_type: ResultType,
        }
    }
    finish = Self::finish;
}
complete_cacheable!(ListToolsResult);
