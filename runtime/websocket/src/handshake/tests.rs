//! The opening handshake: the example of the RFC, and answers that are no consent.

use super::*;

/// The fields of a good answer to [`asking`].
const GOOD: [(&str, &str); 3] = [
    ("upgrade", "WebSocket"),
    ("Connection", "keep-alive, Upgrade"),
    ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
];

/// With the key of the RFC's example, in section 1.3.
fn asking(subprotocols: &[&str], deflate: bool) -> Handshake {
    let subprotocols = subprotocols.iter().map(|name| (*name).to_owned()).collect();
    Handshake::new(*b"the sample nonce", subprotocols, deflate).unwrap()
}

fn answer(handshake: &Handshake, status: u16, fields: &[(&str, &str)]) -> Result<Agreed, String> {
    let fields = fields.iter().map(|(name, value)| (*name, value.as_bytes()));
    handshake.check(status, fields).map_err(|error| error.to_string())
}

fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&GOOD, more].concat()
}

#[test]
fn the_example_of_the_rfc() {
    let fields = asking(&["chat", "superchat"], false).fields();
    assert!(fields.contains(&("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==".to_owned())));
    assert!(fields.contains(&("Sec-WebSocket-Protocol", "chat, superchat".to_owned())));
    assert!(fields.contains(&("Sec-WebSocket-Version", "13".to_owned())));
    assert_eq!(accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

#[test]
fn a_server_chooses_one_of_the_subprotocols_or_none() {
    let asked = asking(&["chat", "superchat"], false);
    assert_eq!(answer(&asked, 101, &GOOD).unwrap(), Agreed::default());
    let chosen = answer(&asked, 101, &with(&[("sec-websocket-protocol", "superchat")])).unwrap();
    assert_eq!(chosen.subprotocol, "superchat");
    let other = answer(&asked, 101, &with(&[("sec-websocket-protocol", "mqtt")])).unwrap_err();
    assert_eq!(other, "chose the subprotocol \"mqtt\", which was not offered");
    assert!(answer(&asking(&[], false), 101, &with(&[("sec-websocket-protocol", "chat")])).is_err());
}

#[test]
fn what_is_no_consent_says_why() {
    let asked = asking(&[], false);
    assert_eq!(answer(&asked, 403, &GOOD).unwrap_err(), "answered 403, not 101 Switching Protocols");
    assert_eq!(
        answer(&asked, 101, &GOOD[1..]).unwrap_err(),
        "switches protocols, but not to WebSocket (without \"Upgrade: websocket\")"
    );
    assert!(answer(&asked, 101, &[GOOD[0], GOOD[2]]).unwrap_err().contains("without \"Connection: Upgrade\""));
    assert!(answer(&asked, 101, &GOOD[..2]).unwrap_err().contains("Sec-WebSocket-Accept"));
    let stale = [GOOD[0], GOOD[1], ("Sec-WebSocket-Accept", "HSmrc0sMlYUkAGmm5OPpG2HaGWk=")];
    assert!(answer(&asked, 101, &stale).unwrap_err().contains("does not belong to the request's key"));
}

#[test]
fn compression_is_agreed_on_as_offered() {
    let asked = asking(&[], true);
    let offer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    assert!(asked.fields().contains(&("Sec-WebSocket-Extensions", offer.to_owned())));
    let agreed = |answered: &str| {
        let agreed = answer(&asked, 101, &with(&[("Sec-WebSocket-Extensions", answered)]))?;
        Ok::<_, String>(agreed.deflate.map(|deflate| deflate.server_context))
    };
    assert_eq!(agreed(offer), Ok(Some(false)));
    assert_eq!(
        agreed("Permessage-Deflate;server_no_context_takeover ; server_max_window_bits=\"10\""),
        Ok(Some(false))
    );
    assert_eq!(agreed("permessage-deflate"), Ok(Some(true)), "the server insists on its context");
    for other in [
        "permessage-bzip2",
        "permessage-deflate; client_max_window_bits=10",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=08",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate, permessage-deflate",
        "permessage-deflate; ",
        "",
    ] {
        let error = agreed(other).unwrap_err();
        assert_eq!(error, format!("chose the extension \"{other}\", which was not offered in this form"));
    }
    assert_eq!(answer(&asked, 101, &GOOD).unwrap().deflate, None);
    let unasked = answer(&asking(&[], false), 101, &with(&[("Sec-WebSocket-Extensions", offer)]));
    assert!(unasked.unwrap_err().starts_with("chose the extension"));
}

#[test]
fn subprotocols_are_tokens_and_come_once() {
    for names in [&["a", "a"][..], &[""], &["a b"], &["ä"]] {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        assert!(Handshake::new([0; 16], names, false).is_err());
    }
}
