//! Several observers of one run, as one.

use squall_load::{Event, Observer};

/// Each hears of every event, in turn.
pub(crate) struct Observers<'a>(pub(crate) Vec<&'a mut dyn Observer>);

impl Observer for Observers<'_> {
    fn on(&mut self, event: &Event<'_>) {
        for observer in &mut self.0 {
            observer.on(event);
        }
    }
}
