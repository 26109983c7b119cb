"""deploy/ on Kubernetes, its image, and Binder, as far as it goes without a cluster or Docker.

The values are checked against the chart's schema, and a learner's pod is made of them by the
chart's own configuration of KubeSpawner; Kubernetes' schemas judge the pod. See tests/z2jh.
"""

import asyncio
import copy
import json
import os
import re
import subprocess
import sys
import types
from unittest import mock

import pytest
import yaml

from coursekit.ground import places

ROOT = places.course_root()
BIN = os.path.dirname(sys.executable)
CHART = ROOT / "tests" / "z2jh"
KUBERNETES = "1.37"
HUB = "5.5.0"  # the hub of the chart, by tests/z2jh/README.md


def load(text):
    return yaml.load(text, Loader=yaml.CSafeLoader)


@pytest.fixture(scope="module")
def schema():
    from jsonschema import Draft7Validator

    return Draft7Validator(load((CHART / "values.schema.yaml").read_text()))


@pytest.fixture
def values():
    return load((ROOT / "deploy" / "values.yaml").read_text())


def changed(values, path, value):
    """Return the values with another one at a path such as ``"singleuser.memory.limit"``."""
    values = copy.deepcopy(values)
    *parents, last = path.split(".")
    inside = values
    for parent in parents:
        inside = inside[parent]
    inside[last] = value
    return values


def alternatives():
    """Return what singleuser is with each of the commented settings of one Spark for the class."""
    text = (ROOT / "deploy" / "values.yaml").read_text()
    comments = re.findall(r"(?:^  # .*\n|^  #\n)+", text, re.M)
    (block,) = [each for each in comments if "COURSEKIT_SPARK" in each]
    settings = [line[4:] for line in block.splitlines() if re.match(r"  # (\s|[a-z]\w*:)", line)]
    first, second = "\n".join(settings).split("\nextraEnv:")
    return [load(first), load("extraEnv:" + second)]


def test_the_values_fit_the_charts_schema(values, schema):
    assert [error.message for error in schema.iter_errors(merged(defaults(), values))] == []


@pytest.mark.parametrize("number", [0, 1])
def test_so_do_the_values_of_a_shared_spark(number, values, schema):
    more = alternatives()[number]
    assert more["extraEnv"]["COURSEKIT_SPARK"].startswith(("sc://", "k8s://"))
    values["singleuser"] |= more
    assert [error.message for error in schema.iter_errors(merged(defaults(), values))] == []
    assert environment(spawned(values)[0])["COURSEKIT_SPARK"] == more["extraEnv"]["COURSEKIT_SPARK"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("singleusr", {}),
        ("singleuser.memry", {"limit": "2G"}),
        ("singleuser.storage.capcity", "5Gi"),
        ("singleuser.startTimeout", "five minutes"),
        ("cull.timout", 3600),
        ("proxy.https.type", "letsencript"),
        ("prePuller.hook.enabled", "yes"),
    ],
)
def test_a_misspelled_value_does_not(path, value, values, schema):
    (error,) = schema.iter_errors(merged(defaults(), changed(values, path, value)))
    last = path.rpartition(".")[2]
    assert last in error.message or last == error.path[-1]


def test_the_hub_has_the_settings_that_the_values_name(values):
    from jupyterhub.app import JupyterHub
    from jupyterhub.auth import Authenticator

    classes = {"JupyterHub": JupyterHub, "Authenticator": Authenticator}
    for name, settings in values["hub"]["config"].items():
        assert set(settings) <= set(classes[name].class_trait_names(config=True))


def test_nobody_can_log_in_until_an_authenticator_is_filled_in(values):
    from jupyterhub.app import JupyterHub
    from jupyterhub.auth import NullAuthenticator

    assert defaults()["hub"]["config"]["JupyterHub"]["authenticator_class"] == "dummy"
    hub = JupyterHub(**values["hub"]["config"]["JupyterHub"])
    assert hub.authenticator_class is NullAuthenticator


def defaults():
    return load((CHART / "values.yaml").read_text())


def merged(old, new):
    both = old.keys() & new.keys()
    inner = {k: merged(old[k], new[k]) for k in both if isinstance(old[k], dict) and new[k]}
    return old | new | inner


def settings_of(values):
    """Return KubeSpawner's settings: what the chart's hub makes of values when it starts."""
    from tornado.httpclient import AsyncHTTPClient
    from traitlets.config import Config

    whole, config = merged(defaults(), values), Config()

    def get_config(key, default=None):
        found = whole
        for level in key.split("."):
            if not isinstance(found, dict) or level not in found:
                return default
            found = found[level]
        return found

    def set_config_if_not_none(parent, name, key):
        if get_config(key) is not None:
            setattr(parent, name, get_config(key))

    # the module that in the hub's pod reads these from files
    z2jh = types.ModuleType("z2jh")
    z2jh.get_config, z2jh.set_config_if_not_none = get_config, set_config_if_not_none
    z2jh.get_name = lambda name: name
    z2jh.get_name_env = lambda name, suffix: "8081"
    z2jh.get_secret_value = lambda key, default="": default
    file = CHART / "jupyterhub_config.py"
    with (
        mock.patch.dict(sys.modules, {"z2jh": z2jh}),
        mock.patch.object(sys, "path", list(sys.path)),
        mock.patch.object(AsyncHTTPClient, "configure"),  # the hub's image has curl
    ):
        names = {"get_config": lambda: config, "__file__": str(file), "__name__": "config"}
        exec(compile(file.read_text(), str(file), "exec"), names)
    return config


def spawned(values, name="ada"):
    """Return the manifests of a learner's pod and volume, by KubeSpawner."""
    from jupyterhub.objects import Hub, Server
    from kubernetes_asyncio.client import ApiClient
    from kubespawner import KubeSpawner

    user = mock.Mock(id=1, url=f"/user/{name}", server=Server(), escaped_name=name)
    user.name = name

    async def make():
        with mock.patch("kubespawner.spawner.load_config"):  # the address of a cluster
            made = KubeSpawner(
                hub=Hub(), user=user, config=settings_of(values), _mock=True, api_token="of a test"
            )
        manifests = await made.get_pod_manifest(), made.get_pvc_manifest()
        async with ApiClient() as api:
            return [api.sanitize_for_serialization(each) for each in manifests]

    return asyncio.run(make())


def environment(manifest):
    (server,) = manifest["spec"]["containers"]
    return {each["name"]: each.get("value") for each in server["env"]}


def judge(manifest):
    import kubernetes_validate

    kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_kubernetes_takes_the_pod_of_a_learner(values):
    manifest, _ = spawned(values)
    judge(manifest)
    (server,) = manifest["spec"]["containers"]
    image = values["singleuser"]["image"]
    assert server["image"] == f"{image['name']}:{image['tag']}"
    assert server["args"] == ["python", "-m", "classkit.hub.learner"]
    assert server["resources"]["limits"] == {"cpu": 2, "memory": 2 * 2**30}
    assert server["resources"]["requests"] == {"cpu": 0.2, "memory": 768 * 2**20}
    assert server["securityContext"]["runAsUser"] == 1000
    assert not server["securityContext"]["allowPrivilegeEscalation"]
    assert manifest["spec"]["shareProcessNamespace"] is True


def test_a_learners_home_is_a_volume_of_their_own(values):
    homes = []
    for name in ("ada", "guido"):
        pod, claim = spawned(values, name)
        judge(claim)
        assert claim["spec"]["resources"]["requests"]["storage"] == "5Gi"
        (volume,) = pod["spec"]["volumes"]
        (mount,) = pod["spec"]["containers"][0]["volumeMounts"]
        assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
        assert (mount["name"], mount["mountPath"]) == (volume["name"], "/home/jovyan")
        homes.append(claim["metadata"]["name"])
    assert len(set(homes)) == 2


def test_a_misspelled_part_of_the_pod_is_refused(values):
    wrong = changed(values, "singleuser.extraPodConfig", {"sharedProcessNamespace": True})
    with pytest.raises(ValueError, match="sharedProcessNamespace"):
        spawned(wrong)


def test_kubernetes_refuses_a_part_of_the_wrong_kind(values):
    import kubernetes_validate

    wrong = changed(values, "singleuser.extraPodConfig", {"terminationGracePeriodSeconds": "soon"})
    with pytest.raises(kubernetes_validate.ValidationError, match="soon"):
        judge(spawned(wrong)[0])


@pytest.mark.parametrize("unit", ["2 GB", "2Gib", "much"])
def test_a_wrong_unit_of_memory_is_refused(unit, values):
    from traitlets import TraitError

    with pytest.raises(TraitError):
        spawned(changed(values, "singleuser.memory.limit", unit))


def hadolint(path):
    command = [f"{BIN}/hadolint", "--no-color", "--format", "json", str(path)]
    return json.loads(subprocess.run(command, capture_output=True, text=True).stdout)


def test_the_dockerfile_has_no_finding(tmp_path):
    file = ROOT / "deploy" / "Dockerfile"
    assert hadolint(file) == []
    assert "hadolint ignore" not in file.read_text()
    loose = tmp_path / "Dockerfile"
    loose.write_text(file.read_text().replace("python:3.12.12-bookworm", "python"))
    assert [finding["code"] for finding in hadolint(loose)] == ["DL3006"]


def test_the_image_is_the_one_that_the_values_start(values):
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    commands = re.findall(r"^([A-Z]+) (.*)$", text, re.M)
    assert json.loads(dict(commands)["CMD"]) == values["singleuser"]["cmd"]
    assert ("ARG", f"JUPYTERHUB_VERSION={HUB}") in commands
    assert HUB in (CHART / "README.md").read_text()
    # by default the chart starts pods as this user, whose home is where the volume is mounted
    chart = defaults()["singleuser"]
    assert f"--uid {chart['uid']} --gid {chart['fsGid']}" in text
    assert ("USER", str(chart["uid"])) in commands
    assert ("WORKDIR", values["singleuser"]["storage"]["homeMountPath"]) in commands


def test_what_the_image_copies_is_not_ignored():
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    copied = [
        name for names in re.findall(r"^COPY (.*) \S+$", text, re.M) for name in names.split()
    ]
    ignored = (ROOT / ".dockerignore").read_text().split("\n")
    for name in ("datasets", "notebooks", *copied):
        assert (ROOT / name).exists()
        assert name not in ignored
    assert {"tests", "work", "build"} <= set(ignored)


def test_binder_installs_the_lock_and_starts_the_course():
    """Ask repo2docker, which Binder runs, for its Dockerfile; nothing is built."""
    done = subprocess.run(
        [f"{BIN}/repo2docker", "--no-build", "--debug", str(ROOT)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    made = done.stdout + done.stderr
    assert "mamba" in made.lower() and '--file "environment.yml"' in made
    assert "Building conda environment for python=3.12" in made
    assert "RUN ./postBuild" in made
    assert re.search(r"ENV R2D_ENTRYPOINT=.*/start\b", made)
    assert {"pip": ["-c requirements.lock", "-e ."]} in load(
        (ROOT / "environment.yml").read_text()
    )["dependencies"]


def test_binders_command_starts_on_learner_copies(work):
    show = [sys.executable, "-c", "import json, sys; print(json.dumps(sys.argv[1:]))", "--x=1"]
    done = subprocess.run(
        [ROOT / "start", *show],
        env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    options = json.loads(done.stdout)
    assert options[0] == "--x=1"  # Binder's own options stay
    assert f"--ServerApp.root_dir={work}" in options
    assert "--ServerApp.default_url=/lab" in options
    assert len(list(work.glob("*.ipynb"))) == len(list(places.notebooks().glob("*.ipynb")))
    assert "BEGIN SOLUTION" not in next(iter(work.glob("06*.ipynb"))).read_text()
