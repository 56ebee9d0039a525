"""Runs Microsoft's own client against the fake of Azure DevOps: a check of what the fake assumes.

    pip install azure-devops==7.1.0b4
    python3 tests/fake-trackers/azure_devops_client.py
"""

import io
import subprocess

from azure.devops._models import ApiResourceLocation
from azure.devops.exceptions import AzureDevOpsClientRequestError, AzureDevOpsServiceError
from azure.devops.v7_1.work_item_tracking import WorkItemTrackingClient
from azure.devops.v7_1.work_item_tracking.models import JsonPatchOperation, Wiql, WorkItemBatchGetRequest, TeamContext
from msrest.authentication import BasicAuthentication

# The service lists its resources itself; the fake does not. Ids are those in the client.
RESOURCES = {
    "e07b5fa4-1499-494d-a496-64b860fd64ff": "attachments",
    "1a9c53f7-f243-4447-b110-35ef023636e4": "wiql",
    "62d3d110-0047-428c-ad3c-4fe872c91c74": "workitems/${type}",
    "72c7ddf8-2cdc-4f60-90cd-ab71c14a399b": "workitems/{id}",
    "908509b6-4248-4475-a1cd-829139ba419f": "workitemsbatch",
    "bd293ce5-3d25-4192-8e67-e8092e879efb": "workitemtypes/{type}/fields",
    "7c9d7a76-4a09-43e8-b5df-bd792f4ac6aa": "workitemtypes/{type}/states",
}


class Client(WorkItemTrackingClient):
    def _get_resource_locations(self, url, all_host_types):
        return [
            ApiResourceLocation(
                id=id, area="wit", resource_name=path, route_template="{project}/_apis/wit/" + path,
                resource_version=3, min_version=1.0, max_version=7.1, released_version="7.1")
            for id, path in RESOURCES.items()
        ]


def add(path, value):
    return JsonPatchOperation(op="add", path=path, value=value)


def expect(refused, call):
    try:
        call()
    except (AzureDevOpsServiceError, AzureDevOpsClientRequestError) as error:
        assert refused in str(error), error
    else:
        raise AssertionError(refused)


command = ["cargo", "run", "-q", "-p", "squall-fake-trackers", "--example", "azure_devops"]
# The fake ends with its input, which ends with this process.
fake = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
address = fake.stdout.readline().strip()
organization, project = address.rsplit("/", 1)
client = Client(organization, BasicAuthentication("", "s3cret-token"))

fields = {field.reference_name for field in client.get_work_item_type_fields_with_references(project, "Bug")}
assert "Microsoft.VSTS.Scheduling.Effort" in fields and "Microsoft.VSTS.Scheduling.StoryPoints" not in fields
states = [(state.name, state.category) for state in client.get_work_item_type_states(project, "Bug")]
assert ("Done", "Completed") in states

document = [
    add("/fields/System.Title", "A title"),
    add("/fields/System.Tags", "squall; squall-fp-0123456789ab"),
    add("/fields/Microsoft.VSTS.TCM.ReproSteps", "<p>one</p>"),
    add("/fields/Microsoft.VSTS.Scheduling.Effort", 3),
    add("/relations/-", {"rel": "Hyperlink", "url": "https://example.com/", "attributes": {"comment": "Report"}}),
    add("/relations/-", {"rel": "System.LinkTypes.Hierarchy-Reverse", "url": organization + "/_apis/wit/workItems/1"}),
]
client.create_work_item(document, project, "Bug", validate_only=True)
attachment = client.create_attachment(io.BytesIO(b"<html>"), project=project, file_name="report.html")
document.append(add("/relations/-", {"rel": "AttachedFile", "url": attachment.url}))
made = client.create_work_item(document, project, "Bug")
assert isinstance(made.id, int) and made.rev == 1 and made.fields["Microsoft.VSTS.Scheduling.Effort"] == 3.0

query = Wiql(query="SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project AND "
                   "[System.Tags] CONTAINS 'squall-fp-0123456789ab' ORDER BY [System.Id]")
found = client.query_by_wiql(query, team_context=TeamContext(project=project)).work_items
assert [item.id for item in found] == [made.id]
batch = client.get_work_items_batch(
    WorkItemBatchGetRequest(ids=[made.id, 99], expand="all", error_policy="omit"), project=project)
assert batch[0].fields["System.Title"] == "A title" and batch[1] is None

change = [
    JsonPatchOperation(op="test", path="/rev", value=1),
    add("/fields/System.History", "<p>again</p>"),
    add("/fields/System.State", "Done"),
]
assert client.update_work_item(change, made.id, project=project).rev == 2
expect("VS403351", lambda: client.update_work_item(change, made.id, project=project))
read = client.get_work_item(made.id, project=project, expand="all")
assert read.fields["System.State"] == "Done" and len(read.relations) == 3
assert read.relations[2].attributes["name"] == "report.html"
expect("TF51535", lambda: client.create_work_item([add("/fields/No.Such", 1)], project, "Bug"))
expect("TF401320", lambda: client.create_work_item([], project, "Bug"))
print("the fake and Microsoft's client agree")
