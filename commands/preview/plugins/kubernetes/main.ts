import { serve } from "../../../../local/plugins/shared/server";

void serve(async () => (await import("./kubernetes.js")).planningKubernetes);
