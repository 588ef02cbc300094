/** One stack: a cluster, Istio, an identity provider and Bookinfo, and the mesh enforces who may call what. */
import { application } from "./application";
import { createCluster } from "./components/cluster";
import { loadSettings } from "./components/config";
import { createIdentity } from "./components/identity";
import { createMesh } from "./components/mesh";
import { outputsOf } from "./components/outputs";
import { createProtectedNamespace } from "./components/protection";
import { createWorkloads } from "./components/workloads";
import { workloadsOf } from "./workloads";

const settings = loadSettings(application);
const cluster = createCluster("cluster", settings);
const mesh = createMesh("istio", settings, application, cluster);
const identity = createIdentity("identity", settings, application, cluster);
// The policies and the login come between the namespace and the services: no service ever runs without them.
const namespace = createProtectedNamespace(settings, { application, cluster, mesh, identity });
const workloads = workloadsOf(settings.bookinfo);
const traffic = createWorkloads(settings, { application, workloads, namespace });

export = outputsOf(settings, { cluster, identity, traffic });
