//! All data of a run, by name.

use bytes::Bytes;
use squall_plan::{AgentPlace, DataFormat, PlannedData};

use crate::chance::key;
use crate::error::{LoadError, OpenError, Wrong};
use crate::feed::{Feed, FeedUse};
use crate::load::{self, Input};

/// All data of a run. Shared by all threads; nothing in it changes but where the run is in each feed.
#[derive(Debug, Default)]
pub struct DataSet {
    feeds: Vec<Feed>,
    blobs: Vec<(String, Bytes)>,
}

impl DataSet {
    /// Reads all files of a plan, for a run of at most `vus` virtual users.
    ///
    /// # Errors
    /// The first file that cannot be read, or whose rows do not suffice for the policy.
    pub fn load(planned: &[PlannedData], vus: u64, seed: u64) -> Result<DataSet, LoadError> {
        let mut set = DataSet::default();
        for data in planned {
            let wrong = |wrong: Wrong| LoadError::new(&data.name, &data.file, wrong);
            if data.format == DataFormat::File {
                let blob = Input::open(&data.file).and_then(Input::bytes).map_err(wrong)?;
                set.blobs.push((data.name.clone(), blob.into()));
                continue;
            }
            let table = load::table(&data.file, data.format).map_err(wrong)?;
            // Feeds of one run do not all take the same way.
            let seed = key(data.name.bytes().map(u64::from).chain([seed]));
            let feed = Feed::new(&data.name, table, (data.policy, data.at_end), vus, seed);
            if data.policy.is_some() {
                feed.open(None, None).map_err(|error| wrong(Wrong::somewhere(error.to_string())))?;
            }
            set.feeds.push(feed);
        }
        Ok(set)
    }

    /// The same data, of which this process takes only its agent's rows.
    #[must_use]
    pub fn of_agent(self, place: AgentPlace) -> DataSet {
        DataSet { feeds: self.feeds.into_iter().map(|feed| feed.of_agent(place)).collect(), ..self }
    }

    /// The number of the feed of that name, for [`DataSet::feed`].
    ///
    /// # Errors
    /// If there is no such feed.
    pub fn find_feed(&self, name: &str) -> Result<usize, OpenError> {
        self.feeds.iter().position(|feed| feed.name() == name).ok_or_else(|| {
            if self.blobs.iter().any(|(known, _)| known == name) {
                return OpenError::NoRows(name.to_owned());
            }
            self.not_given(name, "FILE")
        })
    }

    /// The feed of a number that [`DataSet::find_feed`] gave.
    pub fn feed(&self, number: usize) -> Option<&Feed> {
        self.feeds.get(number)
    }

    /// The content of the file of that name, shared.
    ///
    /// # Errors
    /// If there is no such file.
    pub fn blob(&self, name: &str) -> Result<Bytes, OpenError> {
        match self.blobs.iter().find(|(known, _)| known == name) {
            Some((_, blob)) => Ok(blob.clone()),
            None if self.feeds.iter().any(|feed| feed.name() == name) => Err(OpenError::NoBlob(name.to_owned())),
            None => Err(self.not_given(name, "file:FILE")),
        }
    }

    /// The use of each feed, by policy.
    pub fn usage(&self) -> Vec<FeedUse> {
        self.feeds.iter().flat_map(Feed::usage).collect()
    }

    fn not_given(&self, wanted: &str, kind: &'static str) -> OpenError {
        let feeds = self.feeds.iter().map(|feed| feed.name().to_owned());
        let known_names = feeds.chain(self.blobs.iter().map(|(name, _)| name.clone())).collect();
        OpenError::NotGiven { wanted: wanted.to_owned(), kind, known_names }
    }
}
