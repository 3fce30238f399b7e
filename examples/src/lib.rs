//! Code the example servers share.
