//! Finds connections among sockets: `/proc/PID/net/tcp` and `tcp6` list all of the process's network namespace.

use std::collections::BTreeSet;
use std::fs::read_to_string;

/// `ESTABLISHED`, in the kernel's numbers.
const ESTABLISHED: &str = "01";

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
    text.lines().skip(1).filter_map(|line| {
        let mut fields = line.split_whitespace();
        (fields.nth(3)? == ESTABLISHED).then_some(())?;
        fields.nth(5)?.parse().ok()
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
    }
}
