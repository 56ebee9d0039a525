//! What a pod says of itself.

use serde_json::Value;

use crate::text::plain_message;

/// The state of a pod, the better ones last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodState {
    Failed,
    Waiting,
    Running,
    Succeeded,
}

/// Why a pod is not running.
pub struct PodProblem {
    pub is_final: bool,
    pub sentence: String,
}

/// The index that the pod has in its Job.
pub fn index(pod: &Value) -> Option<u32> {
    pod["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"].as_str()?.parse().ok()
}

/// Its state.
pub fn state(pod: &Value) -> PodState {
    match pod["status"]["phase"].as_str() {
        Some("Succeeded") => PodState::Succeeded,
        Some("Failed") => PodState::Failed,
        Some("Running") => PodState::Running,
        _ => PodState::Waiting,
    }
}

/// The reason why it does not run, if it is known.
pub fn problem(pod: &Value) -> Option<PodProblem> {
    let status = &pod["status"];
    match state(pod) {
        PodState::Succeeded | PodState::Running => None,
        PodState::Failed => Some(failure(pod)),
        PodState::Waiting => {
            let containers = status["containerStatuses"].as_array();
            let waiting = containers.into_iter().flatten().find_map(|container| {
                waiting_problem(&container["state"]["waiting"], container["image"].as_str().unwrap_or("?"))
            });
            waiting.or_else(|| unscheduled(status))
        }
    }
}

fn waiting_problem(waiting: &Value, image: &str) -> Option<PodProblem> {
    let detail = detail(&waiting["message"]);
    let (is_final, sentence) = match waiting["reason"].as_str()? {
        "ContainerCreating" | "PodInitializing" => return None,
        reason @ ("ErrImagePull" | "ImagePullBackOff" | "RegistryUnavailable") => (
            reason == "ImagePullBackOff",
            format!(
                "image {} cannot be pulled ({reason}{detail}): push it, or name the registry's login by \
                 --launch-option pull-secret=NAME",
                plain_message(image)
            ),
        ),
        reason @ ("InvalidImageName" | "ErrImageNeverPull") => (
            true,
            format!(
                "image {} is not to be had ({reason}{detail}): name another by --launch-option image=IMAGE",
                plain_message(image)
            ),
        ),
        reason @ ("CreateContainerConfigError" | "CreateContainerError" | "RunContainerError") => {
            (true, format!("the container cannot start ({reason}{detail}): check the image and the Secret of the run"))
        }
        reason => (false, format!("the pod waits ({}{detail}): see `kubectl describe pod`", plain_message(reason))),
    };
    Some(PodProblem { is_final, sentence })
}

fn unscheduled(status: &Value) -> Option<PodProblem> {
    let conditions = status["conditions"].as_array()?;
    let is_scheduled = |condition: &&Value| condition["type"] == "PodScheduled" && condition["status"] == "False";
    let condition = conditions.iter().find(is_scheduled)?;
    let reason = plain_message(condition["reason"].as_str().unwrap_or("not scheduled"));
    let sentence = format!(
        "no node takes the pod ({reason}{}): add nodes, or start fewer agents or smaller ones",
        detail(&condition["message"])
    );
    Some(PodProblem { is_final: false, sentence })
}

fn failure(pod: &Value) -> PodProblem {
    let status = &pod["status"];
    let terminated = &status["containerStatuses"][0]["state"]["terminated"];
    let reason = terminated["reason"].as_str().or(status["reason"].as_str()).unwrap_or("Failed");
    let message = if terminated["message"].is_string() { &terminated["message"] } else { &status["message"] };
    let detail = detail(message);
    let sentence = match (reason, terminated["exitCode"].as_i64()) {
        ("OOMKilled", _) => {
            let limit = pod["spec"]["containers"][0]["resources"]["limits"]["memory"].as_str().unwrap_or("unknown");
            format!(
                "the agent used more memory than its limit of {} (OOMKilled): give agents more memory, or start \
                 more of them",
                plain_message(limit)
            )
        }
        ("Error", Some(code)) => {
            format!("the agent ended with exit code {code}{detail}: see `kubectl logs`")
        }
        ("DeadlineExceeded", _) => {
            "the agent lived longer than the longest run may (DeadlineExceeded): allow the run more time".to_owned()
        }
        (reason, _) => format!("the pod was ended ({}{detail}): see `kubectl describe pod`", plain_message(reason)),
    };
    PodProblem { is_final: false, sentence }
}

/// A message after a reason.
fn detail(message: &Value) -> String {
    message
        .as_str()
        .filter(|text| !text.trim().is_empty())
        .map_or_else(String::new, |text| format!(", {}", plain_message(text)))
}
