//! The entries that each table begins with (RFC 7541, appendix A).

use super::table::Match;

/// The entries in the order of their indexes, which begin with 1. Entries of one name stand together.
pub(super) const ENTRIES: [(&[u8], &[u8]); 61] = [
    (b":authority", b""),
    (b":method", b"GET"),
    (b":method", b"POST"),
    (b":path", b"/"),
    (b":path", b"/index.html"),
    (b":scheme", b"http"),
    (b":scheme", b"https"),
    (b":status", b"200"),
    (b":status", b"204"),
    (b":status", b"206"),
    (b":status", b"304"),
    (b":status", b"400"),
    (b":status", b"404"),
    (b":status", b"500"),
    (b"accept-charset", b""),
    (b"accept-encoding", b"gzip, deflate"),
    (b"accept-language", b""),
    (b"accept-ranges", b""),
    (b"accept", b""),
    (b"access-control-allow-origin", b""),
    (b"age", b""),
    (b"allow", b""),
    (b"authorization", b""),
    (b"cache-control", b""),
    (b"content-disposition", b""),
    (b"content-encoding", b""),
    (b"content-language", b""),
    (b"content-length", b""),
    (b"content-location", b""),
    (b"content-range", b""),
    (b"content-type", b""),
    (b"cookie", b""),
    (b"date", b""),
    (b"etag", b""),
    (b"expect", b""),
    (b"expires", b""),
    (b"from", b""),
    (b"host", b""),
    (b"if-match", b""),
    (b"if-modified-since", b""),
    (b"if-none-match", b""),
    (b"if-range", b""),
    (b"if-unmodified-since", b""),
    (b"last-modified", b""),
    (b"link", b""),
    (b"location", b""),
    (b"max-forwards", b""),
    (b"proxy-authenticate", b""),
    (b"proxy-authorization", b""),
    (b"range", b""),
    (b"referer", b""),
    (b"refresh", b""),
    (b"retry-after", b""),
    (b"server", b""),
    (b"set-cookie", b""),
    (b"strict-transport-security", b""),
    (b"transfer-encoding", b""),
    (b"user-agent", b""),
    (b"vary", b""),
    (b"via", b""),
    (b"www-authenticate", b""),
];

/// A name's entries.
#[derive(Clone, Copy)]
struct Named {
    /// Position of the first one in `ENTRIES`.
    first: u8,
    /// Their number; 0 in a slot without a name.
    count: u8,
}

const SLOTS: usize = 128;
/// A multiplier that gives each of the 52 names a slot of its own, found by trial.
const MULTIPLIER: u32 = 0xb814_f5a3;

/// All names, by slot: one comparison decides whether a name is in the table.
static NAMES: [Named; SLOTS] = {
    let mut names = [Named { first: 0, count: 0 }; SLOTS];
    let mut position = 0;
    while position < ENTRIES.len() {
        let slot = slot_of(ENTRIES[position].0);
        if names[slot].count == 0 {
            names[slot].first = position as u8;
        }
        names[slot].count += 1;
        assert!(names[slot].first + names[slot].count == position as u8 + 1, "two names have one slot");
        position += 1;
    }
    names
};

/// The slot of a name. Length, first and last byte tell all names of the table apart.
const fn slot_of(name: &[u8]) -> usize {
    let [first, .., last] = name else { return 0 };
    let key = ((name.len() as u32) << 16) | ((*first as u32) << 8) | *last as u32;
    (key.wrapping_mul(MULTIPLIER) >> 25) as usize
}

/// The best entry for a field.
#[inline]
pub(super) fn find(name: &[u8], value: &[u8]) -> Match {
    let named = NAMES[slot_of(name)];
    let first = usize::from(named.first);
    let entries = &ENTRIES[first..first + usize::from(named.count)];
    if entries.first().is_none_or(|(known, _)| *known != name) {
        return Match::Nothing;
    }
    match entries.iter().position(|(_, known)| *known == value) {
        Some(position) => Match::Field(first + 1 + position),
        None => Match::Name(first + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entry_is_found() {
        for (position, (name, value)) in ENTRIES.iter().enumerate() {
            let first = ENTRIES.iter().position(|(other, _)| other == name).unwrap();
            assert_eq!(find(name, value), Match::Field(position + 1));
            assert_eq!(find(name, b"other"), Match::Name(first + 1));
        }
    }

    #[test]
    fn other_names_are_not_found() {
        for name in ["", "a", "ae", "agr", "agee", "Age", "x-age", "accept-rangez", ":statuz", "viaviavia"] {
            assert_eq!(find(name.as_bytes(), b""), Match::Nothing, "{name}");
        }
    }
}
