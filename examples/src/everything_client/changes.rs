//! Changes: listened to while something else is done, in the same way in both eras.

use mcp_core::driver::client::{Client, ClientError, Subscription};
use mcp_core::model::{ServerCapabilities, SubscriptionFilter};

/// Listens to everything that the server would tell of.
pub(super) async fn listen<P>(
    client: &Client<P>,
    offers: &ServerCapabilities,
) -> Result<Subscription, ClientError> {
    let mut filter = SubscriptionFilter::new();
    filter.tools_list_changed = offers.tools.as_ref().and_then(|it| it.list_changed);
    filter.prompts_list_changed = offers.prompts.as_ref().and_then(|it| it.list_changed);
    if let Some(resources) = &offers.resources {
        filter.resources_list_changed = resources.list_changed;
        if resources.subscribe == Some(true) {
            let watched = client.list_resources().await?.into_iter().map(|it| it.uri).take(3);
            filter.resource_subscriptions = Some(watched.collect());
        }
    }
    client.listen(filter).await
}

/// Says what has changed meanwhile. Whoever has nothing else to do awaits `next` in a loop.
pub(super) async fn tell(mut changes: Subscription) -> Result<(), ClientError> {
    while let Some(change) = smol::future::poll_once(changes.next()).await {
        match change? {
            Some(change) => println!("Changed: {}", change.method.as_str()),
            None => break,
        }
    }
    // To be told no more, let go of it.
    drop(changes);
    Ok(())
}
