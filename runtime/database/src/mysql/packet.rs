//! The packets of MySQL's protocol that a reader needs: the greeting, logins, errors, and rows as text. Must not know
//! connections.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

/// What the server and the reader can do, as bits of a greeting and its answer.
pub(crate) const TLS: u32 = 0x800;
const LONG_PASSWORD: u32 = 0x1;
const PROTOCOL_41: u32 = 0x200;
const SECURE_CONNECTION: u32 = 0x8000;
const NAMED_METHOD: u32 = 0x8_0000;
const ATTRIBUTES: u32 = 0x10_0000;
/// Texts are UTF-8, of up to four bytes a character.
const UTF8: u8 = 45;
/// The largest packet that the reader takes, in bytes.
pub(crate) const LARGEST: u32 = 16 << 20;

/// A row: values as text, `None` for NULL.
pub(crate) type Row = Vec<Option<String>>;

/// Reads a packet's bytes from its beginning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self, length: usize) -> Option<u64> {
        Some(self.take(length)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// A number with its own length before it.
    pub(crate) fn counted(&mut self) -> Option<u64> {
        match self.number(1)? {
            0xfc => self.number(2),
            0xfd => self.number(3),
            0xfe => self.number(8),
            small @ 0..=0xfa => Some(small),
            _ => None,
        }
    }

    /// Up to the next zero, or the end.
    fn text(&mut self) -> &'a [u8] {
        let end = self.0.iter().position(|byte| *byte == 0);
        let text = &self.0[..end.unwrap_or(self.0.len())];
        self.0 = &self.0[end.map_or(self.0.len(), |end| end + 1)..];
        text
    }
}

/// The server's first packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Greeting {
    pub(crate) version: String,
    pub(crate) can: u32,
    pub(crate) method: LoginMethod,
}

/// How the password is proved, with the server's random bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoginMethod {
    pub(crate) name: String,
    salt: Vec<u8>,
}

/// Reads the greeting; else the reason.
pub(crate) fn read_greeting(packet: &[u8]) -> Result<Greeting, String> {
    if packet.first() == Some(&0xff) {
        return Err(read_error(packet).message);
    }
    greeting(Bytes(packet)).ok_or_else(|| "it does not speak MySQL's protocol".to_owned())
}

fn greeting(mut bytes: Bytes<'_>) -> Option<Greeting> {
    if bytes.number(1)? != 10 {
        return None;
    }
    let version = lossy(bytes.text());
    bytes.take(4)?;
    let mut salt = bytes.take(8)?.to_vec();
    bytes.take(1)?;
    let low = bytes.number(2)?;
    bytes.take(3)?;
    let can = u32::try_from(low | bytes.number(2)? << 16).ok()?;
    let salt_length = usize::try_from(bytes.number(1)?).ok()?;
    bytes.take(10)?;
    let rest = bytes.take(salt_length.saturating_sub(8).max(13))?;
    salt.extend(rest.strip_suffix(&[0]).unwrap_or(rest));
    let name = lossy(bytes.text());
    Some(Greeting { version, can, method: LoginMethod { name, salt } })
}

/// Reads the server's wish for another method of login.
pub(crate) fn read_other_method(packet: &[u8]) -> LoginMethod {
    let mut bytes = Bytes(packet.get(1..).unwrap_or_default());
    let name = lossy(bytes.text());
    LoginMethod { name, salt: bytes.0.strip_suffix(&[0]).unwrap_or(bytes.0).to_vec() }
}

impl LoginMethod {
    /// The proof of a password; else the reason.
    pub(crate) fn prove(&self, password: &str) -> Result<Vec<u8>, String> {
        let password = password.as_bytes();
        let sha1 = |bytes: &[u8]| digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec();
        let sha256 = |bytes: &[u8]| digest(&SHA256, bytes).as_ref().to_vec();
        let xor = |one: Vec<u8>, other: Vec<u8>| one.iter().zip(other).map(|(one, other)| one ^ other).collect();
        match self.name.as_str() {
            "mysql_native_password" | "caching_sha2_password" if password.is_empty() => Ok(Vec::new()),
            "mysql_native_password" => {
                let stored = sha1(&sha1(password));
                Ok(xor(sha1(password), sha1(&[&self.salt[..], &stored].concat())))
            }
            "caching_sha2_password" => {
                let stored = sha256(&sha256(password));
                Ok(xor(sha256(password), sha256(&[&stored[..], &self.salt].concat())))
            }
            other => Err(format!(
                "the login is by {other:.40}, which is not known here: give it mysql_native_password or \
                 caching_sha2_password"
            )),
        }
    }
}

/// The request for TLS: the beginning of the login.
pub(crate) fn tls_request() -> Vec<u8> {
    login_head(TLS)
}

fn login_head(also: u32) -> Vec<u8> {
    let can = LONG_PASSWORD | PROTOCOL_41 | SECURE_CONNECTION | NAMED_METHOD | ATTRIBUTES | also;
    [&can.to_le_bytes()[..], &LARGEST.to_le_bytes(), &[UTF8], &[0; 23]].concat()
}

/// The login, without a default database: so the server counts the reader's statements for none.
pub(crate) fn login(user: &str, method: &LoginMethod, password: &str, tls: bool) -> Result<Vec<u8>, String> {
    let proof = method.prove(password)?;
    let mut packet = login_head(if tls { TLS } else { 0 });
    packet.extend(user.bytes().filter(|byte| *byte != 0).chain([0]));
    packet.push(u8::try_from(proof.len()).unwrap_or_default());
    packet.extend(proof);
    packet.extend(method.name.bytes().chain([0]));
    let attribute: Vec<u8> = ["program_name", "squall"].iter().flat_map(|text| counted_text(text)).collect();
    packet.push(u8::try_from(attribute.len()).unwrap_or_default());
    packet.extend(attribute);
    Ok(packet)
}

/// A short text with its length before it.
fn counted_text(text: &str) -> Vec<u8> {
    let mut bytes = vec![u8::try_from(text.len()).unwrap_or_default()];
    bytes.extend(text.bytes());
    bytes
}

/// The server's refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    pub(crate) message: String,
}

/// Reads an error.
pub(crate) fn read_error(packet: &[u8]) -> Refusal {
    let mut bytes = Bytes(packet.get(1..).unwrap_or_default());
    let code = bytes.number(2).and_then(|code| u16::try_from(code).ok()).unwrap_or_default();
    let message = match bytes.0 {
        [b'#', _, _, _, _, _, message @ ..] => message,
        message => message,
    };
    let message: String = lossy(message).chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    Refusal { code, message: if message.trim().is_empty() { "an error without a message".to_owned() } else { message } }
}

/// Whether a packet ends a list.
pub(crate) fn is_end(packet: &[u8]) -> bool {
    packet.first() == Some(&0xfe) && packet.len() < 9
}

/// Reads a row of this many columns.
pub(crate) fn read_row(packet: &[u8], columns: usize) -> Option<Row> {
    let mut bytes = Bytes(packet);
    let mut row = Row::new();
    for _ in 0..columns {
        if bytes.0.first() == Some(&0xfb) {
            bytes.take(1)?;
            row.push(None);
        } else {
            let length = usize::try_from(bytes.counted()?).ok()?;
            row.push(Some(lossy(bytes.take(length)?)));
        }
    }
    Some(row)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn passwords_are_proved_as_the_protocol_has_it() {
        let method = |name: &str| LoginMethod { name: name.to_owned(), salt: (1..=20).collect() };
        let proof = |name: &str, password: &str| hex(&method(name).prove(password).unwrap());
        // Computed with Python's hashlib after the documentation of the protocol.
        assert_eq!(proof("mysql_native_password", "secret"), NATIVE);
        assert_eq!(proof("caching_sha2_password", "secret"), CACHING);
        assert_eq!(proof("mysql_native_password", ""), "");
        assert!(method("client_ed25519").prove("secret").unwrap_err().contains("give it mysql_native_password"));
    }

    const NATIVE: &str = "b32bb3a583e1340c0a1108d58b1be49781ad8c2f";
    const CACHING: &str = "746ebe205d56a0707acb3e796e834e0dd7b1d61743b26bd5202c7a623230c7c9";

    #[test]
    fn rows_have_texts_and_nothing() {
        assert_eq!(read_row(b"\x02ab\xfb\x00", 3), Some(vec![Some("ab".to_owned()), None, Some(String::new())]));
        assert_eq!(read_row(b"\xfc\x01\x00a", 1), Some(vec![Some("a".to_owned())]));
        assert_eq!(read_row(b"\x05ab", 1), None);
        assert_eq!(read_row(b"\xfe\xff\xff\xff\xff\xff\xff\xff\xffab", 1), None);
    }

    #[test]
    fn an_error_has_its_code_and_message() {
        let refusal = read_error(b"\xff\x15\x04#28000Access denied");
        assert_eq!((refusal.code, refusal.message.as_str()), (1045, "Access denied"));
        assert_eq!(read_error(b"\xff").message, "an error without a message");
        assert!(read_greeting(b"HTTP/1.1 400").is_err());
    }
}
