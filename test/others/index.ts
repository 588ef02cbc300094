/** A shop of servers of other projects, unchanged, behind a table. */
import { createStack } from "../../components/stack";
import { application } from "./application";
import { workloads } from "./workloads";

export = createStack(application, workloads);
