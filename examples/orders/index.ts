/** A REST API of one's own, protected by the same components as Bookinfo, from a table of its own. */
import { createStack } from "../../components/stack";
import { application } from "./application";
import { workloads } from "./workloads";

export = createStack(application, workloads);
