//! Listening to changes in 2026-07-28.

use alloc::string::String;
use alloc::vec::Vec;

use super::Meta;
use super::result::{ResultType, complete};
use super::wire::wire;

wire! {
    /// What to be told about (`2026-07-28/basic/patterns/subscriptions`); absent means nothing.
    #[derive(Default)]
    pub struct SubscriptionFilter {
        required {}
        always {
            /// That the list of tools changed.
            tools_list_changed / with_tools_list_changed: bool,
            /// That the list of prompts changed.
            prompts_list_changed / with_prompts_list_changed: bool,
            /// That the list of resources changed.
            resources_list_changed / with_resources_list_changed: bool,
            /// That one of these resources changed.
            resource_subscriptions / with_resource_subscriptions: Vec<String>,
            /// That one of these tasks changed (tasks extension).
            task_ids / with_task_ids: Vec<String>,
        }
    }
}

wire! {
    /// The params of `subscriptions/listen`
    /// (`2026-07-28/basic/patterns/subscriptions#opening-a-stream`).
    pub struct ListenParams from client {
        required {
            /// What to be told about.
            notifications: SubscriptionFilter,
        }
        always {
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
        }
    }
}

wire! {
    /// The params of `notifications/subscriptions/acknowledged`
    /// (`2026-07-28/basic/patterns/subscriptions#acknowledgment`).
    pub struct AcknowledgedParams from server {
        required {
            /// The part of the wish that will be served.
            notifications: SubscriptionFilter,
        }
        always {
            /// Metadata; names the subscription.
            meta = "_meta" / with_meta: Meta,
        }
    }
}

wire! {
    /// The result of `subscriptions/listen`, which ends the subscription gracefully
    /// (`2026-07-28/basic/patterns/subscriptions#graceful-closure`).
    pub struct ListenResult from server {
        required {
            /// Metadata; names the subscription.
            meta = "_meta": Meta,
        }
        always {
            /// The kind of result.
            result_type / with_result_type: ResultType,
        }
    }
    finish = Self::finish;
}
complete!(ListenResult);
