//! The comment that a further run adds to an item: its figures, and their trend.

use squall_work_items::{Block, Record, WorkItem};

use crate::tracker::ItemState;

/// Blocks with the new figures, the change since the item was made, and what the run refers to.
pub(super) fn describe_news(item: &WorkItem, first: Option<&Record>, state: Option<ItemState>) -> Vec<Block> {
    let metrics = &item.task.metrics;
    let opening = match state {
        Some(ItemState::Open) => format!("Run {} shows it again, so this item is open again.", item.record.run),
        _ => format!("Run {} still shows it.", item.record.run),
    };
    let mut figures =
        vec![format!("p95 now: {}", metrics.current_p95), format!("p95 to reach: {}", metrics.target_p95)];
    figures.extend(first.and_then(|first| describe_trend(first.first_p95_ms?, item.record.first_p95_ms?)));
    let mut blocks = vec![Block::Paragraph(opening), Block::Bullets(figures)];
    blocks.extend(item.links.iter().map(|link| Block::Link { title: link.title.clone(), url: link.url.clone() }));
    blocks
}

/// `trend: 12% slower than when this item was made (850 ms)`.
fn describe_trend(first: f64, now: f64) -> Option<String> {
    let change = (now - first) / first * 100.0;
    if !change.is_finite() {
        return None;
    }
    let percent = change.abs().round();
    let trend = match change {
        _ if percent < 1.0 => "as slow as".to_owned(),
        change if change > 0.0 => format!("{percent}% slower than"),
        _ => format!("{percent}% faster than"),
    };
    Some(format!("trend: {trend} when this item was made ({} ms)", first.round()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trend_is_since_the_item_was_made() {
        let trend = |first, now| describe_trend(first, now).unwrap_or_default();
        assert_eq!(trend(850.0, 952.0), "trend: 12% slower than when this item was made (850 ms)");
        assert_eq!(trend(850.0, 425.0), "trend: 50% faster than when this item was made (850 ms)");
        assert_eq!(trend(850.0, 851.0), "trend: as slow as when this item was made (850 ms)");
        assert_eq!(trend(0.0, 1.0), "");
    }
}
