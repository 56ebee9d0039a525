//! Listings that come in pages, as GitHub and GitLab have them: `per_page` and `page`, the last page is not full.

use serde_json::Value;

use crate::answers::Service;
use crate::error::TrackerError;
use crate::transport::{HttpClient, HttpRequest};

/// The most entries of a page.
const PAGE: usize = 100;
/// More pages are not asked for: a server that always has a next one must not keep us.
const MOST_PAGES: usize = 100;

/// All entries of a listing.
///
/// # Errors
/// If a page cannot be read, or there are too many.
pub(crate) async fn list_all(
    client: &HttpClient,
    service: &Service,
    request: &HttpRequest,
) -> Result<Vec<Value>, TrackerError> {
    let mut entries = Vec::new();
    for page in 1..=MOST_PAGES {
        let mut request = request.clone();
        request.url.query_pairs_mut().append_pair("per_page", "100").append_pair("page", &page.to_string());
        let answer = client.read(&request).await?;
        let listed = service.read_json(&request, &answer)?;
        let Value::Array(listed) = listed else { return Err(service.strange(&request)) };
        let is_last = listed.len() < PAGE;
        entries.extend(listed);
        if is_last {
            return Ok(entries);
        }
    }
    Err(TrackerError::refused(format!(
        "{} has more than {} entries at {}",
        service.name,
        PAGE * MOST_PAGES,
        request.place()
    )))
}
