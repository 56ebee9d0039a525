//! Several who listen to one run, each told in turn.

use squall_load::{Event, Observer};

/// All who listen.
pub struct Listeners<'a>(pub Vec<&'a mut dyn Observer>);

impl Observer for Listeners<'_> {
    fn on(&mut self, event: &Event<'_>) {
        for listener in &mut self.0 {
            listener.on(event);
        }
    }
}
