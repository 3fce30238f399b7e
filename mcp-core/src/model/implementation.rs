//! Who a client or server says it is.

use alloc::string::String;
use alloc::vec::Vec;

use super::icon::Icon;
use super::wire::wire;

wire! {
    /// The name and version of a client or server (`2025-11-25/schema#implementation`).
    ///
    /// It is self-reported: nothing may depend on it but display and logs.
    ///
    /// ```
    /// use mcp_core::model::Implementation;
    ///
    /// let info = Implementation::new("weather", "1.2.0").with_title("Weather");
    /// assert_eq!(info.title.as_deref(), Some("Weather"));
    /// ```
    pub struct Implementation {
        required {
            /// The programmatic name.
            name: String,
            /// The version of the software, not of the protocol.
            version: String,
        }
        since V2025_06_18 {
            /// The name for people. Since 2025-06-18.
            title / with_title: String,
        }
        since V2025_11_25 {
            /// What it does, for people. Since 2025-11-25.
            description / with_description: String,
            /// Pictures to show beside the name. Since 2025-11-25.
            icons / with_icons: Vec<Icon>,
            /// Where to read more. Since 2025-11-25.
            website_url / with_website_url: String,
        }
    }
}
