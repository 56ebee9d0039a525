//! What is wrong so far. A part that fails leaves its mistakes here and nothing behind, and the others are still looked at.

use super::PlanError;

#[derive(Default)]
pub(super) struct Mistakes(Vec<PlanError>);

impl Mistakes {
    pub(super) fn one<T, E: Into<PlanError>>(&mut self, part: Result<T, E>) -> Option<T> {
        part.map_err(|mistake| self.0.push(mistake.into())).ok()
    }

    pub(super) fn all<T, E: Into<PlanError>>(&mut self, part: Result<T, Vec<E>>) -> Option<T> {
        part.map_err(|mistakes| self.0.extend(mistakes.into_iter().map(E::into))).ok()
    }

    pub(super) fn push(&mut self, mistake: PlanError) {
        self.0.push(mistake);
    }

    pub(super) fn extend(&mut self, mistakes: impl IntoIterator<Item = PlanError>) {
        self.0.extend(mistakes);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Mistakes> for Vec<PlanError> {
    fn from(mistakes: Mistakes) -> Vec<PlanError> {
        mistakes.0
    }
}
