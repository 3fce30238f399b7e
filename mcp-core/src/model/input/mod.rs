//! What servers ask clients for, and tasks, that ask too.

// The siblings' helpers, and the types that these consist of.
use super::*;

mod elicitation;
mod field;
mod field_wire;
mod form;
mod mrtr;
mod outcome;
mod responses;
mod roots;
mod sampling;
mod sampling_content;
mod task;
mod task_wire;

pub use elicitation::{
    ElicitAction, ElicitFormMode, ElicitFormParams, ElicitParams, ElicitResult, ElicitUrlParams,
    ElicitValue, ElicitationCompleteParams, UrlElicitationData,
};
pub use field::{
    BooleanField, ChoiceField, ChoiceOption, ChoicesField, FormField, NumberField, TextField,
    TextFormat,
};
pub use form::FormSchema;
pub use mrtr::{InputRequest, InputRequests, InputRequiredResult};
pub use outcome::Outcome;
pub use responses::InputResponse;
pub use roots::{ListRootsResult, Root};
pub use sampling::{
    CreateMessageParams, CreateMessageResult, IncludeContext, ModelHint, ModelPreferences,
    SamplingMessage, ToolChoice, ToolChoiceMode,
};
pub(super) use sampling_content::one_or_many;
pub use sampling_content::{SamplingContent, ToolResultContent, ToolUseContent};
pub use task::{
    CreateTaskResult, DetailedTask, ListTasksResult, Task, TaskParams, TaskStatus, UpdateTaskParams,
};
