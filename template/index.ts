/** The stack: a cluster, Istio, the tenant's objects, and the services, protected as the table says. */
import { createStack } from "istio-auth0/components/stack";
import { application } from "./application";
import { workloads } from "./workloads";

export = createStack(application, workloads);
