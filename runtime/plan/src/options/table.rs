//! The table of options: one entry defines an option everywhere. From an entry follow the field of a layer, its reader, how
//! layers merge, the flag and its help, the environment variable, how far a component goes with it, what `squall plan show`
//! shows, the JSON Schema and the reference (docs/options.md). `cargo xtask options` brings it to the SDKs. An entry reads:
//!
//! ```text
//! /// One sentence for users.
//! max_backlog: Time => also(&["maxBacklog"]), flag(long("max-backlog")), default("10s"), suggest(UpToDefault);
//! ```

/// Makes a layer of options out of its table. What it makes uses the names of `options.rs`.
macro_rules! option_table {
    (
        $(#[$meta:meta])*
        pub struct $Layer:ident {
            $($(#[doc = $help:literal])+ $name:ident: $kind:ty $(=> $($setting:ident($($value:expr)?)),+)?;)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct $Layer {
            $($(#[doc = $help])+ pub $name: <$kind as $crate::options::kinds::Kind>::Value,)*
        }

        impl $Layer {
            /// The keys of this table.
            pub(crate) const fn own_keys() -> &'static [$crate::options::Key] {
                const KEYS: &[$crate::options::Key] = &[
                    $($crate::options::Key::of::<$kind>(stringify!($name), concat!($($help),+))
                        $($(.$setting($($value)?))+)?,)*
                ];
                KEYS
            }

            /// Reads the value of a key of this table.
            pub(crate) fn set_own<'de, D: serde::Deserializer<'de>>(
                &mut self,
                key: &str,
                value: D,
            ) -> Result<(), D::Error> {
                $(
                    if key == stringify!($name) {
                        return <$kind as $crate::options::kinds::Kind>::set(&mut self.$name, value);
                    }
                )*
                debug_assert!(false, "{key} is not a key of this table");
                Ok(())
            }

            /// Takes in what was typed for the flag of a key of this table, once.
            pub(crate) fn read_flag_own(&mut self, key: &str, text: &str) -> Result<(), String> {
                $(
                    if key == stringify!($name) {
                        return <$kind as $crate::options::kinds::Kind>::read_flag(&mut self.$name, text);
                    }
                )*
                debug_assert!(false, "{key} is not a key of this table");
                Ok(())
            }

            /// Tightens what a component suggests to what the user says; returns each key with which it goes too far.
            pub(crate) fn tighten_own(
                &mut self,
                users: &$Layer,
                machine: $crate::options::allowance::Machine,
            ) -> Vec<(&'static $crate::options::Key, $crate::options::allowance::Breach)> {
                let mut keys = $Layer::own_keys().iter();
                let mut breaches = Vec::new();
                $(
                    breaches.extend(keys.next().and_then(|key| {
                        let (suggested, users) = (&mut self.$name, &users.$name);
                        Some((key, <$kind as $crate::options::kinds::Kind>::tighten(suggested, users, key, machine)?))
                    }));
                )*
                breaches
            }

            /// What two layers say together, option by option.
            pub(crate) fn merged(self, lower: $Layer) -> $Layer {
                $Layer {
                    $($name: <$kind as $crate::options::kinds::Kind>::merge(self.$name, lower.$name),)*
                }
            }

            /// Every option that this layer says, by its documented name, in the order of the table; entries of mappings
            /// one by one, as `weights.browse`.
            pub fn said(&self) -> Vec<(String, String)> {
                let mut entries = Vec::new();
                $(<$kind as $crate::options::kinds::Kind>::show(stringify!($name), &self.$name, &mut entries);)*
                entries
            }
        }
    };
}

pub(crate) use option_table;
