import { serve } from "../../../sandbox/plugins/shared/server";
import { planningKubernetes } from "./kubernetes";

void serve(planningKubernetes);
