//! Whether a component needs component-model async, the ABI of WASI 0.3. This host's engine is built without it
//! (docs/decisions/0003-sync-contract.md), and wasmtime's refusal would name an offset in the file.

use wasmparser::{CanonicalFunction, CanonicalOption, Parser, Payload};

/// The first thing in a component that needs it.
pub(crate) fn first_use(component: &[u8]) -> Option<&'static str> {
    Parser::new(0).parse_all(component).find_map(|payload| match payload {
        // The compiler refuses anything that does not parse.
        Ok(Payload::ComponentCanonicalSection(section)) => {
            section.into_iter().flatten().find_map(|item| find_async(&item))
        }
        _ => None,
    })
}

fn find_async(function: &CanonicalFunction) -> Option<&'static str> {
    let is_async = |options: &[CanonicalOption]| {
        options.iter().any(|option| matches!(option, CanonicalOption::Async | CanonicalOption::Callback(_)))
    };
    match function {
        CanonicalFunction::Lift { options, .. } => is_async(options).then_some("an export that is an async function"),
        CanonicalFunction::Lower { options, .. } => {
            is_async(options).then_some("an import that it calls asynchronously")
        }
        CanonicalFunction::ResourceNew { .. }
        | CanonicalFunction::ResourceDrop { .. }
        | CanonicalFunction::ResourceRep { .. } => None,
        CanonicalFunction::TaskReturn { .. } => Some("task.return"),
        CanonicalFunction::TaskCancel => Some("task.cancel"),
        _ => Some("tasks, streams or futures"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_that_cancels_tasks_needs_it() {
        // (component (core func (canon task.cancel)))
        let component = b"\0asm\x0d\0\x01\0\x08\x02\x01\x05";
        assert_eq!(first_use(component), Some("task.cancel"));
        assert_eq!(first_use(b"\0asm\x0d\0\x01\0"), None);
    }
}
