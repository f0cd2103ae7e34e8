//! Who is told of changed routing facts, and what was told before they were there.

use std::sync::{Mutex, PoisonError};

use hookwright_delivery::Engine;
use hookwright_store::Change;
use hookwright_web::App;

/// Keeps what it is told until there is somebody to listen: another node may change something while
/// this one is still loading.
#[derive(Default)]
pub(crate) struct Listeners {
    state: Mutex<State>,
}

enum State {
    Waiting(Vec<Change>),
    Listening(Engine, App),
}

impl Default for State {
    fn default() -> Self {
        Self::Waiting(Vec::new())
    }
}

impl Listeners {
    pub(crate) fn tell(&self, change: &Change) {
        match &mut *self.state.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Waiting(changes) => changes.push(change.clone()),
            State::Listening(engine, app) => {
                engine.apply(change);
                app.apply(change);
            }
        }
    }

    /// Passes on what was told so far, and everything from now on.
    pub(crate) fn begin(&self, engine: Engine, app: App) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Waiting(changes) = &*state {
            for change in changes {
                engine.apply(change);
                app.apply(change);
            }
        }
        *state = State::Listening(engine, app);
    }
}
