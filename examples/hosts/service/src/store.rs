//! What scripts share: texts by name, in a store that takes its time, as one on another machine would.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aivi::HostModule;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::inside::inside;

/// The way to the store and back.
const WAY: Duration = Duration::from_millis(1);

/// The store.
#[derive(Default)]
pub struct Store {
    texts: Mutex<HashMap<String, String>>,
    changed: Notify,
}

impl Store {
    /// The text of this name, if there is one.
    pub async fn get(&self, name: &str) -> Option<String> {
        tokio::time::sleep(WAY).await;
        self.texts().get(name).cloned()
    }

    /// Gives the name another text.
    pub async fn put(&self, name: String, text: String) {
        tokio::time::sleep(WAY).await;
        self.texts().insert(name, text);
        self.changed.notify_waiters();
    }

    /// The text of this name, as soon as there is one.
    pub async fn wait(&self, name: &str) -> String {
        loop {
            // Made before the look, so that no change is missed in between.
            let changed = self.changed.notified();
            if let Some(text) = self.get(name).await {
                return text;
            }
            changed.await;
        }
    }

    fn texts(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The module `store` for scripts.
pub fn module(store: &Arc<Store>, handle: &Handle) -> HostModule {
    let parts = || (store.clone(), handle.clone());
    let (get, put, wait) = (parts(), parts(), parts());
    HostModule::new("store")
        .future("get : Text -> Effect Text (Option Text)", move |name: String| {
            let (store, handle) = get.clone();
            inside(&handle, async move { Ok::<_, String>(store.get(&name).await) })
        })
        .future("put : Text -> Text -> Effect Text Unit", move |name: String, text: String| {
            let (store, handle) = put.clone();
            inside(&handle, async move {
                store.put(name, text).await;
                Ok::<_, String>(())
            })
        })
        .future("await : Text -> Effect Text Text", move |name: String| {
            let (store, handle) = wait.clone();
            inside(&handle, async move { Ok::<_, String>(store.wait(&name).await) })
        })
}
