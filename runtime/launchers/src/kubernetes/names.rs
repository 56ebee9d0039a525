//! Names that Kubernetes takes, checked before anything is sent.

use crate::LaunchError;

/// A label of DNS (RFC 1123): namespaces, Services.
///
/// # Errors
/// If it is not one.
pub fn check_label(what: &str, name: &str) -> Result<(), LaunchError> {
    let is_fine = name.len() <= 63 && !name.contains('.') && is_subdomain(name);
    refuse_unless(is_fine, what, name, "at most 63 characters of a-z, 0-9 and \"-\"")
}

/// A name of an object (RFC 1123 subdomain).
///
/// # Errors
/// If it is not one.
pub fn check_name(what: &str, name: &str) -> Result<(), LaunchError> {
    refuse_unless(name.len() <= 253 && is_subdomain(name), what, name, "characters of a-z, 0-9, \"-\" and \".\"")
}

/// A reference to an image: its characters only, since registries know the rest.
///
/// # Errors
/// If it has others.
pub fn check_image(what: &str, image: &str) -> Result<(), LaunchError> {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/:@[]".contains(&byte);
    let starts_well = image.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[');
    let is_image = starts_well && image.len() <= 512 && image.bytes().all(is_fine);
    refuse_unless(is_image, what, image, "REGISTRY/NAME:TAG")
}

/// The key of a label: `kubernetes.io/arch`.
///
/// # Errors
/// If it is not one.
pub fn check_label_key(what: &str, key: &str) -> Result<(), LaunchError> {
    let (prefix, name) = key.split_once('/').unwrap_or(("a", key));
    refuse_unless(is_subdomain(prefix) && is_label_value(name) && !name.is_empty(), what, key, "PREFIX/NAME or NAME")
}

/// The value of a label.
///
/// # Errors
/// If it is not one.
pub fn check_label_value(what: &str, value: &str) -> Result<(), LaunchError> {
    refuse_unless(is_label_value(value), what, value, "at most 63 letters, digits, \"-\", \"_\" and \".\"")
}

fn is_label_value(value: &str) -> bool {
    let is_end = |letter: Option<char>| letter.is_none_or(|letter| letter.is_ascii_alphanumeric());
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let ends = is_end(value.chars().next()) && is_end(value.chars().next_back());
    value.len() <= 63 && ends && value.bytes().all(is_fine)
}

fn is_subdomain(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.bytes().all(is_fine)
    };
    name.split('.').all(is_label)
}

fn refuse_unless(is_fine: bool, what: &str, name: &str, expected: &str) -> Result<(), LaunchError> {
    if is_fine {
        return Ok(());
    }
    Err(LaunchError::setting(format!("Kubernetes takes no {what} {name:?}: use {expected}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_kubernetes() {
        check_label("namespace", "load-1").unwrap();
        check_name("secret", "pull.example-1").unwrap();
        check_image("image", "[::1]:5000/team/squall:0.1.0@sha256:ab").unwrap();
        check_label_key("label", "kubernetes.io/arch").unwrap();
        check_label_key("label", "Disk_1").unwrap();
        check_label_value("label", "").unwrap();
        for bad in ["", "-a", "a-", "A", "a.b", "a\n", "a: b", &"x".repeat(64)] {
            assert!(check_label("namespace", bad).is_err(), "{bad:?}");
        }
        for bad in ["", ".", "a..b", "a/b", "a_b"] {
            assert!(check_name("secret", bad).is_err(), "{bad:?}");
        }
        for bad in ["", "-v", "a b", "a\"", "a\nb", "a$b", "ä"] {
            assert!(check_image("image", bad).is_err(), "{bad:?}");
        }
        for bad in ["", "/a", "a/", "a/b/c", "a b"] {
            assert!(check_label_key("label", bad).is_err(), "{bad:?}");
        }
        for bad in ["-", "a b", "_a"] {
            assert!(check_label_value("label", bad).is_err(), "{bad:?}");
        }
    }
}
