//! The process templates: their types, fields and states.

/// A process template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    /// User stories with story points.
    Agile,
    /// Product backlog items with effort.
    Scrum,
    /// Requirements with a size.
    Cmmi,
    /// Issues; no bugs.
    Basic,
}

/// Fields that each type has.
const COMMON: [&str; 15] = [
    "System.Id",
    "System.Rev",
    "System.Title",
    "System.Description",
    "System.Tags",
    "System.State",
    "System.Reason",
    "System.AreaPath",
    "System.IterationPath",
    "System.AssignedTo",
    "System.History",
    "System.WorkItemType",
    "System.TeamProject",
    "System.Parent",
    "Microsoft.VSTS.Common.Priority",
];

const CRITERIA: &str = "Microsoft.VSTS.Common.AcceptanceCriteria";
const REPRO_STEPS: &str = "Microsoft.VSTS.TCM.ReproSteps";
const STORY_POINTS: &str = "Microsoft.VSTS.Scheduling.StoryPoints";
const EFFORT: &str = "Microsoft.VSTS.Scheduling.Effort";
const SIZE: &str = "Microsoft.VSTS.Scheduling.Size";
const REMAINING: &str = "Microsoft.VSTS.Scheduling.RemainingWork";
const SEVERITY: &str = "Microsoft.VSTS.Common.Severity";

impl Process {
    /// All of them.
    pub const ALL: [Process; 4] = [Process::Agile, Process::Scrum, Process::Cmmi, Process::Basic];

    /// The types' names.
    pub fn types(self) -> &'static [&'static str] {
        match self {
            Process::Agile => &["Bug", "Epic", "Task", "User Story"],
            Process::Scrum => &["Bug", "Epic", "Product Backlog Item", "Task"],
            Process::Cmmi => &["Bug", "Epic", "Requirement", "Task"],
            Process::Basic => &["Epic", "Issue", "Task"],
        }
    }

    /// The fields of a type.
    pub fn fields(self, item_type: &str) -> Vec<&'static str> {
        let own: &[&str] = match (self, item_type) {
            (Process::Agile, "User Story") => &[STORY_POINTS, CRITERIA],
            (Process::Agile, "Bug") => &[STORY_POINTS, REPRO_STEPS, SEVERITY],
            (Process::Scrum, "Product Backlog Item") => &[EFFORT, CRITERIA],
            (Process::Scrum, "Bug") => &[EFFORT, CRITERIA, REPRO_STEPS, SEVERITY],
            (Process::Cmmi, "Requirement") => &[SIZE],
            (Process::Cmmi, "Bug") => &[SIZE, REPRO_STEPS, SEVERITY],
            (Process::Basic, "Issue") => &[EFFORT],
            (_, "Task") => &[REMAINING],
            _ => &[],
        };
        COMMON.into_iter().chain(own.iter().copied()).collect()
    }

    /// The states of a type with their categories.
    pub fn states(self, item_type: &str) -> &'static [(&'static str, &'static str)] {
        match (self, item_type) {
            (Process::Agile, "Task") => {
                &[("New", "Proposed"), ("Active", "InProgress"), ("Closed", "Completed"), ("Removed", "Removed")]
            }
            (Process::Agile, "Bug") => {
                &[("New", "Proposed"), ("Active", "InProgress"), ("Resolved", "Resolved"), ("Closed", "Completed")]
            }
            (Process::Agile, _) => &[
                ("New", "Proposed"),
                ("Active", "InProgress"),
                ("Resolved", "Resolved"),
                ("Closed", "Completed"),
                ("Removed", "Removed"),
            ],
            (Process::Scrum, "Task") => {
                &[("To Do", "Proposed"), ("In Progress", "InProgress"), ("Done", "Completed"), ("Removed", "Removed")]
            }
            (Process::Scrum, _) => &[
                ("New", "Proposed"),
                ("Approved", "Proposed"),
                ("Committed", "InProgress"),
                ("Done", "Completed"),
                ("Removed", "Removed"),
            ],
            (Process::Cmmi, _) => {
                &[("Proposed", "Proposed"), ("Active", "InProgress"), ("Resolved", "Resolved"), ("Closed", "Completed")]
            }
            (Process::Basic, _) => &[("To Do", "Proposed"), ("Doing", "InProgress"), ("Done", "Completed")],
        }
    }
}
