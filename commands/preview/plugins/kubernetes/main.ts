import { serve } from "../../../../local/plugins/shared/server";
import { planningKubernetes } from "./kubernetes";

void serve(planningKubernetes);
