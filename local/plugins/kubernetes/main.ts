import { serve } from "../shared/server";

void serve(async () => (await import("./kubernetes.js")).kubernetes);
