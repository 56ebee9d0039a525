//! Launches from a pod: by the API, with the service account.

use serde_json::json;
use squall_launchers::{ClusterAccess, Kubernetes, KubernetesSettings, LaunchErrorKind, LaunchId, Launcher, RunToken};

use crate::fake_cluster::{Cluster, Failure, terminate_tls};
use crate::support::{full, launch, launch_with_nats, settings, with_nats};

#[test]
fn objects_are_created_in_order_and_deleted_in_reverse() {
    let cluster = Cluster::start();
    let launcher = cluster.launcher(with_nats());
    let launched = launcher.launch(&launch_with_nats("r1", 3)).unwrap();
    let id = LaunchId::KubernetesJob { namespace: "load".to_owned(), name: "squall-r1".to_owned() };
    assert_eq!((launched.agents, &launched.id), (3, &id));
    let expected = [
        "POST secrets/squall-r1",
        "POST services/squall-r1-nats",
        "POST deployments/squall-r1-nats",
        "POST jobs/squall-r1",
        "PATCH secrets/squall-r1",
        "PATCH services/squall-r1-nats",
        "PATCH deployments/squall-r1-nats",
    ];
    assert_eq!(cluster.changes(), expected);
    let objects = cluster.objects();
    let uid = &objects["jobs/squall-r1"]["metadata"]["uid"];
    for (key, object) in objects.iter().filter(|(key, _)| !key.starts_with("jobs")) {
        assert_eq!(&object["metadata"]["ownerReferences"][0]["uid"], uid, "{key}");
    }

    launcher.clean_up(&launched).unwrap();
    let expected = ["jobs/squall-r1", "deployments/squall-r1-nats", "services/squall-r1-nats", "secrets/squall-r1"];
    assert_eq!(cluster.changes()[7..], expected.map(|key| format!("DELETE {key}")));
    assert!(cluster.objects().is_empty());
    launcher.clean_up(&launched).unwrap();
    assert_eq!(cluster.changes().len(), 11);
}

#[test]
fn the_same_launch_again_changes_nothing() {
    let cluster = Cluster::start();
    let (launch, settings) = full();
    let launched = cluster.launcher(settings.clone()).launch(&launch).unwrap();
    let (changes, objects) = (cluster.changes(), cluster.objects());
    assert_eq!(cluster.launcher(settings).launch(&launch).unwrap(), launched);
    assert_eq!((cluster.changes(), cluster.objects()), (changes, objects));
}

#[test]
fn another_launch_under_the_same_run_id_is_refused() {
    let cluster = Cluster::start();
    let launcher = cluster.launcher(settings());
    let first = launch("r1", 3);
    launcher.launch(&first).unwrap();
    let objects = cluster.objects();
    let mut other_token = first.clone();
    other_token.token = RunToken::new("another-t0ken-another").unwrap();
    for other in [launch("r1", 4), other_token] {
        let error = launcher.launch(&other).unwrap_err();
        assert_eq!(error.kind, LaunchErrorKind::Refused);
        assert!(error.message.contains("choose another run id"), "{error}");
    }
    cluster.fake.with(|fake| {
        fake.objects.get_mut("jobs/squall-r1").unwrap()["metadata"]["deletionTimestamp"] =
            json!("2026-11-30T00:00:00Z");
    });
    assert!(launcher.launch(&first).unwrap_err().message.contains("is being deleted"));
    cluster.fake.with(|fake| {
        fake.objects.get_mut("jobs/squall-r1").unwrap()["metadata"]
            .as_object_mut()
            .unwrap()
            .remove("deletionTimestamp");
    });
    assert_eq!(cluster.objects(), objects);
}

#[test]
fn what_a_dead_coordinator_has_left_is_taken_over() {
    let cluster = Cluster::start();
    let launcher = cluster.launcher(settings());
    let mut earlier = launch("r1", 3);
    earlier.token = RunToken::new("earlier-t0ken-earlier").unwrap();
    launcher.launch(&earlier).unwrap();
    cluster.fake.with(|fake| fake.objects.remove("jobs/squall-r1"));
    launcher.launch(&launch("r1", 3)).unwrap();
    let objects = cluster.objects();
    let (secret, job) = (&objects["secrets/squall-r1"], &objects["jobs/squall-r1"]);
    assert_eq!(secret["data"]["SQUALL_TOKEN"], "dDBrZW4tdDBrZW4tdDBrZW4=");
    assert_eq!(secret["metadata"]["ownerReferences"][0]["uid"], job["metadata"]["uid"]);
}

#[test]
fn a_refusal_is_passed_on_with_a_remedy_and_leaves_nothing() {
    for (request, status, message, parts) in [
        (
            "POST jobs",
            403,
            "jobs.batch is forbidden: User cannot create",
            ["does not create Job squall-r1 (403, jobs.batch is forbidden", "deploy/kubernetes/rbac.yaml"],
        ),
        (
            "POST jobs",
            422,
            "Job.batch is invalid: spec.backoffLimitPerIndex",
            ["(422, Job.batch is invalid", "Kubernetes 1.29"],
        ),
        ("POST secrets", 403, "exceeded quota", ["create Secret squall-r1 (403, exceeded quota)", "quota"]),
        ("PATCH secrets", 403, "cannot patch", ["change Secret squall-r1", "rights"]),
        ("GET jobs", 403, "cannot get", ["show Job squall-r1", "rights"]),
    ] {
        let cluster = Cluster::start();
        cluster.fail(request, status, message, 1);
        let error = cluster.launcher(settings()).launch(&launch("r1", 3)).unwrap_err();
        assert_eq!(error.kind, LaunchErrorKind::Refused);
        for part in parts {
            assert!(error.message.contains(part), "{error}");
        }
        assert!(cluster.objects().is_empty(), "{request}");
    }
}

#[test]
fn what_cannot_be_removed_after_a_refusal_is_named() {
    let cluster = Cluster::start();
    cluster.fail("POST jobs", 403, "forbidden", 1);
    cluster.fail("DELETE secrets", 403, "forbidden", 1);
    let error = cluster.launcher(settings()).launch(&launch("r1", 3)).unwrap_err();
    assert_eq!(error.kind, LaunchErrorKind::Unclear);
    assert!(error.message.ends_with("delete it by the label app.kubernetes.io/instance=squall-r1"), "{error}");
}

#[test]
fn a_missing_namespace_and_a_stale_token_have_remedies() {
    let cluster = Cluster::start();
    let elsewhere = KubernetesSettings { namespace: Some("elsewhere".to_owned()), ..settings() };
    let error = cluster.launcher(elsewhere).launch(&launch("r1", 3)).unwrap_err();
    assert!(error.message.contains("create the namespace"), "{error}");
    let launcher = cluster.launcher(settings());
    cluster.write("token", "stale");
    assert!(launcher.launch(&launch("r1", 3)).unwrap_err().message.contains("(401, Unauthorized)"));
    // The token is read for each request, because Kubernetes renews it.
    cluster.write("token", crate::fake_cluster::ACCOUNT_TOKEN);
    launcher.launch(&launch("r1", 3)).unwrap();
}

#[test]
fn requests_that_are_not_answered_are_repeated() {
    let cluster = Cluster::start();
    cluster.fail("POST secrets", 500, "etcd is slow", 2);
    cluster.fail("GET jobs", 429, "too many requests", 1);
    cluster.fake.with(|fake| {
        // The Job is created, but the answer is lost: the second try finds it.
        let late = Failure { request: "POST jobs", status: 504, message: "timeout", times: 1, is_late: true };
        fake.failures.push(late);
    });
    cluster.launcher(settings()).launch(&launch("r1", 3)).unwrap();
    assert_eq!(cluster.objects().len(), 2);

    cluster.fail("DELETE jobs", 503, "down", 99);
    let launcher = cluster.launcher(settings());
    let launched = launcher.launch(&launch("r1", 3)).unwrap();
    let error = launcher.clean_up(&launched).unwrap_err();
    assert_eq!(error.kind, LaunchErrorKind::Unclear);
    assert!(error.message.contains("did not answer in 4 tries (status 503)"), "{error}");
    // The others are deleted nevertheless.
    assert_eq!(cluster.objects().keys().collect::<Vec<_>>(), ["jobs/squall-r1"]);
}

#[test]
fn what_may_have_been_created_is_removed() {
    let cluster = Cluster::start();
    cluster.fake.with(|fake| {
        let late = Failure { request: "POST jobs", status: 504, message: "timeout", times: 4, is_late: true };
        fake.failures.push(late);
    });
    let error = cluster.launcher(settings()).launch(&launch("r1", 3)).unwrap_err();
    assert_eq!(error.kind, LaunchErrorKind::Unclear);
    assert!(cluster.objects().is_empty());
}

#[test]
fn a_server_of_another_authority_does_not_get_the_token() {
    let cluster = Cluster::start();
    let (_, other) = terminate_tls("127.0.0.1:9".parse().unwrap());
    cluster.write("ca.crt", &other);
    let error = cluster.launcher(settings()).launch(&launch("r1", 3)).unwrap_err();
    assert!(error.message.contains("TLS: invalid peer certificate"), "{error}");
    assert!(cluster.changes().is_empty());
    cluster.write("ca.crt", "nothing");
    let error = Kubernetes::new(settings(), ClusterAccess::InCluster(cluster.access.clone())).unwrap_err();
    assert!(error.message.contains("no certificate in PEM"), "{error}");
}

#[test]
fn the_namespace_is_that_of_the_pod() {
    let cluster = Cluster::start();
    let launcher = cluster.launcher(KubernetesSettings { namespace: None, ..with_nats() });
    assert_eq!(launcher.describe(), "Kubernetes (namespace load, by the service account of this pod)");
    let launch = launch("r1", 3);
    assert!(launcher.launch(&launch).unwrap_err().message.ends_with("leave one of the two out"));
    let nats = launcher.nats_of(&launch.run, &launch.token).unwrap();
    assert_eq!(nats.url.shown(), "nats://squall-r1-nats.load.svc:4222");
    // The token seals the messages, so NATS must not see it.
    assert!(!nats.url.expose().contains(launch.token.expose()));
    assert_eq!(nats.forward, "kubectl port-forward --namespace load service/squall-r1-nats 4222:4222");
    assert_eq!(cluster.launcher(settings()).nats_of(&launch.run, &launch.token), None);
}

/// The "restricted" pod security standard, and what Squall adds to it.
#[test]
fn pods_keep_to_the_restricted_standard() {
    let cluster = Cluster::start();
    let (launch, settings) = full();
    cluster.launcher(settings).launch(&launch).unwrap();
    let objects = cluster.objects();
    for key in ["jobs/squall-full-1", "deployments/squall-full-1-nats"] {
        let pod = &objects[key]["spec"]["template"]["spec"];
        let context = &pod["securityContext"];
        assert_eq!((&context["runAsNonRoot"], &context["runAsUser"]), (&json!(true), &json!(65532)), "{key}");
        assert_eq!(context["seccompProfile"], json!({"type": "RuntimeDefault"}), "{key}");
        assert_eq!(pod["automountServiceAccountToken"], false, "{key}");
        for container in pod["containers"].as_array().unwrap() {
            let expected = json!({"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}});
            assert_eq!(container["securityContext"], expected, "{key}");
            assert!(container["resources"]["limits"]["memory"].is_string(), "{key}");
        }
        for volume in pod["volumes"].as_array().unwrap() {
            assert!(volume["emptyDir"].is_object() || volume["secret"].is_object(), "{key}: {volume}");
        }
    }
}

#[test]
fn an_agent_gets_its_settings_and_as_much_as_it_asks_for() {
    let cluster = Cluster::start();
    cluster.launcher(settings()).launch(&launch("r1", 3)).unwrap();
    let job = &cluster.objects()["jobs/squall-r1"];
    let spec = &job["spec"];
    assert_eq!((&spec["completions"], &spec["parallelism"]), (&json!(3), &json!(3)));
    assert_eq!((&spec["activeDeadlineSeconds"], &spec["ttlSecondsAfterFinished"]), (&json!(1800), &json!(3600)));
    let container = &spec["template"]["spec"]["containers"][0];
    let resources = json!({"cpu": "1500m", "memory": "512Mi"});
    assert_eq!(container["resources"], json!({"requests": resources, "limits": resources}));
    let environment = container["env"].as_array().unwrap();
    let names: Vec<&str> = environment.iter().map(|variable| variable["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["SQUALL_RUN", "SQUALL_NATS", "SQUALL_TOKEN", "XDG_CACHE_HOME"]);
    assert_eq!(environment[2]["valueFrom"]["secretKeyRef"], json!({"name": "squall-r1", "key": "SQUALL_TOKEN"}));
    assert_eq!(job["metadata"]["labels"]["app.kubernetes.io/managed-by"], "squall");
}
