//! Compiles a component after linking its libraries.

use wasmtime::Engine;
use wasmtime::component::Component;

/// Compiles the component with its libraries linked; if they cannot be linked, the component as it came.
pub(crate) fn compile(engine: &Engine, component: &[u8]) -> wasmtime::Result<Component> {
    let linked = squall_link::link(component).ok().and_then(|linked| Component::from_binary(engine, &linked).ok());
    linked.map_or_else(|| Component::from_binary(engine, component), Ok)
}

#[cfg(test)]
mod tests {
    use wasmtime::component::{Instance, Linker};
    use wasmtime::{Config, Store};

    use super::*;

    const LIBRARIES: &str = include_str!("../../link/fixtures/libraries.wat");

    type Said = Vec<String>;

    fn instance(component: &Component, engine: &Engine) -> (Store<Said>, Instance) {
        let mut linker = Linker::<Said>::new(engine);
        let mut root = linker.root();
        root.func_wrap("double", |_, (x,): (u32,)| Ok((x * 2,))).expect("linked");
        root.func_wrap("say", |mut store: wasmtime::StoreContextMut<'_, Said>, (text,): (String,)| {
            store.data_mut().push(text);
            Ok(())
        })
        .expect("linked");
        let mut store = Store::new(engine, Said::new());
        let instance = linker.instantiate(&mut store, component).expect("instantiated");
        (store, instance)
    }

    /// The results of three calls, the texts it said, and the state afterwards.
    fn account(component: &Component, engine: &Engine) -> (Vec<u32>, Said, u32) {
        let (mut store, instance) = instance(component, engine);
        let run = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "run").expect("exported");
        let results = [10, 0, 1_000].map(|x| run.call(&mut store, (x,)).expect("no trap").0).to_vec();
        let stack = instance.get_typed_func::<(), (u32,)>(&mut store, "where-the-stack-is").expect("exported");
        let (stack,) = stack.call(&mut store, ()).expect("no trap");
        (results, store.into_data(), stack)
    }

    #[test]
    fn a_linked_component_does_the_same() {
        let engine = Engine::new(&Config::new()).expect("an engine");
        let bytes = wat::parse_str(LIBRARIES).expect("well-formed");
        let linked = squall_link::link(&bytes).expect("linked");
        let [as_it_is, linked] =
            [bytes, linked].map(|bytes| Component::from_binary(&engine, &bytes).expect("compiled"));
        // Twice the number and 5, plus a counter that each call moves on twice.
        let expected = (vec![20 + 5 + 3, 5 + 7, 2_000 + 5 + 11], vec!["hello".to_owned(); 3], 65_536);
        assert_eq!(account(&as_it_is, &engine), expected);
        assert_eq!(account(&linked, &engine), expected);
    }

    #[test]
    fn components_that_cannot_be_linked_are_compiled_unlinked() {
        let engine = Engine::new(&Config::new()).expect("an engine");
        assert!(compile(&engine, &wat::parse_str("(component)").expect("well-formed")).is_ok());
        let error = compile(&engine, b"\0asm\x0d\0\x01\0\xff").map(drop).expect_err("no component");
        assert!(!format!("{error:#}").contains("linked"), "{error:#}");
    }
}
