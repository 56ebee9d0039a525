//! Finds connections among sockets: `/proc/PID/net/tcp` and `tcp6` list all of the process's network namespace.

use std::collections::BTreeSet;
use std::fs::read_to_string;

/// `ESTABLISHED`, in the kernel's numbers.
const ESTABLISHED: &str = "01";
const LISTEN: &str = "0A";

/// Number of established TCP connections among these sockets (inodes); `None` if the system does not list them.
pub(super) fn established(process: u32, sockets: &BTreeSet<u64>) -> Option<usize> {
    let read = |name: &str| read_to_string(format!("/proc/{process}/net/{name}")).ok();
    let (four, six) = (read("tcp"), read("tcp6"));
    if four.is_none() && six.is_none() {
        return None;
    }
    let count = |text: &str| inodes(text).filter(|inode| sockets.contains(inode)).count();
    Some([four, six].iter().flatten().map(|text| count(text)).sum())
}

/// The inodes of the established connections in such a file.
pub(super) fn inodes(text: &str) -> impl Iterator<Item = u64> {
    sockets(text).filter(|socket| socket.state == ESTABLISHED).map(|socket| socket.inode)
}

/// The sockets (inodes) of this machine that listen at a port.
pub(super) fn listening(port: u16) -> BTreeSet<u64> {
    let texts = ["tcp", "tcp6"].map(|name| read_to_string(format!("/proc/self/net/{name}")).unwrap_or_default());
    texts.iter().flat_map(|text| listening_in(text, port)).collect()
}

fn listening_in(text: &str, port: u16) -> impl Iterator<Item = u64> {
    sockets(text).filter(move |socket| socket.state == LISTEN && socket.port == port).map(|socket| socket.inode)
}

struct Socket<'a> {
    port: u16,
    state: &'a str,
    inode: u64,
}

fn sockets(text: &str) -> impl Iterator<Item = Socket<'_>> {
    text.lines().skip(1).filter_map(|line| {
        let mut fields = line.split_whitespace();
        let port = u16::from_str_radix(fields.nth(1)?.rsplit_once(':')?.1, 16).ok()?;
        let state = fields.nth(1)?;
        Some(Socket { port, state, inode: fields.nth(5)?.parse().ok()? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_established_connections_count() {
        let text = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
                    0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 101 1 0 100 0 0 10 0\n\
                    1: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000  0  0 102 1 0 20 4 30 10 -1\n\
                    2: 0100007F:1F90 0100007F:C002 06 00000000:00000000 03:00000000 00000000  0  0 0 3 0\n";
        assert_eq!(inodes(text).collect::<Vec<_>>(), [102]);
        assert_eq!(listening_in(text, 8080).collect::<Vec<_>>(), [101]);
        assert_eq!(listening_in(text, 8081).count(), 0);
    }
}
